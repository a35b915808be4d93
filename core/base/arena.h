/*
 * Carves the memory of a machine into its tables, once, at init. The same calls
 * on an arena without memory add up what init will need.
 */
#ifndef AIR_ARENA_H
#define AIR_ARENA_H

#include <altair/base.h>

struct air_arena {
	uint8_t *mem; /* NULL: only measure */
	size_t cap;
	size_t used;
	bool failed;
};

/* `count` zeroed elements of `size` bytes, aligned for any type; NULL when only
 * measuring or when the memory does not suffice (then `failed`). */
void *air_arena_take(struct air_arena *arena, size_t count, size_t size);
/* Bytes of which nobody reads what nobody wrote: they are not touched, so that
 * pages that are never used cost nothing. NULL as above. */
uint8_t *air_arena_reserve(struct air_arena *arena, size_t len);

#endif
