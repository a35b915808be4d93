/* The binding server: what it answers, with how much, and in which bursts. */
#include "binding_world.h"

static void begin_with(size_t batch_max, size_t buffer_len)
{
	altair_server_config c;

	altair_server_config_default(&c);
	c.batch_max = batch_max;
	c.buffer_len = buffer_len;
	begin_server(&c, 0);
}

static void begin(void)
{
	begin_with(32, 128 << 10);
}

/* --- requests ------------------------------------------------------------ */

static void add_fingerprint(void)
{
	struct air_stun_builder b;

	b.w = air_writer(request, sizeof request);
	b.w.len = request_len;
	air_stun_build_fingerprint(&b);
	request_len = air_stun_build_end(&b).len;
}

/* --- answers ------------------------------------------------------------- */

static enum altair_verdict give(const char *from, size_t segment)
{
	altair_datagram d = {.path = {.sock = 3,
				      .local = addr("10.0.0.1:3478"),
				      .remote = addr(from)},
			     .bytes = {request, request_len},
			     .segment = segment,
			     .verdict = ALTAIR_PAYLOAD};

	altair_input(machine, 0, &d, 1);
	return d.verdict;
}

static void check_silent(void)
{
	CHECK_EQ(give("192.0.2.9:1234", 0), ALTAIR_NOT_MINE);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
	CHECK(out.deadline == ALTAIR_NEVER);
}

/* Gives the request and reads the only answer. */
static struct air_stun_message ask(const char *from)
{
	struct air_stun_message m;

	CHECK_EQ(give(from, 0), ALTAIR_TAKEN);
	m = read_answer();
	CHECK_EQ(out.datagram.segment, 0);
	CHECK_EQ(out.datagram.path.sock, 3);
	CHECK_EQ(out.datagram.path.local.port, 3478);
	CHECK_EQ(m.header.method, AIR_STUN_BINDING);
	return m;
}

static void check_mapped(const struct air_stun_message *m, const char *text)
{
	CHECK_EQ(m->header.class, AIR_STUN_SUCCESS);
	check_addr(m, AIR_STUN_XOR_MAPPED_ADDRESS, text);
}

static altair_server_stats stats(void)
{
	altair_server_stats s;

	altair_server_get_stats(server, &s);
	CHECK_EQ(s.size, sizeof s);
	return s;
}

/* --- success ------------------------------------------------------------- */

#define V4 "192.0.2.9:1234"
#define V6 "[2001:db8:1:2:3:4:5:6]:65535"

static void a_plain_request_gets_32_or_44_bytes(void)
{
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	m = ask(V4);
	check_mapped(&m, V4);
	CHECK_EQ(m.attr_count, 1);
	CHECK_EQ(m.bytes.len, 32);
	m = ask(V6);
	check_mapped(&m, V6);
	CHECK_EQ(m.bytes.len, 44);
	m = ask("[::ffff:192.0.2.9]:1234");
	check_mapped(&m, V4);
	CHECK_EQ(stats().requests, 3);
}

static void the_fingerprint_is_returned(void)
{
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_fingerprint();
	m = ask(V4);
	check_mapped(&m, V4);
	CHECK_EQ(m.bytes.len, 40);
	CHECK(air_stun_check_fingerprint(&m));
	m = ask(V6);
	check_mapped(&m, V6);
	CHECK_EQ(m.bytes.len, 52);
	CHECK(air_stun_check_fingerprint(&m));
	CHECK_EQ(stats().requests, 2);
	CHECK_EQ(stats().errors, 0);
	request[request_len - 1] ^= 1;
	check_silent();
	CHECK_EQ(stats().ignored, 1);
}

static void what_is_known_but_unexpected_is_ignored(void)
{
	static const uint8_t zeros[32];
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(AIR_STUN_SOFTWARE, "x", 1);
	add(AIR_STUN_USERNAME, "u", 1);
	add(AIR_STUN_PRIORITY, zeros, 4);
	add(AIR_STUN_LIFETIME, zeros, 4);
	add(0xfffe, zeros, 5);
	add(AIR_STUN_MESSAGE_INTEGRITY, zeros, 20);
	add(0x7ffe, zeros, 5); /* behind it: absent */
	m = ask(V4);
	check_mapped(&m, V4);
	CHECK_EQ(m.bytes.len, 32);
}

/* --- refusal ------------------------------------------------------------- */

