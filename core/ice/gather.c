/*
 * Gathering (RFC 8445 5.1.1): host candidates as the driver gives them, and
 * server-reflexive ones from altair_discover, our only Binding client. Each
 * STUN server is asked once through every socket, one at a time as the agent's
 * budget allows, and again when the network has changed.
 */
#include "ice/session.h"

#include "base/time.h"

/* Questions that leave at once when gathering begins; the others, like checks, at
 * one per Ta. */
#define BURST 4

/* RFC 8445 5.1.1.4 and 11: mappings are held until a path is there. */
#define KEEPALIVE ALTAIR_SEC(15)

/* Asks in all; those beyond, of eight hosts and four servers, are not made. */
#define ASKED_MAX 12

/* Whether an ask is still to be made; not where there is no such host or server,
 * nor where it would repeat another one: the same socket with another address. */
static bool is_needed(const struct altair_agent *a, uint32_t ask)
{
	uint32_t host = ask / ALTAIR_AGENT_SERVERS_MAX;
	uint32_t server = ask % ALTAIR_AGENT_SERVERS_MAX;
	const struct air_candidate *base = air_host_at(a, host);

	if (a->config.relay_only || a->asked & UINT64_C(1) << ask ||
	    host >= a->hosts_count || server >= a->servers_count ||
	    base->is_gone || base->addr.family != a->servers[server].family)
		return false;
	for (uint32_t i = 0; i < host; i++)
		if (!air_host_at(a, i)->is_gone &&
		    air_host_at(a, i)->sock == base->sock &&
		    air_host_at(a, i)->addr.family == base->addr.family)
			return false;
	return true;
}

bool air_gather_is_told(const struct altair_agent *a, uint32_t place)
{
	const struct air_candidate *c = &a->list.locals[place];

	/* The peer knows a peer-reflexive one: it has shown it. */
	return !c->is_gone && c->type != CANDIDATE_PRFLX &&
	       (c->type == CANDIDATE_RELAY || !a->config.relay_only);
}

void air_gather_tell_one(struct altair_agent *a, uint32_t place)
{
	altair_output out = {.event = ALTAIR_EV_CANDIDATE,
			     .number = place,
			     .addr = a->list.locals[place].addr};

	if (!air_gather_is_told(a, place))
		return;
	a->fresh_until = air_time_after(a->now, a->config.patience);
	air_outbox_tell(&a->outbox, &out);
}

void air_gather_tell_all(struct altair_agent *a)
{
	static const altair_output end = {.event = ALTAIR_EV_END_OF_CANDIDATES};

	if (!a->discover)
		return;
	for (uint32_t i = 0; i < a->list.locals_count; i++)
		air_gather_tell_one(a, i);
	if (a->is_local_ended)
		air_outbox_tell(&a->outbox, &end);
}

/* The next ask, or AIR_ASKS_MAX. */
static uint32_t next_ask(const struct altair_agent *a)
{
	uint32_t ask = 0;

	while (ask < AIR_ASKS_MAX && !is_needed(a, ask))
		ask++;
	return ask;
}

static altair_discover_config discover_config(const altair_crypto *crypto)
{
	altair_discover_config config;

	altair_discover_config_default(&config);
	config.crypto = crypto;
	config.servers_max = ASKED_MAX;
	config.rto = ALTAIR_MSEC(200); /* as for checks */
	config.rc = 6;		       /* the last one after 6.2 s */
	config.rm = 8;
	/* Nothing waits for the last answer, so no server is cut short, and
	 * servers may be added at any time. */
	config.timeout = config.grace_min = config.grace_max = ALTAIR_NEVER;
	config.keepalive = KEEPALIVE;
	return config;
}

void air_gather_init(struct altair_agent *a, const altair_crypto *crypto,
		     struct air_arena *arena)
{
	altair_discover_config config = discover_config(crypto);

	a->discover_memory =
		air_arena_take(arena, 1, altair_discover_size(&config));
}

/* Without random bytes what was is left as it is. */
static int ask_all(struct altair_agent *a)
{
	altair_discover_config config = discover_config(a->config.crypto);
	int error = altair_discover_init(&a->discover, a->discover_memory,
					 altair_discover_size(&config), &config,
					 a->now);

	if (error)
		return error;
	a->asked = 0;
	a->asked_at = a->now;
	a->burst = BURST;
	a->is_discovered = false;
	return 0;
}

int air_gather_begin(struct altair_agent *a, altair_time now)
{
	int error;

	a->now = now;
	error = ask_all(a);
	if (!error)
		air_gather_tell_all(a);
	return error;
}

static bool is_asking(const struct altair_agent *a)
{
	altair_answer answer;

	for (size_t i = 0; altair_discover_answer(a->discover, i, &answer) == 0;
	     i++)
		if (answer.state <= ALTAIR_ANSWER_ASKED)
			return true;
	return false;
}

void air_gather_anew(struct altair_agent *a, uint32_t host)
{
	for (uint32_t i = 0; i < ALTAIR_AGENT_SERVERS_MAX; i++)
		a->asked &=
			~(UINT64_C(1) << (host * ALTAIR_AGENT_SERVERS_MAX + i));
}

