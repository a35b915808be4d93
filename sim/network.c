/*
 * Addresses are those of the guide where it names some, else documentation
 * ranges (RFC 5737, RFC 3849), private ones (RFC 1918), and 100.64/10 between a
 * home and its carrier (RFC 6598).
 */
#include "sim/network.h"

#include "sim/access.h"

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

static struct sim_access access_of(const struct sim_scenario *scenario,
				   unsigned s, unsigned internet)
{
	const struct sim_side *side = &scenario->side[s];
	altair_time base = scenario->epoch + scenario->exchange;

	return (struct sim_access){
		.kind = side->kind,
		.nat = names[s].nat,
		.carrier = names[s].carrier,
		.firewall = names[s].firewall,
		.shared = names[s].shared4,
		.outside = names[s].public4,
		.up = line(scenario, &side->up),
		.down = line(scenario, &side->down),
		.nat_lifetime = side->nat_lifetime,
		.nat_refresh = side->nat_refresh,
		.reboot_at = side->reboot_at == ALTAIR_NEVER
				     ? ALTAIR_NEVER
				     : base + side->reboot_at,
		.seed = scenario->seed,
		.index = 2 * s,
		.outer = internet,
	};
}

static void put_peer(struct sim_network *network,
		     const struct sim_access *access, unsigned s)
{
	struct sim_node *node = sim_host_node(network->peer[s]);

	sim_world_add(network->world, node);
	sim_access_attach(network->world, access, node, &network->peer_addr[s]);
}

static void build_side(struct sim_network *network,
		       const struct sim_scenario *scenario, unsigned s,
		       unsigned internet)
{
	struct sim_access access = access_of(scenario, s, internet);

	sim_access_open(network->world, &access);
	put_peer(network, &access, s);
	if (scenario->same_lan)
		put_peer(network, &access, !s);
	sim_access_build(network->world, &access, &network->peer_addr[s]);
}

static altair_addr address_of_peer(const struct sim_scenario *scenario,
				   enum altair_family family, unsigned s)
{
	const struct side_names *n = &names[s];

	if (scenario->same_lan && s == 1)
		return sim_addr(n->neighbour, n->port);
	if (family == ALTAIR_IPV6)
		return sim_addr(n->host6, n->port);
	return sim_addr(scenario->side[s].kind->nats > 0 ? n->home4 : n->host4,
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
			sim_addr(family == ALTAIR_IPV6 ? ip6[i] : ip4[i], 3478);
		network->server[i] = sim_must(sim_host_new(
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
			sim_addr(family == ALTAIR_IPV6 ? ip6[i] : ip4[i], 0);
	network->attacker = sim_must(sim_attacker_new("stranger", &config));
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

	*network =
		(struct sim_network){.world = sim_must(sim_world_new(&config))};
	internet = sim_world_network(network->world, "internet", true);
	for (unsigned s = 0; s < 2; s++) {
		network->peer_addr[s] = address_of_peer(scenario, family, s);
		network->peer[s] = sim_must(sim_host_new(
			names[s].peer, &network->peer_addr[s], app, users[s]));
	}
	build_side(network, scenario, 0, internet);
	if (!scenario->same_lan)
		build_side(network, scenario, 1, internet);
	build_servers(network, scenario, family, internet);
	build_stranger(network, scenario, family, internet);
}
