/*
 * The probe as a machine (RFC 5780): its memory, its turns, what leaves.
 */
#include "probe/question.h"

#include "base/addr.h"

#include <altair/error.h>

#include <string.h>

#define SERVERS_LIMIT 16
#define TIMEOUT_LIMIT ALTAIR_SEC(60)
#define LIFETIME_LIMIT ALTAIR_SEC(3600)

/* Beside those to servers: the other address (2), the other sockets (3), changes
 * (3), hairpin (2), sizes, and three for each lifetime. */
#define QUESTIONS_MORE (10 + AIR_PROBE_SIZES + 3 * AIR_PROBE_LIVES)

static void probe_input(altair_machine *machine, altair_time now,
			altair_datagram *batch, size_t count)
{
	struct altair_probe *p = (struct altair_probe *)machine;

	p->polled = 0;
	for (size_t i = 0; i < count; i++)
		batch[i].verdict =
			batch[i].segment == 0 &&
					air_question_take(p, now, &batch[i])
				? ALTAIR_TAKEN
				: ALTAIR_NOT_MINE;
	air_probe_plan(p, now);
	air_question_tick(p, now);
}

static void probe_tick(altair_machine *machine, altair_time now)
{
	struct altair_probe *p = (struct altair_probe *)machine;

	p->polled = 0;
	air_question_tick(p, now);
	air_probe_plan(p, now);
	air_question_tick(p, now);
}

static bool poll_send(struct altair_probe *p, altair_output *out)
{
	for (; p->polled < p->count; p->polled++) {
		struct air_question *q = &p->questions[p->polled];

		if (!q->is_send_due)
			continue;
		q->is_send_due = false;
		memset(&out->datagram, 0, sizeof out->datagram);
		out->datagram.path.sock = p->config.sock + q->sock;
		out->datagram.path.remote = q->to;
		out->datagram.bytes = (altair_bytes){q->request, q->len};
		return true;
	}
	return false;
}

static enum altair_step probe_poll(altair_machine *machine, altair_output *out)
{
	struct altair_probe *p = (struct altair_probe *)machine;

	if (poll_send(p, out))
		return ALTAIR_SEND;
	if (p->is_done && !p->is_done_told) {
		p->is_done_told = true;
		memset(out, 0, sizeof *out);
		out->event = ALTAIR_EV_PROBED;
		return ALTAIR_EVENT;
	}
	out->deadline = air_question_deadline(p);
	/* Silent servers may be given up before their own time. */
	if (air_question_open(p, ASK_SERVER) > 0 && p->has_ports &&
	    p->grace_at < out->deadline)
		out->deadline = p->grace_at;
	return ALTAIR_WAIT;
}

static const struct air_machine_ops ops = {probe_input, probe_tick, probe_poll};

/* --- the public functions ------------------------------------------------------ */

void altair_probe_config_default(altair_probe_config *config)
{
	*config = (altair_probe_config){.size = sizeof *config,
					.servers_max = 8,
					.timeout = ALTAIR_SEC(3)};
}

static bool is_valid(const altair_probe_config *c)
{
	if (c->size != sizeof *c || !c->crypto || !c->crypto->random ||
	    c->socks < 1 || c->socks > ALTAIR_PROBE_SOCKS_MAX ||
	    c->servers_max < 1 || c->servers_max > SERVERS_LIMIT ||
	    c->timeout < ALTAIR_MSEC(1) || c->timeout > TIMEOUT_LIMIT ||
	    c->lifetime_max > LIFETIME_LIMIT)
		return false;
	for (size_t i = 0; i < c->socks; i++)
		if (c->local[i].family == ALTAIR_NO_FAMILY ||
		    c->local[i].family != c->local[0].family)
			return false;
	return true;
}

static struct altair_probe *lay_out(struct air_arena *arena,
				    const altair_probe_config *c,
				    struct altair_probe *scratch)
{
	struct altair_probe *p = air_arena_take(arena, 1, sizeof *p);
	uint32_t questions = (uint32_t)c->servers_max + QUESTIONS_MORE;

	if (!p)
		p = scratch;
	p->questions_max = questions;
	p->questions = air_arena_take(arena, questions, sizeof *p->questions);
	p->local = air_arena_take(arena, c->socks, sizeof *p->local);
	p->requests = air_arena_take(arena, questions, AIR_QUESTION_SHORT);
	p->sizes = air_arena_take(arena, AIR_PROBE_SIZES, AIR_QUESTION_LONG);
	return p;
}

size_t altair_probe_size(const altair_probe_config *config)
{
	struct air_arena arena = {0};
	struct altair_probe scratch;

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config, &scratch);
	return arena.used;
}

int altair_probe_init(altair_probe **out, void *mem, size_t len,
		      const altair_probe_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_probe scratch, *p;

	(void)now;
	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	p = lay_out(&arena, config, &scratch);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	p->machine.ops = &ops;
	p->config = *config;
	p->pace = AIR_QUESTION_PACE;
	memcpy(p->local, config->local, config->socks * sizeof *p->local);
	*out = p;
	return 0;
}

altair_machine *altair_probe_machine(altair_probe *probe)
{
	return &probe->machine;
}

int altair_probe_add(altair_probe *p, altair_time now,
		     const altair_addr *server)
{
	struct air_question_order order = {
		.kind = ASK_SERVER, .sock = ALTAIR_PROBE_MAIN, .at = now};
	size_t asked = 0;
	int rc;

	for (uint32_t i = 0; i < p->count; i++)
		asked += p->questions[i].kind == ASK_SERVER;
	if (p->is_sealed)
		return ALTAIR_E_STATE;
	if (asked == p->config.servers_max)
		return ALTAIR_E_FULL;
	if (!air_addr_is_endpoint(server) ||
	    server->family != p->local[0].family)
		return ALTAIR_E_ADDRESS;
	order.to = air_addr_canonical(server);
	rc = air_question_add(p, &order);
	if (rc == 0)
		probe_tick(&p->machine, now);
	return rc;
}

void altair_probe_refused(altair_probe *p, altair_time now,
			  const altair_addr *remote)
{
	air_question_refuse(p, remote);
	probe_tick(&p->machine, now);
}

void altair_probe_seal(altair_probe *p, altair_time now)
{
	p->is_sealed = true;
	probe_tick(&p->machine, now);
}
