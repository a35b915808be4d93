/*
 * Which addresses become candidates, in which order, and how much a peer can make
 * us send to one that it merely lists.
 */
#include "ice_world.h"

static altair_agent *a;

/* One agent with `hosts` addresses and the peer's credentials. */
static void begin_with(int hosts)
{
	altair_agent_config c = config(true);
	char text[ALTAIR_ADDR_TEXT];
	altair_addr host;

	begin();
	add(0, &c, "192.0.2.101:5000", "192.0.2.101:5000");
	a = w.side[0].agent;
	for (int i = 1; i < hosts; i++) {
		snprintf(text, sizeof text, "192.0.2.%d:5000", 101 + i);
		host = addr(text);
		CHECK_EQ(altair_agent_add_host(a, w.now, 7, &host), 0);
	}
	CHECK_EQ(altair_agent_gather(a, w.now), 0);
	altair_agent_seal(a, w.now);
	CHECK_EQ(
		altair_agent_remote(a, w.now, "peer", "0123456789012345678901"),
		0);
}

static int list(const char *ip, int port)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	snprintf(text, sizeof text, "candidate:%d 1 UDP %d %s %d typ host",
		 port % 50 + 1, port + 1, ip, port);
	return altair_agent_add_remote(a, w.now, text);
}

/* Row 54: ten thousand ports of one victim, and all our addresses. */
static void a_bomb_of_candidates(void)
{
	for (int hosts = 1; hosts <= ALTAIR_AGENT_HOSTS_MAX; hosts++) {
		begin_with(hosts);
		w.victim = addr("198.51.100.9:1");
		for (int i = 1; i <= 10000; i++)
			CHECK_EQ(list("198.51.100.9", i),
				 i <= AIR_SIGNALLED_MAX ? 0 : ALTAIR_E_FULL);
		CHECK_EQ(a->list.remotes_count, AIR_SIGNALLED_MAX);
		CHECK_EQ(stats_of(0).unusable, 10000 - AIR_SIGNALLED_MAX);
		altair_agent_end_of_candidates(a, w.now);
		run_until(60000);
		CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
		CHECK_EQ(w.victim_packets, stats_of(0).checks);
		CHECK_EQ(w.victim_packets, 100);
		CHECK(w.victim_bytes <= 100 * 120);
	}
}

/* The places of those that its checks show are not for the peer to fill. */
static void a_bomb_that_calls_itself_peer_reflexive(void)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	begin_with(1);
	for (int i = 1; i <= 30; i++) {
		snprintf(text, sizeof text,
			 "candidate:%d 1 UDP %d 198.51.100.9 %d typ prflx", i,
			 i, i);
		CHECK_EQ(altair_agent_add_remote(a, w.now, text),
			 i <= AIR_SIGNALLED_MAX ? 0 : ALTAIR_E_FULL);
	}
	CHECK_EQ(a->list.remotes_count, AIR_SIGNALLED_MAX);
	CHECK_EQ(a->list.prflx_count, 0);
	CHECK_EQ(a->list.pairs_count, AIR_SIGNALLED_MAX);
}

/* What decides when the hundred are spent. */
static void the_budget_is_what_the_address_has_proved(void)
{
	struct air_pair *pair, *sister;

	begin_with(2);
	for (int i = 1; i <= AIR_SIGNALLED_MAX; i++)
		CHECK_EQ(list("198.51.100.9", i), 0);
	run_until(60000);
	pair = air_checklist_find(&a->list, 0, &a->list.remotes[3].addr);
	sister = air_checklist_find(&a->list, 1, &a->list.remotes[3].addr);
	CHECK(pair && sister && !air_budget_allows(a, pair));
	pair->bytes_in = 1000; /* but nothing authenticated */
	CHECK(!air_budget_allows(a, pair));
	pair->is_heard = true;
	CHECK(air_budget_allows(a, pair));
	pair->bytes_in = 0;
	CHECK(!air_budget_allows(a, pair));
	sister->answered = 1;
	CHECK(air_budget_allows(a, pair));
	/* Of an address that only checks have shown: itself, no other port. */
	a->list.remotes[3].type = CANDIDATE_PRFLX;
	CHECK(air_budget_allows(a, pair));
	sister->answered = 0;
	CHECK(!air_budget_allows(a, pair));
	pair->bytes_in = 1000;
	CHECK(air_budget_allows(a, pair));
}

