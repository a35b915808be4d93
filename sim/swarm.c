/*
 * Swarm testing (Groce et al. 2012): a run in which every fault is possible is
 * less varied than runs in which each is on or off. Every row draws from a
 * stream of its own, so that a change of one row does not change what the
 * others draw.
 */
#include "sim/swarm.h"

#include <inttypes.h>

struct row {
	const char *name, *text;
	uint32_t chance; /* per million */
	void (*apply)(struct sim_scenario *scenario, struct sim_rng *rng);
};

/* --- the rows ------------------------------------------------------------ */

static void uneven_delays(struct sim_scenario *scenario, struct sim_rng *rng)
{
	for (unsigned s = 0; s < 2; s++) {
		scenario->side[s].up.delay = sim_rng_ms(rng, 0, 90);
		scenario->side[s].down.delay = sim_rng_ms(rng, 0, 90);
	}
}

static void late_start(struct sim_scenario *scenario, struct sim_rng *rng)
{
	scenario->side[sim_rng_below(rng, 2)].start = sim_rng_ms(rng, 0, 8000);
}

static void odd_roles(struct sim_scenario *scenario, struct sim_rng *rng)
{
	bool both = sim_rng_below(rng, 2) == 0;

	scenario->side[0].initiator = scenario->side[1].initiator = both;
}

static void guide_program(struct sim_scenario *scenario, struct sim_rng *rng)
{
	unsigned s = sim_rng_below(rng, 2);

	scenario->side[s].is_guide = true;
	scenario->side[s].trails = sim_rng_below(rng, 2);
	scenario->side[s].initiator = !scenario->side[!s].initiator;
}

static void own_timing(struct sim_scenario *scenario, struct sim_rng *rng)
{
	for (unsigned s = 0; s < 2; s++) {
		struct sim_side *side = &scenario->side[s];
		altair_time drawn = sim_rng_ms(rng, 50, 1000);
		unsigned attempts = sim_rng_below(rng, 2) * 5;

		if (side->is_guide)
			continue;
		side->interval = drawn;
		side->attempts = attempts;
		if (attempts > 0 && drawn < ALTAIR_MSEC(400))
			side->attempts = 0;
	}
}

static void one_lan(struct sim_scenario *scenario, struct sim_rng *rng)
{
	(void)rng;
	if (scenario->side[0].kind->nats == 1)
		scenario->side[1].kind = scenario->side[0].kind;
	scenario->same_lan = scenario->side[0].kind->nats == 1;
}

static void one_server(struct sim_scenario *scenario, struct sim_rng *rng)
{
	(void)rng;
	scenario->servers = 1;
}

static void far_clock(struct sim_scenario *scenario, struct sim_rng *rng)
{
	static const altair_time epochs[] = {
		UINT64_C(1) << 31,
		UINT64_C(1) << 32,
		(UINT64_C(1) << 63) - ALTAIR_SEC(10),
		UINT64_C(1) << 63,
	};

	scenario->epoch = epochs[sim_rng_below(rng, 4)];
}

static void short_lived_nat(struct sim_scenario *scenario, struct sim_rng *rng)
{
	struct sim_side *side = &scenario->side[sim_rng_below(rng, 2)];

	side->nat_lifetime = sim_rng_ms(rng, 20000, 60000);
	side->nat_refresh = (enum sim_nat_refresh)sim_rng_below(rng, 3);
}

static void silence(struct sim_scenario *scenario, struct sim_rng *rng)
{
	scenario->quiet = sim_rng_ms(rng, 10000, 120000);
}

static void jitter(struct sim_scenario *scenario, struct sim_rng *rng)
{
	for (unsigned s = 0; s < 2; s++) {
		scenario->side[s].up.jitter = sim_rng_ms(rng, 0, 50);
		scenario->side[s].down.jitter = sim_rng_ms(rng, 0, 50);
	}
}

static void stranger(struct sim_scenario *scenario, struct sim_rng *rng)
{
	scenario->stranger_rate = (uint32_t)sim_rng_between(rng, 10, 500);
}