/* As long as they are being asked there is nothing to ask again, but perhaps
 * something that came too late. */
void air_gather_again(struct altair_agent *a)
{
	if (a->discover && (next_ask(a) < AIR_ASKS_MAX || !is_asking(a)))
		(void)ask_all(a);
}

/* What the server showed of this base before, or a negative number. */
static int find_reflexive(const struct altair_agent *a,
			  const struct air_candidate *c)
{
	for (uint32_t i = 0; i < a->list.locals_count; i++) {
		const struct air_candidate *old = &a->list.locals[i];

		if (old->type == CANDIDATE_SRFLX && !old->is_gone &&
		    old->server == c->server && old->sock == c->sock &&
		    altair_addr_equal(&old->base, &c->base))
			return (int)i;
	}
	return ALTAIR_E_ADDRESS;
}

void air_gather_reflexive(struct altair_agent *a, const altair_path *path,
			  const altair_addr *mapped, uint32_t server)
{
	struct air_candidate c = {.type = CANDIDATE_SRFLX};
	int place = air_checklist_find_base(&a->list, path);
	bool is_new;

	if (place < 0 || !air_candidate_is_usable(mapped, a->config.loopback))
		return;
	c.addr = *mapped;
	c.base = a->list.locals[place].base;
	c.sock = path->sock;
	c.server = server;
	c.priority = air_candidate_priority(
		CANDIDATE_SRFLX, a->list.locals[place].priority >> 8 & 0xffff);
	place = find_reflexive(a, &c);
	if (place >= 0 &&
	    altair_addr_equal(&a->list.locals[place].addr, mapped))
		return;
	/* The mapping is another one now, and the former one is nobody's. */
	if (place >= 0)
		air_checklist_retire(&a->list, (uint32_t)place);
	place = air_checklist_add_local(&a->list, &c, &is_new);
	if (place >= 0 && is_new)
		air_gather_tell_one(a, (uint32_t)place);
}

/* Answer number `index`, which names socket and server. */
static void hear_answer(struct altair_agent *a, uint32_t index,
			const altair_addr *mapped)
{
	altair_path path = {0};
	altair_answer answer;

	if (altair_discover_answer(a->discover, index, &answer) != 0)
		return;
	path.sock = answer.sock;
	path.remote = answer.server;
	air_gather_reflexive(a, &path, mapped, answer.group & 0xff);
}

static void hear(struct altair_agent *a, const altair_output *out)
{
	if (out->event == ALTAIR_EV_ANSWER ||
	    out->event == ALTAIR_EV_MAPPING_CHANGED)
		hear_answer(a, out->number, &out->addr);
	a->is_discovered |= out->event == ALTAIR_EV_DISCOVERED;
}

/* Servers and relays have said all that they will. */
static void end_if_settled(struct altair_agent *a)
{
	static const altair_output end = {.event = ALTAIR_EV_END_OF_CANDIDATES};

	if (a->is_local_ended || !a->is_discovered || !air_relay_is_settled(a))
		return;
	a->is_local_ended = true;
	air_outbox_tell(&a->outbox, &end);
}

static void pump(struct altair_agent *a)
{
	altair_machine *machine = altair_discover_machine(a->discover);
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_EVENT) {
			hear(a, &out);
			continue;
		}
		air_session_send(a, &out.datagram.path, out.datagram.bytes);
	}
	a->gather_deadline = out.deadline;
}

/* What is left of it is to hold the mappings, which a path does by itself. */
static bool is_done(const struct altair_agent *a)
{
	return a->is_discovered && a->is_local_ended && a->path &&
	       a->path->is_valid;
}

void air_gather_run(struct altair_agent *a)
{
	if (!a->discover)
		return;
	if (a->is_sealed && next_ask(a) == AIR_ASKS_MAX)
		altair_discover_seal(a->discover, a->now);
	if (is_done(a)) {
		a->gather_deadline = ALTAIR_NEVER;
		return;
	}
	altair_tick(altair_discover_machine(a->discover), a->now);
	pump(a);
	end_if_settled(a);
}

/* The peer comes late: as the servers saw us then, it may not be any more. */
void air_gather_renew(struct altair_agent *a)
{
	if (a->discover && a->now >= air_time_after(a->asked_at, KEEPALIVE))
		(void)air_host_ask(a);
}

bool air_gather_has_work(const struct altair_agent *a)
{
	return a->discover &&
	       (next_ask(a) < AIR_ASKS_MAX || air_relay_has_work(a));
}

/* An allocation takes two round trips, so it goes before all but the first ask. */
void air_gather_ask(struct altair_agent *a, altair_time now)
{
	uint32_t ask = next_ask(a);
	uint32_t host = ask / ALTAIR_AGENT_SERVERS_MAX;
	uint32_t server = ask % ALTAIR_AGENT_SERVERS_MAX;

	if (air_relay_has_work(a) && (a->asked || ask == AIR_ASKS_MAX)) {
		air_relay_begin(a);
		return;
	}
	a->asked |= UINT64_C(1) << ask;
	/* An ask that fails (no random bytes) is one candidate less. */
	(void)altair_discover_add(a->discover, now, air_host_at(a, host)->sock,
				  &a->servers[server], host << 8 | server);
	pump(a);
}
