/*
 * Swarm testing as in swarm.c: every row is on or off by itself and draws from a
 * stream of its own.
 */
#include "sim/meeting_swarm.h"

#include "sim/rng.h"

#include <inttypes.h>

/* What has to come back after the last fault or change does so in this time;
 * before the last resort, a restart, there is half of it. */
#define COMES_BACK ALTAIR_SEC(40)
#define RESORT ALTAIR_SEC(12)

struct row {
	const char *name, *text;
	uint32_t chance; /* per million */
	void (*apply)(struct sim_meeting *meeting, struct sim_rng *rng);
};

static struct sim_party *draw_party(struct sim_meeting *meeting,
				    struct sim_rng *rng)
{
	return &meeting->party[sim_rng_below(rng, 2)];
}

/* --- the networks -------------------------------------------------------- */

static void uneven_delays(struct sim_meeting *meeting, struct sim_rng *rng)
{
	for (unsigned s = 0; s < 2; s++) {
		meeting->party[s].up.delay = sim_rng_ms(rng, 0, 90);
		meeting->party[s].down.delay = sim_rng_ms(rng, 0, 90);
	}
}

static bool is_one_nat(const struct sim_kind *kind)
{
	return kind->nats == 1;
}

static void one_lan(struct sim_meeting *meeting, struct sim_rng *rng)
{
	(void)rng;
	if (!is_one_nat(meeting->party[0].kind))
		return;
	meeting->party[1].kind = meeting->party[0].kind;
	meeting->same_lan = true;
}

static void one_carrier(struct sim_meeting *meeting, struct sim_rng *rng)
{
	(void)rng;
	meeting->same_carrier = !meeting->same_lan &&
				is_one_nat(meeting->party[0].kind) &&
				is_one_nat(meeting->party[1].kind);
}

static void no_hairpin(struct sim_meeting *meeting, struct sim_rng *rng)
{
	(void)rng;
	meeting->no_hairpin = true;
}

static void ipv6(struct sim_meeting *meeting, struct sim_rng *rng)
{
	unsigned who = 1 + sim_rng_below(rng, 3);

	for (unsigned s = 0; s < 2; s++)
		meeting->party[s].has_ipv6 =
			(who >> s & 1) != 0 && !meeting->same_lan;
}

static void mobile(struct sim_meeting *meeting, struct sim_rng *rng)
{
	static const char *const kinds[] = {"cgn", "sym", "port", "open"};

	draw_party(meeting, rng)->mobile =
		sim_kind_find(kinds[sim_rng_below(rng, 4)]);
}

static void short_lived_nat(struct sim_meeting *meeting, struct sim_rng *rng)
{
	struct sim_party *party = draw_party(meeting, rng);

	party->nat_lifetime = sim_rng_ms(rng, 20000, 60000);
	party->nat_refresh = (enum sim_nat_refresh)sim_rng_below(rng, 3);
}

static void jitter(struct sim_meeting *meeting, struct sim_rng *rng)
{
	for (unsigned s = 0; s < 2; s++) {
		meeting->party[s].up.jitter = sim_rng_ms(rng, 0, 50);
		meeting->party[s].down.jitter = sim_rng_ms(rng, 0, 50);
	}
}

/* --- the two programs ---------------------------------------------------- */

static void late_start(struct sim_meeting *meeting, struct sim_rng *rng)
{
	draw_party(meeting, rng)->start = sim_rng_ms(rng, 0, 8000);
}

static void odd_roles(struct sim_meeting *meeting, struct sim_rng *rng)
{
	bool both = sim_rng_below(rng, 2) == 0;

	meeting->party[0].controlling = meeting->party[1].controlling = both;
}

static void slow_signalling(struct sim_meeting *meeting, struct sim_rng *rng)
{
	meeting->signalling = sim_rng_ms(rng, 0, 1000);
	meeting->credentials = sim_rng_ms(rng, 1, 2000);
}

