/*
 * Entries of a fixed table that are taken and given back. Memory that was never
 * taken is never touched.
 */
#ifndef AIR_RENDEZVOUS_STORE_H
#define AIR_RENDEZVOUS_STORE_H

#include "rendezvous/chain.h"

struct air_store {
	uint8_t *mem;
	size_t size;			   /* of an entry, at least 4 bytes */
	uint32_t count, fresh, free, used; /* `free`: entry + 1 */
};

void air_store_init(struct air_store *store, struct air_arena *arena,
		    uint32_t count, size_t size);
/* A zeroed entry, or AIR_NONE when all are taken. */
uint32_t air_store_take(struct air_store *store);
void air_store_give(struct air_store *store, uint32_t entry);
void *air_store_at(const struct air_store *store, uint32_t entry);

#endif
