/*
 * RFC 4787. Two tables: mappings (an inner endpoint, what it is mapped to, and
 * the remote the mapping depends on) and permits (a remote that a mapping has
 * sent to, for the filter). Both die of the same lifetime, each on its own.
 * Whatever the dimension, a packet takes one way through this file; the
 * dimensions are compared in `depends_on` and `pick_port` only.
 */
#include "sim/nat.h"

#include <stdlib.h>
#include <string.h>

#define PERMITS_PER_MAPPING 8
#define PORT_FIRST 1024u
#define PORT_COUNT (65536u - PORT_FIRST)

struct mapping {
	altair_addr inside, outside;
	altair_addr towards; /* the part of the remote that it depends on */
	altair_time used;
	uint64_t id;
};

struct permit {
	uint64_t mapping;
	altair_addr remote;
	altair_time used;
};

struct sim_nat {
	struct sim_nat_config config;
	struct sim_rng rng;
	struct mapping *mappings;
	struct permit *permits;
	size_t mapping_count, permit_count, permits_max;
	uint64_t ids;
	uint32_t next_port; /* offset from PORT_FIRST */
	bool is_rebound;    /* inner ports are not preserved any more */
};

void sim_nat_config_default(struct sim_nat_config *config)
{
	*config = (struct sim_nat_config){
		.external_count = 1,
		.lifetime = ALTAIR_SEC(300),
		.reboot_at = ALTAIR_NEVER,
		.mappings_max = 64,
	};
}

struct sim_nat *sim_nat_new(const struct sim_nat_config *config, uint64_t seed,
			    uint32_t index)
{
	struct sim_nat *nat = NULL;

	if (config->external_count < 1 ||
	    config->external_count > SIM_NAT_EXTERNAL_MAX ||
	    config->mappings_max < 1 || config->mappings_max > PORT_COUNT / 2)
		return NULL;
	nat = calloc(1, sizeof *nat);
	if (!nat)
		return NULL;
	nat->config = *config;
	nat->permits_max = config->mappings_max * PERMITS_PER_MAPPING;
	nat->mappings = malloc(config->mappings_max * sizeof *nat->mappings);
	nat->permits = malloc(nat->permits_max * sizeof *nat->permits);
	if (!nat->mappings || !nat->permits) {
		sim_nat_free(nat);
		return NULL;
	}
	sim_rng_seed(&nat->rng, seed, SIM_FOR_NAT, index);
	nat->next_port = sim_rng_below(&nat->rng, PORT_COUNT);
	return nat;
}

void sim_nat_free(struct sim_nat *nat)
{
	if (!nat)
		return;
	free(nat->mappings);
	free(nat->permits);
	free(nat);
}

/* Whether two remotes are one for a mapping or filter of this dependence. */
static bool depends_on(enum sim_nat_dependence dependence,
		       const altair_addr *one, const altair_addr *other)
{
	if (dependence == SIM_ENDPOINT_INDEPENDENT)
		return true;
	if (dependence == SIM_ADDRESS_DEPENDENT)
		return altair_addr_same_ip(one, other);
	return altair_addr_equal(one, other);
}

static void forget_expired(struct sim_nat *nat, altair_time now)
{
	altair_time lifetime = nat->config.lifetime;
	size_t i, kept = 0;

	if (now >= nat->config.reboot_at) {
		nat->config.reboot_at = ALTAIR_NEVER;
		sim_nat_forget(nat, NULL, false);
	}
	for (i = 0; i < nat->mapping_count; i++)
		if (now - nat->mappings[i].used < lifetime)
			nat->mappings[kept++] = nat->mappings[i];
	nat->mapping_count = kept;
	for (i = kept = 0; i < nat->permit_count; i++)
		if (now - nat->permits[i].used < lifetime)
			nat->permits[kept++] = nat->permits[i];
	nat->permit_count = kept;
}

