/*
 * How often a source is answered that has proved nothing: by IPv4 address, or
 * the first 64 bits of an IPv6 one. Memory is fixed, whoever asks.
 */
#ifndef AIR_SERVER_THROTTLE_H
#define AIR_SERVER_THROTTLE_H

#include "base/arena.h"

struct air_throttle_count;
struct air_throttle_guesser;

struct air_throttle {
	struct air_throttle_count *counts;
	struct air_throttle_guesser *guessers;
	unsigned rate; /* challenges a second; 0: as many as they like */
	uint8_t hash_key[16];
};

void air_throttle_init(struct air_throttle *throttle, struct air_arena *arena,
		       unsigned rate, const uint8_t hash_key[16]);
/* True when the source may be told one thing more in this second. */
bool air_throttle_allows(struct air_throttle *throttle, altair_time now,
			 const altair_addr *source);
/* Notes a wrong password from a source that has shown our nonce. */
void air_throttle_punish(struct air_throttle *throttle, altair_time now,
			 const altair_addr *source);
/* True while passwords from there are not looked at. */
bool air_throttle_is_punished(const struct air_throttle *throttle,
			      altair_time now, const altair_addr *source);

#endif
