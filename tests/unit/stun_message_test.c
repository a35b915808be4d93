/* Whole messages: which are read, what of them is obeyed, and how they are
 * built. */
#include "check.h"
#include "stun/auth.h"

#include <stdlib.h>

#define BASE ((unsigned)AIR_STUN_SET_BASE)
#define ALL 15u

static const struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					      .method = AIR_STUN_BINDING,
					      .transaction = {1, 2, 3, 4}};

/* A message under construction whose attributes may be wrong on purpose. */
static uint8_t raw[4096];
static size_t raw_len;

static void begin_raw(void)
{
	struct air_writer w = air_writer(raw, sizeof raw);

	air_stun_header_encode(&w, &header);
	raw_len = w.len;
}

static void add_raw(uint16_t type, const void *value, size_t len)
{
	struct air_writer w = air_writer(raw, sizeof raw);

	w.len = raw_len;
	air_write_u16(&w, type);
	air_write_u16(&w, (uint16_t)len);
	air_write_bytes(&w, (altair_bytes){value, len});
	air_write_zeros(&w, (4 - len % 4) % 4);
	raw_len = w.len;
	raw[2] = (uint8_t)((raw_len - 20) >> 8);
	raw[3] = (uint8_t)(raw_len - 20);
}

/* Reads it from memory of exactly its size. */
static bool read_raw(struct air_stun_message *m, unsigned understood)
{
	static uint8_t *exact;

	free(exact);
	exact = malloc(raw_len);
	memcpy(exact, raw, raw_len);
	return air_stun_message_read(m, (altair_bytes){exact, raw_len},
				     understood);
}

static const uint8_t zeros[800];

static void add_sha1(void)
{
	add_raw(AIR_STUN_MESSAGE_INTEGRITY, zeros, 20);
}

static void add_sha256(void)
{
	add_raw(AIR_STUN_MESSAGE_INTEGRITY_SHA256, zeros, 32);
}

static void add_fingerprint(void)
{
	add_raw(AIR_STUN_FINGERPRINT, zeros, 4);
}

static bool has(const struct air_stun_message *m, uint16_t type)
{
	struct air_stun_value v;

	return air_stun_message_get(m, type, &v);
}

/* --- what is read -------------------------------------------------------- */

static void an_empty_message_is_read(void)
{
	struct air_stun_message m;

	begin_raw();
	CHECK(read_raw(&m, BASE));
	CHECK_EQ(m.attr_count, 0);
	CHECK_EQ(m.unknown_count, 0);
	CHECK(!has(&m, AIR_STUN_SOFTWARE));
}

static void no_header_no_message(void)
{
	struct air_stun_message m;

	begin_raw();
	raw[4] ^= 1;
	CHECK(!read_raw(&m, BASE));
}

static void an_attribute_past_the_end_refuses_all(void)
{
	struct air_stun_message m;

	for (unsigned len = 0; len <= 0xffff; len++) {
		begin_raw();
		add_raw(AIR_STUN_SOFTWARE, "abcdefg", 7);
		raw[22] = (uint8_t)(len >> 8);
		raw[23] = (uint8_t)len;
		/* 5 to 8 end at the same boundary. */
		CHECK_EQ(air_stun_message_read(&m, (altair_bytes){raw, raw_len},
					       BASE),
			 len >= 5 && len <= 8);
	}
}

static void a_malformed_attribute_refuses_all(void)
{
	struct air_stun_message m;

	begin_raw();
	add_raw(AIR_STUN_PRIORITY, zeros, 4);
	add_raw(AIR_STUN_XOR_MAPPED_ADDRESS, zeros, 0);
	CHECK(!read_raw(&m, ALL));
	begin_raw();
	add_raw(AIR_STUN_ERROR_CODE, zeros, 4);
	CHECK(!read_raw(&m, ALL));
}

static void sixty_four_attributes_and_no_more(void)
{
	struct air_stun_message m;

	begin_raw();
	for (int i = 0; i < 64; i++)
		add_raw(0x7f00, zeros, 0);
	CHECK(read_raw(&m, BASE));
	CHECK_EQ(m.unknown_count, 64);
	add_raw(0x7f00, zeros, 0);
	CHECK(!read_raw(&m, BASE));
	begin_raw();
	for (int i = 0; i < 64; i++)
		add_raw(AIR_STUN_SOFTWARE, zeros, 0);
	CHECK(read_raw(&m, BASE));
	CHECK_EQ(m.attr_count, 64);
}

