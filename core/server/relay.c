/*
 * The data plane. A client's message costs one hash (its 5-tuple), a peer's none
 * (the port is an index); permissions and channels are short lists. What cannot
 * be relayed is dropped and counted, never answered (RFC 8656 11.2, 12.6).
 *
 * A peer that is a relayed address of ours is handed over here: as what its
 * client would get if it came by way of the host, and no further. So nothing
 * goes in circles: what is handed over goes to a client, not to a peer. A relayed
 * address of another machine of ours (another thread's) is reached by way of the
 * host.
 */
#include "server/relay.h"

#include "base/addr.h"
#include "base/table.h"
#include "turn/data.h"

#include <string.h>

/* RFC 792; RFC 4443 3. */
enum {
	ICMP_UNREACHABLE = 3,
	ICMP_FRAGMENTATION_NEEDED = 4, /* the code */
	ICMP_TIME_EXCEEDED = 11,
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3
};

uint32_t air_relay_sock(enum air_allocation_family family, uint16_t port)
{
	return ALTAIR_SERVER_RELAY * (1 + (uint32_t)family) + port;
}

static void drop(struct altair_server *s)
{
	s->stats.dropped++;
}

/* --- to a client --------------------------------------------------------- */

/* RFC 8656 12.5: on a stream it is padded. */
static size_t write_channel(struct air_server_room room, uint16_t number,
			    altair_bytes payload, bool is_stream)
{
	struct air_writer w = air_writer(room.at, room.len);

	air_write_u16(&w, number);
	air_write_u16(&w, (uint16_t)payload.len);
	air_write_bytes(&w, payload);
	if (is_stream)
		air_write_zeros(&w, (4 - payload.len % 4) % 4);
	return air_written(&w).len;
}

/* An indication from `peer` with one attribute more. Its transaction id is used
 * for nothing. */
static size_t write_data(struct altair_server *s, const altair_addr *peer,
			 uint16_t type, const struct air_stun_value *value)
{
	struct air_server_room room = air_server_outbox_room(&s->out);
	struct air_stun_header h = {.class = AIR_STUN_INDICATION,
				    .method = AIR_STUN_DATA};
	struct air_stun_value from = {.addr = *peer};
	struct air_writer w = air_writer(h.transaction, sizeof h.transaction);
	struct air_stun_builder b;
	uint8_t counter[8];
	struct air_writer c = air_writer(counter, sizeof counter);

	air_write_u64(&c, s->indications++);
	air_write_u64(&w,
		      air_siphash(s->allocations.hash_key, air_written(&c)));
	air_write_u32(&w, (uint32_t)s->indications);
	air_stun_build(&b, room.at, room.len, &h);
	air_stun_build_attr(&b, AIR_STUN_XOR_PEER_ADDRESS, &from);
	air_stun_build_attr(&b, type, value);
	return air_stun_build_end(&b).len;
}

/* Queues what was written for the client of an allocation. */
static bool queue(struct altair_server *s, const struct air_allocation *a,
		  size_t len)
{
	uint32_t path = AIR_SERVER_NO_PATH;

	if (len > 0 && a->path.sock != AIR_ALLOCATION_NOWHERE)
		path = air_server_outbox_path(&s->out, &a->path);
	if (path == AIR_SERVER_NO_PATH) {
		drop(s);
		return false;
	}
	air_server_outbox_queue(&s->out, path, len);
	s->stats.from_peers++;
	return true;
}

static void count(altair_traffic *traffic, uint64_t *total, size_t len)
{
	traffic->packets++;
	traffic->bytes += len;
	*total += len;
}

static bool is_permitted(const struct altair_server *s,
			 const struct air_allocation *a,
			 const altair_addr *peer)
{
	return air_permission_find(&s->allocations.permissions, &a->permissions,
				   peer) != AIR_POOL_NONE;
}

/* True when the allocation may carry so much more now. */
static bool is_within(struct altair_server *s, struct air_allocation *a,
		      enum air_direction direction, const altair_addr *peer,
		      altair_bytes payload)
{
	struct air_quotas *quotas = s->allocations.common->quotas;
	const struct air_draught draught = {
		.now = s->now,
		.direction = direction,
		.meters = {&a->meter,
			   &quotas[OF_USER].meters[a->quota[OF_USER]],
			   &quotas[OF_PREFIX].meters[a->quota[OF_PREFIX]]}};

	if (!s->bandwidth.is_limited ||
	    air_bandwidth_take(&s->bandwidth, &draught, peer->family,
			       payload.len))
		return true;
	s->stats.limited++;
	return false;
}

