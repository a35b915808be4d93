/*
 * lookup.h - finds our public endpoint: resolves the servers' names and runs an
 * altair_discover machine on the command's own sockets.
 */
#ifndef AIR_LOOKUP_H
#define AIR_LOOKUP_H

#include "resolve.h"
#include "server.h"

#include <altair/discover.h>
#include <altair/uv.h>

#define LOOKUP_ADDRS_MAX 64

struct lookup_config {
	const struct server_list *servers;
	bool ipv4, ipv6; /* of which families the servers may be             */
	altair_time timeout;
	bool is_patient; /* all servers get `timeout`, also when one answered */
	altair_time keepalive; /* as altair_discover_config                  */
};

/* One server's answer. */
struct lookup_answer {
	const struct server *server;
	altair_addr mapped;
	altair_addr local; /* the socket's, with the IP address on this way   */
	uint32_t sock;
	altair_time rtt;
};

struct lookup_handlers {
	/* A server answered. */
	void (*answer)(void *user, const struct lookup_answer *answer);
	/* Once: the discovery is over; `reason` is 0 or why there was no answer
	 * at all (see air_lookup_explain). */
	void (*settled)(void *user, int reason);
	/* The keep-alive saw another endpoint than before; may be NULL. */
	void (*changed)(void *user, const altair_addr *mapped);
	void *user;
};

struct lookup;

struct lookup_name {
	struct resolve resolve;
	struct lookup *lookup;
	const struct server *server;
	int error; /* of the resolver: UV_*, 0 */
};

struct lookup {
	struct lookup_config config;
	struct lookup_handlers handlers;
	uv_loop_t *loop;
	altair_uv *driver;
	altair_discover *discover;
	void *memory;
	struct lookup_name name[SERVERS_MAX];
	size_t resolving;
	const struct server *origin[LOOKUP_ADDRS_MAX]; /* by machine index  */
	bool is_dead[LOOKUP_ADDRS_MAX];		       /* cannot be asked */
	bool is_settled;
};

/* Starts. Returns 0 or an ALTAIR_E_*. The lookup must outlive its loop, because
 * a name that is being resolved refers to it. */
int air_lookup_start(struct lookup *lookup, uv_loop_t *loop, altair_uv *driver,
		     const struct lookup_config *config,
		     const struct lookup_handlers *handlers);

/* To be called from the driver's handlers. True: the event was for this lookup. */
bool air_lookup_event(struct lookup *lookup, altair_machine *machine,
		      const altair_output *out);

/*
 * The same for datagrams that could not be sent to `remote`, or that were refused
 * (ALTAIR_E_NO_PEER; RFC 8489 6.2.1 ends a request at a hard ICMP error). When
 * no server is left that could answer, the discovery is over.
 */
void air_lookup_unsent(struct lookup *lookup, const altair_addr *remote,
		       int error);

/* What the answers say about the NAT, with two different endpoints as it gave
 * them where they differ. */
enum altair_mapping air_lookup_mapping(const struct lookup *lookup,
				       uint32_t sock, altair_addr seen[2]);

/* Why there was no answer, and what to do: one sentence. */
void air_lookup_explain(const struct lookup *lookup, int reason, char *out,
			size_t cap);

/* Ends it: nothing is sent or resolved any more. Harmless when never started
 * (all zero) or called twice. */
void air_lookup_stop(struct lookup *lookup);

#endif
