/*
 * The probe behind every NAT of RFC 4787 in the simulated network, against the
 * shipped server: what it finds must be what the NAT was made to be.
 */
#include "check.h"

#include "sim/box.h"
#include "sim/host.h"
#include "sim/kind.h"

#include <altair/probe.h>
#include <altair/server.h>

#include <stdlib.h>

#define SOCKS ALTAIR_PROBE_SOCKS_MAX

/* What the network is like. */
static struct {
	unsigned nats;
	bool has_firewall, blocks_udp;
	struct sim_nat_config nat;
	struct sim_link_config line;
	bool is_plain; /* the servers have no other address */
	unsigned servers;
	altair_time lifetime_max;
	uint64_t seed;
} net;

static struct sim_world *world;
static struct sim_host *client, *hosts[2];
static altair_probe *probe;
static altair_probe_facts facts;
static void *probe_memory, *server_memory[2];
static struct sim_rng rng;
static altair_addr local[SOCKS];
static altair_time took; /* until it was done */

static int draw(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)sim_rng_u32(&rng);
	return 0;
}

static const altair_crypto crypto = {.size = sizeof crypto, .random = draw};

static altair_addr addr(const char *ip, uint16_t port)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse_ip(&a, ip, port), 0);
	return a;
}

static void be_default(void)
{
	memset(&net, 0, sizeof net);
	net.nats = 1;
	net.servers = 1;
	net.seed = 1;
	net.line.delay = ALTAIR_MSEC(10);
	sim_nat_config_default(&net.nat);
}

/* --- the network ------------------------------------------------------------- */

static void attach(struct sim_node *node, unsigned network, const char *ip)
{
	unsigned port =
		sim_world_attach(world, node, network, &net.line, &net.line);
	altair_addr a;

	if (ip)
		a = addr(ip, 0);
	sim_world_route(world, node, port, ip ? &a : NULL);
}

/* Boxes between `inner` and the internet, which the client is reached through. */
static void build_boxes(unsigned inner, unsigned internet)
{
	static const char *const ips[] = {"203.0.113.1", "100.64.0.10"};

	for (unsigned i = 0; i < net.nats; i++) {
		bool is_last = i + 1 == net.nats;
		const char *ip = ips[is_last ? 0 : 1];
		struct sim_node *box;

		net.nat.external[0] = addr(ip, 0);
		net.nat.external_count = 1;
		box = sim_must(sim_box_nat(
			"nat", sim_must(sim_nat_new(&net.nat, net.seed, i))));
		sim_world_add(world, box);
		attach(box, inner, NULL);
		inner = is_last ? internet
				: sim_world_network(world, "carrier", false);
		attach(box, inner, ip);
	}
}

static void build_firewall(unsigned inner, unsigned internet)
{
	struct sim_firewall_config config;
	struct sim_node *box;

	sim_firewall_config_default(&config);
	config.blocks_udp = net.blocks_udp;
	box = sim_must(sim_box_firewall("firewall",
					sim_must(sim_firewall_new(&config))));
	sim_world_add(world, box);
	attach(box, inner, NULL);
	attach(box, internet, "203.0.113.10");
}

static void build_server(unsigned index, unsigned internet)
{
	static const struct sim_app no_app;
	static const char *const ips[2][2] = {{"192.0.2.1", "192.0.2.2"},
					      {"198.51.100.1", "198.51.100.2"}};
	altair_server_alternate pair;
	altair_server_config config;
	altair_server *server;
	altair_addr first = addr(ips[index][0], 3478);

	hosts[index] = sim_must(sim_host_new("server", &first, &no_app, NULL));
	sim_world_add(world, sim_host_node(hosts[index]));
	attach(sim_host_node(hosts[index]), internet, ips[index][0]);
	for (uint32_t i = 0; i < 4; i++) {
		pair.sock[i] = i;
		pair.addr[i] =
			addr(ips[index][i / 2], (uint16_t)(3478 + i % 2));
		if (i > 0 && !net.is_plain)
			sim_host_bind(hosts[index], i, &pair.addr[i], 0);
	}
	sim_world_route(world, sim_host_node(hosts[index]), 0, &pair.addr[2]);
	altair_server_config_default(&config);
	config.crypto = &crypto;
	config.alternates = &pair;
	config.alternate_count = net.is_plain ? 0 : 1;
	server_memory[index] = malloc(altair_server_size(&config));
	CHECK_EQ(altair_server_init(&server, server_memory[index],
				    altair_server_size(&config), &config, 0),
		 0);
	sim_host_add(hosts[index], altair_server_machine(server));
}

