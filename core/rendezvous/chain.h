/*
 * A hash table of entries that link themselves: `heads` here, the links and the
 * keys with whoever has the entries. So an empty table of a million places costs
 * little memory. The hash is keyed: strangers choose tokens.
 */
#ifndef AIR_RENDEZVOUS_CHAIN_H
#define AIR_RENDEZVOUS_CHAIN_H

#include "base/table.h"

#define AIR_NONE UINT32_MAX

struct air_chain {
	uint32_t *heads; /* entry + 1; 0: none */
	uint32_t mask;
	uint8_t hash_key[16];
};

/* For about `entries` entries. */
void air_chain_init(struct air_chain *chain, struct air_arena *arena,
		    uint32_t entries, const uint8_t hash_key[16]);
/* Where the entries of a key are: the link to follow first. */
uint32_t *air_chain_head(const struct air_chain *chain, altair_bytes key);

#endif
