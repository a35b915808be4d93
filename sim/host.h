/*
 * A host with UDP sockets that runs machines: the very objects that users
 * link, driven as altair/machine.h says, whole batches included. What no
 * machine wants, and when to do what, is the business of its application.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "sim/world.h"

#define SIM_HOST_MACHINES_MAX 4
#define SIM_HOST_SOCKETS_MAX 32

struct sim_host;

/* Any function may be NULL. */
struct sim_app {
	/* A machine said something. */
	void (*event)(void *user, const altair_output *out);
	/* Payload of a machine, or a datagram that none of them wants. */
	void (*datagram)(void *user, const altair_datagram *datagram);
	/* A packet of TCP that came to the node's attachment `port`. */
	void (*stream)(void *user, unsigned port,
		       const struct sim_packet *packet);
	/* What a machine sends through a socket that the host does not have. */
	void (*send)(void *user, const altair_datagram *datagram);
	/* An ICMP error: `remote` refused a datagram of ours. */
	void (*refused)(void *user, const altair_addr *remote);
	/* The time set by sim_host_wake_at has come. */
	void (*wake)(void *user);
};

/* With `addr`, it has socket 0 there, on its port 0 of the network. The host does
 * not own `user`. NULL: no memory. */
struct sim_host *sim_host_new(const char *name, const altair_addr *addr,
			      const struct sim_app *app, void *user);
struct sim_node *sim_host_node(struct sim_host *host);

/* Runs a machine from now on; the caller keeps it alive. */
void sim_host_add(struct sim_host *host, altair_machine *machine);
/* Runs it no more. */
void sim_host_remove(struct sim_host *host, altair_machine *machine);
/* Asks all machines what they want: after calling a function of one of them. */
void sim_host_poll(struct sim_host *host);

/* Hands a datagram that came in this packet to the machines. */
void sim_host_take(struct sim_host *host, const altair_datagram *datagram,
		   const struct sim_packet *packet);

/* Opens socket `sock` at an address of the node's attachment `port`, or closes
 * it. What is sent through a closed one is gone. */
void sim_host_bind(struct sim_host *host, uint32_t sock,
		   const altair_addr *addr, unsigned port);
void sim_host_unbind(struct sim_host *host, uint32_t sock);

/* Sends from the socket that the path names; a merged burst leaves as single
 * datagrams. */
void sim_host_send(struct sim_host *host, const altair_datagram *datagram);

/* Calls app->wake then; ALTAIR_NEVER for not at all. */
void sim_host_wake_at(struct sim_host *host, altair_time at);

/* Hears and does nothing until then, and finds that the time has jumped. */
void sim_host_sleep(struct sim_host *host, altair_time until);

/* While the sockets are closed datagrams are answered with an ICMP error. */
void sim_host_open(struct sim_host *host, bool is_open);

#endif