static void late_trickle(struct sim_meeting *meeting, struct sim_rng *rng)
{
	draw_party(meeting, rng)->trickles = sim_rng_ms(rng, 0, 5000);
}

static void own_pace(struct sim_meeting *meeting, struct sim_rng *rng)
{
	meeting->ta = sim_rng_ms(rng, 5, 50);
	meeting->gap = sim_rng_ms(rng, 10, 500);
}

static void far_clock(struct sim_meeting *meeting, struct sim_rng *rng)
{
	static const altair_time epochs[] = {
		UINT64_C(1) << 31,
		UINT64_C(1) << 32,
		(UINT64_C(1) << 63) - ALTAIR_SEC(10),
		UINT64_C(1) << 63,
	};

	meeting->epoch = epochs[sim_rng_below(rng, 4)];
}

static void silence(struct sim_meeting *meeting, struct sim_rng *rng)
{
	meeting->quiet = sim_rng_ms(rng, 10000, 200000);
}

/* --- what ends when it becomes calm -------------------------------------- */

static void calm_down(struct sim_meeting *meeting, altair_time at)
{
	if (at > meeting->calm)
		meeting->calm = at;
	for (unsigned s = 0; s < 2; s++)
		meeting->party[s].up.until = meeting->party[s].down.until =
			meeting->calm;
}

static void intruder(struct sim_meeting *meeting, struct sim_rng *rng)
{
	meeting->intruder_skills = 1 + sim_rng_below(rng, SIM_INTRUDER_ALL);
	meeting->intruder_rate = (uint32_t)sim_rng_between(rng, 10, 500);
	calm_down(meeting, sim_rng_ms(rng, 200, 5000));
}

static void loss(struct sim_meeting *meeting, struct sim_rng *rng)
{
	calm_down(meeting, sim_rng_ms(rng, 200, 5000));
	for (unsigned s = 0; s < 2; s++)
		meeting->party[s].up.loss = sim_rng_share(rng, 40);
}

static void bursts(struct sim_meeting *meeting, struct sim_rng *rng)
{
	calm_down(meeting, sim_rng_ms(rng, 200, 5000));
	for (unsigned s = 0; s < 2; s++) {
		meeting->party[s].up.burst = sim_rng_share(rng, 10);
		meeting->party[s].up.burst_max = 8;
	}
}

static void duplicates(struct sim_meeting *meeting, struct sim_rng *rng)
{
	calm_down(meeting, sim_rng_ms(rng, 200, 5000));
	for (unsigned s = 0; s < 2; s++)
		meeting->party[s].down.duplicate = sim_rng_share(rng, 40);
}

static void reordering(struct sim_meeting *meeting, struct sim_rng *rng)
{
	calm_down(meeting, sim_rng_ms(rng, 200, 5000));
	for (unsigned s = 0; s < 2; s++) {
		meeting->party[s].down.reorder = sim_rng_share(rng, 40);
		meeting->party[s].down.reorder_by = sim_rng_ms(rng, 1, 300);
	}
}

static void corruption(struct sim_meeting *meeting, struct sim_rng *rng)
{
	calm_down(meeting, sim_rng_ms(rng, 200, 5000));
	for (unsigned s = 0; s < 2; s++)
		meeting->party[s].up.corrupt = sim_rng_share(rng, 20);
}

static void add_change(struct sim_meeting *meeting, struct sim_rng *rng,
		       enum sim_change_kind kind, altair_time lasts)
{
	struct sim_change *change = &meeting->change[meeting->changes];

	if (meeting->changes == SIM_CHANGES_MAX)
		return;
	meeting->changes++;
	*change = (struct sim_change){
		.kind = kind,
		.side = sim_rng_below(rng, 2),
		.at = sim_rng_ms(rng, 0, 20000),
		.lasts = lasts,
	};
	meeting->restart_after = RESORT;
	calm_down(meeting, change->at + lasts);
}

