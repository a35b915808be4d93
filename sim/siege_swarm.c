/*
 * Swarm testing as in swarm.c: every row is on or off by itself and draws from a
 * stream of its own.
 */
#include "sim/siege_swarm.h"

#include "sim/intruder.h"
#include "sim/rng.h"

#include <inttypes.h>

struct row {
	const char *name, *text;
	uint32_t chance; /* per million */
	void (*apply)(struct sim_siege *siege, struct sim_rng *rng);
};

/* --- the server ---------------------------------------------------------- */

static void one_family(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->ipv4 = sim_rng_below(rng, 3) > 0;
	siege->ipv6 = !siege->ipv4;
}

static void few_ports(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->ports = siege->allocations + 1 + sim_rng_below(rng, 4);
}

static void no_streams(struct sim_siege *siege, struct sim_rng *rng)
{
	(void)rng;
	siege->streams = 0;
}

static void no_mobility(struct sim_siege *siege, struct sim_rng *rng)
{
	(void)rng;
	siege->mobility = false;
}

static void short_nonces(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->nonce_life = sim_rng_ms(rng, 3000, 60000);
}

static void other_rate(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->challenge_rate = sim_rng_below(rng, 3);
}

static void far_clock(struct sim_siege *siege, struct sim_rng *rng)
{
	static const altair_time epochs[] = {
		UINT64_C(1) << 31,
		UINT64_C(1) << 32,
		/* 16 and 32 bits of seconds */
		ALTAIR_SEC((UINT64_C(1) << 16) - 10),
		ALTAIR_SEC((UINT64_C(1) << 32) - 10),
		(UINT64_C(1) << 63) - ALTAIR_SEC(10),
		UINT64_C(1) << 63,
	};

	siege->epoch = epochs[sim_rng_below(rng, 6)];
}

static void restart(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->restart_at = sim_rng_between(rng, 1, siege->storm);
}

static void taken_ports(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->bind_fails = sim_rng_share(rng, 60);
}

static void slow_ports(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->bind_takes =
		sim_rng_ms(rng, 1, sim_rng_below(rng, 4) ? 900 : 15000);
}

/* --- those around it ----------------------------------------------------- */

static void no_rover(struct sim_siege *siege, struct sim_rng *rng)
{
	(void)rng;
	siege->rover = false;
}

static void haste(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->gap = sim_rng_ms(rng, 20, 300);
	siege->storm = sim_rng_ms(rng, 2000, 15000);
}

static void leisure(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->gap = sim_rng_ms(rng, 20000, 120000);
	siege->storm = sim_rng_ms(rng, 1000000, 3000000);
}

static void raider(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->raider_rate = (uint32_t)sim_rng_between(
		rng, 1, 1 + 1200 / (siege->storm / ALTAIR_SEC(1) + 1));
}

static void intruder(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->intruder_skills = 1 + sim_rng_below(rng, SIM_INTRUDER_ALL);
	siege->intruder_rate = (uint32_t)sim_rng_between(
		rng, 1, 1 + 800 / (siege->storm / ALTAIR_SEC(1) + 1));
}

static void loss(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->up.loss = sim_rng_share(rng, 40);
	siege->down.loss = sim_rng_share(rng, 40);
}

static void bursts(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->up.burst = siege->down.burst = sim_rng_share(rng, 10);
	siege->up.burst_max = siege->down.burst_max = 8;
}

static void duplicates(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->up.duplicate = sim_rng_share(rng, 40);
	siege->down.duplicate = sim_rng_share(rng, 40);
}

static void reordering(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->up.reorder = siege->down.reorder = sim_rng_share(rng, 40);
	siege->up.reorder_by = siege->down.reorder_by =
		sim_rng_ms(rng, 1, 3000);
}

static void jitter(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->up.jitter = siege->down.jitter = sim_rng_ms(rng, 0, 300);
}

static void cuts(struct sim_siege *siege, struct sim_rng *rng)
{
	(void)rng;
	siege->down.cut = true;
}

static void flipped_bits(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->down.corrupt = sim_rng_share(rng, 20);
}

