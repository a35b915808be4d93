/* The probe: what it believes, what it does not, and what the facts mean. Behind
 * NATs it is in tests/sim/probe_test.c. */
#include "check.h"
#include "stun/auth.h"

#include <altair/error.h>
#include <altair/probe.h>

#include <stdlib.h>

#define SERVER "192.0.2.1:3478"
#define OTHER "192.0.2.2:3479"
#define US "203.0.113.9:5000"

static altair_probe *probe;
static altair_machine *machine;
static void *memory;
static altair_time now;
static altair_addr local[ALTAIR_PROBE_SOCKS_MAX];
static uint8_t drawn;

static int draw(void *user, uint8_t *out, size_t len)
{
	(void)user;
	memset(out, ++drawn, len);
	return 0;
}

static int draw_nothing(void *user, uint8_t *out, size_t len)
{
	(void)user;
	(void)out;
	(void)len;
	return ALTAIR_E_RANDOM;
}

static const altair_crypto crypto = {.size = sizeof crypto, .random = draw};
static const altair_crypto broken = {.size = sizeof broken,
				     .random = draw_nothing};

static altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static altair_probe_config config(void)
{
	altair_probe_config c;

	for (size_t i = 0; i < ALTAIR_PROBE_SOCKS_MAX; i++) {
		local[i] = addr("192.168.1.100:4000");
		local[i].port = (uint16_t)(4000 + i);
	}
	altair_probe_config_default(&c);
	c.crypto = &crypto;
	c.sock = 20;
	c.local = local;
	c.socks = ALTAIR_PROBE_LIFETIMES;
	return c;
}

static void begin_with(const altair_probe_config *c)
{
	size_t size = altair_probe_size(c);

	CHECK(size > 0);
	free(memory);
	memory = malloc(size);
	now = ALTAIR_SEC(100);
	CHECK_EQ(altair_probe_init(&probe, memory, size, c, now), 0);
	machine = altair_probe_machine(probe);
}

static int add(const char *server)
{
	altair_addr a = addr(server);

	return altair_probe_add(probe, now, &a);
}

static void begin(void)
{
	altair_probe_config c = config();

	begin_with(&c);
	CHECK_EQ(add(SERVER), 0);
	altair_probe_seal(probe, now);
}

/* --- what was sent, and answers to it ------------------------------------------ */

static struct sent {
	altair_path path;
	uint8_t bytes[1500];
	size_t len;
} sent[64];
static size_t sent_count;
static bool is_probed;
static altair_time deadline;

static void drain(void)
{
	altair_output out;
	enum altair_step step;

	sent_count = 0;
	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		struct sent *s = &sent[sent_count];

		if (step == ALTAIR_EVENT) {
			CHECK_EQ(out.event, ALTAIR_EV_PROBED);
			is_probed = true;
			continue;
		}
		CHECK(++sent_count < 64);
		s->path = out.datagram.path;
		s->len = out.datagram.bytes.len;
		memcpy(s->bytes, out.datagram.bytes.data, s->len);
	}
	deadline = out.deadline;
}

static void pass(altair_time time)
{
	now += time;
	altair_tick(machine, now);
	drain();
}

/* An answer to what was sent, from another address if there is one. */
static enum altair_verdict answer(size_t index, const char *from,
				  const char *mapped, const char *other)
{
	struct air_stun_header h = {.class = AIR_STUN_SUCCESS,
				    .method = AIR_STUN_BINDING};
	altair_datagram d = {.path = sent[index].path};
	struct air_stun_builder b;
	struct air_stun_value v = {0};
	uint8_t bytes[128];

	memcpy(h.transaction, sent[index].bytes + 8, 12);
	air_stun_build(&b, bytes, sizeof bytes, &h);
	v.addr = addr(mapped);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &v);
	if (other) {
		v.addr = addr(other);
		air_stun_build_attr(&b, AIR_STUN_OTHER_ADDRESS, &v);
	}
	d.bytes = air_stun_build_end(&b);
	if (from)
		d.path.remote = addr(from);
	altair_input(machine, now, &d, 1);
	return d.verdict;
}

static altair_probe_facts facts(void)
{
	altair_probe_facts f;

	altair_probe_get(probe, &f);
	return f;
}

/* True if something was sent there. */
static bool was_asked(const char *text)
{
	altair_addr a = addr(text);

	for (size_t i = 0; i < sent_count; i++)
		if (altair_addr_equal(&sent[i].path.remote, &a))
			return true;
	return false;
}

/* --- belief ----------------------------------------------------------------------- */

