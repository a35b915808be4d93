#include "sim/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct line {
	char *out;
	size_t len;
};

/* A line that does not fit is cut: it is for people. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line,
						      const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->out + line->len, SIM_REPLAY_MAX - line->len,
			format, args);
	va_end(args);
	line->len += (size_t)len;
	if (line->len >= SIM_REPLAY_MAX)
		line->len = SIM_REPLAY_MAX - 1;
}

/* Exact: in the largest unit that divides it. */
static void add_time(struct line *line, const char *option, altair_time time)
{
	if (time % ALTAIR_SEC(1) == 0)
		add(line, " %s %" PRIu64 "s", option, time / ALTAIR_SEC(1));
	else if (time % ALTAIR_MSEC(1) == 0)
		add(line, " %s %" PRIu64 "ms", option, time / ALTAIR_MSEC(1));
	else
		add(line, " %s %" PRIu64 "ns", option, time);
}

static void add_share(struct line *line, const char *option, uint32_t share)
{
	if (share > 0)
		add(line, " %s %u.%04u%%", option, share / 10000,
		    share % 10000);
}

static const char *initiator_name(const struct sim_scenario *scenario)
{
	static const char *const names[] = {"none", "a", "b", "both"};

	return names[scenario->side[0].initiator +
		     2 * scenario->side[1].initiator];
}

static void add_sides(struct line *line, const struct sim_scenario *scenario,
		      const struct sim_scenario *plain)
{
	const struct sim_side *a = &scenario->side[0], *b = &scenario->side[1];

	if (a->start > 0)
		add_time(line, "--late-a", a->start);
	if (b->start > 0)
		add_time(line, "--late-b", b->start);
	if (a->is_guide)
		add(line, " --guide a");
	if (b->is_guide)
		add(line, " --guide b");
	if (a->trails || b->trails)
		add(line, " --trailing");
	if (a->up.cut)
		add(line, " --cut a");
	if (b->up.cut)
		add(line, " --cut b");
	if (a->interval != plain->side[0].interval)
		add_time(line, "--interval", a->interval);
	if (a->timeout != plain->side[0].timeout)
		add_time(line, "--timeout", a->timeout);
	if (a->attempts != plain->side[0].attempts)
		add(line, " --attempts %u", a->attempts);
	if (a->nat_lifetime != plain->side[0].nat_lifetime)
		add_time(line, "--nat-lifetime", a->nat_lifetime);
}

char *sim_replay_swarm(uint64_t seed, char out[SIM_REPLAY_MAX])
{
	struct line line = {out, 0};

	add(&line, "altair-sim --seed %" PRIu64, seed);
	return out;
}

char *sim_replay_agent(uint64_t seed, char out[SIM_REPLAY_MAX])
{
	struct line line = {out, 0};

	add(&line, "altair-sim agent --seed %" PRIu64, seed);
	return out;
}

char *sim_replay_server(uint64_t seed, char out[SIM_REPLAY_MAX])
{
	struct line line = {out, 0};

	add(&line, "altair-sim server --seed %" PRIu64, seed);
	return out;
}

char *sim_replay_plain(const struct sim_scenario *scenario,
		       char out[SIM_REPLAY_MAX])
{
	const struct sim_side *a = &scenario->side[0], *b = &scenario->side[1];
	struct sim_scenario plain;
	struct line line = {out, 0};

	sim_scenario_default(&plain, a->kind, b->kind);
	add(&line, "altair-sim --nat %s --nat %s --seed %" PRIu64,
	    a->kind->name, b->kind->name, scenario->seed);
	add(&line, " --initiator %s", initiator_name(scenario));
	add_time(&line, "--rtt", sim_scenario_rtt(scenario));
	if (scenario->same_lan)
		add(&line, " --same-lan");
	add_sides(&line, scenario, &plain);
	add_share(&line, "--loss", a->up.loss);
	add_share(&line, "--duplicate", a->down.duplicate);
	add_share(&line, "--reorder", a->down.reorder);
	add_share(&line, "--corrupt", a->up.corrupt);
	if (a->up.jitter > 0)
		add_time(&line, "--jitter", a->up.jitter);
	if (scenario->stranger_rate > 0)
		add(&line, " --stranger %u%s", scenario->stranger_rate,
		    scenario->stranger_forges ? " --forged" : "");
	if (scenario->quiet > 0)
		add_time(&line, "--quiet", scenario->quiet);
	if (scenario->messages != plain.messages)
		add(&line, " --messages %u", scenario->messages);
	return out;
}
