#include "server/pool.h"

#include "base/assert.h"

void air_pool_init(struct air_pool *pool, struct air_arena *arena,
		   uint32_t count)
{
	pool->count = count;
	pool->free_count = count;
	pool->free = air_arena_take(arena, count, sizeof *pool->free);
	for (uint32_t i = 0; pool->free && i < count; i++)
		pool->free[i] = count - 1 - i;
}

uint32_t air_pool_take(struct air_pool *pool)
{
	return pool->free_count ? pool->free[--pool->free_count]
				: AIR_POOL_NONE;
}

void air_pool_give(struct air_pool *pool, uint32_t number)
{
	AIR_ASSERT(pool->free_count < pool->count && number < pool->count);
	pool->free[pool->free_count++] = number;
}
