/*
 * A stranger who sprays PUNCH, PING, PONG and garbage at both peers. He knows
 * their public endpoints. Either he sends from addresses of his own, from any
 * port and from the port number of the peer, or he forges the peer's IP address
 * with another port, and then cannot hear the answers.
 */
#ifndef SIM_ATTACKER_H
#define SIM_ATTACKER_H

#include "sim/world.h"

#define SIM_ATTACKER_ADDRESSES 3

struct sim_attacker;

struct sim_attacker_config {
	altair_addr addresses[SIM_ATTACKER_ADDRESSES]; /* his own  */
	altair_addr targets[2]; /* family 0: not known yet          */
	bool forges;
	uint32_t per_second; /* datagrams to both targets together */
	altair_time from, until;
	uint64_t seed;
};

struct sim_attacker *sim_attacker_new(const char *name,
				      const struct sim_attacker_config *config);
struct sim_node *sim_attacker_node(struct sim_attacker *attacker);
/* He learns a target. */
void sim_attacker_aim(struct sim_attacker *attacker, unsigned index,
		      const altair_addr *target);

#endif
