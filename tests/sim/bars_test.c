/*
 * The figures the issue promises, each in virtual time. A run that misses its
 * bar prints the line that replays it.
 */
#include "check.h"

#include "sim/replay.h"
#include "sim/rng.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const cones[] = {"open", "full", "addr", "port", "cgn"};

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

static altair_time earlier(altair_time a, altair_time b)
{
	return a < b ? a : b;
}

/* Says which run it was, and returns `good` for CHECK. */
static bool said(bool good, const struct sim_scenario *scenario,
		 const struct sim_outcome *outcome)
{
	char line[SIM_REPLAY_MAX];

	if (!good)
		printf("# %s%s%s\n", sim_replay_plain(scenario, line),
		       outcome->violation ? "\n# " : "",
		       outcome->violation ? outcome->violation : "");
	return good;
}

static void set_roles(struct sim_scenario *scenario, unsigned roles)
{
	scenario->side[0].initiator = roles & 1;
	scenario->side[1].initiator = roles >> 1 & 1;
}

/* --- (a) round trips until connected ------------------------------------- */

static const unsigned rtts_ms[] = {5, 20, 50, 100, 200, 390};
static const unsigned skews_ms[] = {0,	  1,	3,    12,   25,	  50,	133,
				    200,  399,	400,  401,  777,  1600, 1999,
				    2000, 2099, 2100, 3333, 5000, 8000};

static void check_cones(struct sim_scenario *scenario)
{
	altair_time rtt = sim_scenario_rtt(scenario);
	struct sim_outcome o;
	altair_time start, one, both;

	scenario->messages = 0;
	sim_scenario_run(scenario, &o, NULL);
	start = later(o.side[0].started_at, o.side[1].started_at);
	one = earlier(o.side[0].connected_at, o.side[1].connected_at);
	both = later(o.side[0].connected_at, o.side[1].connected_at);
	CHECK(said(!o.violation && both != ALTAIR_NEVER, scenario, &o));
	CHECK(said(one <= start + rtt, scenario, &o));
	CHECK(said(both <= start + rtt + rtt / 2, scenario, &o));
}

/* Every skew, either side later, every assignment of the roles. */
static void vary_timing(struct sim_scenario *scenario,
			void (*check)(struct sim_scenario *))
{
	for (size_t i = 0; i < COUNT(rtts_ms) * COUNT(skews_ms) * 8; i++) {
		size_t skew = i / 8 % COUNT(skews_ms);
		unsigned late = i & 1;

		sim_scenario_set_rtt(
			scenario,
			ALTAIR_MSEC(rtts_ms[i / 8 / COUNT(skews_ms)]));
		set_roles(scenario, i >> 1 & 3);
		scenario->side[late].start = ALTAIR_MSEC(skews_ms[skew]);
		scenario->side[!late].start = 0;
		check(scenario);
	}
}

static void cones_connect_in_time(void)
{
	struct sim_scenario scenario;

	for (size_t i = 0; i < COUNT(cones) * COUNT(cones); i++) {
		sim_scenario_default(&scenario,
				     sim_kind_find(cones[i / COUNT(cones)]),
				     sim_kind_find(cones[i % COUNT(cones)]));
		vary_timing(&scenario, check_cones);
	}
	sim_scenario_default(&scenario, sim_kind_find("fw6"),
			     sim_kind_find("fw6"));
	vary_timing(&scenario, check_cones);
}

static bool is_punch(const struct sim_record *r)
{
	return r->kind == SIM_SENT && r->packet.payload.len == 5 &&
	       !memcmp(r->head, "PUNCH", 5);
}

/* The symmetric side's first PUNCH from `from` on. */
static altair_time next_punch(struct sim_world *world, const char *lane,
			      altair_time from)
{
	const struct sim_trace *trace = sim_world_trace(world);

	for (size_t i = 0; i < trace->count; i++) {
		const struct sim_record *r = &trace->records[i];

		if (is_punch(r) && r->at >= from &&
		    !strcmp(sim_world_lane_name(world, r->node), lane))
			return r->at;
	}
	return ALTAIR_NEVER;
}