static void an_answer_from_elsewhere_is_none(void)
{
	begin();
	drain();
	CHECK_EQ(sent_count, 1);
	CHECK_EQ(sent[0].path.sock, 20);
	CHECK_EQ(answer(0, "192.0.2.9:3478", US, NULL), ALTAIR_TAKEN);
	CHECK_EQ(facts().answered, 0);
	sent[0].path.sock = 21; /* another socket than the one that asked */
	answer(0, NULL, US, NULL);
	CHECK_EQ(facts().answered, 0);
	sent[0].path.sock = 24; /* none of ours */
	CHECK_EQ(answer(0, NULL, US, NULL), ALTAIR_NOT_MINE);
	sent[0].path.sock = 20;
	answer(0, NULL, US, NULL);
	CHECK_EQ(facts().answered, 1);
	CHECK_EQ(facts().udp, ALTAIR_YES);
	CHECK_EQ(facts().nat, ALTAIR_YES);
	/* Nobody can change his mind. */
	answer(0, NULL, "203.0.113.10:1", NULL);
	CHECK_EQ(facts().mapped.port, 5000);
}

static void what_is_not_ours_is_left_alone(void)
{
	static const uint8_t junk[] = "no STUN";
	altair_datagram d = {.path = {.sock = 20, .remote = addr(SERVER)},
			     .bytes = {junk, sizeof junk}};

	begin();
	drain();
	altair_input(machine, now, &d, 1);
	CHECK_EQ(d.verdict, ALTAIR_NOT_MINE);
	sent[0].bytes[8] ^= 1;
	CHECK_EQ(answer(0, NULL, US, NULL), ALTAIR_NOT_MINE);
}

/* A server must not have us send into our own network. */
static void another_address_is_of_the_same_kind(void)
{
	static const char *const bad[] = {
		"192.168.1.1:3479", "127.0.0.1:3479",	 "169.254.0.1:3479",
		"224.0.0.1:3479",   "192.0.2.1:3479",	 "192.0.2.2:3478",
		"100.64.0.1:3479",  "[2001:db8::1]:3479"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin();
		drain();
		answer(0, NULL, US, bad[i]);
		drain();
		CHECK_EQ(facts().second_address, ALTAIR_NO);
		CHECK(!was_asked(bad[i]));
		CHECK_EQ(sent_count, 2); /* the other two sockets ask */
	}
	begin();
	drain();
	answer(0, NULL, US, OTHER);
	drain();
	CHECK_EQ(facts().second_address, ALTAIR_YES);
	CHECK(was_asked(OTHER));
	CHECK(was_asked("192.0.2.2:3478"));
}

static void our_own_mapping_is_no_way_inside(void)
{
	begin();
	drain();
	answer(0, NULL, "192.168.1.1:53", NULL);
	drain();
	CHECK_EQ(sent_count, 2);
	answer(0, NULL, "192.168.1.1:53", NULL);
	answer(1, NULL, "192.168.1.1:54", NULL);
	for (int i = 0; i < 100 && !facts().is_done; i++) {
		drain();
		CHECK(!was_asked("192.168.1.1:53"));
		CHECK(!was_asked("192.168.1.1:54"));
		pass(ALTAIR_MSEC(100));
	}
	CHECK(facts().is_done);
	CHECK_EQ(facts().hairpin, ALTAIR_UNKNOWN);
}

/* A server that answers from where it was asked does not do it. */
static void a_change_that_is_not_done_tells_nothing(void)
{
	begin();
	drain();
	answer(0, NULL, US, OTHER);
	drain();
	for (size_t i = 0; i < sent_count; i++)
		answer(i, NULL, US, OTHER);
	for (int i = 0; i < 100 && !facts().is_done; i++)
		pass(ALTAIR_MSEC(100));
	CHECK_EQ(facts().mapping, ALTAIR_ENDPOINT_INDEPENDENT);
	CHECK_EQ(facts().filtering, ALTAIR_DEPENDENCE_UNKNOWN);
}

/* Nor does one that never answers such a request: the control is silent, too. */
static void silence_without_a_control_tells_nothing(void)
{
	begin();
	drain();
	answer(0, NULL, US, OTHER);
	for (int i = 0; i < 100 && !facts().is_done; i++) {
		drain();
		for (size_t k = 0; k < sent_count; k++)
			if (sent[k].bytes[21] != AIR_STUN_CHANGE_REQUEST)
				answer(k, NULL, US, NULL);
		pass(ALTAIR_MSEC(100));
	}
	CHECK(facts().is_done);
	CHECK_EQ(facts().mapping, ALTAIR_ENDPOINT_INDEPENDENT);
	CHECK_EQ(facts().filtering, ALTAIR_DEPENDENCE_UNKNOWN);
}

/* --- the end ----------------------------------------------------------------------- */

