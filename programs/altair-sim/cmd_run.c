/*
 * One run: its options, its diagram, its outcome in words.
 */
#include "order.h"
#include "sim.h"

#include "sim/replay.h"
#include "sim/swarm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum option_id {
	OPT_NAT = 1000,
	OPT_TOPOLOGY,
	OPT_RTT,
	OPT_LATE_A,
	OPT_LATE_B,
	OPT_INITIATOR,
	OPT_GUIDE,
	OPT_TRAILING,
	OPT_INTERVAL,
	OPT_ATTEMPTS,
	OPT_TIMEOUT,
	OPT_JITTER,
	OPT_CUT,
	OPT_NAT_LIFETIME,
	OPT_SAME_LAN,
	OPT_STRANGER,
	OPT_FORGED,
	OPT_QUIET,
	OPT_MESSAGES,
	OPT_DISCOVERY
};

static const struct option options[] = {
	{"nat", required_argument, NULL, OPT_NAT},
	{"topology", required_argument, NULL, OPT_TOPOLOGY},
	{"seed", required_argument, NULL, OPT_SEED},
	{"rtt", required_argument, NULL, OPT_RTT},
	{"late-a", required_argument, NULL, OPT_LATE_A},
	{"late-b", required_argument, NULL, OPT_LATE_B},
	{"skew", required_argument, NULL, OPT_LATE_B},
	{"initiator", required_argument, NULL, OPT_INITIATOR},
	{"guide", required_argument, NULL, OPT_GUIDE},
	{"trailing", no_argument, NULL, OPT_TRAILING},
	{"interval", required_argument, NULL, OPT_INTERVAL},
	{"attempts", required_argument, NULL, OPT_ATTEMPTS},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"loss", required_argument, NULL, OPT_LOSS},
	{"duplicate", required_argument, NULL, OPT_DUPLICATE},
	{"reorder", required_argument, NULL, OPT_REORDER},
	{"corrupt", required_argument, NULL, OPT_CORRUPT},
	{"jitter", required_argument, NULL, OPT_JITTER},
	{"cut", required_argument, NULL, OPT_CUT},
	{"nat-lifetime", required_argument, NULL, OPT_NAT_LIFETIME},
	{"same-lan", no_argument, NULL, OPT_SAME_LAN},
	{"stranger", required_argument, NULL, OPT_STRANGER},
	{"forged", no_argument, NULL, OPT_FORGED},
	{"quiet", required_argument, NULL, OPT_QUIET},
	{"messages", required_argument, NULL, OPT_MESSAGES},
	{"svg", required_argument, NULL, OPT_SVG},
	{"discovery", no_argument, NULL, OPT_DISCOVERY},
	{"trace", no_argument, NULL, OPT_TRACE},
	{"ascii", no_argument, NULL, OPT_ASCII},
	{"quiet-diagram", no_argument, NULL, OPT_QUIET_DIAGRAM},
	{"explain", no_argument, NULL, OPT_EXPLAIN},
	{NULL, 0, NULL, 0},
};

struct request {
	struct sim_scenario scenario;
	unsigned kinds; /* how many --nat there were */
	struct order order;
	bool discovery;
};

/* --- options ------------------------------------------------------------- */

static bool set_nat(struct request *request, const char *name)
{
	const struct sim_kind *kind = sim_kind_find(name);

	if (!kind || request->kinds == 2)
		return false;
	if (request->kinds == 0)
		request->scenario.side[0].kind = kind;
	request->scenario.side[1].kind = kind;
	request->kinds++;
	return true;
}

static bool set_topology(struct request *request, const char *name)
{
	const struct sim_topology *topology = sim_topology_find(name);

	if (!topology || request->kinds > 0)
		return false;
	request->scenario.same_lan = topology->same_lan;
	return set_nat(request, topology->kinds[0]) &&
	       set_nat(request, topology->kinds[1]);
}

static bool read_side(const char *text, unsigned *side)
{
	*side = *text == 'b';
	return !strcmp(text, "a") || !strcmp(text, "b");
}