/* What ends when it becomes calm. */

static void calm_down(struct sim_scenario *scenario, struct sim_rng *rng)
{
	altair_time start = scenario->side[0].start > scenario->side[1].start
				    ? scenario->side[0].start
				    : scenario->side[1].start;

	if (scenario->calm == 0)
		scenario->calm = start + sim_rng_ms(rng, 200, 3000);
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s].up.until = scenario->side[s].down.until =
			scenario->calm;
}

static void loss(struct sim_scenario *scenario, struct sim_rng *rng)
{
	calm_down(scenario, rng);
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s].up.loss = sim_rng_share(rng, 40);
}

static void bursts(struct sim_scenario *scenario, struct sim_rng *rng)
{
	calm_down(scenario, rng);
	for (unsigned s = 0; s < 2; s++) {
		scenario->side[s].up.burst = sim_rng_share(rng, 10);
		scenario->side[s].up.burst_max = 8;
	}
}

static void duplicates(struct sim_scenario *scenario, struct sim_rng *rng)
{
	calm_down(scenario, rng);
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s].down.duplicate = sim_rng_share(rng, 40);
}

static void reordering(struct sim_scenario *scenario, struct sim_rng *rng)
{
	calm_down(scenario, rng);
	for (unsigned s = 0; s < 2; s++) {
		scenario->side[s].down.reorder = sim_rng_share(rng, 40);
		scenario->side[s].down.reorder_by = sim_rng_ms(rng, 1, 300);
	}
}

static void corruption(struct sim_scenario *scenario, struct sim_rng *rng)
{
	calm_down(scenario, rng);
	for (unsigned s = 0; s < 2; s++)
		scenario->side[s].up.corrupt = sim_rng_share(rng, 20);
}

static void one_way(struct sim_scenario *scenario, struct sim_rng *rng)
{
	calm_down(scenario, rng);
	scenario->side[sim_rng_below(rng, 2)].up.cut = true;
}

/* A NAT that gives other ports after it would need a new exchange. */
static void reboot(struct sim_scenario *scenario, struct sim_rng *rng)
{
	struct sim_side *side = &scenario->side[sim_rng_below(rng, 2)];

	calm_down(scenario, rng);
	if (side->kind->ports == SIM_PORTS_PRESERVED && !scenario->same_lan)
		side->reboot_at = sim_rng_between(rng, 0, scenario->calm);
}

static void early_faults(struct sim_scenario *scenario, struct sim_rng *rng)
{
	(void)rng;
	scenario->early_faults = true;
	scenario->exchange = ALTAIR_SEC(6);
}

static const struct row rows[] = {
	{"uneven delays", "each of the four lines 0 to 90 ms by itself",
	 SIM_PERCENT(30), uneven_delays},
	{"late start", "one side starts 0 to 8 s after the exchange",
	 SIM_PERCENT(50), late_start},
	{"odd roles", "both sides are initiators, or none", SIM_PERCENT(20),
	 odd_roles},
	{"guide", "one side is the guide's own program, half of them trailing",
	 SIM_PERCENT(15), guide_program},
	{"own timing", "intervals of 50 to 1000 ms, each side its own",
	 SIM_PERCENT(20), own_timing},
	{"one LAN", "both behind one NAT, which hairpins", SIM_PERCENT(5),
	 one_lan},
	{"one server", "one STUN server instead of two", SIM_PERCENT(30),
	 one_server},
	{"far clock", "the clock begins at 2^31, 2^32, 2^63-10 s or 2^63 ns",
	 SIM_PERCENT(20), far_clock},
	{"short-lived NAT",
	 "a NAT with 20 to 60 s lifetime, any refresh direction",
	 SIM_PERCENT(20), short_lived_nat},
	{"silence", "10 to 120 s of silence before the messages",
	 SIM_PERCENT(20), silence},
	{"jitter", "0 to 50 ms on each line, for ever", SIM_PERCENT(20),
	 jitter},
	{"stranger", "10 to 500 datagrams a second from other addresses",
	 SIM_PERCENT(15), stranger},
	{"loss", "1 to 40 % each way, until calm", SIM_PERCENT(30), loss},
	{"bursts", "1 to 10 % begin a loss of 1 to 8, until calm",
	 SIM_PERCENT(15), bursts},
	{"duplicates", "1 to 40 %, until calm", SIM_PERCENT(20), duplicates},
	{"reordering", "1 to 40 % come 1 to 300 ms late, until calm",
	 SIM_PERCENT(20), reordering},
	{"corruption", "one bit in 1 to 20 % of the datagrams, until calm",
	 SIM_PERCENT(15), corruption},
	{"one way", "one direction is cut, until calm", SIM_PERCENT(10),
	 one_way},
	{"reboot", "a port-preserving NAT loses its mappings before calm",
	 SIM_PERCENT(10), reboot},
	{"early faults", "the faults are there during the discovery, too",
	 SIM_PERCENT(20), early_faults},
};