static void silence_has_an_end(void)
{
	begin();
	is_probed = false;
	for (int i = 0; i < 31; i++)
		pass(ALTAIR_MSEC(100));
	CHECK(is_probed);
	CHECK(facts().is_done);
	CHECK_EQ(facts().udp, ALTAIR_UNKNOWN);
	CHECK(deadline == ALTAIR_NEVER);
}

static void a_refusal_ends_it_at_once(void)
{
	altair_addr server = addr(SERVER), stranger = addr("192.0.2.1:3479");

	begin();
	drain();
	altair_probe_refused(probe, now, &stranger);
	CHECK(!facts().is_done);
	altair_probe_refused(probe, now, &server);
	CHECK(facts().is_done);
	CHECK_EQ(facts().udp, ALTAIR_UNKNOWN);
}

static void without_servers_it_is_done(void)
{
	altair_probe_config c = config();

	begin_with(&c);
	altair_probe_seal(probe, now);
	CHECK(facts().is_done);
	CHECK_EQ(facts().asked, 0);
	CHECK_EQ(add(SERVER), ALTAIR_E_STATE);
}

static void without_random_numbers_nothing_leaves(void)
{
	altair_probe_config c = config();

	c.crypto = &broken;
	begin_with(&c);
	CHECK_EQ(add(SERVER), ALTAIR_E_RANDOM);
	drain();
	CHECK_EQ(sent_count, 0);
}

static void who_may_be_added(void)
{
	altair_probe_config c = config();

	c.servers_max = 2;
	begin_with(&c);
	CHECK_EQ(add("224.0.0.1:3478"), ALTAIR_E_ADDRESS);
	CHECK_EQ(add("[2001:db8::1]:3478"), ALTAIR_E_ADDRESS);
	CHECK_EQ(add(SERVER), 0);
	CHECK_EQ(add(OTHER), 0);
	CHECK_EQ(add(OTHER), ALTAIR_E_FULL);
}

static void configurations_out_of_range(void)
{
	static _Alignas(16) uint8_t little[16];
	altair_probe_config c;

	for (int i = 0; i < 9; i++) {
		c = config();
		c.size -= i == 0;
		c.crypto = i == 1 ? NULL : c.crypto;
		c.socks = i == 2 ? 0 : i == 3 ? ALTAIR_PROBE_SOCKS_MAX + 1 : 4;
		c.servers_max = i == 4 ? 0 : i == 5 ? 17 : 8;
		c.timeout = i == 6 ? 0 : i == 7 ? ALTAIR_SEC(61) : c.timeout;
		c.lifetime_max = i == 8 ? ALTAIR_SEC(3601) : 0;
		CHECK_EQ(altair_probe_size(&c), 0);
		CHECK_EQ(altair_probe_init(&probe, NULL, 0, &c, 0),
			 ALTAIR_E_INVALID);
	}
	c = config();
	CHECK_EQ(altair_probe_init(&probe, little, sizeof little, &c, 0),
		 ALTAIR_E_SPACE);
	local[1] = addr("[2001:db8::1]:1");
	CHECK_EQ(altair_probe_size(&c), 0);
}

/* --- what it means ------------------------------------------------------------------- */

static altair_probe_facts found(enum altair_known nat,
				enum altair_dependence mapping,
				enum altair_dependence filtering)
{
	return (altair_probe_facts){.udp = ALTAIR_YES,
				    .nat = nat,
				    .mapping = mapping,
				    .filtering = filtering};
}

static const char *judge(const altair_probe_facts *v4,
			 const altair_probe_facts *v6)
{
	return altair_probe_code(
		altair_probe_judge(v4, v6, ALTAIR_UNKNOWN, ALTAIR_UNKNOWN));
}

