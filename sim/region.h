/*
 * The network of a meeting: the two hosts with their interfaces, what lies
 * between them and the internet, the server, the intruder; and what changes in
 * it.
 */
#ifndef SIM_REGION_H
#define SIM_REGION_H

#include "sim/access.h"
#include "sim/host.h"
#include "sim/meeting.h"
#include "sim/server.h"

#define SIM_INTERFACES_MAX 3

struct sim_interface {
	altair_addr addr;
	uint32_t sock;
	unsigned port; /* of the host's node */
	struct sim_access access;
	altair_addr public[2]; /* where it is seen, and after a move   */
	unsigned moves;
};

struct sim_region_side {
	struct sim_host *host;
	struct sim_interface interface[SIM_INTERFACES_MAX];
	size_t count;
};

struct sim_region {
	const struct sim_meeting *meeting;
	struct sim_world *world;
	struct sim_region_side side[2];
	struct sim_access carrier; /* of both, with same_carrier        */
	struct sim_server server;
	altair_addr server_addr[2];    /* IPv4, IPv6                       */
	altair_addr second_addr;       /* of the same server, or none      */
	struct sim_intruder *intruder; /* or NULL                       */
};

/* Builds it in a new world; `app` and `users` are those of the two hosts. */
void sim_region_build(struct sim_region *region,
		      const struct sim_meeting *meeting,
		      const struct sim_app *app, void *const users[2]);

/* Frees what is not the world's. */
void sim_region_drop(struct sim_region *region);

/* What a change does to the network when it begins, and when it ends. */
void sim_region_change(struct sim_region *region,
		       const struct sim_change *change);
void sim_region_restore(struct sim_region *region,
			const struct sim_change *change);

#endif
