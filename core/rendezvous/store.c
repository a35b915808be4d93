/* What was given back is a list through its own first bytes; what was never taken
 * lies behind `fresh`. */
#include "rendezvous/store.h"

#include "base/assert.h"

#include <string.h>

void air_store_init(struct air_store *store, struct air_arena *arena,
		    uint32_t count, size_t size)
{
	size = (size + 15) / 16 * 16;
	*store = (struct air_store){.size = size, .count = count};
	store->mem = air_arena_reserve(arena, size * count);
}

void *air_store_at(const struct air_store *store, uint32_t entry)
{
	AIR_ASSERT(entry < store->fresh);
	return store->mem + (size_t)entry * store->size;
}

uint32_t air_store_take(struct air_store *store)
{
	uint32_t entry = store->free - 1;

	if (store->free)
		memcpy(&store->free, air_store_at(store, entry),
		       sizeof store->free);
	else if (store->fresh < store->count)
		entry = store->fresh++;
	else
		return AIR_NONE;
	store->used++;
	memset(air_store_at(store, entry), 0, store->size);
	return entry;
}

void air_store_give(struct air_store *store, uint32_t entry)
{
	AIR_ASSERT(store->used > 0);
	memcpy(air_store_at(store, entry), &store->free, sizeof store->free);
	store->free = entry + 1;
	store->used--;
}
