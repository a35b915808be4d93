/* Who sent a request (RFC 8489 9.2.4). */
#ifndef AIR_SERVER_GUARD_H
#define AIR_SERVER_GUARD_H

#include "server/response.h"

/* An authenticated client. */
struct air_guest {
	uint64_t owner; /* air_user_identity */
	uint64_t
		claim; /* who they say they are; 0: no password was looked at */
	altair_bytes name; /* of the owner; the request's or the table's */
	struct air_server_key key;
	bool is_over; /* of a time-limited name: what there is may go on */
};

/* 0 and who it is, or 400, 401 or 438; then `guest` has nothing but a claim. */
int air_guard_check(struct altair_server *server, altair_time now,
		    const altair_addr *from, const struct air_stun_message *m,
		    struct air_guest *guest);
/* Adds what a 401 or 438 must hold. */
void air_guard_challenge(struct air_response *r, altair_time now);

#endif
