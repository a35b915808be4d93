/*
 * Addresses of ours that come and go while the session lives, hosts that sleep,
 * and mappings that change.
 */
#include "ice_world.h"

static altair_bytes four(void)
{
	return air_text("data");
}

static void add_host(int s, const struct place *place)
{
	CHECK_EQ(altair_agent_add_host(w.side[s].agent, w.now, place->sock,
				       &place->addr),
		 0);
	drain(s);
}

static int remove_host(int s, uint32_t sock, const altair_addr *host)
{
	int rc = altair_agent_remove_host(w.side[s].agent, w.now, sock, host);

	drain(s);
	return rc;
}

static void begin_connected(void)
{
	begin_pair(true, false);
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(3000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	w.is_signalling = true;
	w.signal_delay = MS(20);
}

static bool is_selected(int s, const altair_addr *remote)
{
	return altair_addr_equal(&w.side[s].selected, remote);
}

static void both_hear_each_other(unsigned ms)
{
	for (int s = 0; s < 2; s++) {
		w.side[s].received_count = 0;
		CHECK_EQ(say(s, four()), 0);
	}
	run_until(ms);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].received_count, 1);
}

static void a_new_host_takes_over_from_one_that_goes(void)
{
	struct place *place;
	altair_addr old;

	begin_connected();
	old = w.side[0].addr;
	place = add_place(0, 8, "192.0.2.8:5008", "192.0.2.8:5008");
	add_host(0, place);
	run_until(3500);
	/* It has been told and checked, but what works stays. */
	CHECK_EQ(w.side[1].agent->list.remotes_count, 2);
	CHECK(is_selected(1, &w.side[0].public));
	CHECK_EQ(remove_host(0, 7, &old), 0);
	w.side[0].public = w.side[0].addr = addr("192.0.2.99:1");
	CHECK(is_selected(0, &w.side[1].public));
	CHECK_EQ(say(0, four()), 0); /* at once, from there */
	run_until(4500);
	CHECK_EQ(w.side[1].received_count, 1);
	CHECK(is_selected(1, &place->public));
	both_hear_each_other(5000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
}

/* Nothing is there for a while, and what comes then is told to the peer. */
static void the_only_host_goes_and_another_one_comes(void)
{
	struct place *place;
	altair_addr old;

	begin_connected();
	old = w.side[0].addr;
	CHECK_EQ(remove_host(0, 7, &old), 0);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	CHECK_EQ(say(0, four()), ALTAIR_E_STATE);
	w.side[0].public = w.side[0].addr = addr("192.0.2.99:1");
	run_until(120000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	place = add_place(0, 8, "192.0.2.8:5008", "192.0.2.8:5008");
	add_host(0, place);
	run_until(121000);
	both_hear_each_other(122000);
	CHECK(is_selected(1, &place->public));
	CHECK_EQ(w.side[0].credentials + w.side[1].credentials, 0);
}

/* Where nothing comes it ends in time. */
static void without_a_host_it_ends_after_ten_minutes(void)
{
	altair_addr old;

	begin_connected();
	old = w.side[0].addr;
	CHECK_EQ(remove_host(0, 7, &old), 0);
	run_until(600000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	run_until(640000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
}

/* The driver goes on telling what there is; a restart makes use of it. */
static void what_changes_after_failure_counts(void)
{
	struct place *place;
	altair_addr old;

	begin_connected();
	old = w.side[0].addr;
	CHECK_EQ(remove_host(0, 7, &old), 0);
	w.side[0].public = w.side[0].addr = addr("192.0.2.99:1");
	run_until(700000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	place = add_place(0, 8, "192.0.2.8:5008", "192.0.2.8:5008");
	add_host(0, place);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	drain(0);
	run_until(702000);
	both_hear_each_other(703000);
	CHECK(is_selected(1, &place->public));
}

static bool is_asked_through(uint32_t sock)
{
	altair_answer answer;

	for (size_t i = 0;
	     altair_discover_answer(w.side[0].agent->discover, i, &answer) == 0;
	     i++)
		if (answer.sock == sock)
			return true;
	return false;
}

/* The server is silent: nothing else makes us ask it again. */
static void servers_are_asked_through_whoever_takes_a_hosts_number(void)
{
	altair_agent_config c = config(true);
	altair_addr server = addr("198.51.100.9:3478"), old;

	begin();
	add(0, &c, "10.0.0.1:5000", "203.0.113.1:5000");
	CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now, &server), 0);
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	run_until(1000);
	old = w.side[0].addr;
	CHECK_EQ(remove_host(0, 7, &old), 0);
	add_host(0, add_place(0, 8, "10.0.0.2:5008", "203.0.113.1:5008"));
	run_until(1100);
	CHECK(is_asked_through(8));
}

static void arguments_are_judged(void)
{
	altair_addr host = addr("192.0.2.8:5008"), bad = addr("127.0.0.1:1");
	altair_agent *a;

	begin_connected();
	a = w.side[0].agent;
	CHECK_EQ(remove_host(0, 8, &host), ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_agent_add_host(a, w.now, 8, &bad), ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_agent_add_host(a, w.now, ALTAIR_AGENT_STREAM, &host),
		 ALTAIR_E_INVALID);
	add_place(0, 8, "192.0.2.8:5008", "192.0.2.8:5008");
	for (int i = 0; i < ALTAIR_AGENT_HOSTS_MAX - 1; i++) {
		CHECK_EQ(altair_agent_add_host(a, w.now, 8, &host), 0);
		CHECK_EQ(altair_agent_add_host(a, w.now, 8, &host), 0);
		host.port++;
	}
	CHECK_EQ(altair_agent_add_host(a, w.now, 8, &host), ALTAIR_E_FULL);
	host.port--;
	/* The place of one that goes is another one's. */
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(remove_host(0, 8, &host), 0);
		CHECK_EQ(altair_agent_add_host(a, w.now, 8, &host), 0);
	}
	CHECK_EQ(a->hosts_count, ALTAIR_AGENT_HOSTS_MAX);
	altair_agent_close(a);
	CHECK_EQ(altair_agent_add_host(a, w.now, 8, &host), ALTAIR_E_STATE);
	CHECK_EQ(altair_agent_remove_host(a, w.now, 8, &host), ALTAIR_E_STATE);
	altair_agent_resumed(a, w.now);
}

/* --- servers ------------------------------------------------------------- */

/* One STUN server, and A's NAT. */
static void begin_behind_nat(void)
{
	altair_agent_config a = config(true), b = config(false);
	altair_addr server = addr("203.0.113.1:3478");

	begin();
	add(0, &a, "10.0.0.1:5000", "192.0.2.1:1024");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	w.servers[0].addr = server;
	w.servers[0].sees[0] = w.side[0].public;
	CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now, &server), 0);
	w.is_signalling = true;
	w.signal_delay = MS(20);
	gather();
	exchange_credentials();
	run_until(3000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
}

static void remap(const char *public)
{
	w.side[0].public = addr(public);
	w.servers[0].sees[0] = w.side[0].public;
}

static unsigned count_locals(const char *text)
{
	const struct air_checklist *list = &w.side[0].agent->list;
	altair_addr a = addr(text);
	unsigned count = 0;

	for (uint32_t i = 0; i < list->locals_count; i++)
		count += !list->locals[i].is_gone &&
			 altair_addr_equal(&list->locals[i].addr, &a);
	return count;
}

/* The answers to its consent requests show it; the server is asked, the peer is
 * told, and what was is forgotten. */
static void a_mapping_that_changes_is_told(void)
{
	char text[32];

	begin_behind_nat();
	CHECK_EQ(count_locals("192.0.2.1:1024"), 1);
	remap("192.0.2.1:2048");
	run_until(13000);
	CHECK_EQ(count_locals("192.0.2.1:1024"), 0);
	CHECK(count_locals("192.0.2.1:2048") >= 1);
	CHECK(is_selected(1, &w.side[0].public));
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(text, sizeof text, "192.0.2.1:%u", 3000 + i);
		remap(text);
		run_until(13000 + 20000 * i);
		CHECK(is_selected(1, &w.side[0].public));
	}
	CHECK_EQ(stats_of(0).unsent + stats_of(1).unsent, 0);
}