static void what_is_not_understood_is_listed(void)
{
	struct air_stun_message m;

	begin_raw();
	add_raw(0x7f01, zeros, 3);
	add_raw(0xff02, zeros, 3);
	add_raw(AIR_STUN_CHANGE_REQUEST, zeros, 4);
	add_raw(AIR_STUN_OTHER_ADDRESS, zeros, 1); /* optional: not looked at */
	CHECK(read_raw(&m, BASE));
	CHECK_EQ(m.unknown_count, 2);
	CHECK_EQ(m.unknown[0], 0x7f01);
	CHECK_EQ(m.unknown[1], AIR_STUN_CHANGE_REQUEST);
	CHECK(!has(&m, AIR_STUN_CHANGE_REQUEST));
	CHECK(!read_raw(&m, ALL)); /* now OTHER-ADDRESS must be right */
}

static void the_first_of_a_type_wins(void)
{
	static const uint8_t one[4] = {0, 0, 0, 1}, two[4] = {0, 0, 0, 2};
	struct air_stun_message m;
	struct air_stun_value v;

	begin_raw();
	add_raw(AIR_STUN_LIFETIME, one, 4);
	add_raw(AIR_STUN_LIFETIME, two, 4);
	CHECK(read_raw(&m, ALL));
	CHECK(air_stun_message_get(&m, AIR_STUN_LIFETIME, &v));
	CHECK_EQ(v.number, 1);
}

/* --- behind the proofs --------------------------------------------------- */

/* A valid value for every attribute of the table, as short as it can be. */
static void add_valid(const struct air_stun_row *row)
{
	static const uint8_t error[4] = {0, 0, 4, 20};

	add_raw(row->type, row->kind == AIR_STUN_ERROR_TEXT ? error : zeros,
		row->min);
}

static void each_attribute_behind_sha1_is_as_if_absent(void)
{
	for (size_t i = 0; i < air_stun_row_count; i++) {
		const struct air_stun_row *row = &air_stun_rows[i];
		struct air_stun_message m;
		bool obeyed = row->type == AIR_STUN_FINGERPRINT ||
			      row->type == AIR_STUN_MESSAGE_INTEGRITY_SHA256;

		begin_raw();
		add_sha1();
		add_valid(row);
		CHECK(read_raw(&m, ALL));
		CHECK_EQ(m.attr_count, obeyed ? 2 : 1);
		begin_raw();
		add_sha1();
		add_sha256();
		add_valid(row);
		CHECK(read_raw(&m, ALL));
		obeyed = row->type == AIR_STUN_FINGERPRINT;
		CHECK_EQ(m.attr_count, obeyed ? 3 : 2);
	}
}

static void even_wrong_and_unknown_ones_are_absent_there(void)
{
	struct air_stun_message m;

	begin_raw();
	add_sha256();
	add_raw(AIR_STUN_LIFETIME, zeros, 3);
	add_raw(0x7fff, zeros, 1);
	add_sha1();
	add_fingerprint();
	CHECK(read_raw(&m, ALL));
	CHECK_EQ(m.attr_count, 2);
	CHECK_EQ(m.unknown_count, 0);
	CHECK(!has(&m, AIR_STUN_LIFETIME));
	CHECK(!has(&m, AIR_STUN_MESSAGE_INTEGRITY));
	CHECK(has(&m, AIR_STUN_FINGERPRINT));
}

static void nothing_is_behind_the_fingerprint(void)
{
	for (size_t i = 0; i < air_stun_row_count; i++) {
		struct air_stun_message m;

		begin_raw();
		add_fingerprint();
		add_valid(&air_stun_rows[i]);
		CHECK(!read_raw(&m, ALL));
	}
}

/* --- every prefix -------------------------------------------------------- */

static void every_prefix_is_safe(void)
{
	struct air_stun_message m;
	size_t whole;

	begin_raw();
	for (size_t i = 0; i < air_stun_row_count; i++)
		if (air_stun_rows[i].type != AIR_STUN_FINGERPRINT &&
		    air_stun_rows[i].type != AIR_STUN_MESSAGE_INTEGRITY &&
		    air_stun_rows[i].type != AIR_STUN_MESSAGE_INTEGRITY_SHA256)
			add_valid(&air_stun_rows[i]);
	add_sha1();
	add_fingerprint();
	CHECK(read_raw(&m, ALL));
	whole = raw_len;
	for (raw_len = 20; raw_len < whole; raw_len++) {
		/* As it is, and with a length that fits the prefix. */
		raw[2] = (uint8_t)((whole - 20) >> 8);
		raw[3] = (uint8_t)(whole - 20);
		CHECK(!read_raw(&m, ALL));
		raw[2] = (uint8_t)((raw_len - 20) >> 8);
		raw[3] = (uint8_t)(raw_len - 20);
		if (raw_len % 4 != 0)
			CHECK(!read_raw(&m, ALL));
		else
			(void)read_raw(&m, ALL);
	}
	raw_len = 20;
}

