/*
 * Allocate (RFC 8656 7.2). The driver opens the relay ports, so the answer waits
 * for it: the allocation is OPENING meanwhile, and holds what the answer needs.
 * A port that cannot be bound is replaced by another, a few times. Of an
 * allocation with both families one may fail: then ADDRESS-ERROR-CODE says why.
 */
#include "server/allocate.h"

#include "base/addr.h"
#include "base/assert.h"
#include "server/mobility.h"
#include "server/prefix.h"

#include <altair/error.h>

#include <string.h>

/* A driver that has not opened a port by then will not. */
#define OPENING_MAX ALTAIR_SEC(10)
/* So many ports of one allocation may be somebody else's. */
#define TRIES_MAX 8

/* What a request wishes. */
struct wish {
	bool families[FAMILIES];
	bool is_additional; /* IPv6 besides IPv4, if it can be */
	bool is_mobile;	    /* RFC 8016 */
	enum air_port_parity parity;
	altair_bytes token; /* of a reserved port; empty: none */
};

static bool serves(const struct altair_server *s, unsigned family)
{
	return s->allocations.ports[family].count > 0;
}

/* RFC 8656 7.2, checks 5 to 9: the address families. */
static int read_families(const struct air_call *call, struct wish *wish)
{
	struct air_stun_value v;

	if (air_call_get(call, AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, &v)) {
		if (air_call_has(call, AIR_STUN_REQUESTED_ADDRESS_FAMILY) ||
		    v.number != AIR_STUN_IPV6)
			return AIR_STUN_BAD_REQUEST;
		wish->families[FAMILY_IPV4] = wish->families[FAMILY_IPV6] =
			true;
		wish->is_additional = true;
		return 0;
	}
	if (!air_call_get(call, AIR_STUN_REQUESTED_ADDRESS_FAMILY, &v))
		v.number = AIR_STUN_IPV4;
	if (v.number != AIR_STUN_IPV4 && v.number != AIR_STUN_IPV6)
		return AIR_STUN_FAMILY_NOT_SUPPORTED;
	wish->families[v.number == AIR_STUN_IPV6] = true;
	return 0;
}

/* RFC 8656 7.2, check 5. */
static int read_token(const struct air_call *call, struct wish *wish,
		      altair_bytes token)
{
	if (air_call_has(call, AIR_STUN_EVEN_PORT) ||
	    air_call_has(call, AIR_STUN_REQUESTED_ADDRESS_FAMILY) ||
	    air_call_has(call, AIR_STUN_ADDITIONAL_ADDRESS_FAMILY))
		return AIR_STUN_BAD_REQUEST;
	wish->token = token;
	return 0;
}

/* RFC 8016 3.1.2. */
static int read_mobility(const struct air_call *call, struct wish *wish)
{
	struct air_stun_value v;

	wish->is_mobile = air_call_get(call, AIR_STUN_MOBILITY_TICKET, &v);
	if (!wish->is_mobile)
		return 0;
	if (v.bytes.len > 0)
		return AIR_STUN_BAD_REQUEST;
	return call->server->is_mobile ? 0 : AIR_STUN_MOBILITY_FORBIDDEN;
}

/* RFC 8656 7.2, checks 3 to 8. */
static int read_wish(const struct air_call *call, struct wish *wish)
{
	struct air_stun_value v;

	memset(wish, 0, sizeof *wish);
	if (!air_call_get(call, AIR_STUN_REQUESTED_TRANSPORT, &v))
		return AIR_STUN_BAD_REQUEST;
	if (v.number != AIR_STUN_TRANSPORT_UDP)
		return AIR_STUN_TRANSPORT_NOT_SUPPORTED;
	if (air_call_get(call, AIR_STUN_RESERVATION_TOKEN, &v))
		return read_token(call, wish, v.bytes);
	if (air_call_get(call, AIR_STUN_EVEN_PORT, &v))
		wish->parity = v.number & AIR_STUN_EVEN_PORT_RESERVE
				       ? PORT_EVEN_PAIR
				       : PORT_EVEN;
	if (wish->parity == PORT_EVEN_PAIR &&
	    air_call_has(call, AIR_STUN_ADDITIONAL_ADDRESS_FAMILY))
		return AIR_STUN_BAD_REQUEST;
	return read_families(call, wish);
}

/* --- the answer ---------------------------------------------------------- */

static void add_relayed(struct air_response *r, const struct altair_server *s,
			const struct air_allocation *a)
{
	for (unsigned f = 0; f < FAMILIES; f++) {
		struct air_stun_value v = {
			.addr = s->allocations.ports[f].told};

		v.addr.port = a->port[f];
		if (a->port[f])
			air_response_add(r, AIR_STUN_XOR_RELAYED_ADDRESS, &v);
	}
}

/* RFC 8656 7.2: the success; also the one to a repeated request, with what is
 * left of the lifetime. */