/* The order matters: rates follow from how long the storm is. */
static const struct row rows[] = {
	{"haste", "20 to 300 ms between deeds, 2 to 15 s in all",
	 SIM_PERCENT(25), haste},
	{"leisure", "20 to 120 s between deeds, 17 to 50 minutes in all",
	 SIM_PERCENT(20), leisure},
	{"one family", "relayed addresses are IPv4 only, or IPv6 only",
	 SIM_PERCENT(40), one_family},
	{"few ports", "hardly more than allocations", SIM_PERCENT(20),
	 few_ports},
	{"no streams", "all clients use datagrams", SIM_PERCENT(20),
	 no_streams},
	{"no mobility", "tickets are refused", SIM_PERCENT(20), no_mobility},
	{"short nonces", "3 to 60 s", SIM_PERCENT(25), short_nonces},
	{"other rate", "1 or 2 challenges a second, or any number",
	 SIM_PERCENT(30), other_rate},
	{"far clock",
	 "it begins at 2^31, 2^32, 2^63-10 s, 2^63 ns, 2^16-10, 2^32-10 s",
	 SIM_PERCENT(25), far_clock},
	{"restart", "the server forgets everything once", SIM_PERCENT(20),
	 restart},
	{"taken ports", "1 to 60 % of the ports cannot be bound",
	 SIM_PERCENT(20), taken_ports},
	{"slow ports", "to bind one takes up to 0.9 or 15 s", SIM_PERCENT(25),
	 slow_ports},
	{"no rover", "nobody with a password asks what he should not",
	 SIM_PERCENT(30), no_rover},
	{"raider", "floods, guesses, forgeries without a password",
	 SIM_PERCENT(50), raider},
	{"intruder", "sees all; replays, alters, forges", SIM_PERCENT(35),
	 intruder},
	{"loss", "1 to 40 % each way", SIM_PERCENT(30), loss},
	{"bursts", "1 to 10 % begin a loss of 1 to 8", SIM_PERCENT(15), bursts},
	{"duplicates", "1 to 40 % each way", SIM_PERCENT(25), duplicates},
	{"reordering", "1 to 40 % come 1 ms to 3 s late", SIM_PERCENT(25),
	 reordering},
	{"jitter", "0 to 300 ms on each line", SIM_PERCENT(20), jitter},
	{"deaf clients", "no answer reaches them", SIM_PERCENT(3), cuts},
	{"flipped bits", "one in 1 to 20 % of what comes to clients",
	 SIM_PERCENT(10), flipped_bits},
};

#define ROWS (sizeof rows / sizeof *rows)

static void draw_tables(struct sim_siege *siege, struct sim_rng *rng)
{
	siege->allocations = 1 + sim_rng_below(rng, SIM_SIEGE_ALLOCATIONS_MAX);
	siege->users = 1 + sim_rng_below(rng, SIM_SIEGE_USERS_MAX);
	siege->quota = 1 + sim_rng_below(rng, 3);
	siege->permissions = siege->allocations +
			     sim_rng_below(rng, 2 * siege->allocations + 1);
	siege->channels = siege->allocations +
			  sim_rng_below(rng, 2 * siege->allocations + 1);
	siege->permissions_each = 1 + sim_rng_below(rng, 5);
	siege->channels_each = 1 + sim_rng_below(rng, 4);
	siege->streams = 1 + sim_rng_below(rng, SIM_TENANTS);
	siege->lifetime_max = 600 + sim_rng_below(rng, 3000);
}

sim_siege_faults sim_siege_draw(struct sim_siege *siege, uint64_t seed)
{
	struct sim_rng rng;
	sim_siege_faults on = 0;

	sim_rng_seed(&rng, seed, SIM_FOR_SIEGE, 0);
	sim_siege_default(siege);
	siege->seed = seed;
	draw_tables(siege, &rng);
	siege->up.delay = siege->down.delay = sim_rng_ms(&rng, 1, 100);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct sim_rng own;

		sim_rng_seed(&own, seed, SIM_FOR_SIEGE, i + 1);
		if (!sim_rng_chance(&own, rows[i].chance))
			continue;
		on |= UINT64_C(1) << i;
		rows[i].apply(siege, &own);
	}
	return on;
}

void sim_siege_explain(FILE *out, uint64_t seed)
{
	struct sim_siege s;
	sim_siege_faults on = sim_siege_draw(&s, seed);

	fprintf(out,
		"Seed %" PRIu64 " of a server under siege. Drawn for every "
		"seed:\n\n"
		"  %u allocations, %u users with %u each, lifetimes up to %u "
		"s\n"
		"  %u permissions, %u of one allocation; %u channels, %u of "
		"one\n"
		"  %s%s%s, %u ports, the storm lasts %.1f s\n"
		"\nEach of these is on by its own chance:\n",
		seed, s.allocations, s.users, s.quota, s.lifetime_max,
		s.permissions, s.permissions_each, s.channels, s.channels_each,
		s.ipv4 ? "IPv4" : "", s.ipv4 && s.ipv6 ? " and " : "",
		s.ipv6 ? "IPv6" : "", s.ports, (double)s.storm / 1e9);
	for (size_t i = 0; i < ROWS; i++)
		fprintf(out, "  %s %3u %%  %-16s %s\n",
			on >> i & 1 ? "ON " : "   ", rows[i].chance / 10000,
			rows[i].name, rows[i].text);
}
