/*
 * PCG XSH RR 64/32: a linear congruential step of 64 bits, of which a rotated
 * xor-shift gives 32. The increment selects the stream and must be odd.
 */
#include "sim/rng.h"

#define PCG_MULTIPLIER 6364136223846793005u

void sim_rng_seed(struct sim_rng *rng, uint64_t seed, enum sim_purpose purpose,
		  uint32_t index)
{
	rng->step = ((uint64_t)purpose << 33 | (uint64_t)index << 1) | 1u;
	rng->state = 0;
	sim_rng_u32(rng);
	rng->state += seed;
	sim_rng_u32(rng);
}

uint32_t sim_rng_u32(struct sim_rng *rng)
{
	uint64_t old = rng->state;
	uint32_t mixed = (uint32_t)((old >> 18 ^ old) >> 27);
	uint32_t turn = (uint32_t)(old >> 59);

	rng->state = old * PCG_MULTIPLIER + rng->step;
	return mixed >> turn | mixed << (-turn & 31u);
}

uint64_t sim_rng_u64(struct sim_rng *rng)
{
	uint64_t high = sim_rng_u32(rng);

	return high << 32 | sim_rng_u32(rng);
}

uint32_t sim_rng_below(struct sim_rng *rng, uint32_t n)
{
	return (uint32_t)((uint64_t)sim_rng_u32(rng) * n >> 32);
}

uint64_t sim_rng_between(struct sim_rng *rng, uint64_t least, uint64_t most)
{
	uint64_t span = most - least;

	if (span < UINT32_MAX)
		return least + sim_rng_below(rng, (uint32_t)span + 1);
	if (span == UINT64_MAX)
		return sim_rng_u64(rng);
	return least + sim_rng_u64(rng) % (span + 1);
}

altair_time sim_rng_ms(struct sim_rng *rng, unsigned least, unsigned most)
{
	return sim_rng_between(rng, ALTAIR_MSEC(least), ALTAIR_MSEC(most));
}

uint32_t sim_rng_share(struct sim_rng *rng, unsigned most)
{
	return (uint32_t)sim_rng_between(rng, SIM_PERCENT(1),
					 SIM_PERCENT(most));
}

bool sim_rng_chance(struct sim_rng *rng, uint32_t per_million)
{
	return per_million > 0 && sim_rng_below(rng, SIM_MILLION) < per_million;
}

static int draw_bytes(void *user, uint8_t *out, size_t len)
{
	struct sim_rng *rng = user;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)sim_rng_u32(rng);
	return 0;
}

altair_crypto sim_rng_crypto(struct sim_rng *rng)
{
	return (altair_crypto){
		.size = sizeof(altair_crypto),
		.user = rng,
		.random = draw_bytes,
	};
}
