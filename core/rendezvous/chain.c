/* Heads are zeroed memory: an entry's number is kept plus one. */
#include "rendezvous/chain.h"

#include <string.h>

void air_chain_init(struct air_chain *chain, struct air_arena *arena,
		    uint32_t entries, const uint8_t hash_key[16])
{
	uint32_t heads = 16;

	while (heads < entries)
		heads *= 2;
	chain->heads = air_arena_take(arena, heads, sizeof *chain->heads);
	chain->mask = heads - 1;
	memcpy(chain->hash_key, hash_key, sizeof chain->hash_key);
}

uint32_t *air_chain_head(const struct air_chain *chain, altair_bytes key)
{
	return &chain->heads[air_siphash(chain->hash_key, key) & chain->mask];
}
