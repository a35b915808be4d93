/*
 * Requests (RFC 8656 5, 8.2, 10.2, 12.2). One way for all: who it is, whether we
 * understand everything, whose allocation it is about, and then the method. Each
 * method gives 0 when it has answered, or the code of the error to be told.
 */
#include "server/request.h"

#include "base/addr.h"
#include "base/assert.h"
#include "base/table.h"
#include "server/allocate.h"
#include "server/mobility.h"
#include "server/relay.h"
#include "stun/auth.h"

#include <string.h>

/* Known to the STUN library, but nothing that we offer: as good as unknown (RFC
 * 8656 7.2 says so of DONT-FRAGMENT, the first one, where it cannot be). */
static const uint16_t not_offered[] = {
	AIR_STUN_DONT_FRAGMENT, AIR_STUN_ACCESS_TOKEN, AIR_STUN_CONNECTION_ID};
#define NOT_OFFERED (sizeof not_offered / sizeof *not_offered)

void air_call_begin(const struct air_call *call, struct air_response *r)
{
	air_response_begin(r, call->server, call->path, &call->guest.key,
			   &call->m->header);
}

bool air_call_get(const struct air_call *call, uint16_t type,
		  struct air_stun_value *out)
{
	return air_stun_message_get(call->m, type, out);
}

bool air_call_has(const struct air_call *call, uint16_t type)
{
	return air_stun_message_place(call->m, type) != NULL;
}

uint32_t air_call_lifetime(const struct air_call *call)
{
	uint32_t most = call->server->lifetime_max;
	uint32_t least = call->server->lifetime;
	struct air_stun_value v;

	/* RFC 8656 7.2: never less than the default. */
	if (!air_call_get(call, AIR_STUN_LIFETIME, &v) || v.number < least)
		return least;
	return v.number < most ? (uint32_t)v.number : most;
}

/* --- errors -------------------------------------------------------------- */

/* The attributes that the request should not have had. */
static altair_bytes list_unknown(const struct air_call *call,
				 struct air_writer *w)
{
	for (size_t i = 0; i < call->m->unknown_count; i++)
		air_write_u16(w, call->m->unknown[i]);
	for (size_t i = call->server->dont_fragment; i < NOT_OFFERED; i++)
		if (air_call_has(call, not_offered[i]))
			air_write_u16(w, not_offered[i]);
	return air_written(w);
}

static bool is_understood(const struct air_call *call)
{
	for (size_t i = call->server->dont_fragment; i < NOT_OFFERED; i++)
		if (air_call_has(call, not_offered[i]))
			return false;
	return call->m->unknown_count == 0;
}

static void refuse(const struct air_call *call, int code)
{
	uint8_t list[2 * (AIR_STUN_ATTRS_MAX + NOT_OFFERED)];
	struct air_writer w = air_writer(list, sizeof list);
	struct air_stun_value types;
	struct air_response r;

	air_call_begin(call, &r);
	air_response_fail(&r, code);
	if (code == AIR_STUN_UNAUTHENTICATED || code == AIR_STUN_STALE_NONCE) {
		air_guard_challenge(&r, call->now);
	} else if (code == AIR_STUN_UNKNOWN_ATTRIBUTE) {
		types.bytes = list_unknown(call, &w);
		air_response_add(&r, AIR_STUN_UNKNOWN_ATTRIBUTES, &types);
	}
	air_response_end(&r);
}

/* --- methods ------------------------------------------------------------- */

static int succeed(const struct air_call *call)
{
	struct air_response r;

	air_call_begin(call, &r);
	air_response_end(&r);
	return 0;
}

/* RFC 8656 8.1: the family that is named; of an allocation that has the other
 * one, too, not more. */
static void remove_it(struct air_call *call, uint64_t named)
{
	struct air_allocations *all = &call->server->allocations;
	struct air_allocation *a = call->allocation;

	if (named != 0 && a->port[FAMILY_IPV4] && a->port[FAMILY_IPV6])
		air_allocation_end_family(all, a, named == AIR_STUN_IPV6);
	else
		air_allocation_end(all, a);
}

