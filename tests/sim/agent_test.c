/*
 * Two agents behind simulated NATs: who connects, and how long it takes until
 * both have data of the other, against what RFC 8445 allows with no waiting
 * anywhere. Time 0: both hold each other's credentials and begin to gather.
 */
#include "check.h"

#include "sim/meeting.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static altair_time later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

/* Says what the judges refuse, and returns when both have heard data. */
static altair_time run(const struct sim_meeting *meeting)
{
	struct sim_meeting_outcome o;

	sim_meeting_run(meeting, &o, NULL);
	if (o.violation)
		printf("# %s %s, seed %llu: %s (peer %c, %.1f ms)\n",
		       meeting->party[0].kind->name,
		       meeting->party[1].kind->name,
		       (unsigned long long)meeting->seed, o.violation,
		       'A' + (int)o.culprit, (double)o.violated_at / 1e6);
	CHECK_STR(o.violation ? o.violation : "none", "none");
	return later(o.party[0].heard_at, o.party[1].heard_at);
}

/* --- times against the floor --------------------------------------------- */

struct cell {
	const char *a, *b;
	unsigned floor_ms; /* 0: no way */
};

/* Signalling 20, check 50; STUN 40 before; data from the open side at once;
 * Allocate with its challenge 80, a check through the relay 80; TCP 40. */
static const struct cell cells[] = {
	{"open", "open", 70},	       {"fw6", "fw6", 70},
	{"open", "full", 95},	       {"open", "addr", 95},
	{"open", "port", 95},	       {"open", "cgn", 95},
	{"open", "sym", 95},	       {"open", "symseq", 95},
	{"full", "full", 110},	       {"full", "addr", 110},
	{"full", "port", 110},	       {"full", "cgn", 110},
	{"addr", "addr", 110},	       {"addr", "port", 110},
	{"addr", "cgn", 110},	       {"port", "port", 110},
	{"port", "cgn", 110},	       {"cgn", "cgn", 110},
	{"full", "sym", 135},	       {"addr", "sym", 135},
	{"full", "symseq", 135},       {"addr", "symseq", 135},
	{"port", "sym", 180},	       {"cgn", "sym", 180},
	{"sym", "sym", 180},	       {"symseq", "symseq", 180},
	{"port", "symseq", 180},       {"fw6", "port", 180},
	{"open", "udpblock", 220},     {"port", "udpblock", 220},
	{"udpblock", "udpblock", 220},
};

static void make_cell(struct sim_meeting *meeting, const struct cell *cell,
		      bool turned, uint64_t seed)
{
	sim_meeting_default(meeting, sim_kind_find(turned ? cell->b : cell->a),
			    sim_kind_find(turned ? cell->a : cell->b));
	meeting->seed = seed;
}

static void print_row(const struct cell *cell, altair_time worst)
{
	if (worst == ALTAIR_NEVER)
		printf("# %-6s %-8s %5s %8s\n", cell->a, cell->b, "-", "-");
	else
		printf("# %-6s %-8s %5u %8.1f %6.2f\n", cell->a, cell->b,
		       cell->floor_ms, (double)worst / 1e6,
		       (double)worst / 1e6 / cell->floor_ms);
}

/* The bar is 1.15 times the floor, over TCP 1.25; either side controls. */
static void pairs_are_at_the_floor(void)
{
	printf("# %-6s %-8s %5s %8s %6s\n", "a", "b", "floor", "ms", "factor");
	for (size_t i = 0; i < COUNT(cells); i++) {
		const struct cell *cell = &cells[i];
		altair_time worst = 0;

		for (unsigned k = 0; k < 20; k++) {
			struct sim_meeting meeting;

			make_cell(&meeting, cell, k & 1, k);
			worst = later(worst, run(&meeting));
		}
		print_row(cell, worst);
		if (cell->floor_ms)
			CHECK(worst <=
			      ALTAIR_MSEC(cell->floor_ms) / 100 *
				      (cell->floor_ms == 220 ? 125 : 115));
		else
			CHECK(worst == ALTAIR_NEVER);
	}
}