/* --- building ------------------------------------------------------------ */

static void padding_is_zero(void)
{
	static const uint8_t blank[3];
	struct air_stun_builder b;
	uint8_t out[64];

	for (size_t len = 1; len < 9; len++) {
		struct air_stun_value v = {
			.bytes = {(const uint8_t *)"abcdefgh", len}};
		altair_bytes built;

		memset(out, 0xff, sizeof out);
		air_stun_build(&b, out, sizeof out, &header);
		air_stun_build_attr(&b, AIR_STUN_SOFTWARE, &v);
		built = air_stun_build_end(&b);
		CHECK_EQ(built.len, 20 + 4 + (len + 3) / 4 * 4);
		CHECK_MEM(out + 24 + len, blank, built.len - 24 - len);
	}
}

static void what_is_built_is_read(void)
{
	struct air_stun_value software = {.bytes = air_text("altair")};
	struct air_stun_value mapped = {.addr = {.family = ALTAIR_IPV4,
						 .port = 9,
						 .ip = {192, 0, 2, 7}}};
	struct air_stun_builder b;
	struct air_stun_message m;
	struct air_stun_value v;
	uint8_t out[128];
	altair_bytes built;

	air_stun_build(&b, out, sizeof out, &header);
	air_stun_build_attr(&b, AIR_STUN_SOFTWARE, &software);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &mapped);
	air_stun_build_fingerprint(&b);
	built = air_stun_build_end(&b);
	CHECK_EQ(built.len, 20 + 12 + 12 + 8);
	CHECK(air_stun_message_read(&m, built, BASE));
	CHECK(air_stun_check_fingerprint(&m));
	CHECK(air_stun_message_get(&m, AIR_STUN_SOFTWARE, &v));
	CHECK(air_bytes_equal(v.bytes, software.bytes));
	CHECK(air_stun_message_get(&m, AIR_STUN_XOR_MAPPED_ADDRESS, &v));
	CHECK(altair_addr_equal(&v.addr, &mapped.addr));
}

static void a_buffer_that_is_too_small_gives_nothing(void)
{
	struct air_stun_value software = {.bytes = air_text("altair")};

	for (size_t cap = 0; cap < 40; cap++) {
		struct air_stun_builder b;
		uint8_t *exact = malloc(cap + 1);

		air_stun_build(&b, exact, cap, &header);
		air_stun_build_attr(&b, AIR_STUN_SOFTWARE, &software);
		air_stun_build_fingerprint(&b);
		CHECK_EQ(air_stun_build_end(&b).len, 0);
		free(exact);
	}
}

static void no_message_is_longer_than_its_length_field(void)
{
	enum { MOST = 20 + 0xfffc };
	uint8_t *out = malloc(MOST + 100), *data = calloc(1, 0xfffc);
	struct air_stun_value v = {.bytes = {data, 0xfffc - 4}};
	struct air_stun_builder b;
	struct air_stun_message m;

	air_stun_build(&b, out, MOST + 100, &header);
	air_stun_build_attr(&b, AIR_STUN_DATA_ATTR, &v);
	CHECK_EQ(air_stun_build_end(&b).len, MOST);
	CHECK(air_stun_message_read(&m, (altair_bytes){out, MOST}, ALL));
	air_stun_build_fingerprint(&b);
	CHECK_EQ(air_stun_build_end(&b).len, 0);
	free(out);
	free(data);
}

static const struct check_test tests[] = {
	TEST(an_empty_message_is_read),
	TEST(no_header_no_message),
	TEST(an_attribute_past_the_end_refuses_all),
	TEST(a_malformed_attribute_refuses_all),
	TEST(sixty_four_attributes_and_no_more),
	TEST(what_is_not_understood_is_listed),
	TEST(the_first_of_a_type_wins),
	TEST(each_attribute_behind_sha1_is_as_if_absent),
	TEST(even_wrong_and_unknown_ones_are_absent_there),
	TEST(nothing_is_behind_the_fingerprint),
	TEST(every_prefix_is_safe),
	TEST(padding_is_zero),
	TEST(what_is_built_is_read),
	TEST(a_buffer_that_is_too_small_gives_nothing),
	TEST(no_message_is_longer_than_its_length_field),
};

CHECK_MAIN(tests)
