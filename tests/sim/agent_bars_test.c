/*
 * The figures that the agents have to reach, each in virtual time: loss, what
 * they live through, silence.
 */
#include "check.h"

#include "sim/meeting.h"
#include "sim/rng.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

static bool judged(const struct sim_meeting *meeting,
		   const struct sim_meeting_outcome *o)
{
	if (o->violation)
		printf("# %s %s, seed %llu: %s (peer %c, %.1f ms)\n",
		       meeting->party[0].kind->name,
		       meeting->party[1].kind->name,
		       (unsigned long long)meeting->seed, o->violation,
		       'A' + (int)o->culprit, (double)o->violated_at / 1e6);
	return !o->violation;
}

static int by_value(const void *one, const void *other)
{
	altair_time a = *(const altair_time *)one;
	altair_time b = *(const altair_time *)other;

	return a < b ? -1 : a > b;
}

/* --- loss ---------------------------------------------------------------- */

#define LOSS_RUNS 10000

/* When both are connected. */
static altair_time run_lossy(uint64_t seed, unsigned percent, altair_time limit)
{
	static const char *const names[] = {"open", "full", "addr", "port",
					    "cgn"};
	struct sim_meeting meeting;
	struct sim_meeting_outcome o;

	sim_meeting_default(&meeting, sim_kind_find(names[seed % 5]),
			    sim_kind_find(names[seed / 5 % 5]));
	meeting.seed = seed;
	meeting.calm = ALTAIR_NEVER;
	meeting.talk = 0;
	meeting.limit = limit;
	for (unsigned s = 0; s < 2; s++)
		meeting.party[s].up.loss = SIM_MILLION / 100 * percent;
	sim_meeting_run(&meeting, &o, NULL);
	CHECK(judged(&meeting, &o));
	return later(o.party[0].connected_at, o.party[1].connected_at);
}

/* Parts per thousand that may take longer than `limit`. */
static void check_loss(unsigned percent, altair_time limit, unsigned late_max)
{
	static altair_time took[LOSS_RUNS];
	unsigned late = 0;

	for (uint64_t seed = 0; seed < LOSS_RUNS; seed++) {
		took[seed] = run_lossy(seed, percent, limit);
		late += took[seed] > limit;
	}
	qsort(took, LOSS_RUNS, sizeof *took, by_value);
	printf("# %u %% loss each way: p50 %.0f ms, p99 %.0f ms, %u of %u "
	       "later than %.0f s\n",
	       percent, (double)took[LOSS_RUNS / 2] / 1e6,
	       (double)took[LOSS_RUNS / 100 * 99] / 1e6, late, LOSS_RUNS,
	       (double)limit / 1e9);
	CHECK(late * 1000 <= late_max * LOSS_RUNS);
}

static void loss_of_a_tenth(void)
{
	check_loss(10, ALTAIR_SEC(5), 1);
}

static void loss_of_a_third(void)
{
	check_loss(30, ALTAIR_SEC(10), 10);
}

/* --- another network ----------------------------------------------------- */

static const char *const pairs[][2] = {
	{"port", "port"}, {"port", "open"}, {"addr", "sym"}, {"sym", "full"},
	{"cgn", "port"},  {"sym", "port"},  {"sym", "sym"},  {"cgn", "sym"},
};

#define PHASES 25
#define CHANGED_AT ALTAIR_SEC(5)

/* How long until both sides have data again that left after the change. Nothing is
 * signalled any more. */
static altair_time run_change(struct sim_meeting *meeting,
			      struct sim_meeting_outcome *o)
{
	altair_time at = meeting->change[0].at;

	meeting->signals_until = CHANGED_AT - ALTAIR_SEC(1);
	meeting->calm = at + meeting->change[0].lasts;
	meeting->limit = meeting->calm + ALTAIR_SEC(40);
	sim_meeting_run(meeting, o, NULL);
	CHECK(judged(meeting, o));
	return later(o->party[0].back_at, o->party[1].back_at) - at;
}

static void draw_change(struct sim_meeting *meeting, uint64_t seed,
			enum sim_change_kind kind)
{
	const char *const *pair = pairs[seed / 2 % COUNT(pairs)];
	struct sim_rng rng;

	sim_rng_seed(&rng, seed, SIM_FOR_SCENARIO, 0);
	sim_meeting_default(meeting, sim_kind_find(pair[0]),
			    sim_kind_find(pair[1]));
	meeting->seed = seed;
	meeting->party[0].controlling = seed / 2 / COUNT(pairs) & 1;
	meeting->party[1].controlling = !meeting->party[0].controlling;
	meeting->talk = ALTAIR_SEC(8);
	meeting->changes = 1;
	meeting->change[0] = (struct sim_change){
		.kind = kind,
		.side = seed & 1,
		.at = CHANGED_AT + sim_rng_between(&rng, 0, ALTAIR_SEC(1)),
	};
}

