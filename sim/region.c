/*
 * Addresses are documentation ranges (RFC 5737, RFC 3849), private ones (RFC
 * 1918), and 100.64/10 between a home and its carrier (RFC 6598).
 */
#include "sim/region.h"

#include <stdlib.h>

#define SERVER_PORT 3478
#define SECOND_SOCK 2u /* beside the two families of the first address */

struct side_names {
	const char *peer, *nat, *carrier, *firewall, *firewall6;
	const char *mobile, *mobile_carrier;
	const char *host4, *home4, *host6, *phone4;
	const char *shared4, *shared_phone4;
	const char *public4, *moved4, *public_phone4;
	const char *neighbour; /* a host of the other's network */
	uint16_t port;
};

static const struct side_names names[2] = {
	{"peer A", "nat A", "carrier A", "fw A", "fw6 A", "mobile A", "mnet A",
	 "203.0.113.10", "192.168.1.100", "2001:db8:a::10", "172.20.1.10",
	 "100.64.0.10", "100.64.9.10", "203.0.113.1", "203.0.113.2",
	 "203.0.113.200", "192.168.1.101", 5000},
	{"peer B", "nat B", "carrier B", "fw B", "fw6 B", "mobile B", "mnet B",
	 "198.51.100.50", "10.0.0.50", "2001:db8:b::50", "172.20.2.50",
	 "100.64.0.50", "100.64.9.50", "198.51.100.5", "198.51.100.6",
	 "198.51.100.200", "192.168.1.101", 6000},
};

/* --- interfaces ---------------------------------------------------------- */

static struct sim_link_config line(const struct sim_meeting *meeting,
				   const struct sim_link_config *config)
{
	struct sim_link_config out = *config;

	out.from = meeting->epoch + config->from;
	out.until =
		config->until ? meeting->epoch + config->until : ALTAIR_NEVER;
	return out;
}

static struct sim_access access_of(const struct sim_meeting *meeting,
				   unsigned s, unsigned outer)
{
	const struct sim_party *party = &meeting->party[s];

	return (struct sim_access){
		.kind = party->kind,
		.nat = names[s].nat,
		.carrier = names[s].carrier,
		.firewall = names[s].firewall,
		.shared = names[s].shared4,
		.outside = names[s].public4,
		.up = line(meeting, &party->up),
		.down = line(meeting, &party->down),
		.nat_lifetime = party->nat_lifetime,
		.nat_refresh = party->nat_refresh,
		.reboot_at = ALTAIR_NEVER,
		.no_hairpin = meeting->no_hairpin,
		.seed = meeting->seed,
		.index = 8 * s,
		.outer = outer,
	};
}

/* Attaches the host by one more interface; its boxes are built later. */
static struct sim_interface *add_interface(struct sim_region *region,
					   unsigned s,
					   const struct sim_access *access,
					   const char *ip)
{
	struct sim_region_side *side = &region->side[s];
	struct sim_interface *i = &side->interface[side->count];

	i->addr = sim_addr(ip, names[s].port);
	i->sock = (uint32_t)side->count++;
	i->access = *access;
	i->port = sim_access_attach(region->world, access,
				    sim_host_node(side->host), &i->addr);
	sim_host_bind(side->host, i->sock, &i->addr, i->port);
	i->public[0] = i->public[1] = i->addr;
	if (access->kind->nats > 0)
		i->public[0] = i->public[1] = sim_addr(access->outside, 0);
	return i;
}

static void build_boxes(struct sim_region *region, struct sim_interface *i)
{
	sim_access_build(region->world, &i->access, &i->addr);
}

/* The NAT may have two addresses, one after the other. */
static void prepare_move(struct sim_region *region, struct sim_interface *i,
			 const char *moved)
{
	if (i->access.kind->nats == 0)
		return;
	i->public[1] = sim_addr(moved, 0);
	sim_world_route(region->world, i->access.last, SIM_BOX_OUTSIDE,
			&i->public[1]);
}

static struct sim_interface *add_ipv6(struct sim_region *region, unsigned s,
				      unsigned internet)
{
	struct sim_access access = access_of(region->meeting, s, internet);

	access.kind = sim_kind_find("fw6");
	access.firewall = names[s].firewall6;
	sim_access_open(region->world, &access);
	return add_interface(region, s, &access, names[s].host6);
}