/* A payload from `peer` to the client of an allocation (RFC 8656 11.3). */
static void deliver(struct altair_server *s, struct air_allocation *a,
		    const altair_addr *peer, altair_bytes payload)
{
	const struct air_server_channel *c = air_server_channel_to(
		&s->allocations.channels, &a->channels, peer);
	struct air_stun_value data = {.bytes = payload};
	size_t len;

	if (c ? !c->is_permitted : !is_permitted(s, a, peer)) {
		drop(s);
		return;
	}
	if (!is_within(s, a, FROM_PEERS, peer, payload))
		return;
	len = c ? write_channel(air_server_outbox_room(&s->out), c->number,
				payload, air_server_stream_is(a->path.sock))
		: write_data(s, peer, AIR_STUN_DATA_ATTR, &data);
	if (queue(s, a, len))
		count(&a->from_peers, &s->stats.from_peers_bytes, payload.len);
}

/* Whose relay port a sock is, or NULL. */
static struct air_allocation *find_owner(struct altair_server *s, uint32_t sock)
{
	unsigned family = sock >= 2 * ALTAIR_SERVER_RELAY;
	uint32_t owner;

	if (!s->relays)
		return NULL;
	owner = air_port_owner(&s->allocations.ports[family], (uint16_t)sock);
	return owner == AIR_PORT_NOBODY ? NULL : &s->allocations.all[owner];
}

/* Who it is that a relay port hears. What comes from a port of another machine of
 * ours has the address that is bound, and is known by the one that is told. */
static altair_addr name_peer(const struct altair_server *s,
			     const altair_addr *from)
{
	altair_addr peer = air_addr_canonical(from);
	const struct air_ports *ports =
		&s->allocations.ports[air_allocation_family(&peer)];
	altair_addr told = ports->told;

	if (!air_port_is_elsewhere(ports, peer.port) ||
	    !altair_addr_same_ip(&peer, &ports->bind))
		return peer;
	told.port = peer.port;
	return told;
}

struct air_relay_source air_relay_meet(struct altair_server *s,
				       const altair_path *path)
{
	return (struct air_relay_source){find_owner(s, path->sock),
					 name_peer(s, &path->remote)};
}

void air_relay_take_peer(struct altair_server *s,
			 const struct air_relay_source *source,
			 altair_bytes payload)
{
	if (source->allocation)
		deliver(s, source->allocation, &source->peer, payload);
	else
		drop(s);
}

/* RFC 8656 11.5: of these kinds clients are told. */
static bool is_told(const altair_icmp *icmp)
{
	if (icmp->remote.family == ALTAIR_IPV6)
		return icmp->type >= ICMPV6_UNREACHABLE &&
		       icmp->type <= ICMPV6_TIME_EXCEEDED;
	return icmp->type == ICMP_UNREACHABLE ||
	       icmp->type == ICMP_TIME_EXCEEDED;
}

/* RFC 8656 18.13: the MTU of these, and of others nothing. */
static bool has_mtu(const altair_icmp *icmp)
{
	if (icmp->remote.family == ALTAIR_IPV6)
		return icmp->type == ICMPV6_TOO_BIG;
	return icmp->type == ICMP_UNREACHABLE &&
	       icmp->code == ICMP_FRAGMENTATION_NEEDED;
}

/* RFC 8656 11.5: the peer's IP must be permitted, whoever it was that spoke. */
void air_relay_take_icmp(struct altair_server *s, uint32_t sock,
			 const altair_icmp *icmp)
{
	altair_addr about = name_peer(s, &icmp->remote);
	struct air_allocation *a = find_owner(s, sock);
	/* The layout has the type where others have a family. */
	struct air_stun_value v = {.family = icmp->type,
				   .code = icmp->code,
				   .number = has_mtu(icmp) ? icmp->mtu : 0};

	if (!is_told(icmp))
		return;
	if (!a || !is_permitted(s, a, &about))
		drop(s);
	else if (is_within(s, a, FROM_PEERS, &about, (altair_bytes){NULL, 0}))
		queue(s, a, write_data(s, &about, AIR_STUN_ICMP, &v));
}

/* --- to a peer ----------------------------------------------------------- */

static bool send(struct altair_server *s, const altair_path *path,
		 altair_bytes payload, bool is_whole)
{
	struct air_server_room room = air_server_outbox_room(&s->out);
	uint32_t number;

	if (room.len < payload.len || room.len == 0) {
		drop(s);
		return false;
	}
	number = air_server_outbox_path(&s->out, path);
	if (number == AIR_SERVER_NO_PATH) {
		drop(s);
		return false;
	}
	if (payload.len > 0)
		memcpy(room.at, payload.data, payload.len);
	if (is_whole)
		air_server_outbox_queue_whole(&s->out, number, payload.len);
	else
		air_server_outbox_queue(&s->out, number, payload.len);
	s->stats.to_peers++;
	return true;
}