static bool set_initiator(struct sim_scenario *scenario, const char *who)
{
	bool both = !strcmp(who, "both");

	scenario->side[0].initiator = both || !strcmp(who, "a");
	scenario->side[1].initiator = both || !strcmp(who, "b");
	return scenario->side[0].initiator || scenario->side[1].initiator ||
	       !strcmp(who, "none");
}

static bool set_time(struct sim_scenario *scenario, int id, const char *text)
{
	struct sim_side *a = &scenario->side[0], *b = &scenario->side[1];
	uint64_t time;

	if (!read_time(text, &time) || time > ALTAIR_SEC(1000000))
		return false;
	if (id == OPT_RTT)
		sim_scenario_set_rtt(scenario, time);
	else if (id == OPT_LATE_A)
		a->start = time;
	else if (id == OPT_LATE_B)
		b->start = time;
	else if (id == OPT_INTERVAL)
		a->interval = b->interval = time;
	else if (id == OPT_TIMEOUT)
		a->timeout = b->timeout = time;
	else if (id == OPT_NAT_LIFETIME)
		a->nat_lifetime = b->nat_lifetime = time;
	else if (id == OPT_QUIET)
		scenario->quiet = time;
	else
		a->up.jitter = a->down.jitter = b->up.jitter = b->down.jitter =
			time;
	return id != OPT_INTERVAL ||
	       (time >= ALTAIR_MSEC(10) && time <= ALTAIR_SEC(60));
}

static bool set_share(struct sim_scenario *scenario, int id, const char *text)
{
	bool ok = true;

	for (unsigned s = 0; s < 2; s++)
		ok &= order_set_fault(&scenario->side[s].up,
				      &scenario->side[s].down, id, text);
	return ok;
}

static bool set_number(struct sim_scenario *scenario, int id, const char *text)
{
	uint64_t number;

	if (!read_number(text, 1000000, &number))
		return false;
	if (id == OPT_ATTEMPTS)
		scenario->side[0].attempts = scenario->side[1].attempts =
			(unsigned)number;
	else if (id == OPT_STRANGER)
		scenario->stranger_rate = (uint32_t)number;
	else
		scenario->messages = (unsigned)number;
	return true;
}

static bool set_side(struct sim_scenario *scenario, int id, const char *text)
{
	unsigned side;

	if (!read_side(text, &side))
		return false;
	if (id == OPT_GUIDE)
		scenario->side[side].is_guide = true;
	else
		scenario->side[side].up.cut = true;
	return true;
}

static bool set(void *user, int id, const char *text)
{
	struct request *request = user;
	struct sim_scenario *scenario = &request->scenario;

	if (id >= OPT_SEED)
		return order_set_output(&request->order, id, text);
	if (id == OPT_DISCOVERY)
		return request->discovery = true;
	request->order.is_varied = true;
	switch (id) {
	case OPT_NAT:
		return set_nat(request, text);
	case OPT_TOPOLOGY:
		return set_topology(request, text);
	case OPT_INITIATOR:
		return set_initiator(scenario, text);
	case OPT_LOSS:
	case OPT_DUPLICATE:
	case OPT_REORDER:
	case OPT_CORRUPT:
		return set_share(scenario, id, text);
	case OPT_ATTEMPTS:
	case OPT_STRANGER:
	case OPT_MESSAGES:
		return set_number(scenario, id, text);
	case OPT_GUIDE:
	case OPT_CUT:
		return set_side(scenario, id, text);
	case OPT_SAME_LAN:
		return scenario->same_lan = true;
	case OPT_TRAILING:
		return scenario->side[0].trails = scenario->side[1].trails =
			       true;
	case OPT_FORGED:
		return scenario->stranger_forges = true;
	default:
		return set_time(scenario, id, text);
	}
}

