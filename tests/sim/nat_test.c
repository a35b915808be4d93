/*
 * The simulated NAT, one dimension of RFC 4787 at a time, without a world.
 */
#include "check.h"

#include "sim/nat.h"

#include <stdlib.h>

#define OUTER "203.0.113.1"

static struct sim_nat_config config;
static struct sim_nat *nat;

static altair_addr at(const char *text)
{
	altair_addr addr;

	CHECK(altair_addr_parse(&addr, text) == 0);
	return addr;
}

static void defaults(void)
{
	sim_nat_config_default(&config);
	CHECK(altair_addr_parse_ip(&config.external[0], OUTER, 0) == 0);
}

static void make(void)
{
	sim_nat_free(nat);
	nat = sim_nat_new(&config, 7, 0);
	CHECK(nat != NULL);
}

/* Sends from the inside. Returns the outer port, or minus the reason. */
static int out(altair_time now, const char *src, const char *dst)
{
	struct sim_packet packet = {.src = at(src), .dst = at(dst), .ttl = 9};
	altair_addr remote = packet.dst;
	bool turned;
	enum sim_drop drop = sim_nat_outbound(nat, now, &packet, &turned);

	if (drop != SIM_PASSED)
		return -(int)drop;
	CHECK(!turned);
	CHECK(altair_addr_equal(&packet.dst, &remote));
	return packet.src.port;
}

/* Sends from the outside to the outer port. Returns the inner one. */
static int in(altair_time now, const char *src, int port)
{
	struct sim_packet packet = {.src = at(src), .ttl = 9};
	altair_addr remote = packet.src;
	enum sim_drop drop;

	CHECK(altair_addr_parse_ip(&packet.dst, OUTER, (uint16_t)port) == 0);
	drop = sim_nat_inbound(nat, now, &packet);
	if (drop != SIM_PASSED)
		return -(int)drop;
	CHECK(altair_addr_equal(&packet.src, &remote));
	return packet.dst.port;
}

#define HOST "192.168.1.2:5000"
#define FIRST "198.51.100.1:1000"
#define SAME_IP "198.51.100.1:1001"
#define OTHER_IP "198.51.100.2:1000"

static void mapping(enum sim_nat_dependence dependence, int *ports)
{
	defaults();
	config.mapping = dependence;
	config.ports = SIM_PORTS_RANDOM;
	make();
	ports[0] = out(0, HOST, FIRST);
	ports[1] = out(0, HOST, SAME_IP);
	ports[2] = out(0, HOST, OTHER_IP);
	CHECK_EQ(out(0, HOST, FIRST), ports[0]);
}

static void maps_independently(void)
{
	int ports[3];

	mapping(SIM_ENDPOINT_INDEPENDENT, ports);
	CHECK_EQ(ports[1], ports[0]);
	CHECK_EQ(ports[2], ports[0]);
}

static void maps_by_address(void)
{
	int ports[3];

	mapping(SIM_ADDRESS_DEPENDENT, ports);
	CHECK_EQ(ports[1], ports[0]);
	CHECK(ports[2] != ports[0]);
}

static void maps_by_address_and_port(void)
{
	int ports[3];

	mapping(SIM_ADDRESS_AND_PORT_DEPENDENT, ports);
	CHECK(ports[1] != ports[0]);
	CHECK(ports[2] != ports[0] && ports[2] != ports[1]);
}

static void filtering(enum sim_nat_dependence dependence, int same, int other)
{
	defaults();
	config.filtering = dependence;
	make();
	CHECK_EQ(in(0, FIRST, 5000), -SIM_NO_MAPPING);
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(in(0, FIRST, 5000), 5000);
	CHECK_EQ(in(0, SAME_IP, 5000), same);
	CHECK_EQ(in(0, OTHER_IP, 5000), other);
	CHECK_EQ(in(0, FIRST, 5001), -SIM_NO_MAPPING);
}

static void filters_independently(void)
{
	filtering(SIM_ENDPOINT_INDEPENDENT, 5000, 5000);
}

static void filters_by_address(void)
{
	filtering(SIM_ADDRESS_DEPENDENT, 5000, -SIM_FILTERED);
}

static void filters_by_address_and_port(void)
{
	filtering(SIM_ADDRESS_AND_PORT_DEPENDENT, -SIM_FILTERED, -SIM_FILTERED);
}

static void preserves_ports_until_they_collide(void)
{
	int second;

	defaults();
	make();
	CHECK_EQ(out(0, "192.168.1.2:5000", FIRST), 5000);
	second = out(0, "192.168.1.3:5000", FIRST);
	CHECK(second > 0 && second != 5000);
	CHECK_EQ(in(0, FIRST, second), 5000);
	CHECK_EQ(out(0, "192.168.1.3:5001", FIRST), 5001);
}

