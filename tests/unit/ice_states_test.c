/* The states of the agent: how each change comes about. */
#include "ice_world.h"

static bool drop_all(const struct flight *f)
{
	(void)f;
	return true;
}

static bool drop_answers(const struct flight *f)
{
	return f->to == 0 && (f->bytes[0] & 1);
}

static void begin_connected(void)
{
	begin_pair(true, false);
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(3000);
}

static void saw(enum altair_agent_state from, enum altair_agent_state to)
{
	if (!edges_seen[from][to])
		printf("# %d to %d\n", from, to);
	CHECK(edges_seen[from][to]);
	edges_seen[from][to] = false;
}

static void the_beginning(void)
{
	altair_agent_config c = config(true);

	begin_connected();
	saw(ALTAIR_AGENT_GATHERING, ALTAIR_AGENT_CHECKING);
	saw(ALTAIR_AGENT_CHECKING, ALTAIR_AGENT_CONNECTED);
	saw(ALTAIR_AGENT_CONNECTED, ALTAIR_AGENT_COMPLETED);
	/* The peer's check is there before we know whose it is. */
	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	c.controlling = false;
	add(1, &c, "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	CHECK_EQ(altair_agent_remote(w.side[0].agent, w.now,
				     altair_agent_ufrag(w.side[1].agent),
				     altair_agent_pwd(w.side[1].agent)),
		 0);
	signal_candidate(0, 0);
	run_until(100);
	saw(ALTAIR_AGENT_GATHERING, ALTAIR_AGENT_CONNECTED);
	/* Nobody says where he is. */
	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	CHECK_EQ(altair_agent_remote(w.side[0].agent, w.now, "peer",
				     "0123456789012345678901"),
		 0);
	run_until(100000);
	saw(ALTAIR_AGENT_GATHERING, ALTAIR_AGENT_FAILED);
}

static void it_never_connects(void)
{
	begin_pair(true, false);
	w.drop = drop_answers;
	run_until(1000);
	for (unsigned ms = 1000;
	     ms < 20000 && state_of(0) != ALTAIR_AGENT_CHECKING; ms++)
		run_until(ms);
	saw(ALTAIR_AGENT_CONNECTED, ALTAIR_AGENT_CHECKING);
	w.drop = drop_all;
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	drain(0);
	saw(ALTAIR_AGENT_CHECKING, ALTAIR_AGENT_GATHERING);
	exchange_credentials();
	signal_candidate(0, 0);
	run_until(200000);
	saw(ALTAIR_AGENT_CHECKING, ALTAIR_AGENT_FAILED);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	drain(0);
	saw(ALTAIR_AGENT_FAILED, ALTAIR_AGENT_GATHERING);
}

static void silence(void)
{
	begin_connected();
	w.drop = drop_all;
	run_until(15000);
	saw(ALTAIR_AGENT_COMPLETED, ALTAIR_AGENT_SUSPECT);
	w.drop = NULL;
	run_until(25000);
	saw(ALTAIR_AGENT_SUSPECT, ALTAIR_AGENT_COMPLETED);
	w.drop = drop_all;
	run_until(80000);
	saw(ALTAIR_AGENT_SUSPECT, ALTAIR_AGENT_DISCONNECTED);
	w.drop = NULL;
	run_until(100000);
	saw(ALTAIR_AGENT_DISCONNECTED, ALTAIR_AGENT_COMPLETED);
	w.now += ALTAIR_SEC(60);
	altair_tick(w.side[0].machine, w.now);
	altair_tick(w.side[1].machine, w.now);
	run_until(160000);
	saw(ALTAIR_AGENT_COMPLETED, ALTAIR_AGENT_DISCONNECTED);
	run_until(180000);
	w.drop = drop_all;
	run_until(900000);
	saw(ALTAIR_AGENT_DISCONNECTED, ALTAIR_AGENT_FAILED);
}

static void restart_and_removal(void)
{
	altair_addr host;

	begin_connected();
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	drain(0);
	saw(ALTAIR_AGENT_COMPLETED, ALTAIR_AGENT_CONNECTED);
	w.drop = drop_all;
	run_until(15000);
	saw(ALTAIR_AGENT_CONNECTED, ALTAIR_AGENT_SUSPECT);
	w.drop = NULL;
	run_until(25000);
	saw(ALTAIR_AGENT_SUSPECT, ALTAIR_AGENT_CONNECTED);
	host = w.side[1].addr;
	CHECK_EQ(altair_agent_remove_host(w.side[1].agent, w.now, 7, &host), 0);
	drain(1);
	saw(ALTAIR_AGENT_COMPLETED, ALTAIR_AGENT_CHECKING);
}

/* The peer is known long before we gather: patience counts from then. */
static void what_has_not_begun_does_not_fail(void)
{
	altair_agent_config c = config(true);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	CHECK_EQ(altair_agent_remote(w.side[0].agent, w.now, "peer",
				     "0123456789012345678901"),
		 0);
	altair_agent_end_of_candidates(w.side[0].agent, w.now);
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_GATHERING);
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	run_until(60000 + 39499);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_GATHERING);
	run_until(60000 + 39501);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
}

static const struct check_test tests[] = {
	TEST(the_beginning),
	TEST(it_never_connects),
	TEST(silence),
	TEST(restart_and_removal),
	TEST(what_has_not_begun_does_not_fail),
};

CHECK_MAIN(tests)
