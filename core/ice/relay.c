/*
 * Relayed candidates (RFC 8445 5.1.1.2, RFC 8656). Each relay is an altair_turn
 * in the agent's own memory; when it ends another one begins in its place, with
 * a growing pause. What comes to a relayed address is seen by the rest of the
 * agent as a datagram on a socket of its own, AIR_RELAY_SOCK and the relay's
 * number.
 *
 * Permissions are asked for as soon as both the allocation and the remote
 * candidate are known, those that are most likely used first, and for our own
 * relayed IP before the peer tells any: behind the same server its relayed
 * address will have it. Invariant: a pair that waits is held exactly as long as its
 * relay has not asked for the permission; a check may follow the request at once.
 */
#include "ice/session.h"

#include "base/addr.h"
#include "base/assert.h"
#include "base/time.h"

#include <string.h>

/* Of one relay: what fits beside the rest into 64 KiB with two of them. */
#define REQUESTS 3
#define PERMISSIONS 24
#define CHANNELS 4
#define SECRET_MAX 508	 /* of a name, of a password: as altair/turn.h has it */
#define MESSAGE_MAX 1600 /* streams: a challenge is longer than our data */

#define PAUSE_MIN ALTAIR_SEC(1)
#define PAUSE_MAX ALTAIR_SEC(60)
/* A silent server is left in peace for so much longer while a path works. */
#define REST ALTAIR_SEC(15)
/* An address that was held for longer is asked for again at once. */
#define HELD_LONG ALTAIR_SEC(10)
/* Streams: for opening, and for each answer. */
#define STREAM_WAIT ALTAIR_SEC(10)

/* Local preferences: UDP before TCP before TLS, then as they were added. */
#define PREFERENCE_UDP 0xc000u
#define PREFERENCE_TCP 0x8000u
#define PREFERENCE_TLS 0x4000u

static uint32_t number_of(const struct altair_agent *a,
			  const struct air_relay *r)
{
	return (uint32_t)(r - a->relays);
}

/* The relay of a socket of ours, or NULL. */
static struct air_relay *relay_of(const struct altair_agent *a, uint32_t sock)
{
	return sock >= AIR_RELAY_SOCK ? &a->relays[sock - AIR_RELAY_SOCK]
				      : NULL;
}

/* --- memory -------------------------------------------------------------- */

static altair_turn_config limits(const altair_crypto *crypto)
{
	altair_turn_config config;

	altair_turn_config_default(&config);
	config.crypto = crypto;
	config.requests_max = REQUESTS;
	config.permissions_max = PERMISSIONS;
	config.channels_max = CHANNELS;
	config.message_max = MESSAGE_MAX;
	config.is_early = true;
	config.rto = ALTAIR_MSEC(200); /* as for checks */
	config.ti = STREAM_WAIT;
	return config;
}

/* Of any relay; 0 when the crypto table has not all that TURN needs. */
static size_t memory_size(const altair_crypto *crypto)
{
	altair_turn_config config = limits(crypto);

	config.name.len = AIR_RELAY_SECRETS_MAX / 2;
	config.password.len = AIR_RELAY_SECRETS_MAX / 2;
	config.is_stream = true;
	return altair_turn_size(&config);
}

void air_relay_init(struct altair_agent *a, const altair_agent_config *config,
		    struct air_arena *arena)
{
	size_t size = memory_size(config->crypto);

	a->relays =
		air_arena_take(arena, config->relays_max, sizeof *a->relays);
	for (size_t i = 0; i < config->relays_max; i++) {
		void *memory = air_arena_take(arena, 1, size);

		if (a->relays && !arena->failed)
			a->relays[i].memory = memory;
	}
}

static void copy_secrets(struct air_relay *r, const altair_agent_relay *from)
{
	r->name_len = (uint16_t)from->name.len;
	r->password_len = (uint16_t)from->password.len;
	if (r->name_len > 0)
		memcpy(r->secrets, from->name.data, r->name_len);
	if (r->password_len > 0)
		memcpy(r->secrets + r->name_len, from->password.data,
		       r->password_len);
}