static void unknown_attributes_are_listed(void)
{
	static const uint8_t zeros[16];
	struct air_stun_message m;
	struct air_stun_value v;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(0x7f01, zeros, 16);
	add(AIR_STUN_CHANGE_REQUEST, zeros, 4);
	m = ask(V4);
	CHECK_EQ(m.header.class, AIR_STUN_ERROR);
	CHECK(m.bytes.len <= request_len);
	CHECK(air_stun_message_get(&m, AIR_STUN_ERROR_CODE, &v));
	CHECK_EQ(v.number, 420);
	CHECK_EQ(v.bytes.len, 0);
	CHECK(air_stun_message_get(&m, AIR_STUN_UNKNOWN_ATTRIBUTES, &v));
	CHECK_EQ(v.bytes.len, 4);
	CHECK_MEM(v.bytes.data, "\x7f\x01\x00\x03", 4);
	CHECK_EQ(stats().errors, 1);
	add_fingerprint();
	m = ask(V4);
	CHECK(air_stun_check_fingerprint(&m));
	CHECK(m.bytes.len <= request_len);
}

/* The answer to `count` unknown attributes of `len` bytes. */
static void check_refusal(size_t count, size_t len, bool with_fingerprint)
{
	static const uint8_t zeros[64];
	struct air_stun_message m;
	struct air_stun_value v;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	for (size_t i = 0; i < count; i++)
		add(0x7f00, zeros, len);
	if (with_fingerprint)
		add_fingerprint();
	m = ask(V4);
	CHECK(2 * m.bytes.len <= 3 * request_len);
	CHECK(air_stun_message_get(&m, AIR_STUN_UNKNOWN_ATTRIBUTES, &v));
	CHECK_EQ(v.bytes.len, 2 * count);
}

static void a_refusal_is_at_most_half_as_long_again(void)
{
	for (size_t count = 1; count <= 62; count++) {
		for (size_t len = 0; len <= 16; len += 4) {
			check_refusal(count, len, false);
			check_refusal(count, len, true);
		}
	}
}

/* --- silence ------------------------------------------------------------- */

static void nothing_but_binding_requests_is_answered(void)
{
	begin();
	for (uint16_t method = 0; method < 0x1000; method++) {
		for (unsigned class = 0; class < 4; class ++) {
			if (class == AIR_STUN_REQUEST &&
			    method == AIR_STUN_BINDING)
				continue;
			start((enum air_stun_class) class, method);
			check_silent();
		}
	}
	CHECK_EQ(stats().ignored, 4 * 0x1000 - 1);
	CHECK_EQ(stats().requests, 0);
}

static void what_is_malformed_is_ignored(void)
{
	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	request[4] ^= 0x80; /* RFC 3489: no cookie */
	check_silent();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	for (request_len = 0; request_len < 20; request_len++)
		check_silent();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(AIR_STUN_PRIORITY, "", 0);
	check_silent();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(AIR_STUN_SOFTWARE, "abcd", 4);
	request[23] = 9; /* past the end */
	check_silent();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	for (int i = 0; i < 65; i++)
		add(AIR_STUN_SOFTWARE, "", 0);
	check_silent();
}

static void a_request_that_is_too_long_is_ignored(void)
{
	static const uint8_t zeros[2024];
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(AIR_STUN_DATA_ATTR, zeros, 2024);
	CHECK_EQ(request_len, 2048);
	m = ask(V4);
	check_mapped(&m, V4);
	add(AIR_STUN_SOFTWARE, "", 0);
	check_silent();
}

static void a_source_that_nobody_can_be_is_ignored(void)
{
	altair_datagram d = {.path.remote = addr(V4)};

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	d.bytes = (altair_bytes){request, 20};
	d.path.remote.port = 0;
	altair_input(machine, 0, &d, 1);
	CHECK_EQ(d.verdict, ALTAIR_NOT_MINE);
	memset(&d.path.remote, 0, sizeof d.path.remote);
	d.path.remote.port = 9;
	altair_input(machine, 0, &d, 1);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
	CHECK_EQ(stats().ignored, 2);
}

/* --- bursts -------------------------------------------------------------- */

/* `count` requests as one merged burst, each with its own transaction id. */
static void make_burst(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		memmove(request + 20 * i, request, 20);
		request[20 * i + 8] = (uint8_t)i;
	}
	request_len = 20 * count;
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING); /* the first, again */
	request[8] = 0;
	request_len = 20 * count;
}