static void flush(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_FLUSH, 0);
}

static void rebind(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_REBIND, 0);
}

static void move(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_MOVE, 0);
}

static void flap(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_FLAP, sim_rng_ms(rng, 100, 8000));
}

static void sleep_a_while(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_SLEEP,
		   sim_rng_ms(rng, 500, 120000));
}

static void cut(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_CUT, sim_rng_ms(rng, 200, 10000));
}

static void server(struct sim_meeting *meeting, struct sim_rng *rng)
{
	add_change(meeting, rng, SIM_CHANGE_SERVER, sim_rng_ms(rng, 0, 3000));
}

static void restart(struct sim_meeting *meeting, struct sim_rng *rng)
{
	unsigned times = 1 + sim_rng_below(rng, 3);

	for (unsigned i = 0; i < times; i++)
		add_change(meeting, rng, SIM_CHANGE_RESTART, 0);
}

static const struct row rows[] = {
	{"uneven delays", "each of the four lines 0 to 90 ms by itself",
	 SIM_PERCENT(30), uneven_delays},
	{"one LAN", "both behind one NAT", SIM_PERCENT(5), one_lan},
	{"one carrier", "each behind a NAT, both behind the carrier's",
	 SIM_PERCENT(10), one_carrier},
	{"no hairpin", "no NAT turns packets round", SIM_PERCENT(30),
	 no_hairpin},
	{"IPv6", "one side or both have it, too, behind a firewall",
	 SIM_PERCENT(30), ipv6},
	{"two networks", "a host has a second interface", SIM_PERCENT(15),
	 mobile},
	{"short-lived NAT",
	 "a NAT with 20 to 60 s lifetime, any refresh direction",
	 SIM_PERCENT(20), short_lived_nat},
	{"jitter", "0 to 50 ms on each line, for ever", SIM_PERCENT(20),
	 jitter},
	{"late start", "one side starts up to 8 s later", SIM_PERCENT(30),
	 late_start},
	{"odd roles", "both sides are controlling, or none", SIM_PERCENT(20),
	 odd_roles},
	{"slow signalling", "up to 1 s, and credentials up to 2 s more",
	 SIM_PERCENT(30), slow_signalling},
	{"late trickle", "one side's candidates are up to 5 s late",
	 SIM_PERCENT(20), late_trickle},
	{"own pace", "Ta 5 to 50 ms, messages 10 to 500 ms apart",
	 SIM_PERCENT(30), own_pace},
	{"far clock", "the clock begins at 2^31, 2^32, 2^63-10 s or 2^63 ns",
	 SIM_PERCENT(20), far_clock},
	{"silence", "10 to 200 s of silence before the last messages",
	 SIM_PERCENT(20), silence},
	{"intruder", "10 to 500 datagrams a second of any sort, until calm",
	 SIM_PERCENT(30), intruder},
	{"loss", "1 to 40 % each way, until calm", SIM_PERCENT(30), loss},
	{"bursts", "1 to 10 % begin a loss of 1 to 8, until calm",
	 SIM_PERCENT(15), bursts},
	{"duplicates", "1 to 40 %, until calm", SIM_PERCENT(20), duplicates},
	{"reordering", "1 to 40 % come 1 to 300 ms late, until calm",
	 SIM_PERCENT(20), reordering},
	{"corruption", "one bit in 1 to 20 % of the datagrams, until calm",
	 SIM_PERCENT(15), corruption},
	{"flush", "a NAT forgets its mappings", SIM_PERCENT(10), flush},
	{"rebind", "a NAT gives other ports from now on", SIM_PERCENT(10),
	 rebind},
	{"move", "a NAT gets another public address", SIM_PERCENT(10), move},
	{"flap", "an interface is down for 0.1 to 8 s", SIM_PERCENT(10), flap},
	{"sleep", "a host sleeps 0.5 to 120 s", SIM_PERCENT(10), sleep_a_while},
	{"cut", "nothing passes between the peers for 0.2 to 10 s",
	 SIM_PERCENT(10), cut},
	{"server", "the server restarts, and is deaf for up to 3 s",
	 SIM_PERCENT(10), server},
	{"restart", "a side restarts through signalling, 1 to 3 times",
	 SIM_PERCENT(15), restart},
};