int air_relay_add(struct altair_agent *a, const altair_agent_relay *relay)
{
	struct air_relay *r = &a->relays[a->relays_count];

	if (relay->size != sizeof *relay ||
	    relay->families > (ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6))
		return ALTAIR_E_INVALID;
	if (!air_candidate_is_usable(&relay->server, a->config.loopback))
		return ALTAIR_E_ADDRESS;
	if (relay->name.len > AIR_RELAY_SECRETS_MAX ||
	    relay->password.len > AIR_RELAY_SECRETS_MAX - relay->name.len ||
	    relay->name.len > SECRET_MAX || relay->password.len > SECRET_MAX)
		return ALTAIR_E_SPACE;
	if (memory_size(a->config.crypto) == 0)
		return ALTAIR_E_UNSUPPORTED;
	if (a->relays_count == a->config.relays_max)
		return ALTAIR_E_FULL;
	r->server = air_addr_canonical(&relay->server);
	r->families =
		(uint8_t)(relay->families ? relay->families : ALTAIR_TURN_IPV4);
	r->is_stream = relay->is_stream;
	r->is_tls = relay->is_tls;
	r->deadline = r->open_until = ALTAIR_NEVER;
	r->pause = PAUSE_MIN;
	r->locals[0] = r->locals[1] = -1;
	copy_secrets(r, relay);
	return (int)a->relays_count++;
}

/* --- the end of one life of it ------------------------------------------- */

static void tell_stream(struct altair_agent *a, const struct air_relay *r,
			enum altair_event event)
{
	altair_output out = {.event = event,
			     .number = r->sock,
			     .total = number_of(a, r) + 1};

	if (event == ALTAIR_EV_OPEN)
		altair_turn_server(r->turn, &out.addr);
	air_outbox_tell(&a->outbox, &out);
}

static void open_stream(struct altair_agent *a, struct air_relay *r)
{
	r->sock = ALTAIR_AGENT_STREAM + a->streams_count++;
	r->has_stream = true;
	r->local.family = ALTAIR_NO_FAMILY;
	r->open_until = air_time_after(a->now, STREAM_WAIT);
	tell_stream(a, r, ALTAIR_EV_OPEN);
}

/* True while it has given an address. */
bool air_relay_is_up(const struct altair_agent *a, const struct air_relay *r)
{
	for (unsigned i = 0; i < AIR_RELAY_FAMILIES; i++)
		if (r->turn && r->locals[i] >= 0 &&
		    !a->list.locals[r->locals[i]].is_gone)
			return true;
	return false;
}

/* Its candidates are gone, and their pairs of either generation. */
static void retire(struct altair_agent *a, struct air_relay *r)
{
	for (unsigned i = 0; i < AIR_RELAY_FAMILIES; i++) {
		if (r->locals[i] < 0)
			continue;
		air_checklist_retire(&a->list, (uint32_t)r->locals[i]);
		air_generation_leave(a, (uint32_t)r->locals[i]);
	}
}

/* When the next life begins: at once where the address was held for long, and the
 * first time that the server does not know it any more, having seen us move.
 * What fails again soon waits longer each time. */
static void wait_before_next(struct altair_agent *a, struct air_relay *r,
			     bool is_up, bool is_unknown)
{
	bool was_held =
		is_up && a->now >= air_time_after(r->held_at, HELD_LONG);
	bool has_moved = is_up && is_unknown && r->pause == PAUSE_MIN;

	r->begin_at = a->now;
	if (was_held) {
		r->pause = PAUSE_MIN;
		return;
	}
	if (!has_moved)
		r->begin_at = air_time_after(a->now, r->pause);
	r->pause = r->pause < PAUSE_MAX / 2 ? 2 * r->pause : PAUSE_MAX;
}

static void end(struct altair_agent *a, struct air_relay *r, int reason,
		int code)
{
	altair_output out = {.event = ALTAIR_EV_RELAY_ENDED,
			     .addr = r->server,
			     .number = number_of(a, r),
			     .total = (uint32_t)code,
			     .reason = reason};
	bool is_up = air_relay_is_up(a, r);

	if (r->has_stream)
		tell_stream(a, r, ALTAIR_EV_SHUT);
	/* Not where it was refused because another agent has one there. */
	r->may_linger = is_up || reason != ALTAIR_E_MISMATCH;
	retire(a, r);
	r->turn = NULL;
	r->has_stream = false;
	r->deadline = r->open_until = ALTAIR_NEVER;
	r->is_settled = true;
	r->reason = reason;
	r->code = code;
	wait_before_next(a, r, is_up, reason == ALTAIR_E_MISMATCH);
	air_outbox_tell(&a->outbox, &out);
}

/* --- what the client says ------------------------------------------------ */