/* What an initiator holds its answer back for when it has just punched: without
 * it the PING would look like the one that it sends unasked. */
#define CLEARANCE ALTAIR_MSEC(1)

/* Whether the earlier side is an initiator that punched at most the clearance
 * before the later side's first word reached it. */
static bool must_clear(struct sim_scenario *scenario, altair_time start)
{
	altair_time arrival = start + sim_scenario_rtt(scenario) / 2;
	unsigned early = scenario->side[0].start > scenario->side[1].start;
	struct sim_world *world = NULL;
	struct sim_outcome o;
	altair_time punch;

	scenario->keep_trace = true;
	sim_scenario_run(scenario, &o, &world);
	scenario->keep_trace = false;
	punch = next_punch(world, early ? "peer B" : "peer A",
			   arrival - CLEARANCE);
	sim_world_free(world);
	return scenario->side[early].initiator && punch <= arrival;
}

/* Any round trip, start and phase: to the nanosecond. */
static void cones_connect_in_time_at_any_phase(void)
{
	struct sim_rng rng;
	unsigned cleared = 0;

	sim_rng_seed(&rng, 1, SIM_FOR_SCENARIO, 0);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t pair =
			sim_rng_below(&rng, COUNT(cones) * COUNT(cones));
		struct sim_scenario scenario;
		struct sim_outcome o;
		altair_time rtt, start, one, both, more = 0;

		sim_scenario_default(&scenario,
				     sim_kind_find(cones[pair / COUNT(cones)]),
				     sim_kind_find(cones[pair % COUNT(cones)]));
		sim_scenario_set_rtt(
			&scenario,
			4 * sim_rng_between(&rng, 1250000, 97500000));
		set_roles(&scenario, sim_rng_below(&rng, 4));
		scenario.side[sim_rng_below(&rng, 2)].start =
			sim_rng_between(&rng, 0, ALTAIR_SEC(8));
		scenario.messages = 0;
		sim_scenario_run(&scenario, &o, NULL);
		rtt = sim_scenario_rtt(&scenario);
		start = later(o.side[0].started_at, o.side[1].started_at);
		one = earlier(o.side[0].connected_at, o.side[1].connected_at);
		both = later(o.side[0].connected_at, o.side[1].connected_at);
		CHECK(said(!o.violation && both != ALTAIR_NEVER, &scenario,
			   &o));
		if (one > start + rtt && must_clear(&scenario, start))
			more = CLEARANCE;
		cleared += more > 0;
		CHECK(said(one <= start + rtt + more, &scenario, &o));
		CHECK(said(both <= start + rtt + rtt / 2 + more, &scenario,
			   &o));
	}
	printf("# %u of 20000 with the clearance of 1 ms\n", cleared);
	CHECK(cleared < 100);
}

/* Side A is the symmetric one. */
static void check_symmetric(struct sim_scenario *scenario)
{
	altair_time rtt = sim_scenario_rtt(scenario);
	struct sim_world *world = NULL;
	struct sim_outcome o;
	altair_time start, punch, both;

	scenario->messages = 0;
	scenario->keep_trace = true;
	sim_scenario_run(scenario, &o, &world);
	start = later(o.side[0].started_at, o.side[1].started_at);
	punch = next_punch(world, "peer A", start);
	sim_world_free(world);
	both = later(o.side[0].connected_at, o.side[1].connected_at);
	CHECK(said(!o.violation && both != ALTAIR_NEVER, scenario, &o));
	CHECK(said(o.side[1].port_changed, scenario, &o));
	CHECK(said(both <= later(start, punch == ALTAIR_NEVER ? 0 : punch) +
				   rtt + rtt / 2,
		   scenario, &o));
}

