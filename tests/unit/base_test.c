/* The small words of core/base: cursor, arena, heap, table, rto, errors, and
 * the splitting of bursts. */
#include "base/arena.h"
#include "base/cursor.h"
#include "base/heap.h"
#include "base/rto.h"
#include "base/table.h"
#include "check.h"

#include <altair/machine.h>

static void a_reader_gives_what_is_there_and_then_zeros(void)
{
	static const uint8_t bytes[] = {1, 2,  3,  4,  5,  6,  7, 8,
					9, 10, 11, 12, 13, 14, 15};
	struct air_reader r = air_reader((altair_bytes){bytes, sizeof bytes});

	CHECK_EQ(air_read_u8(&r), 1);
	CHECK_EQ(air_read_u16(&r), 0x0203);
	CHECK_EQ(air_read_u32(&r), 0x04050607);
	CHECK(air_read_u64(&r) == 0x08090a0b0c0d0e0fu);
	CHECK(!r.failed);
	CHECK_EQ(air_read_u8(&r), 0);
	CHECK(r.failed);
}

static void a_failed_reader_stays_failed(void)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct air_reader r = air_reader((altair_bytes){bytes, sizeof bytes});

	CHECK_EQ(air_read_u32(&r), 0);
	CHECK_EQ(air_read_u8(&r), 0);
	CHECK_EQ(air_read_bytes(&r, 1).len, 0);
	CHECK(r.failed);
}

static void a_writer_stops_at_its_end(void)
{
	uint8_t out[16] = {0};
	static const uint8_t want[15] = {1, 0, 9, 4, 5, 6, 7, 0,
					 0, 0, 0, 0, 0, 0, 8};
	struct air_writer w = air_writer(out, 15);

	air_write_u8(&w, 1);
	air_write_u16(&w, 2);
	air_write_u32(&w, 0x04050607);
	air_write_u64(&w, 8);
	air_patch_u16(&w, 1, 9);
	CHECK_EQ(air_written(&w).len, 15);
	CHECK_MEM(out, want, 15);
	air_write_u8(&w, 1);
	CHECK(w.failed);
	CHECK_EQ(air_written(&w).len, 0);
	air_patch_u16(&w, 0, 7);
	CHECK_EQ(out[0], 1);
	CHECK_EQ(out[15], 0);
}

static void a_writer_takes_bytes_and_zeros(void)
{
	uint8_t out[6] = {9, 9, 9, 9, 9, 9};
	struct air_writer w = air_writer(out, sizeof out);

	air_write_bytes(&w, air_text("ab"));
	air_write_zeros(&w, 2);
	air_write_bytes(&w, (altair_bytes){NULL, 0});
	air_write_zeros(&w, 0);
	CHECK_EQ(air_written(&w).len, 4);
	CHECK_MEM(out, "ab\0\0\x9\x9", 6);
	air_write_bytes(&w, air_text("abc"));
	air_write_zeros(&w, 3);
	CHECK(w.failed);
}

static void bytes_compare_in_both_ways(void)
{
	altair_bytes none = {NULL, 0};

	CHECK(air_bytes_equal(air_text("PING"), air_text("PING")));
	CHECK(!air_bytes_equal(air_text("PING"), air_text("PONG")));
	CHECK(!air_bytes_equal(air_text("PING"), air_text("PIN")));
	CHECK(air_bytes_equal(none, none));
	CHECK(air_bytes_equal_secret(air_text("PING"), air_text("PING")));
	CHECK(!air_bytes_equal_secret(air_text("PING"), air_text("PONG")));
	CHECK(!air_bytes_equal_secret(air_text("PING"), air_text("PIN")));
}

static void an_arena_measures_then_carves(void)
{
	max_align_t mem[16];
	struct air_arena measure = {0}, arena = {(uint8_t *)mem, 0, 0, false};
	uint8_t *a, *b;

	CHECK(air_arena_take(&measure, 3, 5) == NULL);
	CHECK(air_arena_take(&measure, 2, 8) == NULL);
	arena.cap = measure.used;
	a = air_arena_take(&arena, 3, 5);
	b = air_arena_take(&arena, 2, 8);
	CHECK(a && b && b >= a + 15);
	CHECK_EQ((uintptr_t)b % _Alignof(max_align_t), 0);
	CHECK_EQ(a[0] + a[14] + b[0] + b[15], 0);
	CHECK(!arena.failed);
	CHECK(air_arena_take(&arena, 1, 1) == NULL);
	CHECK(arena.failed);
	CHECK(air_arena_take(&arena, 0, 0) == NULL);
}

