/*
 * RFC 6092 3.2: a flow is an exact pair of endpoints; it begins inside. ICMP
 * errors pass when they are about a known flow and change nothing.
 */
#include "sim/firewall.h"

#include <stdlib.h>

struct flow {
	altair_addr inside, outside;
	altair_time used;
};

struct sim_firewall {
	struct sim_firewall_config config;
	size_t count;
	struct flow flows[];
};

void sim_firewall_config_default(struct sim_firewall_config *config)
{
	*config = (struct sim_firewall_config){
		.lifetime = ALTAIR_SEC(300),
		.flows_max = 64,
	};
}

struct sim_firewall *sim_firewall_new(const struct sim_firewall_config *config)
{
	struct sim_firewall *firewall = calloc(
		1, sizeof *firewall + config->flows_max * sizeof(struct flow));

	if (firewall)
		firewall->config = *config;
	return firewall;
}

void sim_firewall_free(struct sim_firewall *firewall)
{
	free(firewall);
}

static struct flow *find(struct sim_firewall *firewall, altair_time now,
			 const altair_addr *inside, const altair_addr *outside)
{
	struct flow *found = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < firewall->count; i++) {
		struct flow *flow = &firewall->flows[i];

		if (now - flow->used >= firewall->config.lifetime)
			continue;
		firewall->flows[kept] = *flow;
		flow = &firewall->flows[kept++];
		if (altair_addr_equal(&flow->inside, inside) &&
		    altair_addr_equal(&flow->outside, outside))
			found = flow;
	}
	firewall->count = kept;
	return found;
}

static bool is_blocked(const struct sim_firewall *firewall,
		       const struct sim_packet *packet)
{
	return firewall->config.blocks_udp && packet->kind < SIM_STREAM_OPEN;
}

enum sim_drop sim_firewall_outbound(struct sim_firewall *firewall,
				    altair_time now,
				    const struct sim_packet *packet)
{
	struct flow *flow;

	if (is_blocked(firewall, packet))
		return SIM_UDP_BLOCKED;
	if (packet->kind == SIM_UNREACHABLE)
		return find(firewall, now, &packet->about, &packet->dst)
			       ? SIM_PASSED
			       : SIM_FIREWALLED;
	flow = find(firewall, now, &packet->src, &packet->dst);
	if (!flow && firewall->count == firewall->config.flows_max)
		return SIM_FIREWALLED;
	if (!flow)
		flow = &firewall->flows[firewall->count++];
	*flow = (struct flow){packet->src, packet->dst, now};
	return SIM_PASSED;
}

enum sim_drop sim_firewall_inbound(struct sim_firewall *firewall,
				   altair_time now,
				   const struct sim_packet *packet)
{
	bool error = packet->kind == SIM_UNREACHABLE;
	struct flow *flow;

	if (is_blocked(firewall, packet))
		return SIM_UDP_BLOCKED;
	flow = find(firewall, now, &packet->dst,
		    error ? &packet->about : &packet->src);
	if (!flow)
		return SIM_FIREWALLED;
	if (!error)
		flow->used = now;
	return SIM_PASSED;
}