/* RFC 8656 8.2. Both families have one lifetime: to refresh one refreshes both. */
static int take_refresh(struct air_call *call)
{
	struct air_allocation *a = call->allocation;
	struct air_stun_value v;
	struct air_response r;
	uint32_t life = air_call_lifetime(call);
	uint64_t named = 0;

	if (air_call_get(call, AIR_STUN_REQUESTED_ADDRESS_FAMILY, &v)) {
		named = v.number;
		if (!(named == AIR_STUN_IPV4 && a->port[FAMILY_IPV4]) &&
		    !(named == AIR_STUN_IPV6 && a->port[FAMILY_IPV6]))
			return AIR_STUN_PEER_FAMILY_MISMATCH;
	}
	if (air_call_get(call, AIR_STUN_LIFETIME, &v) && v.number == 0) {
		life = 0;
		remove_it(call, named);
	} else {
		a->life = life;
		air_allocation_hold(&call->server->allocations, a, call->now,
				    ALTAIR_SEC(life));
	}
	air_call_begin(call, &r);
	air_response_add_number(&r, AIR_STUN_LIFETIME, life);
	if (life > 0 && air_call_has(call, AIR_STUN_MOBILITY_TICKET))
		air_mobility_add(&r, a);
	air_response_end(&r);
	return 0;
}

/* What every peer must be that a request names (RFC 8656 10.2, 12.2). */
static int check_peer(const struct air_call *call, const altair_addr *peer,
		      bool with_port)
{
	struct altair_server *s = call->server;

	if (peer->family == ALTAIR_NO_FAMILY ||
	    !call->allocation->port[air_allocation_family(peer)])
		return AIR_STUN_PEER_FAMILY_MISMATCH;
	if (with_port ? air_policy_permits(&s->policy, peer)
		      : air_policy_permits_ip(&s->policy, peer))
		return 0;
	s->stats.denied++;
	return AIR_STUN_FORBIDDEN;
}

/* The peer at a place of the message, if it is one. */
static bool get_peer(const struct air_call *call, size_t place,
		     struct air_stun_value *out)
{
	const struct air_stun_place *p = &call->m->attrs[place];

	return p->type == AIR_STUN_XOR_PEER_ADDRESS &&
	       air_stun_message_value(call->m, p, out);
}

static bool is_permitted(const struct air_call *call, const altair_addr *peer)
{
	return air_permission_find(&call->server->allocations.permissions,
				   &call->allocation->permissions,
				   peer) != AIR_POOL_NONE;
}

/* True when so many new permissions have room. */
static bool has_room(const struct air_call *call, size_t count)
{
	const struct air_permissions *all =
		&call->server->allocations.permissions;

	return count <= all->pool.free_count &&
	       count + call->allocation->permissions.count <=
		       call->server->permissions_each;
}

static void permit(const struct air_call *call, const altair_addr *peer)
{
	bool is_done = air_allocation_permit(&call->server->allocations,
					     call->allocation, peer, call->now);

	AIR_ASSERT(is_done);
}

/* RFC 8656 10.2: all of them or, when one is wrong or has no room, none. */
static int take_create_permission(struct air_call *call)
{
	struct air_stun_value v;
	size_t peers = 0, new = 0;
	int code;

	for (size_t i = 0; i < call->m->attr_count; i++) {
		if (!get_peer(call, i, &v))
			continue;
		peers++;
		code = check_peer(call, &v.addr, false);
		if (code != 0)
			return code;
		new += !is_permitted(call, &v.addr);
	}
	if (peers == 0)
		return AIR_STUN_BAD_REQUEST;
	if (new > 0 && !has_room(call, new))
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	for (size_t i = 0; i < call->m->attr_count; i++)
		if (get_peer(call, i, &v))
			permit(call, &v.addr);
	return succeed(call);
}

/* A channel and the permission that it brings (RFC 8656 12.2), both or none. */
static int bind_channel(const struct air_call *call, uint16_t number,
			const altair_addr *peer)
{
	struct air_allocations *all = &call->server->allocations;
	struct air_allocation *a = call->allocation;
	struct air_server_channel *c =
		air_server_channel_to(&all->channels, &a->channels, peer);
	struct air_server_channel new = {.peer = *peer,
					 .number = number,
					 .owner =
						 air_allocation_number(all, a)};

	if (!is_permitted(call, peer) && !has_room(call, 1))
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	if (c)
		air_server_channel_refresh(&all->channels, c, call->now);
	else if (a->channels.count >= call->server->channels_each ||
		 !air_server_channel_add(&all->channels, &a->channels, &new,
					 call->now))
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	permit(call, peer);
	return succeed(call);
}