static void succeed(struct altair_server *s, altair_time now,
		    const struct air_allocation *a,
		    const struct air_server_key *key)
{
	struct air_stun_header header = {.method = AIR_STUN_ALLOCATE};
	struct air_stun_value v = {.addr = air_addr_canonical(&a->path.remote)};
	struct air_response r;

	memcpy(header.transaction, a->transaction, sizeof header.transaction);
	air_response_begin(&r, s, &a->path, key, &header);
	add_relayed(&r, s, a);
	if (a->refused) {
		struct air_stun_value refused = {.number = a->refused,
						 .family = AIR_STUN_IPV6};

		air_response_add(&r, AIR_STUN_ADDRESS_ERROR_CODE, &refused);
	}
	air_response_add(&r, AIR_STUN_XOR_MAPPED_ADDRESS, &v);
	v.bytes = (altair_bytes){a->token, sizeof a->token};
	if (a->has_token)
		air_response_add(&r, AIR_STUN_RESERVATION_TOKEN, &v);
	air_mobility_add(&r, a);
	air_response_add_number(&r, AIR_STUN_LIFETIME,
				(a->expiry - now) / ALTAIR_SEC(1));
	air_response_end(&r);
}

/* The error to a request whose ports could not be opened. */
static void fail(struct altair_server *s, const struct air_allocation *a)
{
	struct air_stun_header header = {.method = AIR_STUN_ALLOCATE};
	struct air_response r;

	memcpy(header.transaction, a->transaction, sizeof header.transaction);
	air_response_begin(&r, s, &a->path, &a->key, &header);
	air_response_fail(&r, AIR_STUN_INSUFFICIENT_CAPACITY);
	air_response_end(&r);
}

/* --- opening ------------------------------------------------------------- */

/* Keeps the port above for the owner's other allocation. */
static bool reserve(struct altair_server *s, altair_time now,
		    struct air_allocation *a, unsigned family)
{
	struct air_reservation above = {
		.owner = a->owner,
		.family = (uint8_t)family,
		.port = (uint16_t)(a->port[family] + 1)};

	a->has_token = air_reservation_add(&s->allocations.reservations,
					   s->crypto, now, &above);
	memcpy(a->token, above.token, sizeof a->token);
	return a->has_token;
}

/* Takes a port of this family; 0 or an error code. */
static int take_port(struct altair_server *s, struct air_allocation *a,
		     unsigned family, enum air_port_parity parity)
{
	struct air_allocations *all = &s->allocations;
	int port = air_port_take(&all->ports[family], s->crypto,
				 air_allocation_number(all, a), parity);

	if (port == 0)
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	if (port < 0)
		return AIR_STUN_SERVER_ERROR;
	a->port[family] = (uint16_t)port;
	a->waits++;
	return 0;
}

/* Takes the port that a token stands for: this one or none. */
static int claim(struct altair_server *s, struct air_allocation *a,
		 altair_bytes token)
{
	struct air_allocations *all = &s->allocations;
	struct air_reservation r;

	if (!air_reservation_take(&all->reservations, token, a->owner, &r))
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	air_port_claim(&all->ports[r.family], r.port,
		       air_allocation_number(all, a));
	a->port[r.family] = r.port;
	a->waits++;
	a->tries = TRIES_MAX;
	return 0;
}

static int take_ports(struct altair_server *s, struct air_allocation *a,
		      const struct wish *wish)
{
	int code;

	if (wish->token.len > 0)
		return claim(s, a, wish->token);
	for (unsigned f = 0; f < FAMILIES; f++) {
		if (!wish->families[f])
			continue;
		code = serves(s, f) ? take_port(s, a, f, wish->parity)
				    : AIR_STUN_FAMILY_NOT_SUPPORTED;
		if (code == 0)
			continue;
		if (f != FAMILY_IPV6 || !wish->is_additional)
			return code;
		a->refused = (uint16_t)code;
	}
	return 0;
}

/* So that an operator sees whose it is. */
static void name_owner(struct air_allocation *a, altair_bytes name)
{
	a->name_len = (uint8_t)(name.len < sizeof a->name ? name.len
							  : sizeof a->name);
	memcpy(a->name, name.data, a->name_len);
}

/* All that the allocation counts in, or none. */
static bool take_quotas(const struct air_call *call, uint32_t quota[OWNERS])
{
	const struct air_allocations *all = &call->server->allocations;
	struct air_quotas *quotas = all->common->quotas;
	const uint64_t owner[OWNERS] = {
		call->guest.owner, air_prefix_hash(all->hash_key, &call->from)};

	for (unsigned of = 0; of < OWNERS; of++) {
		quota[of] = air_quota_take(&quotas[of], owner[of],
					   call->server->quota[of]);
		if (quota[of] != AIR_POOL_NONE)
			continue;
		while (of-- > 0)
			air_quota_give(&quotas[of], quota[of]);
		return false;
	}
	return true;
}