#define ROWS (sizeof rows / sizeof *rows)

static void draw_pair(struct sim_meeting *meeting, uint64_t seed,
		      struct sim_rng *rng)
{
	const struct sim_kind *kinds[2];
	altair_time quarter;

	for (unsigned s = 0; s < 2; s++)
		kinds[s] = sim_kind_at(
			sim_rng_below(rng, (uint32_t)sim_kind_count()));
	sim_meeting_default(meeting, kinds[0], kinds[1]);
	meeting->seed = seed;
	quarter = sim_rng_ms(rng, 1, 390) / 4;
	for (unsigned s = 0; s < 2; s++)
		meeting->party[s].up.delay = meeting->party[s].down.delay =
			quarter;
	if (sim_rng_below(rng, 2)) {
		meeting->party[0].controlling = false;
		meeting->party[1].controlling = true;
	}
}

sim_meeting_faults sim_meeting_draw(struct sim_meeting *meeting, uint64_t seed)
{
	struct sim_rng rng;
	sim_meeting_faults on = 0;

	sim_rng_seed(&rng, seed, SIM_FOR_MEETING, 0);
	draw_pair(meeting, seed, &rng);
	for (uint32_t i = 0; i < ROWS; i++) {
		struct sim_rng own;

		sim_rng_seed(&own, seed, SIM_FOR_MEETING, i + 1);
		if (!sim_rng_chance(&own, rows[i].chance))
			continue;
		on |= UINT64_C(1) << i;
		rows[i].apply(meeting, &own);
	}
	meeting->limit =
		meeting->calm + meeting->talk + meeting->quiet + COMES_BACK;
	return on;
}

static double ms(altair_time time)
{
	return (double)time / 1e6;
}

static void explain_party(FILE *out, const struct sim_meeting *meeting,
			  unsigned s)
{
	const struct sim_party *party = &meeting->party[s];

	fprintf(out,
		"  peer %c  %-8s%s%s%s %s, starts at %.1f ms, lines %.1f ms "
		"up, "
		"%.1f ms down\n",
		'A' + (int)s, party->kind->name,
		party->has_ipv6 ? " and IPv6" : "",
		party->mobile ? " and " : "",
		party->mobile ? party->mobile->name : "",
		party->controlling ? "controlling" : "controlled",
		ms(party->start), ms(party->up.delay), ms(party->down.delay));
}

void sim_meeting_explain(FILE *out, uint64_t seed)
{
	struct sim_meeting meeting;
	sim_meeting_faults on = sim_meeting_draw(&meeting, seed);

	fprintf(out,
		"Seed %" PRIu64 " of the agents. Drawn for every seed: both "
		"kinds alike likely; a round\ntrip of 1 to 390 ms; which side "
		"is controlling.\n\n",
		seed);
	for (unsigned s = 0; s < 2; s++)
		explain_party(out, &meeting, s);
	for (size_t i = 0; i < meeting.changes; i++)
		fprintf(out, "  at %.1f ms, peer %c: %s\n",
			ms(meeting.change[i].at),
			'A' + (int)meeting.change[i].side,
			sim_change_text(meeting.change[i].kind));
	if (meeting.calm > 0)
		fprintf(out, "  calm at %.1f ms\n", ms(meeting.calm));
	fprintf(out, "\nEach of these is on by its own chance:\n");
	for (size_t i = 0; i < ROWS; i++)
		fprintf(out, "  %s %3u %%  %-16s %s\n",
			on >> i & 1 ? "ON " : "   ", rows[i].chance / 10000,
			rows[i].name, rows[i].text);
}
