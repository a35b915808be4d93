#include "sim/access.h"

#include <stdlib.h>

static const struct sim_link_config perfect;

altair_addr sim_addr(const char *ip, uint16_t port)
{
	altair_addr addr;

	if (altair_addr_parse_ip(&addr, ip, port) < 0)
		abort();
	return addr;
}

static bool has_boxes(const struct sim_access *access)
{
	return access->kind->nats > 0 || access->kind->has_firewall;
}

void sim_access_open(struct sim_world *world, struct sim_access *access)
{
	access->inner = has_boxes(access)
				? sim_world_network(world, "home", false)
				: access->outer;
}

unsigned sim_access_attach(struct sim_world *world,
			   const struct sim_access *access,
			   struct sim_node *node, const altair_addr *addr)
{
	bool is_direct = !has_boxes(access);
	unsigned port = sim_world_attach(world, node, access->inner,
					 is_direct ? &access->up : &perfect,
					 is_direct ? &access->down : &perfect);

	sim_world_route(world, node, port, addr);
	return port;
}

static struct sim_node *new_nat(struct sim_access *access, unsigned layer,
				const char *outside)
{
	const struct sim_kind *kind = access->kind;
	struct sim_nat_config config;

	sim_nat_config_default(&config);
	config.external[0] = sim_addr(outside, 0);
	config.mapping = kind->mapping;
	config.filtering = kind->filtering;
	config.ports = kind->ports;
	config.hairpin = access->no_hairpin ? SIM_HAIRPIN_NONE
					    : SIM_HAIRPIN_EXTERNAL_SOURCE;
	config.lifetime = access->nat_lifetime;
	config.refresh = access->nat_refresh;
	config.reboot_at = access->reboot_at;
	access->nats[layer] = sim_must(
		sim_nat_new(&config, access->seed, access->index + layer));
	return sim_must(sim_box_nat(layer ? access->carrier : access->nat,
				    access->nats[layer]));
}

static struct sim_node *new_firewall(const struct sim_access *access)
{
	struct sim_firewall_config config;

	sim_firewall_config_default(&config);
	config.lifetime = access->nat_lifetime;
	config.blocks_udp = access->kind->blocks_udp;
	return sim_must(sim_box_firewall(access->firewall,
					 sim_must(sim_firewall_new(&config))));
}

/* It takes whatever leaves the inner network. */
static void put_box(struct sim_world *world, struct sim_node *box,
		    unsigned inner)
{
	sim_world_add(world, box);
	sim_world_attach(world, box, inner, &perfect, &perfect);
	sim_world_route(world, box, SIM_BOX_INSIDE, NULL);
}

static void build_nats(struct sim_world *world, struct sim_access *access)
{
	unsigned inner = access->inner, layers = access->kind->nats;

	for (unsigned layer = 0; layer < layers; layer++) {
		bool is_last = layer + 1 == layers;
		const char *ip = is_last ? access->outside : access->shared;
		struct sim_node *nat = new_nat(access, layer, ip);
		altair_addr outside = sim_addr(ip, 0);
		unsigned outer = access->outer;

		put_box(world, nat, inner);
		if (!is_last)
			outer = sim_world_network(world, "carrier", false);
		sim_world_attach(world, nat, outer,
				 is_last ? &access->up : &perfect,
				 is_last ? &access->down : &perfect);
		sim_world_route(world, nat, SIM_BOX_OUTSIDE, &outside);
		inner = outer;
		access->last = nat;
	}
}

void sim_access_build(struct sim_world *world, struct sim_access *access,
		      const altair_addr *addr)
{
	struct sim_node *firewall;

	if (!access->kind->has_firewall) {
		build_nats(world, access);
		return;
	}
	access->last = firewall = new_firewall(access);
	put_box(world, firewall, access->inner);
	sim_world_attach(world, firewall, access->outer, &access->up,
			 &access->down);
	sim_world_route(world, firewall, SIM_BOX_OUTSIDE, addr);
}
