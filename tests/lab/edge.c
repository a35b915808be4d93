/*
 * edge.c - the simulator's NATs as the lab wants them. Like Linux, they keep a
 * mapping for 120 s, and traffic in either direction renews it.
 */
#include "edge.h"

#include <string.h>

#define LINUX_LIFETIME ALTAIR_SEC(120)

static struct sim_nat *make_nat(const struct sim_kind *kind,
				const altair_addr *outside,
				altair_time lifetime, uint64_t seed,
				uint32_t index)
{
	struct sim_nat_config config;

	sim_nat_config_default(&config);
	config.external[0] = *outside;
	config.external_count = 1;
	config.mapping = kind->mapping;
	config.filtering = kind->filtering;
	config.ports = kind->ports;
	config.refresh = SIM_REFRESH_BOTH;
	config.lifetime = lifetime;
	return sim_nat_new(&config, seed, index);
}

static struct sim_firewall *make_firewall(const struct sim_kind *kind)
{
	struct sim_firewall_config config;

	sim_firewall_config_default(&config);
	config.blocks_udp = kind->blocks_udp;
	return sim_firewall_new(&config);
}

bool edge_init(struct edge *edge, const struct edge_config *config)
{
	const altair_addr provider = {.ip = {100, 64, 0, 100},
				      .family = ALTAIR_IPV4};
	bool is_short = !strcmp(config->kind, "short");
	const struct sim_kind *kind =
		sim_kind_find(is_short ? "port" : config->kind);

	*edge = (struct edge){0};
	if (!kind)
		return false;
	for (unsigned i = 0; i < kind->nats; i++) {
		edge->nats[i] = make_nat(
			kind, i + 1 < kind->nats ? &provider : &config->public,
			is_short ? config->lifetime : LINUX_LIFETIME,
			config->seed, i);
		if (!edge->nats[i])
			return false;
		edge->nat_count++;
	}
	if (kind->has_firewall)
		edge->firewall = make_firewall(kind);
	return edge->firewall || !kind->has_firewall;
}

void edge_drop(struct edge *edge)
{
	for (unsigned i = 0; i < edge->nat_count; i++)
		sim_nat_free(edge->nats[i]);
	sim_firewall_free(edge->firewall);
}

/* Inwards through the `count` innermost NATs. */
static bool through_nats(struct edge *edge, altair_time now,
			 struct sim_packet *packet, unsigned count)
{
	while (count-- > 0)
		if (sim_nat_inbound(edge->nats[count], now, packet))
			return false;
	return true;
}

bool edge_outwards(struct edge *edge, altair_time now,
		   struct sim_packet *packet, bool *turned)
{
	*turned = false;
	for (unsigned i = 0; i < edge->nat_count; i++) {
		if (sim_nat_outbound(edge->nats[i], now, packet, turned))
			return false;
		if (*turned)
			return through_nats(edge, now, packet, i);
	}
	return !edge->firewall ||
	       !sim_firewall_outbound(edge->firewall, now, packet);
}

bool edge_inwards(struct edge *edge, altair_time now, struct sim_packet *packet)
{
	if (edge->firewall && sim_firewall_inbound(edge->firewall, now, packet))
		return false;
	return through_nats(edge, now, packet, edge->nat_count);
}