static void see_event(void *user, const altair_output *out)
{
	(void)user;
	if (out->event == ALTAIR_EV_PROBED)
		took = sim_world_now(world);
}

static void build_client(unsigned inner)
{
	static const struct sim_app app = {.event = see_event};
	bool is_public = net.nats == 0;
	const char *ip = is_public ? "203.0.113.10" : "192.168.1.100";

	for (uint32_t i = 0; i < SOCKS; i++)
		local[i] = addr(ip, (uint16_t)(40000 + 7 * i * i));
	client = sim_must(sim_host_new("client", &local[0], &app, NULL));
	for (uint32_t i = 1; i < SOCKS; i++)
		sim_host_bind(client, i, &local[i], 0);
	sim_world_add(world, sim_host_node(client));
	attach(sim_host_node(client), inner, ip);
}

static void start_probe(void)
{
	altair_probe_config config;
	size_t size;

	altair_probe_config_default(&config);
	config.crypto = &crypto;
	config.local = local;
	config.socks = SOCKS;
	config.lifetime_max = net.lifetime_max;
	size = altair_probe_size(&config);
	CHECK(size > 0);
	probe_memory = malloc(size);
	CHECK_EQ(altair_probe_init(&probe, probe_memory, size, &config, 0), 0);
	for (unsigned i = 0; i < net.servers; i++) {
		altair_addr to = addr(i ? "198.51.100.1" : "192.0.2.1", 3478);

		CHECK_EQ(altair_probe_add(probe, 0, &to), 0);
	}
	altair_probe_seal(probe, 0);
	sim_host_add(client, altair_probe_machine(probe));
}

/* Runs it until it is done. */
static void run(void)
{
	struct sim_world_config config = {.seed = net.seed,
					  .until = ALTAIR_SEC(3600),
					  .steps_max = 1000000};
	unsigned internet, inner;
	bool has_box = net.nats > 0 || net.has_firewall;

	sim_rng_seed(&rng, net.seed, SIM_FOR_SECRETS, 9);
	took = ALTAIR_NEVER;
	world = sim_must(sim_world_new(&config));
	internet = sim_world_network(world, "internet", true);
	inner = has_box ? sim_world_network(world, "home", false) : internet;
	build_client(inner);
	if (net.has_firewall)
		build_firewall(inner, internet);
	else
		build_boxes(inner, internet);
	for (unsigned i = 0; i < 2; i++)
		build_server(i, internet);
	start_probe();
	while (took == ALTAIR_NEVER && sim_world_step(world) == SIM_STEPPED)
		;
	altair_probe_get(probe, &facts);
	CHECK(took != ALTAIR_NEVER);
	CHECK(facts.is_done);
	sim_world_free(world);
	free(probe_memory);
	free(server_memory[0]);
	free(server_memory[1]);
}

static const char *verdict(void)
{
	return altair_probe_code(altair_probe_judge(
		&facts, NULL, ALTAIR_UNKNOWN, ALTAIR_UNKNOWN));
}

/* --- every NAT ----------------------------------------------------------------- */

static enum altair_dependence dependence(enum sim_nat_dependence d)
{
	return (enum altair_dependence)(ALTAIR_ENDPOINT_INDEPENDENT + (int)d);
}

/* A NAT that keeps the port for each destination is seen as one mapping. */
static bool maps_for_all(void)
{
	return net.nat.mapping == SIM_ENDPOINT_INDEPENDENT ||
	       net.nat.ports == SIM_PORTS_PRESERVED ||
	       net.nat.ports == SIM_PORTS_OVERLOADED;
}

static const char *expected_verdict(void)
{
	if (!maps_for_all())
		return "direct-some";
	return net.nat.filtering == SIM_ADDRESS_AND_PORT_DEPENDENT
		       ? "direct-most"
		       : "direct-all";
}

/* Preserving NATs keep the port of the first mapping of each socket. */
static enum altair_port_choice expected_ports(void)
{
	switch (net.nat.ports) {
	case SIM_PORTS_PRESERVED:
	case SIM_PORTS_OVERLOADED:
		return ALTAIR_PORTS_PRESERVED;
	case SIM_PORTS_CONTIGUOUS:
		return ALTAIR_PORTS_SEQUENTIAL;
	case SIM_PORTS_RANDOM:
		break;
	}
	return ALTAIR_PORTS_RANDOM;
}