static void an_arena_refuses_what_overflows(void)
{
	struct air_arena measure = {0};

	air_arena_take(&measure, SIZE_MAX / 2, 3);
	CHECK(measure.failed);
}

/* A heap of 64 timers against a plain array, for many random steps. */
static void a_heap_agrees_with_a_search(void)
{
	enum { TIMERS = 64 };
	max_align_t mem[256];
	struct air_arena arena = {(uint8_t *)mem, sizeof mem, 0, false};
	altair_time at[TIMERS];
	struct air_heap heap;
	uint64_t random = 1;

	air_heap_init(&heap, &arena, TIMERS);
	CHECK(!arena.failed);
	CHECK(air_heap_next(&heap) == ALTAIR_NEVER);
	for (int i = 0; i < TIMERS; i++)
		at[i] = ALTAIR_NEVER;
	for (int step = 0; step < 20000; step++) {
		altair_time earliest = ALTAIR_NEVER;
		uint32_t timer;

		random = random * 6364136223846793005u + 1442695040888963407u;
		timer = (uint32_t)(random >> 58);
		at[timer] = random >> 20 & 7 ? random >> 40 : ALTAIR_NEVER;
		air_heap_set(&heap, timer, at[timer]);
		for (int i = 0; i < TIMERS; i++)
			earliest = at[i] < earliest ? at[i] : earliest;
		CHECK(air_heap_next(&heap) == earliest);
		if (earliest == ALTAIR_NEVER || random >> 30 & 1)
			continue;
		CHECK(!air_heap_pop(&heap, earliest - 1, &timer));
		CHECK(air_heap_pop(&heap, earliest, &timer));
		CHECK(at[timer] == earliest);
		at[timer] = ALTAIR_NEVER;
	}
}

/* A table of 32 keys against a plain array, for many random steps. */
static void a_table_agrees_with_a_search(void)
{
	enum { KEYS = 64, CAPACITY = 32 };
	static const uint8_t hash_key[16] = {1, 2, 3};
	max_align_t mem[512];
	struct air_arena arena = {(uint8_t *)mem, sizeof mem, 0, false};
	uint32_t value[KEYS], count = 0;
	struct air_table table;
	uint64_t random = 7;

	air_table_init(&table, &arena, CAPACITY, hash_key);
	CHECK(!arena.failed);
	memset(value, 0xff, sizeof value);
	for (uint32_t step = 0; step < 50000; step++) {
		uint8_t key[8] = {0};
		altair_bytes bytes = {key, sizeof key};

		random = random * 6364136223846793005u + 1442695040888963407u;
		key[3] = (uint8_t)(random >> 58);
		CHECK_EQ(air_table_get(&table, bytes), value[key[3]]);
		if (random >> 30 & 1) {
			bool known = value[key[3]] != AIR_TABLE_NONE;
			bool fits = known || count < CAPACITY;

			CHECK_EQ(air_table_set(&table, bytes, step), fits);
			if (fits)
				value[key[3]] = step;
			count += fits && !known;
		} else {
			bool known = value[key[3]] != AIR_TABLE_NONE;

			CHECK_EQ(air_table_remove(&table, bytes), known);
			value[key[3]] = AIR_TABLE_NONE;
			count -= known;
		}
	}
}

/* The vectors of the SipHash paper's appendix and reference code. */
static void siphash_gives_the_known_values(void)
{
	uint8_t key[16], bytes[63];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	for (uint8_t i = 0; i < 63; i++)
		bytes[i] = i;
	CHECK(air_siphash(key, (altair_bytes){bytes, 0}) ==
	      0x726fdb47dd0e0e31u);
	CHECK(air_siphash(key, (altair_bytes){bytes, 8}) ==
	      0x93f5f5799a932462u);
	CHECK(air_siphash(key, (altair_bytes){bytes, 15}) ==
	      0xa129ca6149be45e5u);
	CHECK(air_siphash(key, (altair_bytes){bytes, 63}) ==
	      0x958a324ceb064572u);
}

