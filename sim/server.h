/*
 * The server of a meeting: altair_server as a STUN and TURN server on a host,
 * which opens the ports of the relay as it is told.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim/digest.h"
#include "sim/host.h"

#include <altair/agent.h>
#include <altair/server.h>

#define SIM_SERVER_STREAMS 17 /* one more than there may be */

/* How a server is other than that of a meeting. */
struct sim_server_plan {
	void (*configure)(void *user, altair_server_config *config);
	/* A port could not be bound. */
	void (*failed)(void *user, const altair_addr *addr);
	/* A client's stream is gone, and with it his allocation. */
	void (*shut)(void *user, const altair_addr *client);
	/* What stands in front of the server; NULL: nothing. */
	altair_machine *(*wrap)(void *user, altair_machine *real);
	void *user;
	uint32_t bind_fails;	/* of ports, per million */
	altair_time bind_takes; /* at most */
};

/* A port that is not open yet. */
struct sim_server_bind {
	altair_addr addr;
	uint32_t sock;
	altair_time at;
};

struct sim_server {
	const struct sim_server_plan *plan; /* given, or NULL */
	struct sim_host *host;
	unsigned port; /* of its node */
	altair_server *machine;
	void *memory;
	struct sim_rng rng;
	altair_crypto crypto;
	uint32_t socks[SIM_HOST_SOCKETS_MAX]; /* of relay ports */
	size_t socks_count;
	altair_addr
		streams[SIM_SERVER_STREAMS]; /* clients over TCP, by number */
	struct sim_server_bind binds[SIM_HOST_SOCKETS_MAX];
	size_t binds_count;
	altair_machine *driven; /* the machine, or what stands in front */
	altair_addr addr[2];	/* IPv4, IPv6                              */
};

/* For sim_host_new; its user is the server. */
extern const struct sim_app sim_server_app;

/* Starts it, with IPv4 and IPv6 addresses of its own; the second time it starts
 * again and has forgotten everything. */
void sim_server_start(struct sim_server *server, uint64_t seed,
		      const altair_addr addr[2]);
void sim_server_drop(struct sim_server *server);

/* A user of the relay, at this address of the server. */
altair_agent_relay sim_server_relay(const altair_addr *addr);

#endif
