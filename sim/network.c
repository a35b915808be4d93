/*
 * Addresses are those of the guide where it names some, else documentation
 * ranges (RFC 5737, RFC 3849), private ones (RFC 1918), and 100.64/10 between a
 * home and its carrier (RFC 6598).
 */
#include "sim/network.h"

#include "sim/box.h"

#include <stdlib.h>

struct side_names {
	const char *peer, *nat, *carrier, *firewall;
	const char *host4, *home4, *host6;
	const char *shared4;   /* the home towards its carrier  */
	const char *public4;   /* towards the internet          */
	const char *neighbour; /* a host of the other's network */
	uint16_t port;
};

static const struct side_names names[2] = {
	{"peer A", "nat A", "carrier A", "fw A", "203.0.113.10",
	 "192.168.1.100", "2001:db8:a::10", "100.64.0.10", "203.0.113.1",
	 "192.168.1.101", 5000},
	{"peer B", "nat B", "carrier B", "fw B", "198.51.100.50", "10.0.0.50",
	 "2001:db8:b::50", "100.64.0.50", "198.51.100.5", "192.168.1.101",
	 6000},
};

static const struct sim_link_config perfect;

static altair_addr addr_of(const char *ip, uint16_t port)
{
	altair_addr addr;

	if (altair_addr_parse_ip(&addr, ip, port) < 0)
		abort();
	return addr;
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* Faults count from the exchange. */
static struct sim_link_config line(const struct sim_scenario *scenario,
				   const struct sim_link_config *config)
{
	struct sim_link_config out = *config;
	altair_time base = scenario->epoch + scenario->exchange;

	out.from = scenario->early_faults ? 0 : base + config->from;
	out.until = config->until ? base + config->until : ALTAIR_NEVER;
	return out;
}

static void join_internet(struct sim_network *network,
			  const struct sim_scenario *scenario, unsigned s,
			  struct sim_node *node, unsigned internet)
{
	struct sim_link_config up = line(scenario, &scenario->side[s].up);
	struct sim_link_config down = line(scenario, &scenario->side[s].down);

	sim_world_attach(network->world, node, internet, &up, &down);
}

static struct sim_node *new_nat(const struct sim_scenario *scenario, unsigned s,
				unsigned layer, const char *outside)
{
	const struct sim_side *side = &scenario->side[s];
	const struct sim_kind *kind = side->kind;
	struct sim_nat_config config;
	struct sim_nat *nat;

	sim_nat_config_default(&config);
	config.external[0] = addr_of(outside, 0);
	config.mapping = kind->mapping;
	config.filtering = kind->filtering;
	config.ports = kind->ports;
	config.hairpin = SIM_HAIRPIN_EXTERNAL_SOURCE;
	config.lifetime = side->nat_lifetime;
	config.refresh = side->nat_refresh;
	if (side->reboot_at != ALTAIR_NEVER)
		config.reboot_at =
			scenario->epoch + scenario->exchange + side->reboot_at;
	nat = must(sim_nat_new(&config, scenario->seed, 2 * s + layer));
	return must(sim_box_nat(layer ? names[s].carrier : names[s].nat, nat));
}

static struct sim_node *new_firewall(const struct sim_scenario *scenario,
				     unsigned s)
{
	const struct sim_side *side = &scenario->side[s];
	struct sim_firewall_config config;

	sim_firewall_config_default(&config);
	config.lifetime = side->nat_lifetime;
	config.blocks_udp = side->kind->blocks_udp;
	return must(sim_box_firewall(names[s].firewall,
				     must(sim_firewall_new(&config))));
}

/* Puts a box between an inner network and a new outer one. */
static void put_inside(struct sim_network *network, struct sim_node *box,
		       unsigned inner)
{
	sim_world_add(network->world, box);
	sim_world_attach(network->world, box, inner, &perfect, &perfect);
	sim_world_route(network->world, box, SIM_BOX_INSIDE, NULL);
}

static void put_outside(struct sim_network *network, struct sim_node *box,
			unsigned outer, const altair_addr *addr)
{
	sim_world_attach(network->world, box, outer, &perfect, &perfect);
	sim_world_route(network->world, box, SIM_BOX_OUTSIDE, addr);
}

static void put_host(struct sim_network *network, struct sim_host *host,
		     unsigned inner, const altair_addr *addr)
{
	struct sim_node *node = sim_host_node(host);

	sim_world_add(network->world, node);
	sim_world_attach(network->world, node, inner, &perfect, &perfect);
	sim_world_route(network->world, node, 0, addr);
}

/* The boxes of a side, from the inner network to the internet. */
static void build_nats(struct sim_network *network,
		       const struct sim_scenario *scenario, unsigned s,
		       unsigned inner, unsigned internet)
{
	unsigned nats = scenario->side[s].kind->nats;

	for (unsigned layer = 0; layer < nats; layer++) {
		bool is_last = layer + 1 == nats;
		const char *ip = is_last ? names[s].public4 : names[s].shared4;
		altair_addr outside = addr_of(ip, 0);
		struct sim_node *nat = new_nat(scenario, s, layer, ip);

		put_inside(network, nat, inner);
		if (is_last) {
			join_internet(network, scenario, s, nat, internet);
			sim_world_route(network->world, nat, SIM_BOX_OUTSIDE,
					&outside);
			return;
		}
		inner = sim_world_network(network->world, "carrier", false);
		put_outside(network, nat, inner, &outside);
	}
}

static void build_firewall(struct sim_network *network,
			   const struct sim_scenario *scenario, unsigned s,
			   unsigned inner, unsigned internet)
{
	struct sim_node *firewall = new_firewall(scenario, s);

	put_inside(network, firewall, inner);
	join_internet(network, scenario, s, firewall, internet);
	sim_world_route(network->world, firewall, SIM_BOX_OUTSIDE,
			&network->peer_addr[s]);
}

static void build_side(struct sim_network *network,
		       const struct sim_scenario *scenario, unsigned s,
		       unsigned internet)
{
	const struct sim_kind *kind = scenario->side[s].kind;
	struct sim_node *node = sim_host_node(network->peer[s]);
	unsigned inner;

	if (kind->nats == 0 && !kind->has_firewall) {
		sim_world_add(network->world, node);
		join_internet(network, scenario, s, node, internet);
		sim_world_route(network->world, node, 0,
				&network->peer_addr[s]);
		return;
	}
	inner = sim_world_network(network->world, "home", false);
	put_host(network, network->peer[s], inner, &network->peer_addr[s]);
	if (scenario->same_lan)
		put_host(network, network->peer[!s], inner,
			 &network->peer_addr[!s]);
	if (kind->has_firewall)
		build_firewall(network, scenario, s, inner, internet);
	else
		build_nats(network, scenario, s, inner, internet);
}

static altair_addr address_of_peer(const struct sim_scenario *scenario,
				   enum altair_family family, unsigned s)
{
	const struct side_names *n = &names[s];

	if (scenario->same_lan && s == 1)
		return addr_of(n->neighbour, n->port);
	if (family == ALTAIR_IPV6)
		return addr_of(n->host6, n->port);
	return addr_of(scenario->side[s].kind->nats > 0 ? n->home4 : n->host4,
		       n->port);
}

/* A node of the internet whose lines take a share of the peers' delay. */
static void put_on_internet(struct sim_network *network,
			    const struct sim_scenario *scenario,
			    struct sim_node *node, unsigned internet)
{
	struct sim_link_config config = {
		.delay = scenario->side[0].up.delay * 3 / 5,
	};

	sim_world_add(network->world, node);
	sim_world_attach(network->world, node, internet, &config, &config);
}

static void build_servers(struct sim_network *network,
			  const struct sim_scenario *scenario,
			  enum altair_family family, unsigned internet)
{
	static const struct sim_app no_app;
	static const char *const ip4[] = {"192.0.2.1", "192.0.2.2"};
	static const char *const ip6[] = {"2001:db8:f::1", "2001:db8:f::2"};
	static const char *const lanes[] = {"server 1", "server 2"};

	for (unsigned i = 0; i < scenario->servers; i++) {
		network->server_addr[i] =
			addr_of(family == ALTAIR_IPV6 ? ip6[i] : ip4[i], 3478);
		network->server[i] = must(sim_host_new(
			lanes[i], &network->server_addr[i], &no_app, NULL));
		put_on_internet(network, scenario,
				sim_host_node(network->server[i]), internet);
		sim_world_route(network->world,
				sim_host_node(network->server[i]), 0,
				&network->server_addr[i]);
	}
}

static void build_stranger(struct sim_network *network,
			   const struct sim_scenario *scenario,
			   enum altair_family family, unsigned internet)
{
	static const char *const ip4[] = {"192.0.2.66", "192.0.2.67",
					  "198.18.0.1"};
	static const char *const ip6[] = {"2001:db8:66::1", "2001:db8:66::2",
					  "2001:db8:67::1"};
	struct sim_attacker_config config = {
		.forges = scenario->stranger_forges,
		.per_second = scenario->stranger_rate,
		.from = scenario->epoch + scenario->exchange,
		.until = ALTAIR_NEVER,
		.seed = scenario->seed,
	};

	if (scenario->stranger_rate == 0)
		return;
	for (size_t i = 0; i < SIM_ATTACKER_ADDRESSES; i++)
		config.addresses[i] =
			addr_of(family == ALTAIR_IPV6 ? ip6[i] : ip4[i], 0);
	network->attacker = must(sim_attacker_new("stranger", &config));
	put_on_internet(network, scenario, sim_attacker_node(network->attacker),
			internet);
	for (size_t i = 0; i < SIM_ATTACKER_ADDRESSES; i++)
		sim_world_route(network->world,
				sim_attacker_node(network->attacker), 0,
				&config.addresses[i]);
}

void sim_network_build(struct sim_network *network,
		       const struct sim_scenario *scenario,
		       const struct sim_app *app, void *const users[2])
{
	enum altair_family family =
		sim_kind_family(scenario->side[0].kind, scenario->side[1].kind);
	struct sim_world_config config = {
		.seed = scenario->seed,
		.start = scenario->epoch,
		.until = ALTAIR_NEVER - 1,
		.steps_max = scenario->steps_max,
	};
	unsigned internet;

	*network = (struct sim_network){.world = must(sim_world_new(&config))};
	internet = sim_world_network(network->world, "internet", true);
	for (unsigned s = 0; s < 2; s++) {
		network->peer_addr[s] = address_of_peer(scenario, family, s);
		network->peer[s] = must(sim_host_new(
			names[s].peer, &network->peer_addr[s], app, users[s]));
	}
	build_side(network, scenario, 0, internet);
	if (!scenario->same_lan)
		build_side(network, scenario, 1, internet);
	build_servers(network, scenario, family, internet);
	build_stranger(network, scenario, family, internet);
}