static void give_quotas(struct altair_server *s, const uint32_t quota[OWNERS])
{
	for (unsigned of = 0; of < OWNERS; of++)
		air_quota_give(&s->allocations.common->quotas[of], quota[of]);
}

static int create(struct air_call *call, const struct wish *wish)
{
	struct altair_server *s = call->server;
	struct air_allocations *all = &s->allocations;
	struct air_allocation *a;
	uint32_t quota[OWNERS];
	int code;

	if (s->drains || air_common_is_full(all->common))
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	if (!take_quotas(call, quota))
		return AIR_STUN_QUOTA_REACHED;
	a = air_allocation_add(all, call->path, call->guest.owner, quota);
	if (!a) {
		give_quotas(s, quota);
		return AIR_STUN_INSUFFICIENT_CAPACITY;
	}
	memcpy(a->transaction, call->m->header.transaction,
	       sizeof a->transaction);
	a->key = call->guest.key;
	name_owner(a, call->guest.name);
	a->life = air_call_lifetime(call);
	air_allocation_hold(all, a, call->now, OPENING_MAX);
	code = take_ports(s, a, wish);
	if (code == 0 && wish->is_mobile && !air_mobility_grant(s, a))
		code = AIR_STUN_SERVER_ERROR;
	if (code == 0 && wish->parity == PORT_EVEN_PAIR &&
	    !reserve(s, call->now, a, wish->families[FAMILY_IPV6]))
		code = AIR_STUN_INSUFFICIENT_CAPACITY;
	if (code != 0)
		air_allocation_end(all, a);
	return code;
}

/* RFC 8656 7.2: a repeated request is answered again, as it was. */
static int take_again(struct air_call *call)
{
	const struct air_allocation *a = call->allocation;

	if (memcmp(a->transaction, call->m->header.transaction,
		   sizeof a->transaction) != 0 ||
	    a->owner != call->guest.owner)
		return AIR_STUN_ALLOCATION_MISMATCH;
	if (a->state == ALLOCATION_OPEN)
		succeed(call->server, call->now, a, &call->guest.key);
	return 0;
}

int air_allocate_take(struct air_call *call)
{
	struct wish wish;
	int code;

	if (call->allocation)
		return take_again(call);
	code = read_wish(call, &wish);
	if (code == 0)
		code = read_mobility(call, &wish);
	if (code == 0)
		code = create(call, &wish);
	return code;
}

/* What the port above was reserved for is over. */
static void unreserve(struct altair_server *s, struct air_allocation *a)
{
	altair_bytes token = {a->token, sizeof a->token};
	struct air_reservation r;

	a->has_token = false;
	if (air_reservation_take(&s->allocations.reservations, token, a->owner,
				 &r))
		air_port_release(&s->allocations.ports[r.family], r.port);
}

/* Another port instead of one that could not be bound; false when there is none
 * and the allocation cannot be. */
static bool replace(struct altair_server *s, altair_time now,
		    struct air_allocation *a, unsigned family)
{
	bool is_pair = a->has_token;
	enum air_port_parity parity = is_pair ? PORT_EVEN_PAIR
				      : a->port[family] % 2 == 0 ? PORT_EVEN
								 : PORT_ANY;
	int code = AIR_STUN_INSUFFICIENT_CAPACITY;

	if (is_pair)
		unreserve(s, a);
	a->port[family] = 0;
	if (a->tries++ < TRIES_MAX)
		code = take_port(s, a, family, parity);
	if (code == 0)
		return !is_pair || reserve(s, now, a, family);
	a->refused = (uint16_t)code;
	return family == FAMILY_IPV6 && a->port[FAMILY_IPV4];
}

void air_allocate_opened(struct altair_server *s, altair_time now,
			 enum air_allocation_family family, uint16_t port,
			 bool is_open)
{
	struct air_ports *ports = &s->allocations.ports[family];
	struct air_allocation *a;

	if (air_port_state(ports, port) != PORT_ASKED)
		return;
	a = &s->allocations.all[ports->all[port - ports->first].owner];
	AIR_ASSERT(a->state == ALLOCATION_OPENING && a->waits > 0);
	air_port_opened(ports, port, is_open);
	a->waits--;
	if (!is_open && !replace(s, now, a, family)) {
		fail(s, a);
		air_allocation_end(&s->allocations, a);
		return;
	}
	if (a->waits > 0)
		return;
	a->state = ALLOCATION_OPEN;
	a->serial = ++s->stats.allocated;
	a->began = now;
	air_allocation_hold(&s->allocations, a, now, ALTAIR_SEC(a->life));
	succeed(s, now, a, &a->key);
	memset(&a->key, 0, sizeof a->key);
}
