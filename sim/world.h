/*
 * The simulated world: nodes on networks, virtual time, an event queue. The
 * order of everything is fixed: by time, then by the order of sending; arrivals
 * before timers, timers by node.
 *
 * A network connects attachments of nodes; every attachment has a line up (to
 * the network) and one down. A packet goes to the attachment whose route names
 * its destination, else to the one that takes any, else nowhere. A network that
 * is not shown has no inside: a packet takes only the line up of its sender.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/link.h"
#include "sim/trace.h"

#define SIM_NODES_MAX 24
#define SIM_NETWORKS_MAX 16
#define SIM_ATTACHMENTS_MAX 48
#define SIM_ROUTES_MAX 64
#define SIM_BARS_MAX 16
#define SIM_BATCH_MAX 32

struct sim_world;
struct sim_node;

struct sim_node_ops {
	/* Packets that arrive at one instant at one attachment of the node. */
	void (*deliver)(struct sim_node *node, unsigned port,
			const struct sim_packet *batch, size_t count);
	/* When it wants to run; NULL, like ALTAIR_NEVER: never. */
	altair_time (*next_at)(const struct sim_node *node);
	void (*run)(struct sim_node *node);
	void (*free)(struct sim_node *node); /* NULL: nothing to free */
};

/* The first member of every node. */
struct sim_node {
	const struct sim_node_ops *ops;
	const char *name;
	struct sim_world *world;
	uint16_t lane;
};

struct sim_world_config {
	uint64_t seed;
	altair_time start;  /* the first `now`                     */
	altair_time until;  /* no step after this                  */
	uint64_t steps_max; /* more is a run that does not end     */
};

/* Gives the memory back, or ends the program where there is none. */
void *sim_must(void *memory);

/* NULL when there is no memory; the world ends the program when there is none
 * later: a run without its packets would be another run. */
struct sim_world *sim_world_new(const struct sim_world_config *config);
/* Frees its nodes, too. */
void sim_world_free(struct sim_world *world);

/* Adds a node, which the world owns from then on. */
void sim_world_add(struct sim_world *world, struct sim_node *node);

/* Makes a network; it is a lane of the record when it is `shown`. */
unsigned sim_world_network(struct sim_world *world, const char *name,
			   bool shown);

/* Attaches a node: its next port, from 0. */
unsigned sim_world_attach(struct sim_world *world, struct sim_node *node,
			  unsigned network, const struct sim_link_config *up,
			  const struct sim_link_config *down);

/* The network sends what is for this IP to that attachment; with `addr` NULL,
 * whatever has no other route. */
void sim_world_route(struct sim_world *world, struct sim_node *node,
		     unsigned port, const altair_addr *addr);

/* Takes the attachment's plug out, or puts it in again. */
void sim_world_plug(struct sim_world *world, struct sim_node *node,
		    unsigned port, bool is_plugged);

/* From now on, no packet between these two IPs passes any network. */
void sim_world_bar(struct sim_world *world, const altair_addr *one,
		   const altair_addr *other);
void sim_world_unbar(struct sim_world *world);

/* A node sends a packet through its attachment `port`. The payload is copied. A
 * packet with id 0 is new. */
void sim_world_send(struct sim_node *node, unsigned port,
		    const struct sim_packet *packet);
/* A node says that a packet ends here. */
void sim_world_drop(struct sim_node *node, const struct sim_packet *packet,
		    enum sim_drop reason);

/* Counts a step of work done within a node; false when there were too many: the
 * node must stop, the world will. */
bool sim_world_spend(struct sim_world *world);

altair_time sim_world_now(const struct sim_world *world);
struct sim_trace *sim_world_trace(struct sim_world *world);
const char *sim_world_lane_name(const struct sim_world *world, unsigned lane);
size_t sim_world_lanes(const struct sim_world *world);

enum sim_progress {
	SIM_STEPPED,
	SIM_IDLE,   /* nothing will ever happen again, or not in time */
	SIM_ENDLESS /* steps_max was reached                          */
};

/* Goes to the next instant at which something happens and lets it happen. */
enum sim_progress sim_world_step(struct sim_world *world);

#endif
