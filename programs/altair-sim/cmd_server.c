/*
 * One siege of a server, and the subcommand about many of them.
 */
#include "order.h"
#include "sim.h"

#include "sim/replay.h"
#include "sim/siege_swarm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct option options[] = {
	{"seed", required_argument, NULL, OPT_SEED},
	{"svg", required_argument, NULL, OPT_SVG},
	{"trace", no_argument, NULL, OPT_TRACE},
	{"ascii", no_argument, NULL, OPT_ASCII},
	{"quiet-diagram", no_argument, NULL, OPT_QUIET_DIAGRAM},
	{"explain", no_argument, NULL, OPT_EXPLAIN},
	{NULL, 0, NULL, 0},
};

static bool set(void *user, int id, const char *text)
{
	return order_set_output(user, id, text);
}

static int report(uint64_t seed, const struct sim_siege_outcome *outcome)
{
	char line[SIM_REPLAY_MAX];

	printf("server  %" PRIu64 " allocations made, %" PRIu64
	       " moved, %" PRIu64 " datagrams to peers, %" PRIu64
	       " to clients, %" PRIu64 " refusals\n",
	       outcome->allocated, outcome->moved, outcome->to_peers,
	       outcome->to_clients, outcome->refused);
	if (outcome->violation)
		printf("auditor REFUSED: %s (at %.3f ms)\n", outcome->violation,
		       (double)outcome->violated_at / 1e6);
	printf("replay  %s\n", sim_replay_server(seed, line));
	return outcome->violation ? SIM_EXIT_REFUSED : SIM_EXIT_DONE;
}

/* A diagram of so many packets is none: only with --trace or --svg. */
static int run(int argc, char **argv)
{
	struct order order = {.seed = 1};
	struct sim_siege siege;
	struct sim_siege_outcome outcome;
	struct sim_draw draw = {NULL, 0, 0, false};
	int status = order_read(options, argc, argv, set, &order);

	if (status != SIM_EXIT_DONE)
		return status;
	if (order.explain) {
		sim_siege_explain(stdout, order.seed);
		return SIM_EXIT_DONE;
	}
	sim_siege_draw(&siege, order.seed);
	siege.keep_trace = true;
	sim_siege_run(&siege, &outcome, &draw.world);
	draw.zero = siege.epoch;
	draw.is_ascii = order.ascii;
	order.quiet_diagram = true;
	status = order_show(&order, &draw, "altair-sim server");
	sim_world_free(draw.world);
	return status ? status : report(order.seed, &outcome);
}

int cmd_server(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "soak"))
		return cmd_soak(SOAK_SERVER, argc - 1, argv + 1);
	return run(argc, argv);
}
