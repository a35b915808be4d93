/*
 * Linear probing over twice the capacity. Invariant: between an entry's home
 * slot and its slot no slot is empty; `remove` keeps it by moving later entries
 * back, so searches stay short for ever.
 */
#include "server/index.h"

#include "base/assert.h"

void air_index_init(struct air_index *index, struct air_arena *arena,
		    uint32_t capacity)
{
	AIR_ASSERT(capacity > 0 && capacity <= UINT32_MAX / 2);
	index->slot_count = 2 * capacity;
	index->slots =
		air_arena_take(arena, index->slot_count, sizeof *index->slots);
}

static uint32_t home(const struct air_index *index, uint32_t hash)
{
	return hash % index->slot_count;
}

static uint32_t after(const struct air_index *index, uint32_t slot)
{
	return slot + 1 == index->slot_count ? 0 : slot + 1;
}

void air_index_add(struct air_index *index, uint32_t hash, uint32_t value)
{
	uint32_t slot = home(index, hash);

	while (index->slots[slot].value)
		slot = after(index, slot);
	index->slots[slot] = (struct air_index_slot){hash, value + 1};
}

/* True when `slot` lies in the cyclic interval (gap, place]: then an entry at
 * `place` whose home is `slot` must stay behind the gap. */
static bool stays(uint32_t gap, uint32_t slot, uint32_t place)
{
	if (gap <= place)
		return gap < slot && slot <= place;
	return gap < slot || slot <= place;
}

void air_index_remove(struct air_index *index, uint32_t hash, uint32_t value)
{
	struct air_index_search s = air_index_find(index, hash);
	uint32_t gap, slot;

	do {
		gap = s.slot;
		AIR_ASSERT(index->slots[gap].value);
		s.slot = after(index, gap);
	} while (index->slots[gap].value != value + 1 ||
		 index->slots[gap].hash != hash);
	for (slot = s.slot; index->slots[slot].value;
	     slot = after(index, slot)) {
		if (stays(gap, home(index, index->slots[slot].hash), slot))
			continue;
		index->slots[gap] = index->slots[slot];
		gap = slot;
	}
	index->slots[gap] = (struct air_index_slot){0, 0};
}

struct air_index_search air_index_find(const struct air_index *index,
				       uint32_t hash)
{
	return (struct air_index_search){hash, home(index, hash)};
}

uint32_t air_index_next(const struct air_index *index,
			struct air_index_search *search)
{
	while (index->slots[search->slot].value) {
		const struct air_index_slot *s = &index->slots[search->slot];

		search->slot = after(index, search->slot);
		if (s->hash == search->hash)
			return s->value - 1;
	}
	return AIR_INDEX_NONE;
}
