/*
 * A NAT or a firewall as a node: port 0 is the inside, port 1 the outside. It
 * forwards at once and counts the time to live down.
 */
#ifndef SIM_BOX_H
#define SIM_BOX_H

#include "sim/firewall.h"
#include "sim/nat.h"
#include "sim/world.h"

enum { SIM_BOX_INSIDE, SIM_BOX_OUTSIDE };

/* The node owns the NAT or firewall from then on. NULL: no memory. */
struct sim_node *sim_box_nat(const char *name, struct sim_nat *nat);
struct sim_node *sim_box_firewall(const char *name,
				  struct sim_firewall *firewall);

#endif