static void check_roaming(enum sim_change_kind kind)
{
	static altair_time took[2 * COUNT(pairs) * PHASES];
	struct sim_meeting meeting;
	struct sim_meeting_outcome o;

	for (uint64_t seed = 0; seed < COUNT(took); seed++) {
		draw_change(&meeting, seed, kind);
		took[seed] = run_change(&meeting, &o);
	}
	qsort(took, COUNT(took), sizeof *took, by_value);
	printf("# %s: data again, p50 %.0f ms, p95 %.0f ms, worst %.0f ms\n",
	       sim_change_text(kind), (double)took[COUNT(took) / 2] / 1e6,
	       (double)took[COUNT(took) / 100 * 95] / 1e6,
	       (double)took[COUNT(took) - 1] / 1e6);
	CHECK(took[COUNT(took) / 2] <= ALTAIR_MSEC(1500));
	CHECK(took[COUNT(took) / 100 * 95] <= ALTAIR_SEC(3));
}

static void mappings_flushed(void)
{
	check_roaming(SIM_CHANGE_FLUSH);
}

static void mappings_at_other_ports(void)
{
	check_roaming(SIM_CHANGE_REBIND);
}

static void public_address_moved(void)
{
	check_roaming(SIM_CHANGE_MOVE);
}

/* Half a minute without the direct path: data comes by the relay at once. */
static void direct_path_cut(void)
{
	altair_time worst = 0;
	struct sim_meeting meeting;
	struct sim_meeting_outcome o;

	for (uint64_t seed = 0; seed < 2 * 5 * PHASES; seed++) {
		draw_change(&meeting, seed % 10 + seed / 10 * 16,
			    SIM_CHANGE_CUT);
		meeting.change[0].lasts = ALTAIR_SEC(30);
		worst = later(worst, run_change(&meeting, &o));
	}
	printf("# direct path cut: data by the relay after %.0f ms at most\n",
	       (double)worst / 1e6);
	CHECK(worst <= ALTAIR_MSEC(500));
}

/* Every 30 s the NAT gives other ports; the transfer goes on for an hour. */
static void rebound_for_an_hour(void)
{
	struct sim_meeting meeting;
	struct sim_meeting_outcome o;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		sim_meeting_default(&meeting, sim_kind_find(pairs[i][0]),
				    sim_kind_find(pairs[i][1]));
		meeting.gap = ALTAIR_MSEC(200);
		meeting.calm = ALTAIR_SEC(3600);
		meeting.limit = ALTAIR_SEC(3700);
		meeting.signals_until = ALTAIR_SEC(10);
		meeting.changes = 1;
		meeting.change[0] = (struct sim_change){
			.kind = SIM_CHANGE_REBIND,
			.at = ALTAIR_SEC(30),
			.every = ALTAIR_SEC(30),
		};
		sim_meeting_run(&meeting, &o, NULL);
		printf("# %s %s, other ports each 30 s for 1 h: %u and %u "
		       "messages, longest pause %.0f ms\n",
		       pairs[i][0], pairs[i][1], o.party[0].messages_in,
		       o.party[1].messages_in,
		       (double)later(o.party[0].gap, o.party[1].gap) / 1e6);
		CHECK(judged(&meeting, &o));
		for (unsigned s = 0; s < 2; s++)
			CHECK(o.party[s].gap <= ALTAIR_SEC(3));
	}
}

/* --- silence and patience ------------------------------------------------ */

static void an_hour_of_silence(void)
{
	struct sim_meeting meeting;
	struct sim_meeting_outcome o;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		sim_meeting_default(&meeting, sim_kind_find(pairs[i][0]),
				    sim_kind_find(pairs[i][1]));
		meeting.quiet = ALTAIR_SEC(3600);
		meeting.limit = ALTAIR_SEC(3700);
		for (unsigned s = 0; s < 2; s++)
			meeting.party[s].nat_lifetime = ALTAIR_SEC(30);
		sim_meeting_run(&meeting, &o, NULL);
		printf("# %s %s, an hour of silence: %.2f and %.2f packets a "
		       "second\n",
		       pairs[i][0], pairs[i][1],
		       (double)o.party[0].packets_quiet / 3600,
		       (double)o.party[1].packets_quiet / 3600);
		CHECK(judged(&meeting, &o));
		for (unsigned s = 0; s < 2; s++)
			CHECK(o.party[s].packets_quiet <= 2 * 3600);
	}
}

/* Row 57 of the failures of others: nothing fails before the candidates came. */
static void candidates_that_are_late(void)
{
	struct sim_meeting meeting;
	struct sim_meeting_outcome o;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		altair_time both;

		sim_meeting_default(&meeting, sim_kind_find(pairs[i][0]),
				    sim_kind_find(pairs[i][1]));
		meeting.party[0].trickles = meeting.party[1].trickles =
			ALTAIR_SEC(25);
		meeting.limit = ALTAIR_SEC(60);
		sim_meeting_run(&meeting, &o, NULL);
		both = later(o.party[0].heard_at, o.party[1].heard_at);
		CHECK(judged(&meeting, &o));
		CHECK(both <= ALTAIR_SEC(25) + ALTAIR_MSEC(300));
	}
}

static const struct check_test tests[] = {
	TEST(loss_of_a_tenth),		TEST(loss_of_a_third),
	TEST(mappings_flushed),		TEST(mappings_at_other_ports),
	TEST(public_address_moved),	TEST(direct_path_cut),
	TEST(rebound_for_an_hour),	TEST(an_hour_of_silence),
	TEST(candidates_that_are_late),
};

CHECK_MAIN(tests)
