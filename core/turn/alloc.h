/* The allocation: its requests, and what the server gave (RFC 8656 6 to 8). */
#ifndef AIR_TURN_ALLOC_H
#define AIR_TURN_ALLOC_H

#include "stun/message.h"

enum { AIR_ALLOC_IPV4, AIR_ALLOC_IPV6, AIR_ALLOC_FAMILIES };

/* RFC 8656 3.2, 6: what a lifetime is unless somebody says otherwise. */
#define AIR_ALLOC_LIFETIME 600

struct air_alloc {
	altair_addr relayed[AIR_ALLOC_FAMILIES]; /* or no address           */
	int refused[AIR_ALLOC_FAMILIES];	 /* ADDRESS-ERROR-CODE       */
	altair_addr mapped;
	uint32_t lifetime; /* seconds */
};

/* The place of an address's family. */
unsigned air_alloc_family(const altair_addr *addr);
/* What an Allocate request for `families` (1 IPv4, 2 IPv6) holds, besides
 * LIFETIME. */
void air_alloc_ask(struct air_stun_builder *b, unsigned families);
void air_alloc_ask_lifetime(struct air_stun_builder *b, uint32_t lifetime);
/* Reads a success; false when it holds no relayed address of `families`. */
bool air_alloc_read(struct air_alloc *alloc, const struct air_stun_message *m,
		    unsigned families);
/* The lifetime in a success to Refresh. */
uint32_t air_alloc_lifetime(const struct air_stun_message *m);

#endif