static int take_channel_bind(struct air_call *call)
{
	struct air_allocations *all = &call->server->allocations;
	struct air_allocation *a = call->allocation;
	const struct air_server_channel *to, *numbered;
	struct air_stun_value number, peer;
	int code;

	if (!air_call_get(call, AIR_STUN_CHANNEL_NUMBER, &number) ||
	    !air_call_get(call, AIR_STUN_XOR_PEER_ADDRESS, &peer) ||
	    number.number < AIR_STUN_CHANNEL_MIN ||
	    number.number > AIR_RELAY_CHANNEL_MAX)
		return AIR_STUN_BAD_REQUEST;
	code = check_peer(call, &peer.addr, true);
	if (code != 0)
		return code;
	to = air_server_channel_to(&all->channels, &a->channels, &peer.addr);
	numbered = air_server_channel_numbered(&all->channels, &a->channels,
					       (uint16_t)number.number);
	if (to != numbered)
		return AIR_STUN_BAD_REQUEST;
	return bind_channel(call, (uint16_t)number.number, &peer.addr);
}

/* --- the common way ------------------------------------------------------ */

static const struct method {
	uint16_t number;
	bool needs_allocation;
	int (*take)(struct air_call *call);
} methods[] = {
	{AIR_STUN_ALLOCATE, false, air_allocate_take},
	{AIR_STUN_REFRESH, true, take_refresh},
	{AIR_STUN_CREATE_PERMISSION, true, take_create_permission},
	{AIR_STUN_CHANNEL_BIND, true, take_channel_bind},
};

static const struct method *find_method(uint16_t number)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (methods[i].number == number)
			return &methods[i];
	return NULL;
}

/* The hash of all of a request. */
static uint32_t hash_of(const struct air_call *call)
{
	return (uint32_t)air_siphash(call->server->allocations.hash_key,
				     call->m->bytes);
}

/* Who it is. One who has guessed too often is nobody, but for the allocation
 * that is theirs. */
static int identify(struct air_call *call)
{
	struct altair_server *s = call->server;
	struct air_throttle *t = &s->throttle;
	int code = air_guard_check(s, call->now, &call->from, call->m,
				   &call->guest);
	uint64_t claim = call->guest.claim, who;

	if (claim == 0 ||
	    (code == 0 && call->allocation && call->allocation->owner == claim))
		return code;
	who = air_throttle_who(t, &call->from, claim);
	if (air_throttle_is_punished(t, call->now, who)) {
		s->stats.throttled++;
		memset(&call->guest, 0, sizeof call->guest);
		return AIR_STUN_UNAUTHENTICATED;
	}
	if (code == 0)
		air_throttle_trust(t, &call->from, claim);
	else
		air_throttle_punish(t, call->now, who, hash_of(call));
	return code;
}

static int serve(struct air_call *call, const struct method *method)
{
	int code;

	call->allocation =
		air_allocation_find(&call->server->allocations, call->path);
	code = identify(call);
	if (code == 0 && call->m->header.method == AIR_STUN_REFRESH &&
	    air_call_has(call, AIR_STUN_MOBILITY_TICKET))
		code = air_mobility_follow(call);
	/* A call outlives the name that it began with; a new one does not. */
	if (code == 0 && call->guest.is_over && !call->allocation)
		code = AIR_STUN_UNAUTHENTICATED;
	if (code != 0)
		return code;
	air_server_stream_prove(&call->server->streams, call->now, call->path);
	if (!is_understood(call))
		return AIR_STUN_UNKNOWN_ATTRIBUTE;
	if (!method->needs_allocation)
		return method->take(call);
	if (!call->allocation || call->allocation->state != ALLOCATION_OPEN)
		return AIR_STUN_ALLOCATION_MISMATCH;
	if (call->allocation->owner != call->guest.owner)
		return AIR_STUN_WRONG_CREDENTIALS;
	return method->take(call);
}

/* An answer that needs no proof goes to a source now and then only. */
static bool is_told(struct air_call *call, int code)
{
	struct altair_server *s = call->server;

	if (code != AIR_STUN_UNAUTHENTICATED && call->guest.key.len > 0)
		return true;
	memset(&call->guest, 0, sizeof call->guest);
	/* On a stream nobody forges where they are. */
	if (air_server_stream_is(call->path->sock))
		return air_server_stream_refuses(s, call->path->sock);
	if (air_throttle_allows(&s->throttle, call->now, &call->from))
		return true;
	s->stats.throttled++;
	return false;
}

bool air_server_request_take(struct altair_server *s, altair_time now,
			     const altair_path *path,
			     const struct air_stun_message *m)
{
	const struct method *method = find_method(m->header.method);
	struct air_call call = {.server = s,
				.now = now,
				.path = path,
				.from = air_addr_canonical(&path->remote),
				.m = m};
	int code;

	if (!method)
		return false;
	code = serve(&call, method);
	if (code != 0 && is_told(&call, code))
		refuse(&call, code);
	memset(&call.guest, 0, sizeof call.guest);
	return true;
}
