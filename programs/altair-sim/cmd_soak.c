/*
 * Many seeds, each run twice unless once is enough. With several jobs every process takes each n-th
 * seed; what they find is printed as it is found.
 */
#include "sim.h"

#include "sim/meeting_swarm.h"
#include "sim/replay.h"
#include "sim/siege_swarm.h"
#include "sim/swarm.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64

struct tally {
	uint64_t runs, failed, connected, had_to, unproved;
	uint64_t allocated, moved, relayed;
};

static void soak_punch(uint64_t seed, bool once, struct tally *tally)
{
	struct sim_scenario scenario;
	struct sim_outcome outcome;
	char line[SIM_REPLAY_MAX];
	altair_time by;

	sim_swarm_draw(&scenario, seed);
	if (once)
		sim_scenario_run(&scenario, &outcome, NULL);
	else
		sim_scenario_judge(&scenario, &outcome);
	tally->runs++;
	tally->connected += sim_outcome_connected(&scenario, &outcome);
	tally->had_to += sim_scenario_must_connect(&scenario, &by);
	tally->unproved +=
		outcome.side[0].is_unproved || outcome.side[1].is_unproved;
	if (!outcome.violation)
		return;
	tally->failed++;
	printf("%s  # %s\n", sim_replay_swarm(seed, line), outcome.violation);
	fflush(stdout);
}

static void soak_agent(uint64_t seed, bool once, struct tally *tally)
{
	struct sim_meeting meeting;
	struct sim_meeting_outcome outcome;
	char line[SIM_REPLAY_MAX];

	sim_meeting_draw(&meeting, seed);
	if (once)
		sim_meeting_run(&meeting, &outcome, NULL);
	else
		sim_meeting_judge(&meeting, &outcome);
	tally->runs++;
	tally->connected += outcome.is_done;
	tally->had_to += sim_meeting_way(&meeting) != SIM_MEET_NEVER;
	if (!outcome.violation)
		return;
	tally->failed++;
	printf("%s  # %s\n", sim_replay_agent(seed, line), outcome.violation);
	fflush(stdout);
}

static void soak_server(uint64_t seed, bool once, struct tally *tally)
{
	struct sim_siege siege;
	struct sim_siege_outcome outcome;
	char line[SIM_REPLAY_MAX];

	sim_siege_draw(&siege, seed);
	if (once)
		sim_siege_run(&siege, &outcome, NULL);
	else
		sim_siege_judge(&siege, &outcome);
	tally->runs++;
	tally->allocated += outcome.allocated;
	tally->moved += outcome.moved;
	tally->relayed += outcome.to_peers + outcome.to_clients;
	if (!outcome.violation)
		return;
	tally->failed++;
	printf("%s  # %s\n", sim_replay_server(seed, line), outcome.violation);
	fflush(stdout);
}

static void report_punch(const struct tally *sum)
{
	printf("%" PRIu64 " connected (%" PRIu64 " had to, %" PRIu64
	       " too early to be sure)",
	       sum->connected, sum->had_to, sum->unproved);
}

static void report_agent(const struct tally *sum)
{
	printf("%" PRIu64 " connected (%" PRIu64 " had to)", sum->connected,
	       sum->had_to);
}

static void report_server(const struct tally *sum)
{
	printf("%" PRIu64 " allocations, %" PRIu64 " moves, %" PRIu64
	       " datagrams relayed",
	       sum->allocated, sum->moved, sum->relayed);
}

static const struct kind {
	void (*soak)(uint64_t seed, bool once, struct tally *tally);
	void (*report)(const struct tally *sum);
} kinds[] = {
	[SOAK_PUNCH] = {soak_punch, report_punch},
	[SOAK_AGENT] = {soak_agent, report_agent},
	[SOAK_SERVER] = {soak_server, report_server},
};

struct work {
	uint64_t from, seeds;
	unsigned jobs;
	enum soak_kind kind;
	bool once; /* without the proof that a seed is always the same run  */
};

static int soak_some(const struct work *work, unsigned job, int out)
{
	struct tally tally = {0};

	for (uint64_t i = job; i < work->seeds; i += work->jobs)
		kinds[work->kind].soak(work->from + i, work->once, &tally);
	return write(out, &tally, sizeof tally) == (ssize_t)sizeof tally ? 0
									 : 1;
}

static void add_up(struct tally *sum, const struct tally *part)
{
	sum->runs += part->runs;
	sum->failed += part->failed;
	sum->connected += part->connected;
	sum->had_to += part->had_to;
	sum->unproved += part->unproved;
	sum->allocated += part->allocated;
	sum->moved += part->moved;
	sum->relayed += part->relayed;
}

static int report(const struct tally *sum, const struct work *work)
{
	printf("%" PRIu64 " seeds from %" PRIu64 ", each %s: ", sum->runs,
	       work->from, work->once ? "once" : "twice");
	kinds[work->kind].report(sum);
	printf(", %" PRIu64 " failed\n", sum->failed);
	if (sum->runs == work->seeds)
		return sum->failed ? SIM_EXIT_REFUSED : SIM_EXIT_DONE;
	printf("A job ended before its work was done.\n");
	return SIM_EXIT_REFUSED;
}

static int soak(const struct work *work)
{
	struct tally sum = {0}, part;
	pid_t pids[JOBS_MAX];
	unsigned started = 0;
	int ends[2];

	if (pipe(ends) < 0) {
		perror("altair-sim: pipe");
		return SIM_EXIT_REFUSED;
	}
	fflush(stdout);
	for (; started < work->jobs; started++) {
		pids[started] = fork();
		if (pids[started] == 0)
			_exit(soak_some(work, started, ends[1]));
		if (pids[started] < 0)
			break;
	}
	close(ends[1]);
	while (read(ends[0], &part, sizeof part) == (ssize_t)sizeof part)
		add_up(&sum, &part);
	close(ends[0]);
	for (unsigned i = 0; i < started; i++)
		waitpid(pids[i], NULL, 0);
	return report(&sum, work);
}

int cmd_soak(enum soak_kind kind, int argc, char **argv)
{
	static const struct option options[] = {
		{"seeds", required_argument, NULL, 's'},
		{"from", required_argument, NULL, 'f'},
		{"jobs", required_argument, NULL, 'j'},
		{"once", no_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	uint64_t seeds = 2000, from = 0, jobs = 1;
	bool once = false;
	int id;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool ok = false;

		if (id == 'o')
			ok = once = true;
		else if (id == 's')
			ok = read_number(optarg, UINT64_C(1) << 40, &seeds);
		else if (id == 'f')
			ok = read_number(optarg, UINT64_MAX / 2, &from);
		else if (id == 'j')
			ok = read_number(optarg, JOBS_MAX, &jobs) && jobs > 0;
		if (!ok)
			return usage_error("soak", argv[optind - 1]);
	}
	if (optind < argc)
		return usage_error("soak", argv[optind]);
	return soak(&(struct work){from, seeds, (unsigned)jobs, kind, once});
}