static void symmetric_connects_in_time(void)
{
	struct sim_scenario scenario;

	for (size_t i = 0; i < 6; i++) {
		sim_scenario_default(&scenario,
				     sim_kind_find(i < 3 ? "sym" : "symseq"),
				     sim_kind_find(cones[i % 3]));
		vary_timing(&scenario, check_symmetric);
	}
}

/* --- (b) loss ------------------------------------------------------------ */

#define LOSS_RUNS 10000

static int by_value(const void *one, const void *other)
{
	altair_time a = *(const altair_time *)one;
	altair_time b = *(const altair_time *)other;

	return a < b ? -1 : a > b;
}

static void draw_lossy(struct sim_scenario *scenario, uint64_t seed)
{
	struct sim_rng rng;
	uint32_t pair;

	sim_rng_seed(&rng, seed, SIM_FOR_SCENARIO, 0);
	pair = sim_rng_below(&rng, COUNT(cones) * COUNT(cones));
	sim_scenario_default(scenario,
			     sim_kind_find(cones[pair / COUNT(cones)]),
			     sim_kind_find(cones[pair % COUNT(cones)]));
	scenario->seed = seed;
	scenario->messages = 0;
	scenario->calm = ALTAIR_NEVER;
	set_roles(scenario, sim_rng_below(&rng, 4));
	scenario->side[sim_rng_below(&rng, 2)].start =
		sim_rng_between(&rng, 0, ALTAIR_SEC(2));
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s].up.loss = SIM_MILLION / 5;
}

static void loss_of_a_fifth(void)
{
	static altair_time took[LOSS_RUNS];

	for (uint64_t seed = 0; seed < LOSS_RUNS; seed++) {
		struct sim_scenario scenario;
		struct sim_outcome o;
		altair_time start, both;

		draw_lossy(&scenario, seed);
		sim_scenario_run(&scenario, &o, NULL);
		start = later(o.side[0].started_at, o.side[1].started_at);
		both = later(o.side[0].connected_at, o.side[1].connected_at);
		CHECK(said(!o.violation && both != ALTAIR_NEVER, &scenario,
			   &o));
		CHECK(said(both <= start + ALTAIR_SEC(10), &scenario, &o));
		took[seed] = both - start;
	}
	qsort(took, LOSS_RUNS, sizeof *took, by_value);
	printf("# 20 %% loss, both connected: p50 %.1f ms, p99 %.1f ms, worst "
	       "%.1f ms\n",
	       (double)took[LOSS_RUNS / 2] / 1e6,
	       (double)took[LOSS_RUNS / 100 * 99] / 1e6,
	       (double)took[LOSS_RUNS - 1] / 1e6);
	CHECK(took[LOSS_RUNS / 2] <= ALTAIR_MSEC(500));
	CHECK(took[LOSS_RUNS / 100 * 99] <= ALTAIR_SEC(3));
}

/* --- (c) strangers ------------------------------------------------------- */

static void withstand_strangers(uint64_t runs, bool forged)
{
	for (uint64_t seed = 0; seed < runs; seed++) {
		struct sim_scenario scenario;
		struct sim_outcome o;

		draw_lossy(&scenario, seed);
		for (unsigned s = 0; s < 2; s++)
			scenario.side[s].up.loss = 0;
		scenario.calm = 0;
		scenario.messages = 3;
		scenario.stranger_rate = 10000;
		scenario.stranger_forges = forged;
		sim_scenario_run(&scenario, &o, NULL);
		CHECK(said(!o.violation && sim_outcome_connected(&scenario, &o),
			   &scenario, &o));
	}
}

static void strangers(void)
{
	withstand_strangers(100, false);
}

static void forgers(void)
{
	withstand_strangers(100, true);
}

static void all_strangers(void)
{
	withstand_strangers(1000, false);
}

static void all_forgers(void)
{
	withstand_strangers(1000, true);
}

/* --- (d) silence --------------------------------------------------------- */