static void check_nat(void)
{
	bool is_for_all = maps_for_all();

	run();
	CHECK_EQ(facts.udp, ALTAIR_YES);
	CHECK_EQ(facts.nat, ALTAIR_YES);
	CHECK_EQ(facts.second_address, ALTAIR_YES);
	CHECK_EQ(facts.mapping, is_for_all ? ALTAIR_ENDPOINT_INDEPENDENT
					   : dependence(net.nat.mapping));
	CHECK_EQ(facts.filtering, dependence(net.nat.filtering));
	CHECK_EQ(facts.ports, expected_ports());
	if (facts.ports == ALTAIR_PORTS_SEQUENTIAL)
		CHECK_EQ(facts.port_step, 1);
	if (net.nat.hairpin == SIM_HAIRPIN_NONE)
		CHECK_EQ(facts.hairpin,
			 is_for_all ? ALTAIR_NO : ALTAIR_UNKNOWN);
	else if (is_for_all)
		CHECK_EQ(facts.hairpin, ALTAIR_YES);
	CHECK_EQ(facts.pool, ALTAIR_NO);
	CHECK_EQ(facts.mtu, 1500);
	CHECK_STR(verdict(), expected_verdict());
	CHECK(took <= ALTAIR_SEC(2));
}

/* Mapping, filtering, ports, hairpinning: all that RFC 4787 knows. */
static void every_nat_is_recognised(void)
{
	be_default();
	for (int m = 0; m < 3; m++)
		for (int f = 0; f < 3; f++)
			for (int p = 0; p < 4; p++)
				for (int h = 0; h < 3; h++) {
					net.nat.mapping =
						(enum sim_nat_dependence)m;
					net.nat.filtering =
						(enum sim_nat_dependence)f;
					net.nat.ports = (enum sim_nat_ports)p;
					net.nat.hairpin =
						(enum sim_nat_hairpin)h;
					printf("# %d %d %d %d\n", m, f, p, h);
					check_nat();
				}
}

/* --- every kind ---------------------------------------------------------------- */

static void check_kind(const struct sim_kind *kind)
{
	be_default();
	net.nats = kind->nats;
	net.has_firewall = kind->has_firewall;
	net.blocks_udp = kind->blocks_udp;
	net.servers = 2;
	net.nat.mapping = kind->mapping;
	net.nat.filtering = kind->filtering;
	net.nat.ports = kind->ports;
	run();
	CHECK_EQ(facts.asked, 2);
	if (kind->blocks_udp) {
		CHECK_EQ(facts.udp, ALTAIR_NO);
		CHECK_STR(verdict(), "no-answer");
		CHECK_EQ(altair_probe_judge(&facts, NULL, ALTAIR_YES,
					    ALTAIR_UNKNOWN),
			 ALTAIR_PROBE_IS_RELAY);
		return;
	}
	CHECK_EQ(facts.udp, ALTAIR_YES);
	CHECK_EQ(facts.nat, kind->nats > 0 ? ALTAIR_YES : ALTAIR_NO);
	CHECK_EQ(facts.mapping, dependence(kind->mapping));
	CHECK_EQ(facts.filtering, dependence(kind->filtering));
	CHECK_EQ(facts.rtt, (kind->nats > 0	  ? 2 * kind->nats + 4
			     : kind->has_firewall ? 6
						  : 4) *
				    ALTAIR_MSEC(10));
	CHECK_STR(verdict(), expected_verdict());
}

static void every_kind_is_recognised(void)
{
	for (size_t i = 0; i < sim_kind_count(); i++) {
		printf("# %s\n", sim_kind_at(i)->name);
		check_kind(sim_kind_at(i));
	}
}

/* --- servers without another address --------------------------------------------- */

static void one_plain_server_does_not_tell_the_mapping(void)
{
	be_default();
	net.is_plain = true;
	run();
	CHECK_EQ(facts.second_address, ALTAIR_NO);
	CHECK_EQ(facts.mapping, ALTAIR_DEPENDENCE_UNKNOWN);
	CHECK_EQ(facts.filtering, ALTAIR_DEPENDENCE_UNKNOWN);
	CHECK_EQ(facts.ports, ALTAIR_PORTS_PRESERVED);
	CHECK_EQ(facts.hairpin, ALTAIR_UNKNOWN);
	CHECK_EQ(facts.mtu, 1500);
	CHECK_STR(verdict(), "direct-unknown");
}

