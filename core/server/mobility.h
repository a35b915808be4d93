/* Allocations that follow their client to another address (RFC 8016). */
#ifndef AIR_SERVER_MOBILITY_H
#define AIR_SERVER_MOBILITY_H

#include "server/request.h"

/* Makes a new ticket for the allocation; the one before stays good for repeats
 * of the request that is answered. False without randomness. */
bool air_mobility_grant(struct altair_server *server,
			struct air_allocation *allocation);
/* Adds the ticket, if there is one. */
void air_mobility_add(struct air_response *r,
		      const struct air_allocation *allocation);
/* A Refresh with a ticket: finds the allocation and lets it follow to where the
 * request came from. 0 or the error's code. */
int air_mobility_follow(struct air_call *call);

/* Which of our machines has given a ticket, if it can be one. */
bool air_mobility_signer(const struct altair_server *server,
			 altair_bytes ticket, unsigned *worker);

#endif