#define ROWS (sizeof rows / sizeof *rows)

static void draw_pair(struct sim_scenario *scenario, uint64_t seed,
		      struct sim_rng *rng)
{
	const struct sim_kind *a, *b;

	do {
		a = sim_kind_at(sim_rng_below(rng, (uint32_t)sim_kind_count()));
		b = sim_kind_at(sim_rng_below(rng, (uint32_t)sim_kind_count()));
	} while (sim_kind_family(a, b) == ALTAIR_NO_FAMILY);
	sim_scenario_default(scenario, a, b);
	scenario->seed = seed;
	sim_scenario_set_rtt(scenario, sim_rng_ms(rng, 1, 390));
	if (sim_rng_below(rng, 2)) {
		scenario->side[0].initiator = false;
		scenario->side[1].initiator = true;
	}
	scenario->side[sim_rng_below(rng, 2)].start = sim_rng_ms(rng, 0, 1000);
}

sim_swarm_faults sim_swarm_draw(struct sim_scenario *scenario, uint64_t seed)
{
	struct sim_rng rng;
	sim_swarm_faults on = 0;

	sim_rng_seed(&rng, seed, SIM_FOR_SCENARIO, 0);
	draw_pair(scenario, seed, &rng);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct sim_rng own;

		sim_rng_seed(&own, seed, SIM_FOR_SCENARIO, i + 1);
		if (!sim_rng_chance(&own, rows[i].chance))
			continue;
		on |= UINT32_C(1) << i;
		rows[i].apply(scenario, &own);
	}
	return on;
}

static double ms(altair_time time)
{
	return (double)time / 1e6;
}

void sim_swarm_explain(FILE *out, uint64_t seed)
{
	struct sim_scenario scenario;
	sim_swarm_faults on = sim_swarm_draw(&scenario, seed);

	fprintf(out,
		"Seed %" PRIu64 ". Drawn for every seed: both kinds alike "
		"likely; a round trip of 1 to 390 ms;\nwhich side is the "
		"initiator; one side up to 1 s later.\n\n",
		seed);
	for (unsigned s = 0; s < 2; s++) {
		const struct sim_side *side = &scenario.side[s];

		fprintf(out,
			"  peer %c  %-8s %s%s, starts at %.1f ms, lines "
			"%.1f ms up, %.1f ms down\n",
			'A' + (int)s, side->kind->name,
			side->initiator ? "initiator" : "responder",
			side->is_guide ? " (the guide's program)" : "",
			ms(side->start), ms(side->up.delay),
			ms(side->down.delay));
	}
	if (scenario.calm > 0)
		fprintf(out, "  calm at %.1f ms\n", ms(scenario.calm));
	fprintf(out, "\nEach of these is on by its own chance:\n");
	for (size_t i = 0; i < ROWS; i++)
		fprintf(out, "  %s %3u %%  %-16s %s\n",
			on >> i & 1 ? "ON " : "   ", rows[i].chance / 10000,
			rows[i].name, rows[i].text);
}
