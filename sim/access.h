/*
 * How one interface of a host reaches the internet: its line, and the NATs or
 * the firewall in between, as a kind has them.
 *
 *   host - home - NAT (- carrier - NAT) - line - internet
 */
#ifndef SIM_ACCESS_H
#define SIM_ACCESS_H

#include "sim/box.h"
#include "sim/kind.h"
#include "sim/world.h"

struct sim_access {
	/* Given. */
	const struct sim_kind *kind;
	const char *nat, *carrier, *firewall; /* names of the boxes      */
	const char *shared;  /* IP of the home towards its carrier   */
	const char *outside; /* IP of the last NAT                   */
	struct sim_link_config up, down; /* the line                 */
	altair_time nat_lifetime;
	enum sim_nat_refresh nat_refresh;
	altair_time reboot_at; /* of the NATs, or ALTAIR_NEVER         */
	bool no_hairpin;
	uint64_t seed;
	uint32_t index; /* of its NATs' random streams: this and next  */
	unsigned outer; /* the network that the line leads to          */

	/* Built. */
	unsigned inner;	       /* where the host is       */
	struct sim_node *last; /* the box at the line, or NULL  */
	struct sim_nat *nats[SIM_LAYERS_MAX]; /* from inside; owned by the
						 world                  */
};

/* Makes the inner network, where there are boxes; else it is the outer one. */
void sim_access_open(struct sim_world *world, struct sim_access *access);
/* Attaches a node that is in the world, and gives it its address. Returns its
 * port. */
unsigned sim_access_attach(struct sim_world *world,
			   const struct sim_access *access,
			   struct sim_node *node, const altair_addr *addr);
/* Adds the boxes. What a firewall protects is reached at `addr`. */
void sim_access_build(struct sim_world *world, struct sim_access *access,
		      const altair_addr *addr);

/* The address `ip`, which is one. */
altair_addr sim_addr(const char *ip, uint16_t port);

#endif
