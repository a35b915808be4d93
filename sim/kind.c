#include "sim/kind.h"

#include <string.h>

#define EI SIM_ENDPOINT_INDEPENDENT
#define AD SIM_ADDRESS_DEPENDENT
#define APD SIM_ADDRESS_AND_PORT_DEPENDENT

static const struct sim_kind kinds[] = {
	{"open", "a public address, no NAT, no firewall", 0, EI, EI,
	 SIM_PORTS_PRESERVED, false, false, true, true},
	{"full", "full cone: maps and filters independently of the remote", 1,
	 EI, EI, SIM_PORTS_PRESERVED, false, false, true, false},
	{"addr", "address-restricted cone: filters by the remote's address", 1,
	 EI, AD, SIM_PORTS_PRESERVED, false, false, true, false},
	{"port", "port-restricted cone: filters by the remote's endpoint", 1,
	 EI, APD, SIM_PORTS_PRESERVED, false, false, true, false},
	{"sym", "symmetric: another random port for every remote", 1, APD, APD,
	 SIM_PORTS_RANDOM, false, false, true, false},
	{"symseq", "symmetric: the next port for every remote", 1, APD, APD,
	 SIM_PORTS_CONTIGUOUS, false, false, true, false},
	{"cgn", "carrier-grade: a port-restricted NAT behind another one", 2,
	 EI, APD, SIM_PORTS_PRESERVED, false, false, true, false},
	{"udpblock", "a network that lets no UDP through", 0, EI, EI,
	 SIM_PORTS_PRESERVED, true, true, true, true},
	{"fw6", "IPv6 without NAT, behind a stateful firewall", 0, EI, APD,
	 SIM_PORTS_PRESERVED, true, false, false, true},
};

size_t sim_kind_count(void)
{
	return sizeof kinds / sizeof *kinds;
}

const struct sim_kind *sim_kind_at(size_t index)
{
	return &kinds[index];
}

const struct sim_kind *sim_kind_find(const char *name)
{
	for (size_t i = 0; i < sim_kind_count(); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

enum altair_family sim_kind_family(const struct sim_kind *a,
				   const struct sim_kind *b)
{
	if (a->has_ipv4 && b->has_ipv4)
		return ALTAIR_IPV4;
	return a->has_ipv6 && b->has_ipv6 ? ALTAIR_IPV6 : ALTAIR_NO_FAMILY;
}

/* A symmetric side comes from a port that nobody knows. It is heard only by a
 * side that does not filter by port, and that side sees the port change. */
static enum sim_pairing beside_symmetric(const struct sim_kind *other)
{
	return other->filtering == APD ? SIM_PAIR_FAILS : SIM_PAIR_PORT_CHANGED;
}

enum sim_pairing sim_kind_pair(const struct sim_kind *a,
			       const struct sim_kind *b)
{
	if (sim_kind_family(a, b) == ALTAIR_NO_FAMILY)
		return SIM_PAIR_NO_FAMILY;
	if (a->blocks_udp || b->blocks_udp)
		return SIM_PAIR_FAILS;
	if (a->mapping == APD)
		return beside_symmetric(b);
	return b->mapping == APD ? beside_symmetric(a) : SIM_PAIR_DIRECT;
}

const char *sim_pairing_name(enum sim_pairing pairing)
{
	static const char *const names[] = {
		[SIM_PAIR_DIRECT] = "direct",
		[SIM_PAIR_PORT_CHANGED] = "port-changed",
		[SIM_PAIR_FAILS] = "fails",
		[SIM_PAIR_NO_FAMILY] = "no-family",
	};

	return names[pairing];
}

static const struct sim_topology topologies[] = {
	{"open", "two hosts with public addresses", {"open", "open"}, false},
	{"home-home",
	 "two homes, each behind its router",
	 {"port", "port"},
	 false},
	{"cgnat",
	 "two homes, each behind its router and the carrier's NAT",
	 {"cgn", "cgn"},
	 false},
	{"cgnat+home",
	 "a home behind a carrier's NAT, and one that is not",
	 {"cgn", "port"},
	 false},
	{"same-lan",
	 "two hosts behind one router that hairpins",
	 {"port", "port"},
	 true},
	{"v6", "two IPv6 hosts, each behind a firewall", {"fw6", "fw6"}, false},
};

size_t sim_topology_count(void)
{
	return sizeof topologies / sizeof *topologies;
}

const struct sim_topology *sim_topology_at(size_t index)
{
	return &topologies[index];
}

const struct sim_topology *sim_topology_find(const char *name)
{
	for (size_t i = 0; i < sim_topology_count(); i++)
		if (!strcmp(topologies[i].name, name))
			return &topologies[i];
	return NULL;
}
