/*
 * What one source (an IPv4 address, or 64 bits of IPv6) has here: connections,
 * mailboxes that wait, and how often it asks. A source that has nothing is
 * remembered until its place is needed.
 */
#ifndef AIR_RENDEZVOUS_SOURCE_H
#define AIR_RENDEZVOUS_SOURCE_H

#include "rendezvous/store.h"

enum air_rate {
	RATE_OF_ASKING,	   /* claims, calls, new mailboxes */
	RATE_OF_RETURNING, /* presence and mailboxes after a loss: 5 times it */
	AIR_RATES
};

struct air_source {
	uint8_t key[9];	       /* family, address */
	uint32_t link;	       /* in the chain: + 1 */
	uint32_t older, newer; /* among those that have nothing: + 1 */
	uint32_t connections, open;
	altair_time next[AIR_RATES]; /* when each credit is whole again */
};

struct air_sources {
	struct air_store store;
	struct air_chain chain;
	uint32_t oldest, newest; /* + 1 */
	unsigned connections_max, burst;
	altair_time interval;
};

void air_sources_init(struct air_sources *sources, struct air_arena *arena,
		      uint32_t count, const uint8_t hash_key[16]);
/* One more connection: its source, or AIR_NONE when that is too many. */
uint32_t air_source_connect(struct air_sources *sources,
			    const altair_addr *from);
void air_source_disconnect(struct air_sources *sources, uint32_t source);
/* True if it may do one thing more that counts against `rate`; else *seconds to
 * wait. */
bool air_source_may(struct air_sources *sources, uint32_t source,
		    enum air_rate rate, altair_time now, uint32_t *seconds);
/* True if one mailbox more may wait; it is counted then. */
bool air_source_open(struct air_sources *sources, uint32_t source);
/* A mailbox waits no longer. */
void air_source_paired(struct air_sources *sources, uint32_t source);

#endif