static void neighbours_connect_without_the_router(void)
{
	struct sim_meeting meeting;
	altair_time both;

	make_cell(&meeting, &(struct cell){"port", "port", 0}, false, 1);
	meeting.same_lan = true;
	both = run(&meeting);
	printf("# same LAN: %.1f ms\n", (double)both / 1e6);
	CHECK(both <= ALTAIR_MSEC(20) / 100 * 115);
}

/* The first check finds the carrier's filter closed; the other one, that comes
 * there at the same instant, does not. */
static void homes_of_one_carrier_connect_through_it(void)
{
	struct sim_meeting meeting;
	altair_time both;

	make_cell(&meeting, &(struct cell){"port", "port", 0}, false, 1);
	meeting.same_carrier = true;
	both = run(&meeting);
	printf("# one carrier: %.1f ms\n", (double)both / 1e6);
	CHECK(both <= ALTAIR_MSEC(135) / 100 * 115);
}

/* A family that only one side has disturbs nothing; one that both have is as
 * good as two open hosts, but for the turns that the other family takes. */
static void ipv6_is_used_where_both_have_it(void)
{
	struct sim_meeting meeting;
	altair_time both;

	make_cell(&meeting, &(struct cell){"sym", "addr", 0}, false, 1);
	meeting.party[0].has_ipv6 = true;
	CHECK(run(&meeting) <= ALTAIR_MSEC(135) / 100 * 115);
	make_cell(&meeting, &(struct cell){"sym", "sym", 0}, false, 1);
	meeting.party[0].has_ipv6 = meeting.party[1].has_ipv6 = true;
	both = run(&meeting);
	printf("# both families: %.1f ms\n", (double)both / 1e6);
	CHECK(both <= ALTAIR_MSEC(70 + 2 * 20));
}

/* The second network is a way where the first one has none. */
static void the_better_interface_is_found(void)
{
	struct sim_meeting meeting;
	altair_time both;

	make_cell(&meeting, &(struct cell){"sym", "port", 0}, false, 1);
	meeting.party[0].mobile = sim_kind_find("cgn");
	both = run(&meeting);
	printf("# two interfaces: %.1f ms\n", (double)both / 1e6);
	CHECK(both <= ALTAIR_MSEC(110 + 4 * 20));
}

/* --- strangers ----------------------------------------------------------- */

/* Ten thousand datagrams a second; the judges see that nothing of it counts. */
static altair_time run_beside(const struct cell *cell, unsigned skills,
			      uint64_t seed)
{
	struct sim_meeting meeting;

	make_cell(&meeting, cell, seed & 1, seed);
	meeting.intruder_skills = skills;
	meeting.intruder_rate = 10000;
	meeting.calm = ALTAIR_SEC(1);
	meeting.limit = ALTAIR_SEC(2);
	return run(&meeting);
}

/* Who does not see the packets makes nobody late, whatever address he forges. */
static void strangers_change_nothing(void)
{
	for (size_t i = 0; i < COUNT(cells); i++) {
		altair_time both =
			run_beside(&cells[i],
				   SIM_INTRUDER_SPRAYS | SIM_INTRUDER_SPEAKS |
					   SIM_INTRUDER_SPOOFS,
				   i);

		if (cells[i].floor_ms)
			CHECK(both <=
			      ALTAIR_MSEC(cells[i].floor_ms) / 100 * 115);
		else
			CHECK(both == ALTAIR_NEVER);
	}
}

/* Who sees every packet, and has one of his there before it, may do that. */
static void intruders_delay_at_most(void)
{
	for (size_t i = 0; i < COUNT(cells); i++) {
		altair_time both = run_beside(&cells[i], SIM_INTRUDER_ALL, i);

		if (cells[i].floor_ms)
			CHECK(both <= ALTAIR_MSEC(500));
		else
			CHECK(both == ALTAIR_NEVER);
	}
}

static const struct check_test tests[] = {
	TEST(pairs_are_at_the_floor),
	TEST(neighbours_connect_without_the_router),
	TEST(homes_of_one_carrier_connect_through_it),
	TEST(ipv6_is_used_where_both_have_it),
	TEST(the_better_interface_is_found),
	TEST(strangers_change_nothing),
	TEST(intruders_delay_at_most),
};

CHECK_MAIN(tests)
