/* RFC 5780, server side: which socket answers, what the answer holds, and that
 * nobody gains by it who forges his address. */
#include "binding_world.h"

#define V4 "203.0.113.9:1234"
#define V6 "[2001:db8:9::9]:1234"

static altair_time now;

static int draw(void *user, uint8_t *bytes, size_t len)
{
	(void)user;
	memset(bytes, 7, len);
	return 0;
}

static const altair_crypto crypto = {.size = sizeof crypto, .random = draw};

/* Socks 4 to 7 are IPv4, 10 to 13 IPv6. */
static altair_server_alternate pairs[2];

static void make_pairs(void)
{
	static const char *const v4[] = {"192.0.2.1:3478", "192.0.2.1:3479",
					 "192.0.2.2:3478", "192.0.2.2:3479"};
	static const char *const v6[] = {
		"[2001:db8:5::1]:3478", "[2001:db8:5::1]:3479",
		"[2001:db8:5::2]:3478", "[2001:db8:5::2]:3479"};

	for (uint32_t i = 0; i < 4; i++) {
		pairs[0].sock[i] = 4 + i;
		pairs[0].addr[i] = addr(v4[i]);
		pairs[1].sock[i] = 10 + i;
		pairs[1].addr[i] = addr(v6[i]);
	}
}

static altair_server_config config(void)
{
	altair_server_config c;

	make_pairs();
	altair_server_config_default(&c);
	c.crypto = &crypto;
	c.alternates = pairs;
	c.alternate_count = 2;
	return c;
}

static void begin_with(const altair_server_config *c)
{
	now = ALTAIR_SEC(100);
	begin_server(c, now);
}

static void begin(void)
{
	altair_server_config c = config();

	begin_with(&c);
}

/* --- requests and answers -------------------------------------------------- */

static void add_change(uint8_t flags)
{
	add(AIR_STUN_CHANGE_REQUEST, (uint8_t[]){0, 0, 0, flags}, 4);
}

static void add_port(uint16_t port)
{
	uint8_t value[] = {(uint8_t)(port >> 8), (uint8_t)port, 0, 0};

	add(AIR_STUN_RESPONSE_PORT, value, sizeof value);
}

static void add_padding(size_t len)
{
	static const uint8_t zeros[2048];

	add(AIR_STUN_PADDING, zeros, len);
}

/* Gives the request to a socket and reads the only answer. */
static struct air_stun_message ask(uint32_t sock, const char *from)
{
	altair_datagram d = {.path = {.sock = sock, .remote = addr(from)},
			     .bytes = {request, request_len}};

	altair_input(machine, now, &d, 1);
	CHECK_EQ(d.verdict, ALTAIR_TAKEN);
	return read_answer();
}

static bool has(const struct air_stun_message *m, uint16_t type)
{
	return air_stun_message_place(m, type) != NULL;
}

static void check_error(const struct air_stun_message *m, uint64_t code)
{
	struct air_stun_value v;

	CHECK_EQ(m->header.class, AIR_STUN_ERROR);
	CHECK(air_stun_message_get(m, AIR_STUN_ERROR_CODE, &v));
	CHECK_EQ(v.number, code);
	CHECK(m->bytes.len <= request_len);
}

/* --- what is answered ------------------------------------------------------ */

static void a_plain_request_learns_the_other_address(void)
{
	static const char *const other[] = {"192.0.2.2:3479", "192.0.2.2:3478",
					    "192.0.2.1:3479", "192.0.2.1:3478"};
	struct air_stun_message m;

	begin();
	for (uint32_t i = 0; i < 4; i++) {
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		m = ask(4 + i, V4);
		CHECK_EQ(out.datagram.path.sock, 4 + i);
		CHECK_EQ(m.bytes.len, 44);
		check_addr(&m, AIR_STUN_XOR_MAPPED_ADDRESS, V4);
		check_addr(&m, AIR_STUN_OTHER_ADDRESS, other[i]);
	}
	m = ask(10, V6);
	CHECK_EQ(m.bytes.len, 68);
	check_addr(&m, AIR_STUN_OTHER_ADDRESS, "[2001:db8:5::2]:3479");
}