static struct sim_interface *add_mobile(struct sim_region *region, unsigned s,
					unsigned internet)
{
	struct sim_access access = access_of(region->meeting, s, internet);

	access.kind = region->meeting->party[s].mobile;
	access.nat = names[s].mobile;
	access.carrier = names[s].mobile_carrier;
	access.firewall = names[s].mobile;
	access.shared = names[s].shared_phone4;
	access.outside = names[s].public_phone4;
	access.index += 4;
	sim_access_open(region->world, &access);
	return add_interface(region, s, &access,
			     access.kind->nats ? names[s].phone4
					       : names[s].public_phone4);
}

static const char *main_ip(const struct sim_meeting *meeting, unsigned s)
{
	const struct sim_kind *kind = meeting->party[s].kind;

	if (!kind->has_ipv4)
		return names[s].host6;
	return kind->nats ? names[s].home4 : names[s].host4;
}

static void build_side(struct sim_region *region, unsigned s, unsigned internet,
		       unsigned outer)
{
	const struct sim_meeting *meeting = region->meeting;
	const struct sim_party *party = &meeting->party[s];
	struct sim_access access = access_of(meeting, s, outer);
	struct sim_interface *first;

	if (meeting->same_carrier)
		access.outside = names[s].shared4;
	sim_world_add(region->world, sim_host_node(region->side[s].host));
	sim_access_open(region->world, &access);
	first = add_interface(region, s, &access, main_ip(meeting, s));
	if (meeting->same_lan) {
		sim_world_add(region->world,
			      sim_host_node(region->side[!s].host));
		add_interface(region, !s, &access, names[!s].neighbour);
	}
	build_boxes(region, first);
	if (!meeting->same_carrier)
		prepare_move(region, first, names[s].moved4);
	if (meeting->same_lan)
		region->side[!s].interface[0] = (struct sim_interface){
			.addr = region->side[!s].interface[0].addr,
			.access = first->access,
			.public = {first->public[0], first -> public[1]},
		};
	if (party->has_ipv6 && party->kind->has_ipv4 &&
	    !party->kind->blocks_udp)
		build_boxes(region, add_ipv6(region, s, internet));
	if (party->mobile)
		build_boxes(region, add_mobile(region, s, internet));
}

/* --- the rest of the internet -------------------------------------------- */

/* Its lines take a share of the peers' delay: 7.5 ms beside 12.5. */
static unsigned put_on_internet(struct sim_region *region,
				struct sim_node *node, unsigned internet)
{
	struct sim_link_config config = {
		.delay = region->meeting->party[0].up.delay * 3 / 5,
	};

	sim_world_add(region->world, node);
	return sim_world_attach(region->world, node, internet, &config,
				&config);
}

/* For whom asks it is another server: another address. */
static void build_second(struct sim_region *region, struct sim_node *node)
{
	struct sim_server *server = &region->server;

	region->second_addr = sim_addr("192.0.2.2", SERVER_PORT);
	sim_host_bind(server->host, SECOND_SOCK, &region->second_addr,
		      server->port);
	sim_world_route(region->world, node, server->port,
			&region->second_addr);
}

static void build_server(struct sim_region *region, unsigned internet)
{
	static const char *const ips[] = {"192.0.2.1", "2001:db8:f::1"};
	struct sim_server *server = &region->server;
	struct sim_node *node;

	server->host = sim_must(
		sim_host_new("server 1", NULL, &sim_server_app, server));
	node = sim_host_node(server->host);
	server->port = put_on_internet(region, node, internet);
	for (uint32_t i = 0; i < 2; i++) {
		region->server_addr[i] = sim_addr(ips[i], SERVER_PORT);
		sim_host_bind(server->host, i, &region->server_addr[i],
			      server->port);
		sim_world_route(region->world, node, server->port,
				&region->server_addr[i]);
	}
	if (region->meeting->two_servers)
		build_second(region, node);
	sim_server_start(server, region->meeting->seed, region->server_addr);
}

static void build_intruder(struct sim_region *region, unsigned internet)
{
	const struct sim_meeting *meeting = region->meeting;
	struct sim_intruder_config config = {
		.skills = meeting->intruder_skills,
		.per_second = meeting->intruder_rate,
		.from = meeting->epoch,
		.until = meeting->calm == ALTAIR_NEVER
				 ? ALTAIR_NEVER
				 : meeting->epoch + meeting->calm,
		.seed = meeting->seed,
	};
	struct sim_node *node;

	if (config.skills == 0 || config.per_second == 0)
		return;
	config.addresses[0] = sim_addr("192.0.2.66", 0);
	config.addresses[1] = sim_addr("2001:db8:66::1", 0);
	region->intruder = sim_must(sim_intruder_new("stranger", &config));
	node = sim_intruder_node(region->intruder);
	put_on_internet(region, node, internet);
	for (size_t i = 0; i < SIM_INTRUDER_ADDRESSES; i++)
		sim_world_route(region->world, node, 0, &config.addresses[i]);
}