static bool is_ours(const struct sim_nat *nat, const altair_addr *addr)
{
	for (size_t i = 0; i < nat->config.external_count; i++)
		if (altair_addr_same_ip(&nat->config.external[i], addr))
			return true;
	return false;
}

/* A port is taken by anybody else's mapping; when ports are not preserved, by
 * another mapping of the same inner endpoint, too. */
static bool is_taken(const struct sim_nat *nat, const altair_addr *outside,
		     const altair_addr *inside)
{
	bool share = nat->config.ports == SIM_PORTS_PRESERVED;

	for (size_t i = 0; i < nat->mapping_count; i++) {
		const struct mapping *m = &nat->mappings[i];

		if (altair_addr_equal(&m->outside, outside) &&
		    !(share && altair_addr_equal(&m->inside, inside)))
			return true;
	}
	return false;
}

static bool fits(const struct sim_nat *nat, const altair_addr *outside,
		 const altair_addr *inside)
{
	if (nat->config.parity && ((outside->port ^ inside->port) & 1))
		return false;
	return !is_taken(nat, outside, inside);
}

/* There are more ports than mappings, of either parity: it ends. */
static void pick_port(struct sim_nat *nat, const altair_addr *inside,
		      altair_addr *outside)
{
	bool at_random = nat->config.ports == SIM_PORTS_RANDOM;

	outside->port = inside->port;
	if (nat->config.ports == SIM_PORTS_OVERLOADED ||
	    (nat->config.ports == SIM_PORTS_PRESERVED && !nat->is_rebound &&
	     fits(nat, outside, inside)))
		return;
	do {
		uint32_t offset = at_random
					  ? sim_rng_below(&nat->rng, PORT_COUNT)
					  : nat->next_port++ % PORT_COUNT;

		outside->port = (uint16_t)(PORT_FIRST + offset);
	} while (!fits(nat, outside, inside));
}

static altair_addr pick_address(struct sim_nat *nat, const altair_addr *inside)
{
	uint32_t count = (uint32_t)nat->config.external_count;

	for (size_t i = 0; i < nat->mapping_count; i++)
		if (nat->config.pooling == SIM_POOLING_PAIRED &&
		    altair_addr_same_ip(&nat->mappings[i].inside, inside))
			return nat->mappings[i].outside;
	return nat->config
		.external[count > 1 ? sim_rng_below(&nat->rng, count) : 0];
}

static struct mapping *map(struct sim_nat *nat, altair_time now,
			   const altair_addr *inside, const altair_addr *remote)
{
	struct mapping *m;

	for (size_t i = 0; i < nat->mapping_count; i++) {
		m = &nat->mappings[i];
		if (altair_addr_equal(&m->inside, inside) &&
		    depends_on(nat->config.mapping, &m->towards, remote)) {
			if (nat->config.refresh != SIM_REFRESH_INBOUND)
				m->used = now;
			return m;
		}
	}
	if (nat->mapping_count == nat->config.mappings_max)
		return NULL;
	m = &nat->mappings[nat->mapping_count];
	*m = (struct mapping){
		.inside = *inside,
		.towards = *remote,
		.outside = pick_address(nat, inside),
		.used = now,
		.id = ++nat->ids,
	};
	pick_port(nat, inside, &m->outside);
	nat->mapping_count++;
	return m;
}

static struct permit *find_permit(struct sim_nat *nat, const struct mapping *m,
				  const altair_addr *remote)
{
	for (size_t i = 0; i < nat->permit_count; i++) {
		struct permit *p = &nat->permits[i];

		if (p->mapping == m->id &&
		    depends_on(nat->config.filtering, &p->remote, remote))
			return p;
	}
	return NULL;
}

static bool permit(struct sim_nat *nat, altair_time now,
		   const struct mapping *m, const altair_addr *remote)
{
	struct permit *p = find_permit(nat, m, remote);

	if (!p && nat->permit_count == nat->permits_max)
		return false;
	if (!p) {
		p = &nat->permits[nat->permit_count++];
		*p = (struct permit){m->id, *remote, now};
	} else if (nat->config.refresh != SIM_REFRESH_INBOUND) {
		p->used = now;
	}
	return true;
}

