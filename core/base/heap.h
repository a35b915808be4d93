/*
 * Timers of fixed number, each known by its index: the earliest in O(1), set
 * and clear in O(log n), no allocation.
 */
#ifndef AIR_HEAP_H
#define AIR_HEAP_H

#include "base/arena.h"

struct air_heap {
	altair_time *at; /* per timer                            */
	uint32_t *order; /* heap of timer indices, earliest first */
	uint32_t *place; /* per timer: its place in `order`, +1; 0: not set */
	uint32_t timers, count;
};

/* Takes its memory for `timers` timers from the arena. */
void air_heap_init(struct air_heap *heap, struct air_arena *arena,
		   uint32_t timers);
/* Sets or moves a timer; ALTAIR_NEVER clears it. */
void air_heap_set(struct air_heap *heap, uint32_t timer, altair_time at);
/* The earliest deadline, or ALTAIR_NEVER. */
altair_time air_heap_next(const struct air_heap *heap);
/* Takes a timer that is due at `now`: true and its index, or false. */
bool air_heap_pop(struct air_heap *heap, altair_time now, uint32_t *timer);

#endif
