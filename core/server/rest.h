/*
 * Time-limited credentials (draft-uberti-behave-turn-rest-00, as coturn has
 * them): a name that says until when, and a password that a secret makes of it.
 */
#ifndef AIR_SERVER_REST_H
#define AIR_SERVER_REST_H

#include "base/arena.h"

#include <altair/server.h>

struct air_rest {
	altair_bytes *secrets;
	size_t count;
	uint64_t unix_time; /* seconds, at */
	altair_time at;
};

/* Copies the secrets of the configuration. */
void air_rest_init(struct air_rest *rest, struct air_arena *arena,
		   const altair_server_config *config);
/* What a name says: until when, and of whom. False when it says no time. */
bool air_rest_read(altair_bytes name, uint64_t *until, altair_bytes *user);
/* True when that time is over. */
bool air_rest_is_over(const struct air_rest *rest, altair_time now,
		      uint64_t until);
/* The keys of the name's holder, by one of the secrets. */
void air_rest_make_user(const struct air_rest *rest, size_t secret,
			const altair_crypto *crypto, altair_bytes realm,
			altair_server_user *user);

#endif
