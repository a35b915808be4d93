/*
 * altair/uv_agent.h - drives one altair_agent on a libuv loop: a UDP socket for
 * each address of this host, one timer, no thread.      Library: libaltair-uv.
 *
 * The addresses are those that may lead to a peer (RFC 8445 5.1.1.1): no
 * loopback, no link-local, no deprecated ones, none of interfaces that are down
 * or that virtual machines and containers use among themselves (docker*, br-*,
 * veth*, virbr*, lxc* and their like), at most ALTAIR_AGENT_HOSTS_MAX; IPv6 and
 * IPv4 by turns (RFC 8421 4). They are watched: one that comes or goes while the
 * driver lives comes to or leaves the agent.
 *
 * Everything but sending, the hosts and the relays goes to the agent itself:
 * gather, seal, remote, candidates. After such a call altair_uv_agent_kick.
 *
 * Streams (to relays over TCP and TLS, to peers by ICE-TCP) are opened and shut
 * here: their events are not passed on. What is to be sent waits, at most 64 KiB a
 * stream; payload that finds 32 KiB waiting is dropped, as the network drops
 * datagrams.
 */
#ifndef ALTAIR_UV_AGENT_H
#define ALTAIR_UV_AGENT_H

#include <altair/agent.h>
#include <altair/tls.h>

#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_uv_agent altair_uv_agent;

/* Interfaces that may be named. */
#define ALTAIR_UV_AGENT_INTERFACES_MAX 16

typedef struct altair_uv_agent_config {
	size_t size;
	altair_agent_config agent; /* with its defaults; `crypto` is yours.
	                              `loopback` also lets the loopback
	                              interface be one of `interfaces`       */
	uint16_t port;		   /* of every UDP socket; 0: any            */
	/* Only these interfaces, whatever they are; NULL: as said above.
	 * Borrowed for the call. */
	const char *const *interfaces;
	size_t interfaces_count;
	const altair_tls *tls; /* for relays over TLS; NULL: there are none;
	                          must outlive the driver                    */
} altair_uv_agent_config;

typedef struct altair_uv_agent_handlers {
	/* An event of the agent; `out` is valid for the call. */
	void (*event)(void *user, const altair_output *out);
	/* A message of the peer; may be NULL. */
	void (*message)(void *user, altair_bytes message);
} altair_uv_agent_handlers;

/* Fills in `size` and every default, those of `agent` too. */
ALTAIR_API void altair_uv_agent_config_default(altair_uv_agent_config *config);

/*
 * Makes the agent and gives it the addresses of this host; there may be none.
 * Handlers are copied. Returns 0, ALTAIR_E_INVALID (configuration),
 * ALTAIR_E_IN_USE (`port` is taken), ALTAIR_E_PERMISSION, ALTAIR_E_MEMORY,
 * ALTAIR_E_RANDOM, or ALTAIR_E_SYSTEM.
 */
ALTAIR_API int altair_uv_agent_open(altair_uv_agent **out, uv_loop_t *loop,
				    const altair_uv_agent_config *config,
				    const altair_uv_agent_handlers *handlers,
				    void *user);

/* The agent, as long as the driver lives. */
ALTAIR_API altair_agent *altair_uv_agent_agent(altair_uv_agent *driver);

/*
 * Adds a TURN server, as altair_agent_add_relay does and with what it returns.
 * One over TLS has to prove that it is `tls_name`, a host name or an IP address
 * (else NULL). Besides, ALTAIR_E_UNSUPPORTED (TLS without a table or a name) and
 * ALTAIR_E_MEMORY.
 */
ALTAIR_API int altair_uv_agent_add_relay(altair_uv_agent *driver,
					 const altair_agent_relay *relay,
					 const char *tls_name);

/* How many addresses of this host are in use now. */
ALTAIR_API size_t altair_uv_agent_hosts(const altair_uv_agent *driver);

/* Call after changing the agent by its own functions: polls it soon. */
ALTAIR_API void altair_uv_agent_kick(altair_uv_agent *driver);

/* The time to give to the agent now. */
ALTAIR_API altair_time altair_uv_agent_now(const altair_uv_agent *driver);

/* Sends one message to the peer at once. 0, an error of altair_agent_wrap, or,
 * when the system did not take it, one of altair_udp_send; ALTAIR_E_AGAIN also
 * when too much waits for a stream. */
ALTAIR_API int altair_uv_agent_send(altair_uv_agent *driver,
				    altair_bytes message);

/* Closes the agent, too. libuv's rule: the object lives until `closed` (may be
 * NULL) is called. */
ALTAIR_API void altair_uv_agent_close(altair_uv_agent *driver,
				      void (*closed)(void *user));

#ifdef __cplusplus
}
#endif
#endif
