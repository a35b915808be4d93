/*
 * relays.h - the sockets of relay ports, as the machine asks for them, all in
 * one epoll set and all working in the memory of one listener.
 */
#ifndef AIR_RELAYS_H
#define AIR_RELAYS_H

#include <altair/udp.h>

struct relays {
	altair_udp **udp;    /* by sock - ALTAIR_SERVER_RELAY, or NULL */
	altair_udp *sibling; /* whose memory they work in              */
	int epoll;	     /* -1: there are no relays                */
};

/* Returns 0, ALTAIR_E_MEMORY or ALTAIR_E_SYSTEM. */
int air_relays_open(struct relays *relays, altair_udp *sibling);
/* Closes everything. Harmless when all zero but `epoll`, which is -1. */
void air_relays_close(struct relays *relays);
/* Opens the socket that shall be `sock`. Returns 0 or as altair_udp_open. */
int air_relays_add(struct relays *relays, uint32_t sock,
		   const altair_addr *addr);
void air_relays_remove(struct relays *relays, uint32_t sock);
/* NULL when it is not open. */
altair_udp *air_relays_get(const struct relays *relays, uint32_t sock);
/* A relay port to look at; `has_errors`: ICMP errors have come, too. */
struct relays_ready {
	uint32_t sock;
	bool has_errors;
};

/* Writes those that can be read, at most `cap`, and returns how many. */
int air_relays_ready(const struct relays *relays, struct relays_ready *ready,
		     int cap);

#endif
