/*
 * The network of a scenario: hosts, NATs in series, firewalls, the internet
 * with its STUN servers and strangers.
 *
 *   peer A - nat A (- carrier A) - internet - (carrier B -) nat B - peer B
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "sim/attacker.h"
#include "sim/host.h"
#include "sim/scenario.h"

#define SIM_SERVERS_MAX 2

struct sim_network {
	struct sim_world *world;
	struct sim_host *peer[2];
	struct sim_host *server[SIM_SERVERS_MAX];
	altair_addr peer_addr[2], server_addr[SIM_SERVERS_MAX];
	struct sim_attacker *attacker; /* or NULL */
};

/* Builds it in a new world; `app` and `users` are those of the two peers. Ends
 * the program when there is no memory. */
void sim_network_build(struct sim_network *network,
		       const struct sim_scenario *scenario,
		       const struct sim_app *app, void *const users[2]);

#endif