static void preserves_one_port_towards_many(void)
{
	defaults();
	config.mapping = SIM_ADDRESS_AND_PORT_DEPENDENT;
	config.filtering = SIM_ADDRESS_AND_PORT_DEPENDENT;
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(out(0, HOST, OTHER_IP), 5000);
	CHECK_EQ(in(0, OTHER_IP, 5000), 5000);
	CHECK_EQ(in(0, SAME_IP, 5000), -SIM_FILTERED);
}

static void overloads_ports(void)
{
	defaults();
	config.ports = SIM_PORTS_OVERLOADED;
	make();
	CHECK_EQ(out(0, "192.168.1.2:5000", FIRST), 5000);
	CHECK_EQ(out(0, "192.168.1.3:5000", OTHER_IP), 5000);
}

static void counts_ports_up(void)
{
	int port;

	defaults();
	config.mapping = SIM_ADDRESS_AND_PORT_DEPENDENT;
	config.ports = SIM_PORTS_CONTIGUOUS;
	make();
	port = out(0, HOST, FIRST);
	CHECK(port >= 1024);
	for (int i = 1; i < 20; i++) {
		char remote[32];

		snprintf(remote, sizeof remote, "198.51.100.9:%d", i);
		CHECK_EQ(out(0, HOST, remote),
			 1024 + (port - 1024 + i) % (65536 - 1024));
	}
}

static void keeps_parity(void)
{
	defaults();
	config.ports = SIM_PORTS_RANDOM;
	config.parity = true;
	make();
	for (int i = 0; i < 30; i++) {
		char host[32];

		snprintf(host, sizeof host, "192.168.1.2:%d", 5000 + i);
		CHECK_EQ(out(0, host, FIRST) & 1, i & 1);
	}
}

/* `outbound` and `inbound` say what refreshes; asked every 20 s of 30. */
static void refreshing(enum sim_nat_refresh refresh, bool outbound,
		       bool inbound)
{
	altair_time t;

	defaults();
	config.lifetime = ALTAIR_SEC(30);
	config.refresh = refresh;
	config.filtering = SIM_ADDRESS_AND_PORT_DEPENDENT;
	make();
	for (t = 0; t <= ALTAIR_SEC(100); t += ALTAIR_SEC(20))
		CHECK_EQ(out(t, HOST, FIRST), 5000);
	t = outbound ? ALTAIR_SEC(129) : ALTAIR_SEC(100);
	if (outbound)
		CHECK_EQ(in(t, FIRST, 5000), 5000);
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	for (t = ALTAIR_SEC(20); t <= ALTAIR_SEC(100); t += ALTAIR_SEC(20))
		CHECK_EQ(in(t, FIRST, 5000), inbound || t < ALTAIR_SEC(30)
						     ? 5000
						     : -SIM_NO_MAPPING);
}

static void refreshes_outbound(void)
{
	refreshing(SIM_REFRESH_OUTBOUND, true, false);
}

static void refreshes_inbound(void)
{
	refreshing(SIM_REFRESH_INBOUND, false, true);
}

static void refreshes_both_ways(void)
{
	refreshing(SIM_REFRESH_BOTH, true, true);
}

/* An outbound packet does not refresh: the mapping that it uses ends, and the
 * next one makes another. */
static void inbound_refresh_ignores_outbound(void)
{
	int port;

	defaults();
	config.lifetime = ALTAIR_SEC(30);
	config.refresh = SIM_REFRESH_INBOUND;
	config.ports = SIM_PORTS_RANDOM;
	make();
	port = out(0, HOST, FIRST);
	CHECK_EQ(out(ALTAIR_SEC(29), HOST, FIRST), port);
	CHECK(out(ALTAIR_SEC(31), HOST, FIRST) != port);
}

static void expires_exactly(void)
{
	defaults();
	config.lifetime = ALTAIR_SEC(30);
	make();
	CHECK_EQ(out(5, HOST, FIRST), 5000);
	CHECK_EQ(sim_nat_count(nat, ALTAIR_SEC(30) + 4), 1);
	CHECK_EQ(in(ALTAIR_SEC(30) + 4, FIRST, 5000), 5000);
	CHECK_EQ(in(ALTAIR_SEC(30) + 5, FIRST, 5000), -SIM_NO_MAPPING);
	CHECK_EQ(sim_nat_count(nat, ALTAIR_SEC(30) + 5), 0);
}

