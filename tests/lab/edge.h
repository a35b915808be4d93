/*
 * edge.h - what stands between one host and the internet: the NATs and the
 * firewall of a kind (sim/kind.h), in series.
 */
#ifndef LAB_EDGE_H
#define LAB_EDGE_H

#include "sim/firewall.h"
#include "sim/kind.h"

struct edge {
	struct sim_nat *nats[SIM_LAYERS_MAX]; /* the innermost first */
	unsigned nat_count;
	struct sim_firewall *firewall; /* outside of them; may be NULL */
};

struct edge_config {
	const char *kind;     /* of sim/kind.h, or "short": `port` with  */
	altair_time lifetime; /* ... mappings that live so long          */
	altair_addr public;   /* the outermost NAT's address             */
	uint64_t seed;
};

/* False: no such kind, or no memory. */
bool edge_init(struct edge *edge, const struct edge_config *config);
void edge_drop(struct edge *edge);

/*
 * A packet from the host. True: it goes on, translated in place, outwards, or
 * with *turned back to the host (hairpin).
 */
bool edge_outwards(struct edge *edge, altair_time now,
		   struct sim_packet *packet, bool *turned);

/* A packet from the internet. True: the host gets it, translated in place. */
bool edge_inwards(struct edge *edge, altair_time now,
		  struct sim_packet *packet);

#endif