static void every_verdict_has_its_facts(void)
{
	const enum altair_dependence ei = ALTAIR_ENDPOINT_INDEPENDENT;
	const enum altair_dependence apd = ALTAIR_ADDRESS_AND_PORT_DEPENDENT;
	const enum altair_dependence none = ALTAIR_DEPENDENCE_UNKNOWN;
	altair_probe_facts open = found(ALTAIR_NO, none, ei);
	altair_probe_facts wall = found(ALTAIR_NO, none, apd);
	altair_probe_facts cone = found(ALTAIR_YES, ei, apd);
	altair_probe_facts addr_ =
		found(ALTAIR_YES, ei, ALTAIR_ADDRESS_DEPENDENT);
	altair_probe_facts dark = found(ALTAIR_YES, ei, none);
	altair_probe_facts sym = found(ALTAIR_YES, ALTAIR_DEPENDENT, none);
	altair_probe_facts what = found(ALTAIR_YES, none, none);
	altair_probe_facts dead = {.udp = ALTAIR_NO};

	CHECK_STR(judge(&open, NULL), "direct-all");
	CHECK_STR(judge(&wall, NULL), "direct-most");
	CHECK_STR(judge(&addr_, NULL), "direct-all");
	CHECK_STR(judge(&cone, NULL), "direct-most");
	CHECK_STR(judge(&dark, NULL), "direct-most");
	CHECK_STR(judge(&sym, NULL), "direct-some");
	CHECK_STR(judge(&sym, &wall), "direct-some-ipv6");
	CHECK_STR(judge(&sym, &sym), "direct-some");
	CHECK_STR(judge(&what, &open), "direct-unknown");
	CHECK_STR(judge(&dead, &wall), "direct-most");
	CHECK_STR(judge(NULL, &open), "direct-all");
	CHECK_STR(judge(&dead, NULL), "no-answer");
	CHECK_STR(judge(NULL, NULL), "no-answer");
	CHECK_EQ(altair_probe_judge(&dead, NULL, ALTAIR_NO, ALTAIR_YES),
		 ALTAIR_PROBE_IS_RELAY);
	CHECK_EQ(altair_probe_judge(&dead, &dead, ALTAIR_YES, ALTAIR_UNKNOWN),
		 ALTAIR_PROBE_IS_RELAY);
	for (int v = 0; v <= ALTAIR_PROBE_IS_RELAY; v++) {
		enum altair_probe_verdict verdict =
			(enum altair_probe_verdict)v;

		CHECK(altair_probe_sentence(verdict)[0] != '\0');
		CHECK(altair_probe_advice(verdict)[0] != '\0');
	}
}

/* What routers tell: from local, "-" for silence; then carrier and several. */
static void routers_tell_of_nats(void)
{
	static const struct {
		const char *local, *hops[4];
		enum altair_known carrier, several;
	} rows[] = {
		{"192.168.1.2", {"192.168.1.1", "198.51.100.1"}, 2, 2},
		{"192.168.1.2", {"192.168.1.1", "169.254.0.1"}, 2, 2},
		{"192.168.1.2", {"198.51.100.1"}, 2, 2},
		{"192.168.1.2", {"192.168.1.1", "100.64.0.1", "-"}, 1, 1},
		{"192.168.1.2", {"-", "100.64.0.1"}, 1, 1},
		{"192.168.1.2", {"192.168.1.1", "10.0.0.1", "192.0.2.1"}, 0, 0},
		{"192.168.1.2", {"192.168.1.1", "-", "192.0.2.1"}, 0, 0},
		{"192.168.1.2", {"192.168.1.1"}, 0, 0},
		{"192.168.1.2", {NULL}, 0, 0},
		{"100.64.0.9", {"100.64.0.1", "192.0.2.1"}, 1, 2},
		{"100.64.0.9", {NULL}, 1, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		altair_probe_facts f = {.nat = ALTAIR_YES};
		enum altair_known carrier, several;
		altair_addr hops[4] = {{.family = ALTAIR_NO_FAMILY}};
		size_t count = 0;

		altair_addr_parse_ip(&f.local, rows[i].local, 1);
		for (; count < 4 && rows[i].hops[count]; count++)
			altair_addr_parse_ip(&hops[count], rows[i].hops[count],
					     0);
		altair_probe_judge_hops(&f, hops, count, &carrier, &several);
		printf("# %zu\n", i);
		CHECK_EQ(carrier, rows[i].carrier);
		CHECK_EQ(several, rows[i].several);
		f.nat = ALTAIR_NO;
		altair_probe_judge_hops(&f, hops, count, &carrier, &several);
		CHECK_EQ(carrier, ALTAIR_NO);
		CHECK_EQ(several, ALTAIR_NO);
		f.nat = ALTAIR_UNKNOWN;
		altair_probe_judge_hops(&f, hops, count, &carrier, &several);
		CHECK_EQ(carrier, ALTAIR_UNKNOWN);
		CHECK_EQ(several, ALTAIR_UNKNOWN);
	}
}

static const struct check_test tests[] = {
	TEST(an_answer_from_elsewhere_is_none),
	TEST(what_is_not_ours_is_left_alone),
	TEST(another_address_is_of_the_same_kind),
	TEST(our_own_mapping_is_no_way_inside),
	TEST(a_change_that_is_not_done_tells_nothing),
	TEST(silence_without_a_control_tells_nothing),
	TEST(silence_has_an_end),
	TEST(a_refusal_ends_it_at_once),
	TEST(without_servers_it_is_done),
	TEST(without_random_numbers_nothing_leaves),
	TEST(who_may_be_added),
	TEST(configurations_out_of_range),
	TEST(every_verdict_has_its_facts),
	TEST(routers_tell_of_nats),
};
CHECK_MAIN(tests)