static uint32_t preference(const struct altair_agent *a,
			   const struct air_relay *r, enum altair_family family)
{
	uint32_t first = r->is_tls	? PREFERENCE_TLS
			 : r->is_stream ? PREFERENCE_TCP
					: PREFERENCE_UDP;

	return first - 2 * number_of(a, r) - (family != ALTAIR_IPV6);
}

/* Over UDP the server has seen a mapping of our host (RFC 8445 5.1.1.2). */
static void take_mapped(struct altair_agent *a, const struct air_relay *r)
{
	altair_path path = {.sock = r->sock, .remote = r->server};
	altair_addr mapped;

	if (altair_turn_mapped(r->turn, &mapped) == 0)
		air_gather_reflexive(a, &path, &mapped,
				     ALTAIR_AGENT_SERVERS_MAX +
					     number_of(a, r));
}

/* We have a relayed address, perhaps in place of a former one. */
static void take_address(struct altair_agent *a, struct air_relay *r,
			 const altair_addr *addr)
{
	struct air_candidate c = {.addr = *addr,
				  .sock = AIR_RELAY_SOCK | number_of(a, r),
				  .server = number_of(a, r),
				  .type = CANDIDATE_RELAY};
	int *place = &r->locals[addr->family == ALTAIR_IPV6];
	bool is_new = true;

	c.priority = air_candidate_priority(CANDIDATE_RELAY,
					    preference(a, r, addr->family));
	/* Who relays only does not tell where it is. */
	if (!a->config.relay_only)
		altair_turn_mapped(r->turn, &c.base);
	if (!air_candidate_is_usable(addr, a->config.loopback))
		return;
	if (*place >= 0)
		air_checklist_replace(&a->list, (uint32_t)*place, &c);
	else
		*place = air_checklist_add_local(&a->list, &c, &is_new);
	if (!is_new || *place < 0) {
		*place = -1;
		return;
	}
	r->held_at = a->now;
	r->reason = r->code = 0;
	altair_turn_permit(r->turn, a->now, addr);
	a->permitted = a->list.changes - 1;
	air_gather_tell_one(a, (uint32_t)*place);
	if (!r->is_stream)
		take_mapped(a, r);
}

/* The server does not let this peer in. */
static void fail_pairs(struct altair_agent *a, const struct air_relay *r,
		       const altair_addr *ip)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (relay_of(a, a->list.locals[pair->local].sock) == r &&
		    altair_addr_same_ip(&a->list.remotes[pair->remote].addr,
					ip)) {
			air_pair_drop(pair);
			pair->is_refused = true;
		}
	}
}

/* Without a channel data goes on in Send indications. A server whose 400 cost us
 * the allocation would cost us the next one, too. */
static void note_channel(struct air_relay *r, const altair_output *out)
{
	if (out->reason == 0 || out->reason == ALTAIR_E_TIMEOUT)
		return;
	r->unbound = out->addr;
	r->has_no_channels |= out->total == AIR_STUN_BAD_REQUEST;
}

/* Another server: over a stream that is still to be opened. */
static void move(struct altair_agent *a, struct air_relay *r)
{
	if (!r->is_stream)
		return;
	tell_stream(a, r, ALTAIR_EV_SHUT);
	open_stream(a, r);
}

static void hear(struct altair_agent *a, struct air_relay *r,
		 const altair_output *out)
{
	switch (out->event) {
	case ALTAIR_EV_RELAYED:
		r->is_settled = true;
		if (out->reason == 0)
			take_address(a, r, &out->addr);
		break;
	case ALTAIR_EV_PERMITTED:
		if (out->reason != 0)
			fail_pairs(a, r, &out->addr);
		break;
	case ALTAIR_EV_CHANNEL:
		note_channel(r, out);
		break;
	case ALTAIR_EV_RELAY_MOVED:
		move(a, r);
		break;
	case ALTAIR_EV_RELAY_ENDED:
		end(a, r, out->reason, (int)out->total);
		break;
	default:
		break;
	}
}

/* Passes on what the client says; its end is the last of it. */
static void pump(struct altair_agent *a, struct air_relay *r)
{
	altair_machine *machine = altair_turn_machine(r->turn);
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		a->is_relay_news = true;
		if (step == ALTAIR_EVENT) {
			hear(a, r, &out);
			continue;
		}
		out.datagram.path.sock = r->sock;
		air_session_send(a, &out.datagram.path, out.datagram.bytes);
	}
	if (r->turn)
		r->deadline = out.deadline;
}

/* --- the beginning ------------------------------------------------------- */