static void an_hour_of_silence(void)
{
	static const char *const pairs[][2] = {
		{"port", "port"}, {"cgn", "cgn"},   {"fw6", "fw6"},
		{"sym", "addr"},  {"open", "port"},
	};

	for (size_t i = 0; i < COUNT(pairs) * 3; i++) {
		struct sim_scenario scenario;
		struct sim_outcome o;

		sim_scenario_default(&scenario, sim_kind_find(pairs[i / 3][0]),
				     sim_kind_find(pairs[i / 3][1]));
		scenario.quiet = ALTAIR_SEC(3600);
		for (unsigned s = 0; s < 2; s++) {
			scenario.side[s].nat_lifetime = ALTAIR_SEC(30);
			scenario.side[s].nat_refresh =
				(enum sim_nat_refresh)(i % 3);
		}
		sim_scenario_run(&scenario, &o, NULL);
		CHECK(said(!o.violation, &scenario, &o));
		CHECK(said(o.ended_at - o.exchanged_at > ALTAIR_SEC(3600),
			   &scenario, &o));
		for (unsigned s = 0; s < 2; s++)
			CHECK_EQ(o.side[s].messages_in, 3);
	}
}

/* Without keep-alive the same run must lose them: the test can fail. */
static void silence_without_keepalive_is_lost(void)
{
	struct sim_scenario scenario;
	struct sim_outcome o;

	sim_scenario_default(&scenario, sim_kind_find("sym"),
			     sim_kind_find("addr"));
	scenario.quiet = ALTAIR_SEC(60);
	for (unsigned s = 0; s < 2; s++) {
		scenario.side[s].nat_lifetime = ALTAIR_SEC(30);
		scenario.side[s].keepalive = 0;
	}
	sim_scenario_run(&scenario, &o, NULL);
	CHECK_STR(o.violation ? o.violation : "none",
		  "liveness: messages do not arrive");
}

/* --- (e) the guide's own program ----------------------------------------- */

static const char *const guide_kinds[] = {"open", "full", "addr", "port"};

static void check_guide(struct sim_scenario *scenario)
{
	struct sim_outcome o;

	scenario->messages = 0;
	sim_scenario_run(scenario, &o, NULL);
	CHECK(said(!o.violation && sim_outcome_connected(scenario, &o),
		   scenario, &o));
}

static void meet_guide(const struct sim_kind *a, const struct sim_kind *b,
		       bool trails)
{
	static const unsigned rtts[] = {2, 20, 50, 110, 200, 300, 390};
	struct sim_scenario scenario;

	for (size_t i = 0; i < COUNT(rtts) * 8; i++) {
		unsigned guide = i & 1, late = i >> 1 & 1;

		sim_scenario_default(&scenario, a, b);
		sim_scenario_set_rtt(&scenario, ALTAIR_MSEC(rtts[i / 8]));
		scenario.side[guide].is_guide = true;
		scenario.side[guide].trails = trails;
		set_roles(&scenario, i >> 2 & 1 ? 1 : 2);
		for (unsigned ms = 0; ms <= 2000; ms += 37) {
			scenario.side[late].start = ALTAIR_MSEC(ms);
			check_guide(&scenario);
		}
	}
}

static void meet_guides(bool trails)
{
	for (size_t i = 0; i < COUNT(guide_kinds) * COUNT(guide_kinds); i++)
		meet_guide(sim_kind_find(guide_kinds[i / COUNT(guide_kinds)]),
			   sim_kind_find(guide_kinds[i % COUNT(guide_kinds)]),
			   trails);
}

static void guide_program_connects(void)
{
	meet_guides(false);
}

static void trailing_guide_program_connects(void)
{
	meet_guides(true);
}

/* --- (f) one way, roles, late words -------------------------------------- */