/* One NAT in front of both homes. What passes its network takes both homes'
 * lines; it is at the internet itself. */
static void build_carrier(struct sim_region *region, unsigned internet,
			  unsigned network)
{
	static const struct sim_link_config perfect;

	region->carrier = access_of(region->meeting, 0, internet);
	region->carrier.kind = sim_kind_find("port");
	region->carrier.nat = "carrier";
	region->carrier.up = region->carrier.down = perfect;
	region->carrier.index = 16;
	region->carrier.inner = network;
	sim_access_build(region->world, &region->carrier, NULL);
}

void sim_region_build(struct sim_region *region,
		      const struct sim_meeting *meeting,
		      const struct sim_app *app, void *const users[2])
{
	struct sim_world_config config = {
		.seed = meeting->seed,
		.start = meeting->epoch,
		.until = ALTAIR_NEVER - 1,
		.steps_max = meeting->steps_max,
	};
	unsigned internet, outer;

	*region = (struct sim_region){.meeting = meeting};
	region->world = sim_must(sim_world_new(&config));
	internet = sim_world_network(region->world, "internet", true);
	for (unsigned s = 0; s < 2; s++)
		region->side[s].host = sim_must(
			sim_host_new(names[s].peer, NULL, app, users[s]));
	outer = meeting->same_carrier
			? sim_world_network(region->world, "carriers", true)
			: internet;
	build_side(region, 0, internet, outer);
	if (meeting->same_carrier)
		build_carrier(region, internet, outer);
	if (!meeting->same_lan)
		build_side(region, 1, internet, outer);
	build_server(region, internet);
	build_intruder(region, internet);
}

void sim_region_drop(struct sim_region *region)
{
	sim_server_drop(&region->server);
}

/* --- changes ------------------------------------------------------------- */

static void forget(struct sim_access *access, const altair_addr *external,
		   bool other_ports)
{
	unsigned layers = access->kind->nats;

	for (unsigned i = 0; i < layers; i++)
		sim_nat_forget(access->nats[i],
			       i + 1 == layers ? external : NULL, other_ports);
}

static void move(struct sim_interface *i)
{
	forget(&i->access, &i->public[++i->moves & 1], false);
}

/* Between everything that one side is seen at, and everything of the other. */
static void bar_peers(struct sim_region *region)
{
	const struct sim_region_side *a = &region->side[0];
	const struct sim_region_side *b = &region->side[1];

	for (size_t i = 0; i < a->count * 2; i++)
		for (size_t j = 0; j < b->count * 2; j++) {
			const altair_addr *one =
				&a->interface[i / 2].public[i & 1];
			const altair_addr *other =
				&b->interface[j / 2].public[j & 1];

			if (one->family == other->family)
				sim_world_bar(region->world, one, other);
		}
	sim_world_bar(region->world, &a->interface[0].addr,
		      &b->interface[0].addr);
}

void sim_region_change(struct sim_region *region,
		       const struct sim_change *change)
{
	struct sim_region_side *side = &region->side[change->side];
	struct sim_interface *first = &side->interface[0];
	altair_time until = sim_world_now(region->world) + change->lasts;

	switch (change->kind) {
	case SIM_CHANGE_FLUSH:
	case SIM_CHANGE_REBIND:
		forget(&first->access, NULL, change->kind == SIM_CHANGE_REBIND);
		break;
	case SIM_CHANGE_MOVE:
		move(first);
		break;
	case SIM_CHANGE_FLAP:
		sim_world_plug(region->world, sim_host_node(side->host),
			       first->port, false);
		break;
	case SIM_CHANGE_SLEEP:
		sim_host_sleep(side->host, until);
		break;
	case SIM_CHANGE_CUT:
		bar_peers(region);
		break;
	case SIM_CHANGE_SERVER:
		sim_host_sleep(region->server.host, until);
		sim_server_start(&region->server, region->meeting->seed,
				 region->server_addr);
		break;
	case SIM_CHANGE_RESTART: /* is the peer's business */
		break;
	}
}

void sim_region_restore(struct sim_region *region,
			const struct sim_change *change)
{
	struct sim_region_side *side = &region->side[change->side];

	if (change->kind == SIM_CHANGE_FLAP)
		sim_world_plug(region->world, sim_host_node(side->host),
			       side->interface[0].port, true);
	if (change->kind == SIM_CHANGE_CUT)
		sim_world_unbar(region->world);
}