/* Faults given by options last for ever: nothing has to connect then. */
static int settle(struct request *request)
{
	struct sim_scenario *scenario = &request->scenario;
	const struct sim_side *a = &scenario->side[0], *b = &scenario->side[1];

	request->order.is_plain |= request->order.is_varied;
	if (!request->order.is_plain) {
		sim_swarm_draw(scenario, request->order.seed);
		return SIM_EXIT_DONE;
	}
	if (request->order.explain)
		return usage_error("--explain is about a seed alone", NULL);
	scenario->seed = request->order.seed;
	if (a->up.loss || a->up.corrupt || a->down.reorder ||
	    a->down.duplicate || a->up.cut || b->up.cut)
		scenario->calm = ALTAIR_NEVER;
	if (scenario->same_lan && (a->kind != b->kind || a->kind->nats != 1))
		return usage_error("--same-lan wants one kind with one NAT",
				   NULL);
	if (sim_kind_family(a->kind, b->kind) == ALTAIR_NO_FAMILY)
		return usage_error("these two have no address family in common",
				   NULL);
	return SIM_EXIT_DONE;
}

static int read_options(struct request *request, int argc, char **argv)
{
	int status;

	sim_scenario_default(&request->scenario, sim_kind_find("port"),
			     sim_kind_find("port"));
	request->order.seed = 1;
	request->order.is_plain = true;
	status = order_read(options, argc, argv, set, request);
	return status ? status : settle(request);
}

/* --- output -------------------------------------------------------------- */

static void print_side(const struct sim_scenario *scenario,
		       const struct sim_outcome *outcome, unsigned s)
{
	const struct sim_side_outcome *side = &outcome->side[s];
	char addr[ALTAIR_ADDR_TEXT];

	printf("peer %c  ", 'A' + (int)s);
	if (side->connected_at == ALTAIR_NEVER) {
		printf("not connected: %s\n",
		       altair_strerror(side->reason ? side->reason
						    : ALTAIR_E_TIMEOUT));
	} else {
		altair_addr_format(&side->connected_to, addr, sizeof addr);
		printf("connected to %s %.1f ms after its start%s%s\n", addr,
		       show_ms(side->connected_at, side->started_at),
		       side->port_changed ? ", at another port than told" : "",
		       scenario->side[s].is_guide
			       ? (side->verified_at == ALTAIR_NEVER
					  ? ", but its PING-PONG failed"
					  : ", PING-PONG done")
			       : "");
	}
	if (side->mapping_varies)
		printf("        its NAT maps every destination to another "
		       "port\n");
	if (side->roles >= 0)
		printf("        it says: %s\n",
		       side->roles ? "both sides are initiators"
				   : "no side is the initiator");
}

static void replay_line(const struct request *request, char *line)
{
	if (request->order.is_plain)
		sim_replay_plain(&request->scenario, line);
	else
		sim_replay_swarm(request->order.seed, line);
}

static int report(const struct request *request,
		  const struct sim_outcome *outcome, const char *line)
{
	const struct sim_scenario *scenario = &request->scenario;

	if (!request->order.trace && !request->order.quiet_diagram)
		printf("\n");
	for (unsigned s = 0; s < 2; s++)
		print_side(scenario, outcome, s);
	if (outcome->violation) {
		printf("judges  REFUSED: %s (peer %c, at %.3f ms)\n",
		       outcome->violation, 'A' + (int)outcome->culprit,
		       show_ms(outcome->violated_at, outcome->exchanged_at));
	}
	printf("replay  %s\n", line);
	if (outcome->violation)
		return SIM_EXIT_REFUSED;
	return sim_outcome_connected(scenario, outcome) ? SIM_EXIT_DONE
							: SIM_EXIT_NO_PATH;
}

int cmd_run(int argc, char **argv)
{
	struct request request = {.kinds = 0};
	struct sim_outcome outcome;
	struct sim_draw draw = {NULL, 0, 0, false};
	int status = read_options(&request, argc, argv);
	char line[SIM_REPLAY_MAX];

	if (status != SIM_EXIT_DONE)
		return status;
	if (request.order.explain) {
		sim_swarm_explain(stdout, request.order.seed);
		return SIM_EXIT_DONE;
	}
	request.scenario.keep_trace = true;
	sim_scenario_run(&request.scenario, &outcome, &draw.world);
	draw.zero = outcome.exchanged_at;
	draw.from = request.discovery ? 0 : draw.zero;
	draw.is_ascii = request.order.ascii;
	replay_line(&request, line);
	status = order_show(&request.order, &draw, line);
	sim_world_free(draw.world);
	return status ? status : report(&request, &outcome, line);
}
