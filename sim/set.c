/*
 * Open addressing, at most half full. The numbers are digests: their low bits
 * are good enough. 0 is kept as 1.
 */
#include "sim/set.h"

#include "sim/world.h"

#include <stdlib.h>

void sim_set_drop(struct sim_set *set)
{
	free(set->slots);
	*set = (struct sim_set){0};
}

static uint64_t *slot_of(const struct sim_set *set, uint64_t number)
{
	size_t i = number & (set->cap - 1);

	while (set->slots[i] != 0 && set->slots[i] != number)
		i = (i + 1) & (set->cap - 1);
	return &set->slots[i];
}

static void grow(struct sim_set *set)
{
	struct sim_set old = *set;

	set->cap = old.cap ? old.cap * 2 : 64;
	set->slots = sim_must(calloc(set->cap, sizeof *set->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i] != 0)
			*slot_of(set, old.slots[i]) = old.slots[i];
	free(old.slots);
}

bool sim_set_add(struct sim_set *set, uint64_t number)
{
	uint64_t *slot;

	if (set->count * 2 >= set->cap)
		grow(set);
	number += number == 0;
	slot = slot_of(set, number);
	if (*slot == number)
		return false;
	*slot = number;
	set->count++;
	return true;
}

bool sim_set_has(const struct sim_set *set, uint64_t number)
{
	number += number == 0;
	return set->cap > 0 && *slot_of(set, number) == number;
}