static void a_burst_is_answered_by_a_burst(void)
{
	const char *from[] = {V4, V6};

	for (int f = 0; f < 2; f++) {
		size_t each = f ? 44 : 32;

		begin();
		make_burst(64);
		CHECK_EQ(give(from[f], 20), ALTAIR_TAKEN);
		CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
		CHECK_EQ(out.datagram.segment, each);
		CHECK_EQ(out.datagram.bytes.len, 64 * each);
		for (size_t i = 0; i < 64; i++) {
			struct air_stun_message m;
			altair_bytes one = {out.datagram.bytes.data + i * each,
					    each};

			CHECK(air_stun_message_read(&m, one, 15));
			CHECK_MEM(m.header.transaction, request + 20 * i + 8,
				  12);
			check_mapped(&m, from[f]);
		}
		CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
		CHECK_EQ(stats().requests, 64);
	}
}

static void a_burst_is_cut_where_the_kernel_would(void)
{
	begin();
	make_burst(70);
	give(V4, 20);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 64 * 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 6 * 32);
	CHECK_EQ(out.datagram.segment, 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
}

static void the_smallest_burst_is_two(void)
{
	begin();
	make_burst(2);
	give(V4, 20);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 64);
	CHECK_EQ(out.datagram.segment, 32);
	make_burst(1);
	give(V4, 20);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 32);
	CHECK_EQ(out.datagram.segment, 0);
}

static void a_shorter_answer_ends_its_burst(void)
{
	uint8_t both[28 + 28 + 20];

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_fingerprint(); /* 28 bytes, 40 back */
	memcpy(both, request, 28);
	memcpy(both + 28, request, 28);
	memcpy(both + 56, request, 20);
	both[56 + 3] = 0; /* 20 bytes, 32 back */
	memcpy(request, both, sizeof both);
	request_len = sizeof both;
	CHECK_EQ(give(V4, 28), ALTAIR_TAKEN);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.segment, 40);
	CHECK_EQ(out.datagram.bytes.len, 40 + 40 + 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
}

static void answers_of_mixed_lengths_stay_whole(void)
{
	uint8_t all[28 * 4];

	/* Answered by 32, 40, 40 and 32 bytes: two bursts. */
	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(AIR_STUN_SOFTWARE, "abcd", 4);
	memcpy(all, request, 28);
	memcpy(all + 84, request, 28);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_fingerprint();
	memcpy(all + 28, request, 28);
	memcpy(all + 56, request, 28);
	memcpy(request, all, sizeof all);
	request_len = sizeof all;
	give(V4, 28);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.segment, 0);
	CHECK_EQ(out.datagram.bytes.len, 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.segment, 40);
	CHECK_EQ(out.datagram.bytes.len, 40 + 40 + 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
}

static void a_closed_burst_takes_no_more(void)
{
	uint8_t all[28 * 3];

	/* Answered by 40, 32 and 32 bytes. */
	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_fingerprint();
	memcpy(all, request, 28);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add(AIR_STUN_SOFTWARE, "abcd", 4);
	memcpy(all + 28, request, 28);
	memcpy(all + 56, request, 28);
	memcpy(request, all, sizeof all);
	request_len = sizeof all;
	give(V4, 28);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 40 + 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 32);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
}

static void garbage_in_a_burst_is_skipped(void)
{
	begin();
	make_burst(8);
	request[20 * 3] = 0xff;
	request_len -= 5; /* the last one is cut */
	CHECK_EQ(give(V4, 20), ALTAIR_TAKEN);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 6 * 32);
	CHECK_EQ(stats().ignored, 2);
	CHECK_EQ(stats().requests, 6);
}

static void a_batch_keeps_its_paths_apart(void)
{
	altair_datagram d[4];

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	for (unsigned i = 0; i < 4; i++) {
		d[i] = (altair_datagram){
			.path = {.sock = i, .remote = addr(V4)},
			.bytes = {request, 20}};
		d[i].path.remote.port = (uint16_t)(1000 + i);
	}
	altair_input(machine, 0, d, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct air_stun_message m;
		struct air_stun_value v;

		CHECK_EQ(d[i].verdict, ALTAIR_TAKEN);
		CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
		CHECK_EQ(out.datagram.path.sock, i);
		CHECK(air_stun_message_read(&m, out.datagram.bytes, 15));
		air_stun_message_get(&m, AIR_STUN_XOR_MAPPED_ADDRESS, &v);
		CHECK_EQ(v.addr.port, 1000 + i);
	}
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
	/* What was not polled is gone with the next batch. */
	altair_input(machine, 0, d, 4);
	altair_input(machine, 0, NULL, 0);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
	altair_input(machine, 0, d, 4);
	altair_tick(machine, 0);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_WAIT);
}

