/* What the agent tells of its pairs, on both ends. */
#include "ice_world.h"

#include <altair/verdict.h>

static altair_agent_pair pair_of(int s, uint32_t index)
{
	altair_agent_pair p;

	CHECK_EQ(altair_agent_get_pair(w.side[s].agent, index, &p), 0);
	CHECK_EQ(p.size, sizeof p);
	return p;
}

static void both_ends_tell_the_path(void)
{
	altair_agent_pair p;

	begin_pair(true, false);
	CHECK_EQ(altair_agent_selected(w.side[0].agent, &p), ALTAIR_E_STATE);
	CHECK_EQ(pair_of(0, 0).outcome, ALTAIR_PAIR_CHECKING);
	run_until(8000); /* consent was asked for once */
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(altair_agent_selected(w.side[s].agent, &p), 0);
		CHECK_EQ(p.kind, ALTAIR_PATH_DIRECT);
		CHECK_EQ(p.outcome, ALTAIR_PAIR_WORKS);
		CHECK_EQ(p.local_type, ALTAIR_CANDIDATE_HOST);
		CHECK_EQ(p.remote_type, ALTAIR_CANDIDATE_HOST);
		CHECK(altair_addr_equal(&p.local_addr, &w.side[s].public));
		CHECK(altair_addr_equal(&p.remote_addr, &w.side[!s].public));
		CHECK_EQ(p.rtt, MS(50));
		CHECK(p.is_selected && p.is_nominated);
		CHECK_EQ(p.answered, s == 0 ? 3 : 2); /* and the nomination */
		CHECK_EQ(p.loss, -1);
		CHECK_EQ(altair_agent_get_pair(w.side[s].agent, 1, &p),
			 ALTAIR_E_INVALID);
	}
}

/* The peer's view of us is the local candidate. */
static void candidates_have_their_lines(void)
{
	altair_agent_config a = config(true), b = config(false);
	char text[ALTAIR_CANDIDATE_TEXT];
	altair_agent_pair p;

	begin();
	add(0, &a, "10.0.0.1:5000", "192.0.2.1:1024");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	run_until(2000);
	CHECK_EQ(altair_agent_selected(w.side[0].agent, &p), 0);
	CHECK_EQ(p.local_type, ALTAIR_CANDIDATE_PRFLX);
	CHECK(altair_addr_equal(&p.local_addr, &w.side[0].public));
	CHECK_EQ(altair_agent_selected(w.side[1].agent, &p), 0);
	CHECK_EQ(p.remote_type, ALTAIR_CANDIDATE_PRFLX);
	CHECK(altair_agent_remote_candidate(w.side[1].agent, p.remote, text,
					    sizeof text) > 0);
	CHECK_STR(text, "candidate:prflx 1 UDP 1862270975 192.0.2.1 1024 typ "
			"prflx raddr 0.0.0.0 rport 9");
	CHECK_EQ(altair_agent_remote_candidate(w.side[1].agent, p.remote, text,
					       20),
		 ALTAIR_E_SPACE);
	CHECK_EQ(altair_agent_remote_candidate(w.side[1].agent, 7, text,
					       sizeof text),
		 ALTAIR_E_INVALID);
}

/* One in four answers to A does not arrive. */
static bool drop_some(const struct flight *f)
{
	static unsigned answers;

	return f->to == 0 && (f->bytes[0] & 1) && ++answers % 4 == 0;
}

static void loss_is_that_of_the_consent(void)
{
	altair_agent_pair p;

	begin_pair(true, false);
	run_until(2000);
	w.drop = drop_some;
	run_until(1000000);
	p = pair_of(0, 0);
	printf("# %d of 1000, %d of %d\n", p.loss, (int)p.answered,
	       (int)p.sent);
	CHECK(p.loss >= 200 && p.loss <= 300);
	CHECK(p.sent > 150 && p.answered < p.sent);
	CHECK_EQ(pair_of(1, 0).loss, 0);
}

static struct flight recorded;

/* The last answer to A. */
static bool record(const struct flight *f)
{
	if (f->to == 0 && (f->bytes[0] & 1))
		recorded = *f;
	return false;
}

static bool drop_all(const struct flight *f)
{
	(void)f;
	return true;
}

/* Found by the fuzzer: an answer counts once, for the loss and for consent. */
static void a_replayed_answer_is_no_consent(void)
{
	altair_agent_pair before;

	begin_pair(true, false);
	w.drop = record;
	run_until(20000);
	before = pair_of(0, 0);
	w.drop = drop_all;
	for (unsigned s = 1; s <= 40; s++) {
		run_until(20000 + 1000 * s);
		(void)deliver(&recorded);
		CHECK_EQ(pair_of(0, 0).answered, before.answered);
		CHECK(pair_of(0, 0).loss >= 0 && pair_of(0, 0).loss <= 1000);
	}
	CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
}

static bool drop_answers(const struct flight *f)
{
	return f->to == 0 && (f->bytes[0] & 1);
}

static void pairs_say_what_came_of_them(void)
{
	begin_pair(true, false);
	w.drop = drop_all;
	run_until(20000);
	CHECK_EQ(pair_of(0, 0).outcome, ALTAIR_PAIR_SILENT);
	CHECK_EQ(pair_of(0, 0).sent, AIR_CHECK_SENDINGS);
	CHECK_EQ(pair_of(0, 0).answered, 0);

	begin_pair(true, false);
	w.drop = drop_answers;
	run_until(1000);
	CHECK_EQ(pair_of(0, 0).outcome, ALTAIR_PAIR_CHECKING);
	/* Then it has failed, until the peer asks for consent again. */
	for (unsigned ms = 1000;
	     ms < 20000 && pair_of(0, 0).outcome == ALTAIR_PAIR_CHECKING; ms++)
		run_until(ms);
	CHECK_EQ(pair_of(0, 0).outcome, ALTAIR_PAIR_ONE_WAY);
	CHECK_EQ(pair_of(1, 0).outcome, ALTAIR_PAIR_WORKS);

	begin_pair(true, false);
	run_until(2000);
	CHECK_EQ(altair_agent_remove_host(w.side[0].agent, w.now, 7,
					  &w.side[0].addr),
		 0);
	CHECK_EQ(pair_of(0, 0).outcome, ALTAIR_PAIR_GONE);
}

static const struct check_test tests[] = {
	TEST(both_ends_tell_the_path),
	TEST(candidates_have_their_lines),
	TEST(loss_is_that_of_the_consent),
	TEST(a_replayed_answer_is_no_consent),
	TEST(pairs_say_what_came_of_them),
};

CHECK_MAIN(tests)