/* RFC 5780 6.1, table 1. */
static void answers_leave_from_where_they_are_wanted(void)
{
	static const uint8_t flags[] = {0, 2, 4, 6};
	static const char *const at[] = {"192.0.2.1:3478", "192.0.2.1:3479",
					 "192.0.2.2:3478", "192.0.2.2:3479"};

	begin();
	for (uint32_t i = 0; i < 4; i++) {
		for (uint32_t f = 0; f < 4; f++) {
			struct air_stun_message m;

			now += ALTAIR_SEC(1);
			start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
			add_change(flags[f]);
			m = ask(4 + i, V4);
			CHECK_EQ(out.datagram.path.sock, 4 + (i ^ f));
			if (f != 0)
				CHECK(altair_addr_equal(
					&out.datagram.path.local,
					&pairs[0].addr[i ^ f]));
			check_addr(&m, AIR_STUN_RESPONSE_ORIGIN, at[i ^ f]);
			check_addr(&m, AIR_STUN_OTHER_ADDRESS, at[i ^ 3]);
			CHECK_EQ(m.bytes.len, 56);
		}
	}
}

static void padding_is_returned_and_makes_nothing_longer(void)
{
	struct air_stun_message m;

	begin();
	for (size_t len = 0; len <= 2024; len += 4) {
		now += ALTAIR_SEC(1);
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		add_padding(len);
		m = ask(4, V4);
		CHECK_EQ(m.bytes.len, request_len < 32 ? 32 : request_len);
		CHECK_EQ(has(&m, AIR_STUN_PADDING), len + 24 >= 36);
	}
	check_addr(&m, AIR_STUN_MAPPED_ADDRESS, V4);
	check_addr(&m, AIR_STUN_RESPONSE_ORIGIN, "192.0.2.1:3478");
	check_addr(&m, AIR_STUN_OTHER_ADDRESS, "192.0.2.2:3479");
}

static void another_port_of_the_source_is_answered(void)
{
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_port(5000);
	m = ask(4, V4);
	CHECK_EQ(m.bytes.len, 32);
	CHECK_EQ(out.datagram.path.remote.port, 5000);
	CHECK(altair_addr_same_ip(
		&out.datagram.path.remote,
		&(altair_addr){.family = ALTAIR_IPV4, .ip = {203, 0, 113, 9}}));
	check_addr(&m, AIR_STUN_XOR_MAPPED_ADDRESS, V4);
	add_change(6);
	ask(4, V4);
	CHECK_EQ(out.datagram.path.sock, 7);
	CHECK_EQ(out.datagram.path.remote.port, 5000);
}

static void the_fingerprint_is_returned(void)
{
	struct air_stun_builder b;
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_padding(100);
	b.w = air_writer(request, sizeof request);
	b.w.len = request_len;
	air_stun_build_fingerprint(&b);
	request_len = air_stun_build_end(&b).len;
	m = ask(4, V4);
	CHECK(air_stun_check_fingerprint(&m));
	CHECK_EQ(m.bytes.len, request_len);
}

/* --- abuse ------------------------------------------------------------------ */

static void well_known_ports_get_nothing(void)
{
	struct air_stun_message m;

	begin();
	for (uint32_t port = 0; port <= 1025; port++) {
		now += ALTAIR_SEC(1);
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		add_port((uint16_t)port);
		m = ask(4, V4);
		CHECK_EQ(out.datagram.path.remote.port,
			 port < 1024 ? 1234 : port);
		if (port < 1024)
			check_error(&m, 400);
	}
}

/* RFC 5780 6.1. */
static void padding_goes_to_no_other_port(void)
{
	struct air_stun_message m;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_port(5000);
	add_padding(1000);
	m = ask(4, V4);
	check_error(&m, 400);
	CHECK_EQ(out.datagram.path.remote.port, 1234);
}

static void use_up_the_rate(const char *from)
{
	for (int i = 0; i < 10; i++) {
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		ask(4, from);
	}
}

static void above_the_rate_answers_are_short(void)
{
	struct air_stun_message m;

	begin();
	use_up_the_rate(V4);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	m = ask(4, V4);
	CHECK_EQ(m.bytes.len, 32);
	add_change(6);
	m = ask(4, V4);
	CHECK_EQ(m.bytes.len, 32);
	CHECK_EQ(out.datagram.path.sock, 7);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_port(5000);
	m = ask(4, V4);
	check_error(&m, 500);
	CHECK_EQ(out.datagram.path.remote.port, 1234);
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	m = ask(4, "203.0.113.10:1234");
	CHECK_EQ(m.bytes.len, 44);
	now += ALTAIR_SEC(1);
	m = ask(4, V4);
	CHECK_EQ(m.bytes.len, 44);
}