static void two_plain_servers_tell_the_mapping(void)
{
	for (int m = 0; m < 3; m++) {
		be_default();
		net.is_plain = true;
		net.servers = 2;
		net.nat.mapping = (enum sim_nat_dependence)m;
		net.nat.ports = SIM_PORTS_RANDOM;
		run();
		CHECK_EQ(facts.mapping,
			 m ? ALTAIR_DEPENDENT : ALTAIR_ENDPOINT_INDEPENDENT);
		CHECK_EQ(facts.filtering, ALTAIR_DEPENDENCE_UNKNOWN);
		CHECK_EQ(facts.ports, ALTAIR_PORTS_RANDOM);
		CHECK_STR(verdict(), m ? "direct-some" : "direct-most");
		CHECK(took < ALTAIR_SEC(2));
	}
}

/* --- how long, and how large ------------------------------------------------------ */

static void the_longest_datagram_is_found(void)
{
	static const uint32_t mtus[][3] = {
		{0, 1500, 0},	    {1500, 1500, 0},	{1499, 1492, 1500},
		{1400, 1400, 1420}, {1281, 1280, 1360}, {576, 576, 1280}};

	for (size_t i = 0; i < sizeof mtus / sizeof *mtus; i++) {
		be_default();
		net.line.mtu = mtus[i][0];
		run();
		CHECK_EQ(facts.mtu, mtus[i][1]);
		CHECK_EQ(facts.mtu_over, mtus[i][2]);
	}
}

static void the_lifetime_is_found(void)
{
	static const unsigned lives[][3] = {{30, 25, 35},    {60, 50, 65},
					    {120, 95, 125},  {180, 155, 185},
					    {300, 245, 305}, {600, 305, 0}};

	for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
		for (int symmetric = 0; symmetric < 2; symmetric++) {
			be_default();
			net.lifetime_max = ALTAIR_SEC(600);
			net.nat.lifetime = ALTAIR_SEC(lives[i][0]);
			if (symmetric) {
				net.nat.mapping =
					SIM_ADDRESS_AND_PORT_DEPENDENT;
				net.nat.ports = SIM_PORTS_RANDOM;
			}
			run();
			CHECK_EQ(facts.lifetime, ALTAIR_SEC(lives[i][1]));
			CHECK_EQ(facts.lifetime_over, ALTAIR_SEC(lives[i][2]));
			CHECK(took < ALTAIR_SEC(lives[i][0] + 60));
		}
	}
}

static void the_wait_for_the_lifetime_has_an_end(void)
{
	be_default();
	net.lifetime_max = ALTAIR_SEC(30);
	run();
	CHECK_EQ(facts.lifetime, ALTAIR_SEC(25));
	CHECK_EQ(facts.lifetime_over, 0);
	CHECK(took < ALTAIR_SEC(40));
	be_default();
	net.is_plain = true; /* RESPONSE-PORT is refused */
	net.lifetime_max = ALTAIR_SEC(300);
	run();
	CHECK_EQ(facts.lifetime, 0);
	CHECK_EQ(facts.lifetime_over, 0);
	CHECK(took < ALTAIR_SEC(10));
}

/* --- loss ------------------------------------------------------------------------- */

static unsigned unknown, known;

static void judge(enum altair_dependence found, enum sim_nat_dependence is)
{
	unknown += found == ALTAIR_DEPENDENCE_UNKNOWN;
	known += found != ALTAIR_DEPENDENCE_UNKNOWN;
	CHECK(found == ALTAIR_DEPENDENCE_UNKNOWN || found == dependence(is));
}

static void run_with_loss(uint64_t seed, enum sim_nat_dependence mapping,
			  enum sim_nat_dependence filtering)
{
	be_default();
	net.seed = seed;
	net.line.loss = SIM_MILLION / 100; /* of each of eight lines */
	net.nat.mapping = mapping;
	net.nat.filtering = filtering;
	net.nat.ports = SIM_PORTS_RANDOM;
	run();
	judge(facts.mapping, mapping);
	judge(facts.filtering, filtering);
}

/* A lost datagram makes nothing wrong, seldom unknown. */
static void loss_makes_nothing_wrong(void)
{
	unknown = known = 0;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		enum sim_nat_dependence f = (enum sim_nat_dependence)(seed % 3);

		run_with_loss(seed, SIM_ENDPOINT_INDEPENDENT, f);
		run_with_loss(seed, SIM_ADDRESS_AND_PORT_DEPENDENT, f);
	}
	printf("# %u unknown, %u known\n", unknown, known);
	CHECK(unknown <= known / 100);
}

/* --- a swarm ------------------------------------------------------------------------ */

#define SWARM 2000

