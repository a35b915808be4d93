/*
 * The kinds of NAT by name, the same in the simulator and the lab, what to
 * expect of a pair of them, and the usual topologies.
 */
#ifndef SIM_KIND_H
#define SIM_KIND_H

#include "sim/nat.h"

#define SIM_LAYERS_MAX 2

struct sim_kind {
	const char *name, *text;
	unsigned nats; /* in series: 0 to SIM_LAYERS_MAX           */
	enum sim_nat_dependence mapping, filtering;
	enum sim_nat_ports ports;
	bool has_firewall; /* stateful                                 */
	bool blocks_udp;
	bool has_ipv4, has_ipv6;
};

size_t sim_kind_count(void);
const struct sim_kind *sim_kind_at(size_t index);
/* NULL when there is none of this name. */
const struct sim_kind *sim_kind_find(const char *name);

enum sim_pairing {
	SIM_PAIR_DIRECT,       /* connects at the endpoints exchanged      */
	SIM_PAIR_PORT_CHANGED, /* connects at another port of one side     */
	SIM_PAIR_FAILS,	       /* no direct path                           */
	SIM_PAIR_NO_FAMILY     /* they have no address family in common    */
};

/* What the two filters and mappings allow a punch to reach. */
enum sim_pairing sim_kind_pair(const struct sim_kind *a,
			       const struct sim_kind *b);
const char *sim_pairing_name(enum sim_pairing pairing);

/* The family that a pair uses. */
enum altair_family sim_kind_family(const struct sim_kind *a,
				   const struct sim_kind *b);

struct sim_topology {
	const char *name, *text;
	const char *kinds[2];
	bool same_lan; /* both peers behind the one NAT, which hairpins */
};

size_t sim_topology_count(void);
const struct sim_topology *sim_topology_at(size_t index);
const struct sim_topology *sim_topology_find(const char *name);

#endif
