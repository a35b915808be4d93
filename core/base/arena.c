#include "base/arena.h"

#include <string.h>

#define ALIGNMENT _Alignof(max_align_t)

static void *carve(struct air_arena *arena, size_t count, size_t size)
{
	size_t start = (arena->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t limit = arena->mem ? arena->cap : SIZE_MAX;

	if (arena->failed || start > limit ||
	    (size > 0 && count > (limit - start) / size)) {
		arena->failed = true;
		return NULL;
	}
	arena->used = start + count * size;
	return arena->mem ? arena->mem + start : NULL;
}

void *air_arena_take(struct air_arena *arena, size_t count, size_t size)
{
	void *taken = carve(arena, count, size);

	if (taken)
		memset(taken, 0, count * size);
	return taken;
}

uint8_t *air_arena_reserve(struct air_arena *arena, size_t len)
{
	return carve(arena, len, 1);
}
