/*
 * How often a source is answered that has proved nothing: by IPv4 address, or
 * the first 64 bits of an IPv6 one. Memory is fixed, whoever asks.
 */
#ifndef AIR_SERVER_THROTTLE_H
#define AIR_SERVER_THROTTLE_H

#include "base/arena.h"

#include <altair/server.h>

#include <stdatomic.h>

/* Wrong passwords in a minute. */
#define AIR_GUESSES_LIMIT 60

/* Counters of a row: where sources may be forged, and where they cannot be, which
 * makes them few. */
#define AIR_THROTTLE_FORGED (1u << 17)
#define AIR_THROTTLE_TRUE (1u << 12)

struct air_throttle {
	atomic_uint_least32_t *counts;
	uint32_t row;  /* counters in each */
	unsigned rate; /* answers a second; 0: as many as they like */
	uint8_t hash_key[16];
	/* Where there are passwords. */
	atomic_uint_least64_t *guessers;
	atomic_uint_least32_t *trusted;
	unsigned guesses_max;
	uint32_t wait, wait_max; /* seconds */
};

/* With the tables of `shared`, where the same key was used; NULL: its own. The rate
 * is 0 until it is set. */
void air_throttle_init(struct air_throttle *throttle, struct air_arena *arena,
		       uint32_t row, const uint8_t hash_key[16],
		       const struct air_throttle *shared);
/* Adds what is needed for passwords to one with tables of its own. */
void air_throttle_init_guesses(struct air_throttle *throttle,
			       struct air_arena *arena);
/* How many wrong passwords are too many, and how long is to be waited then. */
void air_throttle_set_guesses(struct air_throttle *throttle,
			      const altair_server_config *config);
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
