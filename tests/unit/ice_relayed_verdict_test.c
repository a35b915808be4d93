/* The verdict on both ends where relays are at work, or refuse to be. */
#include "relay_world.h"

static altair_agent_verdict verdict_of(int s)
{
	altair_agent_verdict v;

	altair_agent_get_verdict(w.side[s].agent, &v);
	return v;
}

struct row {
	enum kind a, b;
	const char *name[2];
};

/* What the peer sees of a relayed candidate is that candidate. */
static void check_locals(const altair_agent *a)
{
	const struct air_candidate *c = a->list.locals;

	for (uint32_t i = 0; i < a->list.locals_count; i++)
		for (uint32_t k = 0; k < i; k++)
			CHECK(c[k].type != CANDIDATE_RELAY ||
			      !altair_addr_equal(&c[i].addr, &c[k].addr));
}

static void why_it_is_relayed(void)
{
	static const struct row rows[] = {
		{SYM,
		 SYM,
		 {"relayed-symmetric-symmetric",
		  "relayed-symmetric-symmetric"}},
		{BLOCKED,
		 BLOCKED,
		 {"relayed-udp-blocked", "relayed-udp-blocked"}},
		{SYM,
		 BLOCKED,
		 {"relayed-peer-unreachable", "relayed-udp-blocked"}},
		{BLOCKED,
		 OPEN,
		 {"relayed-udp-blocked", "relayed-peer-unreachable"}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin_pair(rows[i].a, rows[i].b);
		run_until(1000);
		for (int s = 0; s < 2; s++)
			CHECK_STR(verdict_of(s).name, "relayed-for-now");
		run_until(30000);
		for (int s = 0; s < 2; s++) {
			printf("# %s\n", verdict_of(s).name);
			CHECK_STR(verdict_of(s).name, rows[i].name[s]);
			CHECK_EQ(verdict_of(s).reason, 0);
			check_locals(w.side[s].agent);
		}
	}
}

/* Direct where a relay only helped at the beginning. */
static void a_relay_that_is_not_needed(void)
{
	begin_pair(OPEN, OPEN);
	run_until(10000);
	for (int s = 0; s < 2; s++)
		CHECK_STR(verdict_of(s).name, "direct-host");
	begin_pair(SYM, OPEN);
	run_until(10000);
	for (int s = 0; s < 2; s++)
		CHECK_STR(verdict_of(s).name, "direct-nat");
}

static void relayed_because_we_asked_for_it(void)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		c.relay_only = true;
		add(s, OPEN, &c);
		add_stun(s);
		CHECK_EQ(add_relay(s, false), 0);
	}
	go();
	run_until(10000);
	for (int s = 0; s < 2; s++)
		CHECK_STR(verdict_of(s).name, "relayed-by-choice");
}

/* What the server says is the reason, whatever stands in the way beside. */
static void the_relay_refuses(void)
{
	static const struct {
		int code, reason;
	} rows[] = {
		{403, ALTAIR_E_FORBIDDEN},
		{486, ALTAIR_E_QUOTA},
		{508, ALTAIR_E_CAPACITY},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin_pair(SYM, SYM);
		w.refuse = rows[i].code;
		run_until(120000);
		for (int s = 0; s < 2; s++) {
			CHECK_EQ(state_of(s), ALTAIR_AGENT_FAILED);
			CHECK_STR(verdict_of(s).name, "relay-refused");
			CHECK_EQ(verdict_of(s).reason, rows[i].reason);
		}
	}
}

static void the_password_of_the_relay_is_wrong(void)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		add(s, SYM, &c);
		CHECK_EQ(add_relay_at(s, "198.51.100.1:3478", false, "wrong"),
			 0);
	}
	go();
	run_until(120000);
	for (int s = 0; s < 2; s++) {
		CHECK_STR(verdict_of(s).name, "relay-refused");
		CHECK_EQ(verdict_of(s).reason, ALTAIR_E_CREDENTIALS);
	}
}

/* No server answers over UDP, and no stream opens. */
static void servers_are_silent(void)
{
	begin_pair(SYM, BLOCKED);
	w.is_mute = w.no_streams = true;
	run_until(120000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_FAILED);
		CHECK_STR(verdict_of(s).name, "failed-udp-blocked");
	}
}

static void the_relay_is_silent(void)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		add(s, SYM, &c);
		add_stun(s);
		CHECK_EQ(add_relay_at(s, "203.0.113.77:3478", false, "pass"),
			 0);
	}
	go();
	run_until(120000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_FAILED);
		CHECK_STR(verdict_of(s).name, "relay-silent");
		CHECK_EQ(verdict_of(s).reason, ALTAIR_E_TIMEOUT);
	}
}

/* It is the only server: that it is silent says nothing about UDP. And as nothing
 * can be tried without it, nothing is said to be. */
static void the_only_server_is_silent(void)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		c.relay_only = true;
		add(s, OPEN, &c);
		CHECK_EQ(add_relay_at(s, "203.0.113.77:3478", false, "pass"),
			 0);
	}
	go();
	CHECK_EQ(altair_agent_add_remote(w.side[0].agent, w.now,
					 "candidate:1 1 UDP 1 192.0.2.9 9 typ "
					 "host"),
		 0);
	run_until(5000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_GATHERING);
	CHECK_STR(verdict_of(0).name, "gathering");
	run_until(120000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_STR(verdict_of(0).name, "relay-silent");
	CHECK_STR(verdict_of(1).name, "no-candidates");
}

/* The same server answers over TCP: so it is UDP that does not get through. */
static void one_relay_both_ways(void)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		add(s, BLOCKED, &c);
		CHECK_EQ(add_relay(s, false), 0);
		CHECK_EQ(add_relay(s, true), 1);
	}
	go();
	run_until(30000);
	for (int s = 0; s < 2; s++)
		CHECK_STR(verdict_of(s).name, "relayed-udp-blocked");
}

static const struct check_test tests[] = {
	TEST(a_relay_that_is_not_needed),
	TEST(relayed_because_we_asked_for_it),
	TEST(the_relay_refuses),
	TEST(the_password_of_the_relay_is_wrong),
	TEST(servers_are_silent),
	TEST(the_relay_is_silent),
	TEST(the_only_server_is_silent),
	TEST(one_relay_both_ways),
	TEST(why_it_is_relayed),
};

CHECK_MAIN(tests)