/* Any NATs, any line that is not hopeless. */
static void draw_network(uint64_t seed)
{
	struct sim_rng draws;

	be_default();
	sim_rng_seed(&draws, seed, SIM_FOR_LINK, 99);
	net.seed = seed;
	net.nats = 1 + sim_rng_below(&draws, 2);
	net.servers = 1 + sim_rng_below(&draws, 2);
	net.is_plain = sim_rng_below(&draws, 4) == 0;
	net.nat.mapping = (enum sim_nat_dependence)sim_rng_below(&draws, 3);
	net.nat.filtering = (enum sim_nat_dependence)sim_rng_below(&draws, 3);
	net.nat.ports = (enum sim_nat_ports)sim_rng_below(&draws, 4);
	net.nat.hairpin = (enum sim_nat_hairpin)sim_rng_below(&draws, 3);
	net.nat.lifetime = ALTAIR_SEC(sim_rng_between(&draws, 20, 400));
	net.lifetime_max = ALTAIR_SEC(sim_rng_below(&draws, 2) * 600);
	net.line.delay = ALTAIR_MSEC(sim_rng_below(&draws, 30));
	net.line.jitter = ALTAIR_MSEC(sim_rng_below(&draws, 10));
	net.line.loss = sim_rng_below(&draws, SIM_MILLION / 100);
	net.line.duplicate = sim_rng_below(&draws, SIM_MILLION / 10);
	net.line.mtu = sim_rng_below(&draws, 2)
			       ? 0
			       : 1200 + sim_rng_below(&draws, 400);
}

/* Unknown is never wrong. */
static void check_swarm_mapping(void)
{
	bool is_dependent = facts.mapping == ALTAIR_DEPENDENT;

	if (facts.mapping == ALTAIR_DEPENDENCE_UNKNOWN)
		return;
	if (maps_for_all())
		CHECK_EQ(facts.mapping, ALTAIR_ENDPOINT_INDEPENDENT);
	else
		CHECK(is_dependent ||
		      facts.mapping == dependence(net.nat.mapping));
}

static void check_swarm(void)
{
	altair_time life = net.nat.lifetime;

	CHECK_EQ(facts.udp, ALTAIR_YES);
	CHECK_EQ(facts.nat, ALTAIR_YES);
	check_swarm_mapping();
	CHECK(facts.filtering == ALTAIR_DEPENDENCE_UNKNOWN ||
	      facts.filtering == dependence(net.nat.filtering));
	CHECK(facts.ports == ALTAIR_PORTS_UNKNOWN ||
	      facts.ports == expected_ports());
	CHECK(facts.hairpin != ALTAIR_YES ||
	      net.nat.hairpin != SIM_HAIRPIN_NONE);
	/* With its inner source, what an outer NAT returns an inner one may
	 * filter. */
	CHECK(facts.hairpin != ALTAIR_NO ||
	      net.nat.hairpin != SIM_HAIRPIN_EXTERNAL_SOURCE);
	CHECK(net.line.mtu == 0 || facts.mtu <= net.line.mtu);
	CHECK(net.line.mtu == 0 || facts.mtu_over == 0 ||
	      facts.mtu_over > net.line.mtu);
	CHECK(facts.lifetime <= life);
	CHECK(facts.lifetime_over == 0 ||
	      facts.lifetime_over + ALTAIR_SEC(1) >= life);
}

static void nothing_that_is_known_is_wrong(void)
{
	unknown = known = 0;
	for (uint64_t seed = 1; seed <= SWARM; seed++) {
		draw_network(seed);
		printf("# seed %d\r", (int)seed);
		run();
		check_swarm();
		if (net.is_plain)
			continue;
		known += 2;
		unknown += facts.mapping == ALTAIR_DEPENDENCE_UNKNOWN;
		unknown += facts.filtering == ALTAIR_DEPENDENCE_UNKNOWN;
	}
	printf("# %u of %u unknown\n", unknown, known);
	CHECK(unknown <= known / 100);
}

static const struct check_test tests[] = {
	TEST(every_nat_is_recognised),
	TEST(every_kind_is_recognised),
	TEST(one_plain_server_does_not_tell_the_mapping),
	TEST(two_plain_servers_tell_the_mapping),
	TEST(the_longest_datagram_is_found),
	TEST(the_lifetime_is_found),
	TEST(the_wait_for_the_lifetime_has_an_end),
	TEST(loss_makes_nothing_wrong),
	TEST(nothing_that_is_known_is_wrong),
};
CHECK_MAIN(tests)
