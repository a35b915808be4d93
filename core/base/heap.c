#include "base/heap.h"

#include "base/assert.h"

void air_heap_init(struct air_heap *heap, struct air_arena *arena,
		   uint32_t timers)
{
	heap->at = air_arena_take(arena, timers, sizeof *heap->at);
	heap->order = air_arena_take(arena, timers, sizeof *heap->order);
	heap->place = air_arena_take(arena, timers, sizeof *heap->place);
	heap->timers = timers;
	heap->count = 0;
}

static void put(struct air_heap *heap, uint32_t place, uint32_t timer)
{
	heap->order[place] = timer;
	heap->place[timer] = place + 1;
}

/* Moves `timer` up from the free place `place` to where it belongs. */
static void sift_up(struct air_heap *heap, uint32_t place, uint32_t timer)
{
	while (place > 0) {
		uint32_t parent = (place - 1) / 2;

		if (heap->at[heap->order[parent]] <= heap->at[timer])
			break;
		put(heap, place, heap->order[parent]);
		place = parent;
	}
	put(heap, place, timer);
}

/* Moves `timer` down from the free place `place` to where it belongs. */
static void sift_down(struct air_heap *heap, uint32_t place, uint32_t timer)
{
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    heap->at[heap->order[child + 1]] <
			    heap->at[heap->order[child]])
			child++;
		if (heap->at[timer] <= heap->at[heap->order[child]])
			break;
		put(heap, place, heap->order[child]);
		place = child;
	}
	put(heap, place, timer);
}

static void clear(struct air_heap *heap, uint32_t timer)
{
	uint32_t place, last;

	if (heap->place[timer] == 0)
		return;
	place = heap->place[timer] - 1;
	heap->place[timer] = 0;
	last = heap->order[--heap->count];
	if (last == timer)
		return;
	/* The last one takes the free place; one of the two moves is a no-op.
	 */
	sift_up(heap, place, last);
	sift_down(heap, heap->place[last] - 1, last);
}

void air_heap_set(struct air_heap *heap, uint32_t timer, altair_time at)
{
	AIR_ASSERT(timer < heap->timers);
	clear(heap, timer);
	heap->at[timer] = at;
	if (at != ALTAIR_NEVER)
		sift_up(heap, heap->count++, timer);
}

altair_time air_heap_next(const struct air_heap *heap)
{
	return heap->count ? heap->at[heap->order[0]] : ALTAIR_NEVER;
}

bool air_heap_pop(struct air_heap *heap, altair_time now, uint32_t *timer)
{
	if (heap->count == 0 || heap->at[heap->order[0]] > now)
		return false;
	*timer = heap->order[0];
	clear(heap, *timer);
	return true;
}