/* Twenty victims: at most a hundred pairs, eleven requests each. */
static void a_bomb_with_many_victims(void)
{
	char ip[ALTAIR_ADDR_TEXT];

	begin_with(ALTAIR_AGENT_HOSTS_MAX);
	w.victim = addr("198.51.100.7:1");
	for (int i = 1; i <= 10000; i++) {
		snprintf(ip, sizeof ip, "198.51.100.%d", i % 200 + 1);
		(void)list(ip, 1000 + i / 200);
	}
	altair_agent_end_of_candidates(a, w.now);
	run_until(600000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_EQ(a->list.pairs_count, AIR_PAIRS_MAX);
	CHECK_EQ(stats_of(0).checks, AIR_PAIRS_MAX * AIR_CHECK_SENDINGS);
	CHECK(w.victim_packets <= ALTAIR_AGENT_HOSTS_MAX * AIR_CHECK_SENDINGS);
}

/* Never more than one new transaction per Ta: in any second 50 of them, and the
 * repeats of those before. */
static void a_bomb_is_paced(void)
{
	uint64_t before = 0;

	begin_with(ALTAIR_AGENT_HOSTS_MAX);
	for (int i = 1; i <= AIR_SIGNALLED_MAX; i++) {
		char ip[ALTAIR_ADDR_TEXT];

		snprintf(ip, sizeof ip, "198.51.100.%d", i);
		CHECK_EQ(list(ip, 1), 0);
	}
	for (uint64_t ms = 20; ms < 12000; ms += 20) {
		run_until(ms);
		CHECK(stats_of(0).checks - before <= 10);
		before = stats_of(0).checks;
	}
}

/* The real peer behind the same IP is found, though the budget is spent. */
static void a_bomb_does_not_hide_the_peer(void)
{
	altair_agent_config c = config(false);

	begin_with(2);
	add(1, &c, "198.51.100.9:7777", "198.51.100.9:7777");
	w.side[1].agent->keys.local = a->keys.remote;
	w.victim = w.side[1].public;
	for (int i = 1; i <= AIR_SIGNALLED_MAX; i++)
		CHECK_EQ(list("198.51.100.9", i), 0);
	run_until(20000);
	CHECK_EQ(w.victim_packets, 100);
	CHECK_EQ(altair_agent_remote(w.side[1].agent, w.now,
				     altair_agent_ufrag(a),
				     altair_agent_pwd(a)),
		 0);
	CHECK_EQ(altair_agent_gather(w.side[1].agent, w.now), 0);
	signal_candidate(1, 0);
	run_until(22000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
}

/* --- order --------------------------------------------------------------- */

/* RFC 8421 4: drivers add IPv6 and IPv4 by turns; the order of adding is the
 * order of preference, whatever the family, each with its own value. */
static void families_take_turns_as_they_were_added(void)
{
	static const char *const hosts[] = {
		"[2001:db8::1]:5000", "192.0.2.101:5000", "[2001:db8::2]:5000",
		"192.0.2.102:5000", "[2001:db8::3]:5000"};
	altair_agent_config c = config(true);

	begin();
	add(0, &c, hosts[0], hosts[0]);
	a = w.side[0].agent;
	for (size_t i = 1; i < sizeof hosts / sizeof *hosts; i++) {
		altair_addr host = addr(hosts[i]);

		CHECK_EQ(altair_agent_add_host(a, w.now, 7, &host), 0);
	}
	for (uint32_t i = 0; i < a->list.locals_count; i++)
		CHECK_EQ(a->list.locals[i].priority,
			 air_candidate_priority(CANDIDATE_HOST, 65535 - i));
}

static void useless_addresses_are_refused(void)
{
	static const char *const bad[] = {
		"127.0.0.1",	    "::1",	 "169.254.0.1",
		"fe80::1",	    "224.0.0.1", "ff02::1",
		"0.0.0.0",	    "::",	 "255.255.255.255",
		"::ffff:127.0.0.1", "host.local"};

	begin_with(1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(list(bad[i], 1), ALTAIR_E_ADDRESS);
	CHECK_EQ(stats_of(0).unusable, 11);
	CHECK_EQ(stats_of(0).names, 1);
	CHECK_EQ(a->list.remotes_count, 0);
	/* Documentation ranges are global: labs use them. */
	CHECK_EQ(list("192.0.2.2", 1), 0);
	CHECK_EQ(list("2001:db8::2", 1), 0);
}

static void the_same_candidate_counts_once(void)
{
	begin_with(1);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(list("192.0.2.2", 6000), 0);
	CHECK_EQ(list("::ffff:192.0.2.2", 6000), 0); /* the same address */
	CHECK_EQ(a->list.remotes_count, 1);
	CHECK_EQ(a->list.pairs_count, 1);
}

static const struct check_test tests[] = {
	TEST(a_bomb_of_candidates),
	TEST(a_bomb_that_calls_itself_peer_reflexive),
	TEST(the_budget_is_what_the_address_has_proved),
	TEST(a_bomb_with_many_victims),
	TEST(a_bomb_is_paced),
	TEST(a_bomb_does_not_hide_the_peer),
	TEST(families_take_turns_as_they_were_added),
	TEST(useless_addresses_are_refused),
	TEST(the_same_candidate_counts_once),
};

CHECK_MAIN(tests)