static bool uses_host(const struct altair_agent *a, const struct air_relay *r,
		      uint32_t sock)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		const struct air_relay *other = &a->relays[i];

		if (other != r && other->turn && !other->is_stream &&
		    other->sock == sock &&
		    altair_addr_equal(&other->server, &r->server))
			return true;
	}
	return false;
}

/* The socket of the best host that leads to the server and that no other relay
 * uses for the same one, or of the next best after a failure; false when there
 * is none. */
static bool find_host(const struct altair_agent *a, const struct air_relay *r,
		      uint32_t *sock)
{
	uint32_t found[AIR_LOCALS_MAX], count = 0;

	for (uint32_t i = 0; i < a->list.locals_count; i++) {
		const struct air_candidate *c = &a->list.locals[i];

		if (c->type == CANDIDATE_HOST && !c->is_gone &&
		    c->addr.family == r->server.family &&
		    !uses_host(a, r, c->sock))
			found[count++] = c->sock;
	}
	if (count > 0)
		*sock = found[r->attempts % count];
	return count > 0;
}

/* When the next life may begin. */
static altair_time begins_at(const struct altair_agent *a,
			     const struct air_relay *r)
{
	bool may_rest = r->reason == ALTAIR_E_TIMEOUT && r->pause > PAUSE_MIN;

	return may_rest && !air_search_is_lost(a)
		       ? air_time_after(r->begin_at, REST)
		       : r->begin_at;
}

static bool may_begin(const struct altair_agent *a, const struct air_relay *r)
{
	uint32_t sock;

	return !r->turn && a->now >= begins_at(a, r) &&
	       (r->is_stream || find_host(a, r, &sock));
}

static struct air_relay *next_to_begin(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++)
		if (may_begin(a, &a->relays[i]))
			return &a->relays[i];
	return NULL;
}

bool air_relay_has_work(const struct altair_agent *a)
{
	return next_to_begin(a) != NULL;
}

void air_relay_begin(struct altair_agent *a)
{
	struct air_relay *r = next_to_begin(a);
	altair_turn_config config = limits(a->config.crypto);
	int error;

	config.server = r->server;
	config.name = (altair_bytes){r->secrets, r->name_len};
	config.password =
		(altair_bytes){r->secrets + r->name_len, r->password_len};
	config.families = r->families;
	config.is_stream = r->is_stream;
	config.takes_over = r->may_linger;
	config.sock = AIR_RELAY_SOCK | number_of(a, r);
	if (!r->is_stream)
		find_host(a, r, &r->sock);
	r->attempts++;
	error = altair_turn_init(&r->turn, r->memory,
				 memory_size(a->config.crypto), &config,
				 a->now);
	AIR_ASSERT(error == 0);
	if (r->is_stream)
		open_stream(a, r);
	pump(a, r);
}

/* --- permissions --------------------------------------------------------- */

static bool is_remote_ip(const struct altair_agent *a, const altair_addr *ip)
{
	for (uint32_t i = 0; i < a->list.remotes_count; i++)
		if (altair_addr_same_ip(&a->list.remotes[i].addr, ip))
			return true;
	for (uint32_t i = 0; i < a->past.count; i++)
		if (altair_addr_same_ip(
			    &a->list.remotes[AIR_REMOTES_MAX + i].addr, ip))
			return true;
	return false;
}

static bool is_own_ip(const struct altair_agent *a, const struct air_relay *r,
		      const altair_addr *ip)
{
	for (unsigned i = 0; i < AIR_RELAY_FAMILIES; i++)
		if (r->locals[i] >= 0 &&
		    altair_addr_same_ip(&a->list.locals[r->locals[i]].addr, ip))
			return true;
	return false;
}

/* Holds permissions for the peer's IPs, the best ones first, and for no others. */
static void permit(struct altair_agent *a, struct air_relay *r)
{
	static const enum air_candidate_type order[] = {
		CANDIDATE_RELAY, CANDIDATE_SRFLX, CANDIDATE_PRFLX,
		CANDIDATE_HOST};
	altair_addr ip;
	int rc;

	for (size_t i = 0;
	     (rc = altair_turn_permission(r->turn, i, &ip)) != ALTAIR_E_INVALID;
	     i++)
		if (rc == 0 && !is_remote_ip(a, &ip) && !is_own_ip(a, r, &ip))
			altair_turn_forget(r->turn, a->now, &ip);
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (uint32_t i = 0; i < a->list.remotes_count; i++)
			if (a->list.remotes[i].type == order[k])
				altair_turn_permit(r->turn, a->now,
						   &a->list.remotes[i].addr);
}

