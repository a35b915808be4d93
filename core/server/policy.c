/*
 * Where the relay may send (RFC 8656 21.1.6, 21.2; RFC 6890 and the IANA
 * registries behind it).
 *
 * Default-deny: everything that is not globally reachable, every way to write an
 * IPv4 address into an IPv6 one, and our own host. An address is judged in its
 * canonical form: an IPv4 address inside an IPv6 one is taken out and judged,
 * too, so that both must be allowed. What the configuration allows opens
 * prefixes; an address of our own host is opened by its own full-length prefix
 * only, our listeners and what else is on the list `never` by nothing. The
 * relayed address of a live allocation of ours is a peer like any other: it is
 * reached inside, never by way of the host.
 */
#include "server/policy.h"

#include "base/addr.h"
#include "base/assert.h"

#include <string.h>

/* RFC 8656 21.2.3: services that others run. */
#define LOW_PORTS 1024

/* What is not a peer unless the configuration says so. */
static const struct denied {
	uint8_t family, bits, ip[8];
} denied[] = {
	{4, 8, {0}},		 /* RFC 791: this network            */
	{4, 8, {10}},		 /* RFC 1918                         */
	{4, 10, {100, 64}},	 /* RFC 6598: carrier-grade NAT      */
	{4, 8, {127}},		 /* RFC 1122: loopback               */
	{4, 16, {169, 254}},	 /* RFC 3927: link-local             */
	{4, 12, {172, 16}},	 /* RFC 1918                         */
	{4, 24, {192, 0, 0}},	 /* RFC 6890                         */
	{4, 24, {192, 0, 2}},	 /* RFC 5737: documentation          */
	{4, 24, {192, 88, 99}},	 /* RFC 7526: 6to4 relays            */
	{4, 16, {192, 168}},	 /* RFC 1918                         */
	{4, 15, {198, 18}},	 /* RFC 2544: benchmarks             */
	{4, 24, {198, 51, 100}}, /* RFC 5737                         */
	{4, 24, {203, 0, 113}},	 /* RFC 5737                         */
	{4, 4, {224}},		 /* RFC 5771: multicast              */
	{4, 4, {240}},		 /* RFC 1112, and broadcast          */
	{6, 8, {0}},		 /* RFC 4291: ::, ::1, mapped and
					  compatible; reserved, with NAT64 */
	{6, 8, {0x01}},		 /* RFC 6666: discard                */
	{6, 23, {0x20, 0x01}},	 /* RFC 2928, with Teredo            */
	{6, 32, {0x20, 0x01, 0x0d, 0xb8}}, /* RFC 3849: documentation      */
	{6, 16, {0x20, 0x02}}, /* RFC 3056: 6to4                   */
	{6, 20, {0x3f, 0xff}}, /* RFC 9637: documentation          */
	{6, 16, {0x5f}},       /* RFC 9602: segment routing        */
	{6, 7, {0xfc}},	       /* RFC 4193: unique local           */
	{6, 10, {0xfe, 0x80}}, /* RFC 4291: link-local             */
	{6, 10, {0xfe, 0xc0}}, /* RFC 3879: site-local             */
	{6, 8, {0xff}},	       /* RFC 4291: multicast              */
};