/* A permit ends by itself, though the mapping lives on. */
static void filter_forgets_a_silent_remote(void)
{
	defaults();
	config.lifetime = ALTAIR_SEC(30);
	config.filtering = SIM_ADDRESS_AND_PORT_DEPENDENT;
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(out(ALTAIR_SEC(20), HOST, OTHER_IP), 5000);
	CHECK_EQ(in(ALTAIR_SEC(31), FIRST, 5000), -SIM_FILTERED);
	CHECK_EQ(in(ALTAIR_SEC(31), OTHER_IP, 5000), 5000);
}

static void reboot_loses_everything(void)
{
	defaults();
	config.reboot_at = ALTAIR_SEC(10);
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(in(ALTAIR_SEC(10) - 1, FIRST, 5000), 5000);
	CHECK_EQ(in(ALTAIR_SEC(10), FIRST, 5000), -SIM_NO_MAPPING);
	CHECK_EQ(out(ALTAIR_SEC(11), HOST, FIRST), 5000);
	CHECK_EQ(in(ALTAIR_SEC(12), FIRST, 5000), 5000);
}

/* Host 2 sends to the outer endpoint of host 1. */
static enum sim_drop hairpin(enum sim_nat_hairpin how, struct sim_packet *p)
{
	bool turned = false;
	enum sim_drop drop;

	defaults();
	config.hairpin = how;
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	*p = (struct sim_packet){.src = at("192.168.1.3:6000"),
				 .dst = at(OUTER ":5000")};
	drop = sim_nat_outbound(nat, 0, p, &turned);
	CHECK(turned);
	return drop;
}

static void hairpins_not(void)
{
	struct sim_packet p;

	CHECK_EQ(hairpin(SIM_HAIRPIN_NONE, &p), SIM_NO_HAIRPIN);
}

static void hairpins_with_internal_source(void)
{
	struct sim_packet p;
	altair_addr src = at("192.168.1.3:6000"), dst = at(HOST);

	CHECK_EQ(hairpin(SIM_HAIRPIN_INTERNAL_SOURCE, &p), SIM_PASSED);
	CHECK(altair_addr_equal(&p.src, &src));
	CHECK(altair_addr_equal(&p.dst, &dst));
}

static void hairpins_with_external_source(void)
{
	struct sim_packet p;
	altair_addr src = at(OUTER ":6000"), dst = at(HOST);

	CHECK_EQ(hairpin(SIM_HAIRPIN_EXTERNAL_SOURCE, &p), SIM_PASSED);
	CHECK(altair_addr_equal(&p.src, &src));
	CHECK(altair_addr_equal(&p.dst, &dst));
}

static void hairpin_obeys_the_filter(void)
{
	struct sim_packet p = {.src = at("192.168.1.3:6000"),
			       .dst = at(OUTER ":5000")};
	bool turned;

	defaults();
	config.hairpin = SIM_HAIRPIN_EXTERNAL_SOURCE;
	config.filtering = SIM_ADDRESS_AND_PORT_DEPENDENT;
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(sim_nat_outbound(nat, 0, &p, &turned), SIM_FILTERED);
}

/* How many of 40 mappings of one host share the address of the first one. */
static int pooled(enum sim_nat_pooling pooling)
{
	altair_addr first = {0};
	int same = 0;

	defaults();
	config.external_count = 4;
	for (unsigned i = 0; i < 4; i++) {
		char text[16];

		snprintf(text, sizeof text, "203.0.113.%u", i + 1);
		CHECK(altair_addr_parse_ip(&config.external[i], text, 0) == 0);
	}
	config.pooling = pooling;
	make();
	for (int i = 0; i < 40; i++) {
		struct sim_packet p = {.src = at(HOST), .dst = at(FIRST)};
		bool turned;

		p.src.port = (uint16_t)(5000 + i);
		CHECK_EQ(sim_nat_outbound(nat, 0, &p, &turned), SIM_PASSED);
		if (i == 0)
			first = p.src;
		same += altair_addr_same_ip(&p.src, &first);
	}
	return same;
}

static void pools_paired(void)
{
	CHECK_EQ(pooled(SIM_POOLING_PAIRED), 40);
}

static void pools_arbitrarily(void)
{
	int same = pooled(SIM_POOLING_ARBITRARY);

	CHECK(same > 1 && same < 25);
}

static void two_in_series(void)
{
	struct sim_nat *carrier;
	struct sim_packet p = {.src = at(HOST), .dst = at(FIRST)};
	altair_addr host = at(HOST);
	bool turned;

	defaults();
	config.ports = SIM_PORTS_RANDOM;
	carrier = sim_nat_new(&config, 9, 1);
	CHECK(altair_addr_parse_ip(&config.external[0], "100.64.0.2", 0) == 0);
	make();
	CHECK_EQ(sim_nat_outbound(nat, 0, &p, &turned), SIM_PASSED);
	CHECK_EQ(sim_nat_outbound(carrier, 0, &p, &turned), SIM_PASSED);
	p = (struct sim_packet){.src = at(FIRST), .dst = p.src};
	CHECK_EQ(sim_nat_inbound(carrier, 0, &p), SIM_PASSED);
	CHECK_EQ(sim_nat_inbound(nat, 0, &p), SIM_PASSED);
	CHECK(altair_addr_equal(&p.dst, &host));
	sim_nat_free(carrier);
}