/* Pairs wait for their permission, and fail where there is no room for it. */
static void hold(struct altair_agent *a, struct air_pair *pair)
{
	struct air_relay *r = relay_of(a, a->list.locals[pair->local].sock);
	const altair_addr *remote = &a->list.remotes[pair->remote].addr;

	if (!r || !r->turn || pair->state > PAIR_WAITING)
		return;
	if (altair_turn_permit(r->turn, a->now, remote) != 0)
		air_pair_drop(pair);
	else
		pair->is_held = !altair_turn_allows(r->turn, remote);
}

static bool is_between_relays(const struct altair_agent *a,
			      const struct air_pair *pair)
{
	return a->list.locals[pair->local].type == CANDIDATE_RELAY &&
	       a->list.remotes[pair->remote].type == CANDIDATE_RELAY;
}

/* The best pair from relay to relay is checked before its turn and does not wait
 * for a slot: it works whatever the NATs do. */
static void hurry(struct altair_agent *a)
{
	struct air_pair *best = NULL;

	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (is_between_relays(a, pair) && pair->state != PAIR_FAILED &&
		    (!best || pair->priority > best->priority))
			best = pair;
	}
	if (!best || best->state > PAIR_WAITING || best->is_held)
		return;
	air_checklist_trigger(&a->list, best);
	a->urgent = best;
}

static void follow_remotes(struct altair_agent *a)
{
	if (a->permitted != a->list.changes) {
		a->permitted = a->list.changes;
		for (uint32_t i = 0; i < a->relays_count; i++) {
			if (!air_relay_is_up(a, &a->relays[i]))
				continue;
			permit(a, &a->relays[i]);
			pump(a, &a->relays[i]);
		}
		a->is_relay_news = true;
	}
	if (!a->is_relay_news)
		return;
	a->is_relay_news = false;
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		hold(a, &a->list.pairs[i]);
	/* What was refused, or given up, has been asked for again. */
	for (uint32_t i = 0; i < a->relays_count; i++)
		if (a->relays[i].turn)
			pump(a, &a->relays[i]);
	hurry(a);
}

/* --- time ---------------------------------------------------------------- */

void air_relay_run(struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		struct air_relay *r = &a->relays[i];

		if (r->turn && a->now >= r->open_until) {
			altair_turn_lost(r->turn, ALTAIR_E_TIMEOUT);
			pump(a, r);
		}
		if (r->turn && a->now >= r->deadline) {
			altair_tick(altair_turn_machine(r->turn), a->now);
			pump(a, r);
		}
	}
	follow_remotes(a);
}

altair_time air_relay_deadline(const struct altair_agent *a)
{
	altair_time at = ALTAIR_NEVER;

	for (uint32_t i = 0; i < a->relays_count; i++) {
		const struct air_relay *r = &a->relays[i];
		altair_time own = begins_at(a, r);

		if (r->turn)
			own = r->deadline < r->open_until ? r->deadline
							  : r->open_until;
		else if (own <= a->now)
			own = ALTAIR_NEVER; /* it waits for a slot or a host */
		if (own < at)
			at = own;
	}
	return at;
}

/* No host leads to it: nothing is to be waited for. */
static bool is_out_of_reach(const struct altair_agent *a,
			    const struct air_relay *r)
{
	uint32_t sock;

	return !r->turn && !r->is_stream && !find_host(a, r, &sock);
}

bool air_relay_is_settled(const struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++)
		if (!a->relays[i].is_settled &&
		    !is_out_of_reach(a, &a->relays[i]))
			return false;
	return true;
}

static bool may_bind(const struct air_relay *r, const altair_addr *peer)
{
	return r && !r->has_no_channels &&
	       !altair_addr_equal(&r->unbound, peer);
}

void air_relay_follow(struct altair_agent *a)
{
	altair_path path;
	struct air_relay *r;

	if (!a->path || !a->path->is_valid)
		return;
	path = air_checklist_path(&a->list, a->path);
	r = relay_of(a, path.sock);
	if (!may_bind(r, &path.remote) ||
	    altair_turn_bind(r->turn, a->now, &path.remote) != 0)
		return;
	pump(a, r);
}

void air_relay_probe(struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		struct air_relay *r = &a->relays[i];

		if (!r->turn)
			continue;
		altair_turn_probe(r->turn, a->now);
		pump(a, r);
	}
}

