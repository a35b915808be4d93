/*
 * May the relay send there? The one place that says so; every verb asks it.
 */
#ifndef AIR_SERVER_POLICY_H
#define AIR_SERVER_POLICY_H

#include "server/port.h"

#include <altair/server.h>

struct air_policy {
	altair_server_prefix *allow; /* canonical */
	size_t allow_count;
	altair_addr *own; /* our host's addresses; canonical */
	size_t own_count;
	altair_addr *never; /* endpoints of ours that nobody reaches */
	size_t never_count;
	bool low_ports;		       /* ports below 1024 are peers, too */
	const struct air_ports *ports; /* by family: what is relayed here */
};

/* Copies what the configuration says of peers into the arena. */
void air_policy_init(struct air_policy *policy, struct air_arena *arena,
		     const altair_server_config *config);
/* Copies what may change while the server runs: all but the list `never`. */
void air_policy_renew(struct air_policy *policy, struct air_arena *arena,
		      const altair_server_config *config);
/* False when a part of the configuration makes no sense. */
bool air_policy_is_valid(const altair_server_config *config);

/* True when the peer's IP may be a peer; its port does not matter. */
bool air_policy_permits_ip(const struct air_policy *policy,
			   const altair_addr *peer);
/* The same for IP and port. */
bool air_policy_permits(const struct air_policy *policy,
			const altair_addr *peer);
/* True for an address in the range of our relayed ones: it is reached inside,
 * whether anybody has it or not. */
bool air_policy_is_relayed(const struct air_policy *policy,
			   const altair_addr *peer);
/* True for a relayed address of another machine of ours, likewise. */
bool air_policy_is_elsewhere(const struct air_policy *policy,
			     const altair_addr *peer);

#endif