static void what_does_not_fit_is_not_answered(void)
{
	altair_datagram d[3];

	begin_with(2, 80);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	for (unsigned i = 0; i < 3; i++)
		d[i] = (altair_datagram){.path.remote = addr(V4),
					 .bytes = {request, 20}};
	altair_input(machine, 0, d, 3); /* a batch too long by one */
	CHECK_EQ(d[2].verdict, ALTAIR_NOT_MINE);
	CHECK_EQ(stats().requests, 2);
	make_burst(3); /* 96 bytes of answers for a buffer of 80 */
	give(V4, 20);
	CHECK_EQ(stats().requests, 4);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 64);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_fingerprint();
	for (unsigned i = 0; i < 2; i++) {
		d[i].bytes = (altair_bytes){request, request_len};
		d[i].path.remote = addr(V6);
	}
	altair_input(machine, 0, d, 2); /* 104 bytes */
	CHECK_EQ(d[0].verdict, ALTAIR_TAKEN);
	CHECK_EQ(d[1].verdict, ALTAIR_NOT_MINE);
}

static void a_batch_may_not_be_longer_than_agreed(void)
{
	altair_datagram d[3];

	begin_with(2, 4096);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	for (unsigned i = 0; i < 3; i++)
		d[i] = (altair_datagram){.path.remote = addr(V4),
					 .bytes = {request, 20}};
	altair_input(machine, 0, d, 3);
	CHECK_EQ(d[1].verdict, ALTAIR_TAKEN);
	CHECK_EQ(d[2].verdict, ALTAIR_NOT_MINE);
	CHECK_EQ(stats().ignored, 1);
}

static void a_buffer_may_be_filled_to_its_end(void)
{
	begin_with(1, 64);
	make_burst(3);
	give(V4, 20);
	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(out.datagram.bytes.len, 64);
	begin_with(4096, 16u << 20); /* the limits */
}

static void configurations_out_of_range(void)
{
	altair_server_config good, bad[5];
	altair_server *s;
	char little[16];

	altair_server_config_default(&good);
	for (size_t i = 0; i < 5; i++)
		bad[i] = good;
	bad[0].size++;
	bad[1].batch_max = 0;
	bad[2].batch_max = 4097;
	bad[3].buffer_len = 51;
	bad[4].buffer_len = (16u << 20) + 1;
	for (size_t i = 0; i < 5; i++) {
		CHECK_EQ(altair_server_size(&bad[i]), 0);
		CHECK_EQ(altair_server_init(&s, little, 16, &bad[i], 0),
			 ALTAIR_E_INVALID);
	}
	CHECK_EQ(altair_server_init(&s, little, 16, &good, 0), ALTAIR_E_SPACE);
}

static const struct check_test tests[] = {
	TEST(a_plain_request_gets_32_or_44_bytes),
	TEST(the_fingerprint_is_returned),
	TEST(what_is_known_but_unexpected_is_ignored),
	TEST(unknown_attributes_are_listed),
	TEST(a_refusal_is_at_most_half_as_long_again),
	TEST(nothing_but_binding_requests_is_answered),
	TEST(what_is_malformed_is_ignored),
	TEST(a_request_that_is_too_long_is_ignored),
	TEST(a_source_that_nobody_can_be_is_ignored),
	TEST(a_burst_is_answered_by_a_burst),
	TEST(a_burst_is_cut_where_the_kernel_would),
	TEST(the_smallest_burst_is_two),
	TEST(a_shorter_answer_ends_its_burst),
	TEST(answers_of_mixed_lengths_stay_whole),
	TEST(a_closed_burst_takes_no_more),
	TEST(garbage_in_a_burst_is_skipped),
	TEST(a_batch_keeps_its_paths_apart),
	TEST(what_does_not_fit_is_not_answered),
	TEST(a_batch_may_not_be_longer_than_agreed),
	TEST(a_buffer_may_be_filled_to_its_end),
	TEST(configurations_out_of_range),
};

CHECK_MAIN(tests)
