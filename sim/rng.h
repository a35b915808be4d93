/*
 * The simulator's own random numbers: PCG XSH RR 32 (O'Neill 2014), integers
 * only, so that a seed means the same on every machine. One stream per purpose:
 * a new draw in one place does not change the story elsewhere.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <altair/crypto.h>

#define SIM_MILLION 1000000u /* chances are given in parts per million */
#define SIM_PERCENT(n) ((n) * (SIM_MILLION / 100u))

enum sim_purpose {
	SIM_FOR_SCENARIO,
	SIM_FOR_LINK,
	SIM_FOR_NAT,
	SIM_FOR_SECRETS,
	SIM_FOR_ATTACKER,
	SIM_FOR_MEETING,
	SIM_FOR_SIEGE
};

struct sim_rng {
	uint64_t state, step;
};

/* The stream `index` of one purpose. */
void sim_rng_seed(struct sim_rng *rng, uint64_t seed, enum sim_purpose purpose,
		  uint32_t index);
uint32_t sim_rng_u32(struct sim_rng *rng);
uint64_t sim_rng_u64(struct sim_rng *rng);
/* 0 to n - 1; n is at least 1. */
uint32_t sim_rng_below(struct sim_rng *rng, uint32_t n);
/* From `least` to `most`, both included. */
uint64_t sim_rng_between(struct sim_rng *rng, uint64_t least, uint64_t most);
/* A time of `least` to `most` milliseconds, any nanosecond of them. */
altair_time sim_rng_ms(struct sim_rng *rng, unsigned least, unsigned most);
/* A chance of 1 to `most` percent, in parts per million. */
uint32_t sim_rng_share(struct sim_rng *rng, unsigned most);
/* True with the chance given in parts per million; 0 draws nothing. */
bool sim_rng_chance(struct sim_rng *rng, uint32_t per_million);

/* A crypto table without hashes whose `random` is this generator. */
altair_crypto sim_rng_crypto(struct sim_rng *rng);

#endif