void air_relay_leave(struct altair_agent *a, uint32_t sock)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		struct air_relay *r = &a->relays[i];

		if (!r->turn || r->is_stream || r->sock != sock)
			continue;
		end(a, r, ALTAIR_E_NETWORK, 0);
		r->begin_at = a->now;
	}
}

void air_relay_abandon(struct altair_agent *a, const altair_addr *gone)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		struct air_relay *r = &a->relays[i];

		if (!r->has_stream || !altair_addr_same_ip(&r->local, gone))
			continue;
		end(a, r, ALTAIR_E_NETWORK, 0);
		r->begin_at = a->now;
	}
}

void air_relay_close(struct altair_agent *a)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		struct air_relay *r = &a->relays[i];

		if (!r->turn || !air_relay_is_up(a, r))
			continue;
		altair_turn_close(r->turn, a->now);
		pump(a, r);
	}
}

/* --- datagrams ----------------------------------------------------------- */

/* The relay whose server the datagram came from, or NULL. */
static struct air_relay *find_sender(const struct altair_agent *a,
				     const altair_path *path)
{
	for (uint32_t i = 0; i < a->relays_count; i++) {
		struct air_relay *r = &a->relays[i];
		altair_addr server;

		if (r->turn && r->sock == path->sock &&
		    altair_turn_server(r->turn, &server) == 0 &&
		    altair_addr_equal(&server, &path->remote))
			return r;
	}
	return NULL;
}

enum altair_verdict air_relay_take(struct altair_agent *a, altair_time now,
				   altair_datagram *d)
{
	struct air_relay *r = find_sender(a, &d->path);

	if (!r)
		return ALTAIR_NOT_MINE;
	a->now = now;
	d->path.sock = AIR_RELAY_SOCK | number_of(a, r);
	altair_input(altair_turn_machine(r->turn), now, d, 1);
	if (d->verdict != ALTAIR_PAYLOAD)
		d->path.sock = r->sock;
	pump(a, r);
	return d->verdict;
}

uint32_t air_relay_outer(const struct altair_agent *a, uint32_t sock)
{
	return relay_of(a, sock)->sock;
}

int air_relay_wrap(struct altair_agent *a, const altair_path *path,
		   uint8_t *payload, size_t len, altair_datagram *out)
{
	struct air_relay *r = relay_of(a, path->sock);
	int error;

	if (!r->turn)
		return ALTAIR_E_STATE;
	error = altair_turn_wrap(r->turn, &path->remote, payload, len, out);
	out->path.sock = r->sock;
	return error;
}

bool air_relay_send(struct altair_agent *a, const altair_path *path,
		    altair_bytes bytes)
{
	uint8_t room[ALTAIR_TURN_HEADROOM + AIR_CHECK_LEN_MAX +
		     ALTAIR_TURN_TAILROOM];
	uint8_t *payload = room + ALTAIR_TURN_HEADROOM;
	altair_datagram d;

	AIR_ASSERT(bytes.len <= AIR_CHECK_LEN_MAX);
	memcpy(payload, bytes.data, bytes.len);
	return air_relay_wrap(a, path, payload, bytes.len, &d) == 0 &&
	       air_outbox_send(&a->outbox, &d.path, d.bytes);
}

/* --- streams ------------------------------------------------------------- */

static struct air_relay *find_stream(const struct altair_agent *a,
				     uint32_t sock)
{
	for (uint32_t i = 0; i < a->relays_count; i++)
		if (a->relays[i].has_stream && a->relays[i].sock == sock)
			return &a->relays[i];
	return NULL;
}

void air_relay_opened(struct altair_agent *a, uint32_t sock,
		      const altair_addr *local)
{
	struct air_relay *r = find_stream(a, sock);

	if (!r)
		return;
	if (local)
		r->local = air_addr_canonical(local);
	r->open_until = ALTAIR_NEVER;
	altair_turn_opened(r->turn, a->now);
	pump(a, r);
}

void air_relay_lost(struct altair_agent *a, uint32_t sock, int reason)
{
	struct air_relay *r = find_stream(a, sock);

	if (!r)
		return;
	r->has_stream = false;
	altair_turn_lost(r->turn, reason);
	pump(a, r);
}

int air_relay_unframe(struct altair_agent *a, uint32_t sock, altair_bytes *in,
		      altair_datagram *out)
{
	struct air_relay *r = find_stream(a, sock);
	int rc;

	if (!r)
		return ALTAIR_E_INVALID;
	rc = altair_turn_unframe(r->turn, in, out);
	out->path.sock = sock;
	return rc;
}
