/*
 * A hash index from keys that live elsewhere to the numbers of what has them:
 * 16 bytes an entry, linear probing, no tombstones. The caller hashes, keyed so
 * that a stranger cannot choose keys that collide, and compares.
 */
#ifndef AIR_SERVER_INDEX_H
#define AIR_SERVER_INDEX_H

#include "base/arena.h"

#define AIR_INDEX_NONE UINT32_MAX

struct air_index_slot {
	uint32_t hash;
	uint32_t value; /* + 1; 0: the slot is empty */
};

struct air_index {
	struct air_index_slot *slots;
	uint32_t slot_count;
};

/* Where a search is. */
struct air_index_search {
	uint32_t hash, slot;
};

void air_index_init(struct air_index *index, struct air_arena *arena,
		    uint32_t capacity);
/* Adds a number; there may be at most `capacity` of them. One may stand there
 * under several hashes. */
void air_index_add(struct air_index *index, uint32_t hash, uint32_t value);
/* Removes one that was added under this hash. */
void air_index_remove(struct air_index *index, uint32_t hash, uint32_t value);
/* Begins a search; _next gives the numbers with this hash, then NONE. */
struct air_index_search air_index_find(const struct air_index *index,
				       uint32_t hash);
uint32_t air_index_next(const struct air_index *index,
			struct air_index_search *search);

#endif
