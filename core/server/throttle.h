/*
 * How often a source is answered that has proved nothing: by IPv4 address, or
 * the first 64 bits of an IPv6 one. Memory is fixed, whoever asks.
 */
#ifndef AIR_SERVER_THROTTLE_H
#define AIR_SERVER_THROTTLE_H

#include "base/arena.h"

#include <stdatomic.h>

struct air_throttle {
	atomic_uint_least32_t *counts;
	atomic_uint_least64_t *guessers;
	atomic_uint_least32_t *trusted;
	unsigned rate; /* challenges a second; 0: as many as they like */
	uint8_t hash_key[16];
};

/* With the tables of `shared`, where the same key was used; NULL: its own. */
void air_throttle_init(struct air_throttle *throttle, struct air_arena *arena,
		       unsigned rate, const uint8_t hash_key[16],
		       const struct air_throttle *shared);
/* True when the source may be told one thing more in this second. */
bool air_throttle_allows(struct air_throttle *throttle, altair_time now,
			 const altair_addr *source);
/* Whom a wrong password of this user, as they say, counts against: the source
 * or, where this user has been right from there, the two together. So a guesser
 * behind the same NAT locks nobody out who is known there. */
uint64_t air_throttle_who(const struct air_throttle *throttle,
			  const altair_addr *source, uint64_t user);
/* Notes that the user is known there. */
void air_throttle_trust(struct air_throttle *throttle,
			const altair_addr *source, uint64_t user);
/* Notes a wrong password of who has shown our nonce. `request` is its hash: one
 * that is repeated at once is no other guess. */
void air_throttle_punish(struct air_throttle *throttle, altair_time now,
			 uint64_t who, uint32_t request);
/* True while right passwords are not believed either. */
bool air_throttle_is_punished(const struct air_throttle *throttle,
			      altair_time now, uint64_t who);

#endif