static void one_way_never_connects(void)
{
	for (size_t i = 0; i < COUNT(cones) * COUNT(cones) * 16; i++) {
		size_t pair = i / 16;
		unsigned deaf = i & 1; /* his peer's datagrams are lost */
		struct sim_scenario scenario;
		struct sim_outcome o;

		sim_scenario_default(&scenario,
				     sim_kind_find(cones[pair / COUNT(cones)]),
				     sim_kind_find(cones[pair % COUNT(cones)]));
		scenario.side[!deaf].up.cut = true;
		scenario.calm = ALTAIR_NEVER;
		scenario.side[i >> 1 & 1].start = ALTAIR_MSEC(300);
		set_roles(&scenario, i >> 2 & 3);
		sim_scenario_run(&scenario, &o, NULL);
		CHECK(said(!o.violation, &scenario, &o));
		for (unsigned s = 0; s < 2; s++)
			CHECK(said(o.side[s].connected_at == ALTAIR_NEVER,
				   &scenario, &o));
		CHECK_EQ(o.side[deaf].reason, ALTAIR_E_TIMEOUT);
		CHECK_EQ(o.side[!deaf].reason, ALTAIR_E_ONE_WAY);
	}
}

/* Both sides say it when both or neither are initiators, and nothing else. */
static void check_roles(struct sim_scenario *scenario)
{
	bool a = scenario->side[0].initiator, b = scenario->side[1].initiator;
	int said_roles = a != b ? -1 : a ? 2 : 0;
	struct sim_outcome o;

	scenario->messages = 1;
	scenario->quiet = ALTAIR_SEC(3);
	sim_scenario_run(scenario, &o, NULL);
	CHECK(said(!o.violation && sim_outcome_connected(scenario, &o),
		   scenario, &o));
	for (unsigned s = 0; s < 2; s++)
		CHECK(said(o.side[s].roles == said_roles, scenario, &o));
}

static void every_pair_tells_the_roles(void)
{
	size_t kinds = sim_kind_count();

	for (size_t i = 0; i < kinds * kinds; i++) {
		const struct sim_kind *a = sim_kind_at(i / kinds);
		const struct sim_kind *b = sim_kind_at(i % kinds);
		enum sim_pairing pairing = sim_kind_pair(a, b);
		struct sim_scenario scenario;

		if (pairing != SIM_PAIR_DIRECT &&
		    pairing != SIM_PAIR_PORT_CHANGED)
			continue;
		sim_scenario_default(&scenario, a, b);
		vary_timing(&scenario, check_roles);
	}
}

/* Every datagram twice, half of them 300 ms late: words come after data. */
static void late_words_do_not_disturb_data(void)
{
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct sim_scenario scenario;
		struct sim_outcome o;

		sim_scenario_default(&scenario, sim_kind_find("port"),
				     sim_kind_find("addr"));
		scenario.seed = seed;
		scenario.messages = 20;
		scenario.message_gap = ALTAIR_MSEC(20);
		scenario.calm = ALTAIR_MSEC(1);
		set_roles(&scenario, seed & 3);
		for (unsigned s = 0; s < 2; s++) {
			scenario.side[s].down.duplicate = SIM_MILLION;
			scenario.side[s].down.reorder = SIM_MILLION / 2;
			scenario.side[s].down.reorder_by = ALTAIR_MSEC(300);
		}
		sim_scenario_run(&scenario, &o, NULL);
		CHECK(said(!o.violation, &scenario, &o));
		for (unsigned s = 0; s < 2; s++)
			CHECK(said(o.side[s].messages_in == 40, &scenario, &o));
	}
}

static const struct check_test tests[] = {
	TEST(cones_connect_in_time),
	TEST(cones_connect_in_time_at_any_phase),
	TEST(symmetric_connects_in_time),
	TEST(loss_of_a_fifth),
	TEST(strangers),
	TEST(forgers),
	TEST(an_hour_of_silence),
	TEST(silence_without_keepalive_is_lost),
	TEST(guide_program_connects),
	TEST(trailing_guide_program_connects),
	TEST(one_way_never_connects),
	TEST(every_pair_tells_the_roles),
	TEST(late_words_do_not_disturb_data),
	TEST(all_strangers),
	TEST(all_forgers),
};

CHECK_MAIN(tests)
