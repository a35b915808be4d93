#include "base/arena.h"

#include <string.h>

#define ALIGNMENT _Alignof(max_align_t)

void *air_arena_take(struct air_arena *arena, size_t count, size_t size)
{
	size_t start = (arena->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t limit = arena->mem ? arena->cap : SIZE_MAX;

	if (arena->failed || start > limit ||
	    (size > 0 && count > (limit - start) / size)) {
		arena->failed = true;
		return NULL;
	}
	arena->used = start + count * size;
	if (!arena->mem)
		return NULL;
	memset(arena->mem + start, 0, count * size);
	return arena->mem + start;
}