/* RFC 8489 6.2.1: sent at 0, 500, 1500, ... 31500 ms; failed at 39500 ms. */
static void an_rto_follows_rfc8489(void)
{
	static const unsigned at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	struct air_rto rto;

	air_rto_start(&rto, 0, ALTAIR_MSEC(500), 7, 16);
	for (size_t i = 0; i < 7; i++) {
		CHECK(rto.next == ALTAIR_MSEC(at[i]));
		CHECK_EQ(air_rto_due(&rto, rto.next), RTO_SEND);
		CHECK_EQ(air_rto_due(&rto, rto.next - 1), RTO_NOT_DUE);
	}
	CHECK(rto.next == ALTAIR_MSEC(39500));
	CHECK_EQ(air_rto_due(&rto, rto.next), RTO_GIVE_UP);
}

static void an_rto_does_not_burst_after_a_pause(void)
{
	struct air_rto rto;

	air_rto_start(&rto, 0, ALTAIR_MSEC(500), 7, 16);
	CHECK_EQ(air_rto_due(&rto, 0), RTO_SEND);
	CHECK_EQ(air_rto_due(&rto, ALTAIR_SEC(3600)), RTO_SEND);
	CHECK_EQ(air_rto_due(&rto, ALTAIR_SEC(3600)), RTO_NOT_DUE);
}

static void every_error_has_a_name_and_a_sentence(void)
{
	CHECK_STR(altair_errname(0), "ALTAIR_OK");
	CHECK_STR(altair_errname(ALTAIR_E_TIMEOUT), "ALTAIR_E_TIMEOUT");
	CHECK_STR(altair_errname(ALTAIR_ERROR_LAST_), "ALTAIR_E_?");
	CHECK_STR(altair_strerror(1), "unknown error");
	for (int code = -1; code > ALTAIR_ERROR_LAST_; code--)
		CHECK(strcmp(altair_strerror(code), "unknown error") != 0);
	CHECK_STR(altair_version(), ALTAIR_VERSION);
}

static void a_burst_splits_into_its_datagrams(void)
{
	static const uint8_t bytes[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	altair_datagram burst = {.bytes = {bytes, 10}, .segment = 4}, out[3];

	burst.path.sock = 5;
	CHECK_EQ(altair_datagram_split(&burst, out, 3), 3);
	CHECK_EQ(out[1].bytes.data[0], 4);
	CHECK_EQ(out[1].bytes.len, 4);
	CHECK_EQ(out[2].bytes.len, 2);
	CHECK_EQ(out[2].segment, 0);
	CHECK_EQ(out[2].path.sock, 5);
	out[1].bytes.len = 77;
	CHECK_EQ(altair_datagram_split(&burst, out, 1), 3);
	CHECK_EQ(out[1].bytes.len, 77);
	burst.segment = 0;
	CHECK_EQ(altair_datagram_split(&burst, out, 3), 1);
	CHECK_EQ(out[0].bytes.len, 10);
	burst.segment = 4;
	burst.bytes.len = 0;
	CHECK_EQ(altair_datagram_split(&burst, out, 3), 1);
	CHECK_EQ(out[0].bytes.len, 0);
}

static const struct check_test tests[] = {
	TEST(a_reader_gives_what_is_there_and_then_zeros),
	TEST(a_failed_reader_stays_failed),
	TEST(a_writer_stops_at_its_end),
	TEST(a_writer_takes_bytes_and_zeros),
	TEST(bytes_compare_in_both_ways),
	TEST(an_arena_measures_then_carves),
	TEST(an_arena_refuses_what_overflows),
	TEST(a_heap_agrees_with_a_search),
	TEST(a_table_agrees_with_a_search),
	TEST(siphash_gives_the_known_values),
	TEST(an_rto_follows_rfc8489),
	TEST(an_rto_does_not_burst_after_a_pause),
	TEST(every_error_has_a_name_and_a_sentence),
	TEST(a_burst_splits_into_its_datagrams),
};
CHECK_MAIN(tests)