/* What is relayed by another machine of ours is reached by way of the host, at the
 * address that is bound; false when nobody has it. */
static bool find_way(const struct altair_server *s,
		     const struct air_ports *ports, altair_addr *peer)
{
	uint16_t port = peer->port;

	if (!ports->open || !air_policy_is_elsewhere(&s->policy, peer))
		return true;
	*peer = ports->bind;
	peer->port = port;
	return air_port_is_open_elsewhere(ports, port);
}

/* A payload of an allocation to a peer that it may reach. */
static void relay(struct altair_server *s, struct air_allocation *a,
		  const altair_addr *peer, altair_bytes payload, bool is_whole)
{
	enum air_allocation_family family =
		peer->family == ALTAIR_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
	const struct air_ports *ports = &s->allocations.ports[family];
	altair_path path = {.sock = air_relay_sock(family, a->port[family]),
			    .local = ports->bind,
			    .remote = *peer};
	altair_addr from = ports->told;
	uint32_t other;

	path.local.port = from.port = a->port[family];
	if (!is_within(s, a, TO_PEERS, peer, payload))
		return;
	if (!air_policy_is_relayed(&s->policy, peer)) {
		if (!find_way(s, ports, &path.remote))
			drop(s);
		else if (send(s, &path, payload, is_whole))
			count(&a->to_peers, &s->stats.to_peers_bytes,
			      payload.len);
		return;
	}
	other = air_port_owner(ports, peer->port);
	if (other == AIR_PORT_NOBODY) {
		drop(s);
		return;
	}
	count(&a->to_peers, &s->stats.to_peers_bytes, payload.len);
	deliver(s, &s->allocations.all[other], &from, payload);
}

struct air_allocation *air_relay_find(struct altair_server *s,
				      const altair_path *path)
{
	struct air_allocation *a;

	if (!s->relays)
		return NULL;
	a = air_allocation_find(&s->allocations, path);
	if (!a || a->state != ALLOCATION_OPEN)
		return NULL;
	air_allocation_settle(&s->allocations, a, path);
	return a;
}

void air_relay_take_channel(struct altair_server *s, struct air_allocation *a,
			    altair_bytes message)
{
	const struct air_server_channel *c;
	altair_bytes payload;
	uint16_t number;

	if (!air_data_read_channel(message, &number, &payload)) {
		drop(s);
		return;
	}
	c = air_server_channel_numbered(&s->allocations.channels, &a->channels,
					number);
	if (!c || !c->is_permitted)
		drop(s);
	else
		relay(s, a, &c->peer, payload, false);
}

/* RFC 8656 13, 14, 15: DONT-FRAGMENT counts from IPv4 to IPv4 and from streams;
 * where datagrams are translated it is ignored. */
static bool is_whole(const struct air_stun_message *m, const altair_path *from,
		     const altair_addr *peer)
{
	altair_addr client = air_addr_canonical(&from->remote);

	return air_stun_message_place(m, AIR_STUN_DONT_FRAGMENT) &&
	       (air_server_stream_is(from->sock) ||
		(client.family == ALTAIR_IPV4 && peer->family == ALTAIR_IPV4));
}

/* RFC 8656 11.2. Where DONT-FRAGMENT is not offered, such data is not sent. */
bool air_relay_take_send(struct altair_server *s, const altair_path *path,
			 const struct air_stun_message *m)
{
	struct air_allocation *a = air_relay_find(s, path);
	struct air_stun_value peer, data;

	if (!a)
		return false;
	if (m->unknown_count > 0 ||
	    (air_stun_message_place(m, AIR_STUN_DONT_FRAGMENT) &&
	     !s->dont_fragment) ||
	    !air_stun_message_get(m, AIR_STUN_XOR_PEER_ADDRESS, &peer) ||
	    !air_stun_message_get(m, AIR_STUN_DATA_ATTR, &data) ||
	    air_permission_find(&s->allocations.permissions, &a->permissions,
				&peer.addr) == AIR_POOL_NONE) {
		drop(s);
	} else if (!air_policy_permits(&s->policy, &peer.addr)) {
		s->stats.denied++;
	} else {
		relay(s, a, &peer.addr, data.bytes,
		      is_whole(m, path, &peer.addr));
	}
	return true;
}
