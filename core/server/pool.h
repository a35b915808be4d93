/* Which entries of a fixed table are free: a stack of their numbers. */
#ifndef AIR_SERVER_POOL_H
#define AIR_SERVER_POOL_H

#include "base/arena.h"

#define AIR_POOL_NONE UINT32_MAX

struct air_pool {
	uint32_t *free;
	uint32_t count, free_count;
};

void air_pool_init(struct air_pool *pool, struct air_arena *arena,
		   uint32_t count);
/* A free number, the lowest ones first, or AIR_POOL_NONE. */
uint32_t air_pool_take(struct air_pool *pool);
void air_pool_give(struct air_pool *pool, uint32_t number);

#endif