/* 44 bytes of anything, or padding: there is nothing to gain. */
static void who_brings_as_much_is_told_all(void)
{
	static const uint8_t text[44] = {'x'};
	struct air_stun_message m;

	begin();
	use_up_the_rate(V4);
	for (int i = 0; i < 100; i++) {
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		add(AIR_STUN_SOFTWARE, text, sizeof text);
		m = ask(4, V4);
		CHECK_EQ(m.bytes.len, 68);
		CHECK_EQ(request_len, 68);
		check_addr(&m, AIR_STUN_OTHER_ADDRESS, "192.0.2.2:3479");
		check_addr(&m, AIR_STUN_RESPONSE_ORIGIN, "192.0.2.1:3478");
		check_addr(&m, AIR_STUN_MAPPED_ADDRESS, V4);
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		add_padding(1000);
		m = ask(4, V4);
		CHECK_EQ(m.bytes.len, 1024);
	}
}

static void without_alternates_all_of_it_is_refused(void)
{
	altair_server_config c = config();
	static const uint16_t types[] = {AIR_STUN_CHANGE_REQUEST,
					 AIR_STUN_PADDING,
					 AIR_STUN_RESPONSE_PORT};
	struct air_stun_message m;

	begin();
	for (size_t i = 0; i < 6; i++) {
		if (i == 3) {
			c.alternate_count = 0;
			begin_with(&c);
		}
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		add(types[i % 3], (uint8_t[]){0x20, 0, 0, 6}, 4);
		m = ask(i < 3 ? 3 : 4, V4); /* no socket of four */
		CHECK_EQ(m.header.class, AIR_STUN_ERROR);
		CHECK(has(&m, AIR_STUN_UNKNOWN_ATTRIBUTES));
		CHECK_EQ(out.datagram.path.remote.port, 1234);
		start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
		m = ask(i < 3 ? 3 : 4, V4);
		CHECK_EQ(m.bytes.len, 32);
	}
}

static void what_is_not_understood_is_refused(void)
{
	struct air_stun_message m;
	struct air_stun_value v;

	begin();
	start(AIR_STUN_REQUEST, AIR_STUN_BINDING);
	add_change(6);
	add(0x7f00, "", 0);
	m = ask(4, V4);
	CHECK_EQ(m.header.class, AIR_STUN_ERROR);
	CHECK(air_stun_message_get(&m, AIR_STUN_UNKNOWN_ATTRIBUTES, &v));
	CHECK_MEM(v.bytes.data, "\x7f\x00", 2);
	CHECK_EQ(out.datagram.path.sock, 4);
}

/* --- configuration ---------------------------------------------------------- */

static void check_invalid(const altair_server_config *c)
{
	CHECK_EQ(altair_server_size(c), 0);
	make_pairs();
}

static void only_two_addresses_with_two_ports_will_do(void)
{
	altair_server_config c = config();

	CHECK(altair_server_size(&c) > 0);
	pairs[0].sock[1] = pairs[0].sock[0];
	check_invalid(&c);
	pairs[0].sock[1] = ALTAIR_SERVER_RELAY;
	check_invalid(&c);
	pairs[0].addr[2] = pairs[0].addr[0];
	pairs[0].addr[3] = pairs[0].addr[1];
	check_invalid(&c);
	pairs[0].addr[1].port = pairs[0].addr[3].port = 3478;
	check_invalid(&c);
	pairs[0].addr[3].port++;
	check_invalid(&c);
	pairs[0].addr[0] = addr("0.0.0.1:3478");
	check_invalid(&c);
	pairs[1] = pairs[0];
	check_invalid(&c);
	c.alternate_count = 3;
	check_invalid(&c);
	c.alternate_count = 2;
	c.crypto = NULL;
	check_invalid(&c);
}

static const struct check_test tests[] = {
	TEST(a_plain_request_learns_the_other_address),
	TEST(answers_leave_from_where_they_are_wanted),
	TEST(padding_is_returned_and_makes_nothing_longer),
	TEST(another_port_of_the_source_is_answered),
	TEST(the_fingerprint_is_returned),
	TEST(well_known_ports_get_nothing),
	TEST(padding_goes_to_no_other_port),
	TEST(above_the_rate_answers_are_short),
	TEST(who_brings_as_much_is_told_all),
	TEST(without_alternates_all_of_it_is_refused),
	TEST(what_is_not_understood_is_refused),
	TEST(only_two_addresses_with_two_ports_will_do),
};

CHECK_MAIN(tests)