/* From the outside (or from the inside by hairpin) to `dst`: the mapping that
 * takes it, refreshed if the NAT does so. */
static enum sim_drop admit(struct sim_nat *nat, altair_time now,
			   const altair_addr *src, altair_addr *dst)
{
	bool any = nat->config.filtering == SIM_ENDPOINT_INDEPENDENT;
	enum sim_drop drop = SIM_NO_MAPPING;

	for (size_t i = 0; i < nat->mapping_count; i++) {
		struct mapping *m = &nat->mappings[i];
		struct permit *p;

		if (!altair_addr_equal(&m->outside, dst))
			continue;
		drop = SIM_FILTERED;
		p = find_permit(nat, m, src);
		if (!p && !any)
			continue;
		if (nat->config.refresh != SIM_REFRESH_OUTBOUND) {
			m->used = now;
			if (p)
				p->used = now;
		}
		*dst = m->inside;
		return SIM_PASSED;
	}
	return drop;
}

/* REQ-12: an ICMP error is translated, and never ends or refreshes a mapping.
 */
static enum sim_drop translate_error(struct sim_nat *nat,
				     struct sim_packet *packet, bool outbound)
{
	altair_addr *ours = outbound ? &packet->about : &packet->dst;
	const altair_addr *remote = outbound ? &packet->dst : &packet->about;

	for (size_t i = 0; i < nat->mapping_count; i++) {
		const struct mapping *m = &nat->mappings[i];

		if (!altair_addr_equal(outbound ? &m->inside : &m->outside,
				       ours) ||
		    !depends_on(nat->config.mapping, &m->towards, remote))
			continue;
		*ours = outbound ? m->outside : m->inside;
		if (outbound)
			packet->src = m->outside;
		return SIM_PASSED;
	}
	return SIM_NO_MAPPING;
}

enum sim_drop sim_nat_outbound(struct sim_nat *nat, altair_time now,
			       struct sim_packet *packet, bool *turned)
{
	enum sim_drop drop = SIM_PASSED;
	struct mapping *m;
	altair_addr outside;

	*turned = is_ours(nat, &packet->dst);
	if (packet->dst.family != nat->config.external[0].family)
		return SIM_NO_ROUTE;
	forget_expired(nat, now);
	if (*turned && nat->config.hairpin == SIM_HAIRPIN_NONE)
		return SIM_NO_HAIRPIN;
	if (packet->kind == SIM_UNREACHABLE)
		return *turned ? SIM_NO_HAIRPIN
			       : translate_error(nat, packet, true);
	m = map(nat, now, &packet->src, &packet->dst);
	if (!m || !permit(nat, now, m, &packet->dst))
		return SIM_NO_PORT_LEFT;
	outside = m->outside;
	if (*turned)
		drop = admit(nat, now, &outside, &packet->dst);
	if (!*turned || nat->config.hairpin == SIM_HAIRPIN_EXTERNAL_SOURCE)
		packet->src = outside;
	return drop;
}

enum sim_drop sim_nat_inbound(struct sim_nat *nat, altair_time now,
			      struct sim_packet *packet)
{
	if (packet->dst.family != nat->config.external[0].family)
		return SIM_NO_ROUTE;
	forget_expired(nat, now);
	if (packet->kind == SIM_UNREACHABLE)
		return translate_error(nat, packet, false);
	return admit(nat, now, &packet->src, &packet->dst);
}

void sim_nat_forget(struct sim_nat *nat, const altair_addr *external,
		    bool other_ports)
{
	nat->mapping_count = nat->permit_count = 0;
	nat->next_port = sim_rng_below(&nat->rng, PORT_COUNT);
	nat->is_rebound |= other_ports;
	if (external)
		nat->config.external[0] = *external;
}

size_t sim_nat_count(struct sim_nat *nat, altair_time now)
{
	forget_expired(nat, now);
	return nat->mapping_count;
}