static void refuses_when_full(void)
{
	defaults();
	config.mappings_max = 2;
	make();
	CHECK_EQ(out(0, "192.168.1.2:1", FIRST), 1);
	CHECK_EQ(out(0, "192.168.1.2:2", FIRST), 2);
	CHECK_EQ(out(0, "192.168.1.2:3", FIRST), -SIM_NO_PORT_LEFT);
	CHECK_EQ(out(0, "192.168.1.2:2", FIRST), 2);
}

/* RFC 4787 REQ-12. */
static void translates_errors_and_keeps_the_mapping(void)
{
	struct sim_packet p = {
		.kind = SIM_UNREACHABLE,
		.src = at("198.51.100.99:9"),
		.dst = at(OUTER ":5000"),
		.about = at(FIRST),
	};
	altair_addr host = at(HOST);

	defaults();
	config.lifetime = ALTAIR_SEC(30);
	config.refresh = SIM_REFRESH_BOTH;
	make();
	CHECK_EQ(sim_nat_inbound(nat, 0, &p), SIM_NO_MAPPING);
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(sim_nat_inbound(nat, ALTAIR_SEC(20), &p), SIM_PASSED);
	CHECK(altair_addr_equal(&p.dst, &host));
	CHECK_EQ(sim_nat_count(nat, ALTAIR_SEC(29)), 1);
	CHECK_EQ(sim_nat_count(nat, ALTAIR_SEC(30)), 0);
}

static void translates_errors_from_inside(void)
{
	struct sim_packet p = {
		.kind = SIM_UNREACHABLE,
		.src = at("192.168.1.2:9"),
		.dst = at(FIRST),
		.about = at(HOST),
	};
	altair_addr outer = at(OUTER ":5000");
	bool turned;

	defaults();
	make();
	CHECK_EQ(out(0, HOST, FIRST), 5000);
	CHECK_EQ(sim_nat_outbound(nat, 0, &p, &turned), SIM_PASSED);
	CHECK(altair_addr_equal(&p.about, &outer));
	CHECK(altair_addr_same_ip(&p.src, &outer));
}

static void knows_ipv4_only(void)
{
	struct sim_packet p = {.src = at("[2001:db8::1]:5"),
			       .dst = at("[2001:db8::2]:5")};
	bool turned;

	defaults();
	make();
	CHECK_EQ(sim_nat_outbound(nat, 0, &p, &turned), SIM_NO_ROUTE);
	CHECK_EQ(sim_nat_inbound(nat, 0, &p), SIM_NO_ROUTE);
}

static void refuses_bad_configurations(void)
{
	defaults();
	config.external_count = 0;
	CHECK(!sim_nat_new(&config, 0, 0));
	config.external_count = SIM_NAT_EXTERNAL_MAX + 1;
	CHECK(!sim_nat_new(&config, 0, 0));
	defaults();
	config.mappings_max = 0;
	CHECK(!sim_nat_new(&config, 0, 0));
	sim_nat_free(nat);
	nat = NULL;
}

static const struct check_test tests[] = {
	TEST(maps_independently),
	TEST(maps_by_address),
	TEST(maps_by_address_and_port),
	TEST(filters_independently),
	TEST(filters_by_address),
	TEST(filters_by_address_and_port),
	TEST(preserves_ports_until_they_collide),
	TEST(preserves_one_port_towards_many),
	TEST(overloads_ports),
	TEST(counts_ports_up),
	TEST(keeps_parity),
	TEST(refreshes_outbound),
	TEST(refreshes_inbound),
	TEST(refreshes_both_ways),
	TEST(inbound_refresh_ignores_outbound),
	TEST(expires_exactly),
	TEST(filter_forgets_a_silent_remote),
	TEST(reboot_loses_everything),
	TEST(hairpins_not),
	TEST(hairpins_with_internal_source),
	TEST(hairpins_with_external_source),
	TEST(hairpin_obeys_the_filter),
	TEST(pools_paired),
	TEST(pools_arbitrarily),
	TEST(two_in_series),
	TEST(refuses_when_full),
	TEST(translates_errors_and_keeps_the_mapping),
	TEST(translates_errors_from_inside),
	TEST(knows_ipv4_only),
	TEST(refuses_bad_configurations),
};

CHECK_MAIN(tests)
