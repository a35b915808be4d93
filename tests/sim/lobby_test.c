/* Rendezvous servers and clients in virtual time: thousands of seeds, the same run
 * twice, and judges that can be broken.      lobby_test [first seed] [how many] */
#include "check.h"

#include "sim/lobby.h"

#include <stdlib.h>

#define SEEDS 2000

static uint64_t first = 1, count = SEEDS;

static void every_seed_keeps_the_rules(void)
{
	uint64_t met = 0, pairs = 0, messages = 0, deaths = 0, losses = 0,
		 failed = 0;

	for (uint64_t seed = first; seed < first + count; seed++) {
		struct sim_lobby_config config;
		struct sim_lobby_report report;

		sim_lobby_draw(seed, &config);
		sim_lobby_run(seed, &config, &report);
		if (report.fault) {
			printf("# seed %" PRIu64 ": %s\n", seed, report.fault);
			failed++;
		}
		met += report.met;
		pairs += config.pairs;
		messages += report.messages;
		deaths += report.deaths;
		losses += report.losses;
	}
	printf("# %" PRIu64 " of %" PRIu64 " pairs met, %" PRIu64
	       " messages, %" PRIu64 " deaths, %" PRIu64 " losses\n",
	       met, pairs, messages, deaths, losses);
	CHECK_EQ(failed, 0);
	CHECK(met > pairs * 8 / 10);
}

/* Faults of every kind at once, and several nodes. */
static const struct sim_lobby_config worst = {
	.nodes = 3,
	.pairs = 6,
	.messages = 8,
	.has_strangers = true,
	.trouble = ALTAIR_SEC(120),
	.faults = {.connection = SIM_PERCENT(4),
		   .hang = SIM_PERCENT(30),
		   .refuse = SIM_PERCENT(10),
		   .death = SIM_PERCENT(2),
		   .outage = SIM_PERCENT(2),
		   .amnesia = SIM_PERCENT(50),
		   .post_lost = SIM_PERCENT(10),
		   .post_double = SIM_PERCENT(20),
		   .post_late = SIM_PERCENT(10),
		   .slow = SIM_PERCENT(3)},
};

static void a_seed_means_one_story(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim_lobby_report one, two, other;

		sim_lobby_run(seed, &worst, &one);
		sim_lobby_run(seed, &worst, &two);
		sim_lobby_run(seed + 1000, &worst, &other);
		if (one.fault)
			printf("# seed %" PRIu64 ": %s\n", seed, one.fault);
		CHECK(!one.fault);
		CHECK(one.hash == two.hash);
		CHECK(one.hash != other.hash);
	}
}

static void without_trouble_all_meet(void)
{
	struct sim_lobby_config calm = {.nodes = 3, .pairs = 6, .messages = 10};
	struct sim_lobby_report report;

	for (uint64_t seed = 1; seed <= 50; seed++) {
		sim_lobby_run(seed, &calm, &report);
		CHECK(!report.fault);
		CHECK_EQ(report.met, 6);
		CHECK_EQ(report.messages, 6 * 2 * 10);
	}
}

/* Each found what its line says; none may again. */
static void seeds_that_found_something(void)
{
	static const uint64_t drawn[] = {
		9,    /* a late answer to a claim ended the mailbox          */
		86,   /* a claim waited for a node that was dead             */
		1022, /* who was away here was said to be here, and was not  */
		1103, /* that a side had left was lost on the way            */
		1360, /* a node forgot a side, and the other one was ended   */
		5031, /* the directory knew a side at a dead node            */
	};
	struct sim_lobby_config config;
	struct sim_lobby_report report;

	for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
		sim_lobby_draw(drawn[i], &config);
		sim_lobby_run(drawn[i], &config, &report);
		CHECK(!report.fault);
	}
	/* A listener who had gone was claimed where he had been; a claim that
	 * was answered was said again at once, and again. */
	sim_lobby_run(19, &worst, &report);
	CHECK(!report.fault);
}

static const struct check_test tests[] = {
	TEST(every_seed_keeps_the_rules),
	TEST(seeds_that_found_something),
	TEST(a_seed_means_one_story),
	TEST(without_trouble_all_meet),
};

int main(int argc, char **argv)
{
	if (argc > 1)
		first = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		count = strtoull(argv[2], NULL, 10);
	return check_run(tests, sizeof tests / sizeof *tests, 1, argv);
}