/* The driver says it, or a tick comes late. */
static void a_host_that_wakes_asks_at_once(void)
{
	uint64_t consents, checks;

	begin_behind_nat();
	run_until(10000);
	consents = stats_of(0).consents;
	altair_agent_resumed(w.side[0].agent, w.now);
	drain(0);
	CHECK_EQ(stats_of(0).consents, consents + 1);

	begin_behind_nat();
	run_until(10000);
	consents = stats_of(0).consents;
	checks = stats_of(0).checks;
	w.side[1].agent = NULL;
	w.is_signalling = false;
	w.now += ALTAIR_SEC(20);
	remap("192.0.2.1:2048");
	altair_tick(w.side[0].machine, w.now);
	drain(0);
	CHECK_EQ(stats_of(0).consents, consents + 1);
	CHECK(stats_of(0).checks >= checks);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	run_until(30100);
	CHECK_EQ(count_locals("192.0.2.1:2048"), 1);
}

/* Longer than consent lasts: sending pauses, and one round trip ends it. */
static void a_long_sleep_ends_with_an_answer(void)
{
	begin_connected();
	w.now += ALTAIR_SEC(120);
	for (int s = 0; s < 2; s++) {
		altair_tick(w.side[s].machine, w.now);
		drain(s);
		CHECK_EQ(state_of(s), ALTAIR_AGENT_DISCONNECTED);
	}
	run_until(123060);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	both_hear_each_other(123200);
}

static const struct check_test tests[] = {
	TEST(a_new_host_takes_over_from_one_that_goes),
	TEST(the_only_host_goes_and_another_one_comes),
	TEST(without_a_host_it_ends_after_ten_minutes),
	TEST(what_changes_after_failure_counts),
	TEST(servers_are_asked_through_whoever_takes_a_hosts_number),
	TEST(arguments_are_judged),
	TEST(a_mapping_that_changes_is_told),
	TEST(a_host_that_wakes_asks_at_once),
	TEST(a_long_sleep_ends_with_an_answer),
};

CHECK_MAIN(tests)
