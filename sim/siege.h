/*
 * One run of a TURN server under siege: tenants with real clients, a rover who
 * knows a password and asks everything that can be asked, a raider and an
 * intruder who know none, peers, faults; in the end everybody is gone, and the
 * rover takes all there is once more. Everything a run does follows from its
 * siege; the auditor (sim/auditor.h) watches it.
 */
#ifndef SIM_SIEGE_H
#define SIM_SIEGE_H

#include "sim/link.h"
#include "sim/world.h"

#include <altair/server.h>

#define SIM_TENANTS 4
#define SIM_SIEGE_ALLOCATIONS_MAX 6
#define SIM_SIEGE_USERS_MAX 4
#define SIM_SIEGE_PEERS 4 /* hosts that answer */
#define SIM_SIEGE_DENIED 6

struct sim_siege {
	uint64_t seed;
	altair_time epoch; /* the clock's first value */

	/* The server. */
	unsigned allocations, users, quota;
	unsigned permissions, channels, permissions_each, channels_each;
	uint32_t lifetime_max; /* seconds */
	altair_time nonce_life;
	unsigned challenge_rate;
	bool mobility;
	bool ipv4, ipv6;  /* relayed addresses */
	unsigned streams; /* clients over TCP at the same time */
	unsigned ports;	  /* how many of them in each family */

	/* Those around it. */
	altair_time gap;   /* between two deeds of a tenant, at most */
	altair_time storm; /* how long they go on; then everybody leaves */
	bool rover;	   /* also during the storm */
	unsigned intruder_skills;
	uint32_t intruder_rate, raider_rate; /* datagrams a second */
	struct sim_link_config up, down;     /* of tenants and rover; `until`
						after the epoch */
	altair_time restart_at;		     /* after the epoch; 0: never */
	uint32_t bind_fails;		     /* of ports, per million */
	altair_time bind_takes;		     /* at most */
	uint64_t steps_max;
	bool keep_trace;

	/* For tests: a machine that stands in front of the server, and a
	 * server that is told something else than the auditor. */
	altair_machine *(*wrap)(void *user, altair_machine *real);
	void (*mislead)(void *user, altair_server_config *config);
	void *user;
};

struct sim_siege_outcome {
	const char *violation;		   /* NULL: the auditor agrees */
	altair_time violated_at, ended_at; /* after the epoch */
	uint64_t hash;
	uint64_t allocated, moved, to_peers, to_clients, refused; /* seen */
};

/* A quiet one: three allocations, four tenants of two users, no faults. */
void sim_siege_default(struct sim_siege *siege);

/* Runs it once. With `keep_trace` and a `world`, the caller gets the world with
 * its trace, and frees it. */
void sim_siege_run(const struct sim_siege *siege,
		   struct sim_siege_outcome *outcome, struct sim_world **world);

/* Runs it twice; unequal traces are a violation of determinism. */
void sim_siege_judge(const struct sim_siege *siege,
		     struct sim_siege_outcome *outcome);

/* Addresses: of the server, by family; of peers that may be reached, those of
 * even numbers IPv4; of what may not. */
altair_addr sim_siege_server(bool is_ipv6);
altair_addr sim_siege_peer(unsigned number);
altair_addr sim_siege_denied(unsigned number);
/* An address of the server; an IP that peers may have there. */
bool sim_siege_is_server(const altair_addr *addr);
bool sim_siege_allows(const altair_addr *peer);

#endif