/* Where an IPv6 address holds an IPv4 one. */
static const struct embedding {
	uint8_t bits, at, flip, ip[12];
} embeddings[] = {
	/* RFC 4291 2.5.5.2: mapped */
	{96, 12, 0, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
	/* RFC 4291 2.5.5.1: compatible */
	{96, 12, 0, {0}},
	/* RFC 6052 2.1: NAT64 */
	{96, 12, 0, {0x00, 0x64, 0xff, 0x9b}},
	/* RFC 8215: NAT64, local; as RFC 6052 2.2 writes it for 96 bits */
	{48, 12, 0, {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}},
	/* RFC 3056 2: 6to4 */
	{16, 2, 0, {0x20, 0x02}},
	/* RFC 4380 4: Teredo, the client's address inverted */
	{32, 12, 0xff, {0x20, 0x01}},
};

/* :: and ::1 are no compatible addresses (RFC 4291 2.5.2, 2.5.3). */
static const uint8_t no_ip[16];
#define NOT_COMPATIBLE 127

static bool starts_with(const uint8_t *ip, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(ip, prefix, whole) != 0)
		return false;
	return rest == 0 || (ip[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

/* Takes the IPv4 address out of an IPv6 one; false when there is none. */
static bool unwrap(const altair_addr *addr, altair_addr *out)
{
	if (addr->family != ALTAIR_IPV6)
		return false;
	for (size_t i = 0; i < sizeof embeddings / sizeof *embeddings; i++) {
		const struct embedding *e = &embeddings[i];

		if (!starts_with(addr->ip, e->ip, e->bits) ||
		    starts_with(addr->ip, no_ip, NOT_COMPATIBLE))
			continue;
		*out = (altair_addr){.family = ALTAIR_IPV4, .port = addr->port};
		for (size_t k = 0; k < 4; k++)
			out->ip[k] = addr->ip[e->at + k] ^ e->flip;
		return true;
	}
	return false;
}

static bool is_denied(const altair_addr *addr)
{
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
		if (denied[i].family == addr->family &&
		    starts_with(addr->ip, denied[i].ip, denied[i].bits))
			return true;
	return false;
}

static unsigned full_length(const altair_addr *addr)
{
	return 8 * (unsigned)air_addr_ip_len(addr);
}

/* True when a prefix of at least `bits_min` bits opens the address. */
static bool is_allowed(const struct air_policy *policy, const altair_addr *addr,
		       unsigned bits_min)
{
	for (size_t i = 0; i < policy->allow_count; i++) {
		const altair_server_prefix *p = &policy->allow[i];

		if (p->ip.family == addr->family && p->bits >= bits_min &&
		    starts_with(addr->ip, p->ip.ip, p->bits))
			return true;
	}
	return false;
}

static bool is_same_ip(const altair_addr *a, const altair_addr *b)
{
	/* Inline: a packet takes it several times. */
	return a->family == b->family &&
	       __builtin_memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static const struct air_ports *ports_of(const struct air_policy *policy,
					const altair_addr *addr)
{
	return &policy->ports[addr->family == ALTAIR_IPV6];
}

/* Every loopback address is one of ours, whether an interface says so or not, and
 * so are those that we relay from, told or bound. */
static bool is_own(const struct air_policy *policy, const altair_addr *peer)
{
	const struct air_ports *ports = ports_of(policy, peer);

	if (altair_addr_classify(peer) == ALTAIR_ADDR_LOOPBACK ||
	    is_same_ip(&ports->bind, peer) || is_same_ip(&ports->told, peer))
		return true;
	for (size_t i = 0; i < policy->own_count; i++)
		if (is_same_ip(&policy->own[i], peer))
			return true;
	return false;
}

/* One address in one form. Multicast, broadcast and no address at all are
 * nobody's, whatever the configuration says. */
static bool permits_form(const struct air_policy *policy,
			 const altair_addr *addr)
{
	altair_addr with_port = *addr;

	with_port.port = 1;
	if (!air_addr_is_endpoint(&with_port) || addr->scope != 0)
		return false;
	if (is_own(policy, addr))
		return is_allowed(policy, addr, full_length(addr));
	return !is_denied(addr) || is_allowed(policy, addr, 0);
}

static bool is_relay_ip(const struct air_policy *policy,
			const altair_addr *peer)
{
	return is_same_ip(&ports_of(policy, peer)->told, peer);
}

bool air_policy_is_relayed(const struct air_policy *policy,
			   const altair_addr *peer)
{
	const struct air_ports *ports = ports_of(policy, peer);

	return is_relay_ip(policy, peer) && peer->port >= ports->first &&
	       (uint32_t)(peer->port - ports->first) < ports->count;
}

bool air_policy_is_elsewhere(const struct air_policy *policy,
			     const altair_addr *peer)
{
	return is_relay_ip(policy, peer) &&
	       air_port_is_elsewhere(ports_of(policy, peer), peer->port);
}

bool air_policy_permits_ip(const struct air_policy *policy,
			   const altair_addr *peer)
{
	altair_addr inner;

	if (is_relay_ip(policy, peer))
		return true;
	if (unwrap(peer, &inner) && !permits_form(policy, &inner))
		return false;
	return permits_form(policy, peer);
}

static bool is_never(const struct air_policy *policy, const altair_addr *peer)
{
	for (size_t i = 0; i < policy->never_count; i++) {
		const altair_addr *n = &policy->never[i];

		if (n->port != peer->port)
			continue;
		if (is_same_ip(n, peer))
			return true;
		/* A listener on every address is one on each of ours. */
		if (altair_addr_classify(n) == ALTAIR_ADDR_NONE &&
		    is_own(policy, peer))
			return true;
	}
	return false;
}

bool air_policy_permits(const struct air_policy *policy,
			const altair_addr *peer)
{
	altair_addr inner;

	if (air_policy_is_relayed(policy, peer))
		return air_port_owner(ports_of(policy, peer), peer->port) !=
		       AIR_PORT_NOBODY;
	if (air_policy_is_elsewhere(policy, peer))
		return air_port_is_open_elsewhere(ports_of(policy, peer),
						  peer->port);
	if (peer->port == 0 || (peer->port < LOW_PORTS && !policy->low_ports))
		return false;
	if (is_never(policy, peer) ||
	    (unwrap(peer, &inner) &&
	     (is_never(policy, &inner) || !permits_form(policy, &inner))))
		return false;
	return permits_form(policy, peer);
}

bool air_policy_is_valid(const altair_server_config *config)
{
	for (size_t i = 0; i < config->allow_count; i++) {
		const altair_server_prefix *p = &config->allow[i];

		if (air_addr_ip_len(&p->ip) == 0 ||
		    p->bits > full_length(&p->ip))
			return false;
	}
	return true;
}

static altair_addr *copy(struct air_arena *arena, const altair_addr *from,
			 size_t count)
{
	altair_addr *to = air_arena_take(arena, count, sizeof *to);

	for (size_t i = 0; to && i < count; i++)
		to[i] = air_addr_canonical(&from[i]);
	return to;
}

void air_policy_renew(struct air_policy *policy, struct air_arena *arena,
		      const altair_server_config *config)
{
	altair_server_prefix *allow =
		air_arena_take(arena, config->allow_count, sizeof *allow);

	for (size_t i = 0; allow && i < config->allow_count; i++)
		allow[i] = config->allow[i];
	policy->allow = allow;
	policy->allow_count = config->allow_count;
	policy->own = copy(arena, config->own, config->own_count);
	policy->own_count = config->own_count;
	policy->low_ports = config->low_ports;
}

void air_policy_init(struct air_policy *policy, struct air_arena *arena,
		     const altair_server_config *config)
{
	air_policy_renew(policy, arena, config);
	policy->never = copy(arena, config->never, config->never_count);
	policy->never_count = config->never_count;
}
