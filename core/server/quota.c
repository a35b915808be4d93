/*
 * Quotas by owner. Invariant: an entry is in the pool's use as long as its owner
 * has something, so as many entries as allocations suffice for whoever asks only
 * when there is room for one allocation more.
 */
#include "server/quota.h"

#include "base/assert.h"

void air_quota_init(struct air_quotas *quotas, struct air_arena *arena,
		    uint32_t count)
{
	quotas->all = air_arena_take(arena, count, sizeof *quotas->all);
	air_pool_init(&quotas->pool, arena, count);
	air_index_init(&quotas->index, arena, count);
}

static uint32_t find(const struct air_quotas *quotas, uint64_t owner)
{
	struct air_index_search s =
		air_index_find(&quotas->index, (uint32_t)owner);
	uint32_t i;

	do
		i = air_index_next(&quotas->index, &s);
	while (i != AIR_INDEX_NONE && quotas->all[i].owner != owner);
	return i;
}

uint32_t air_quota_take(struct air_quotas *quotas, uint64_t owner, uint32_t max)
{
	uint32_t i = find(quotas, owner);

	if (i == AIR_INDEX_NONE && max > 0) {
		i = air_pool_take(&quotas->pool);
		AIR_ASSERT(i != AIR_POOL_NONE);
		quotas->all[i] = (struct air_quota){.owner = owner};
		air_index_add(&quotas->index, (uint32_t)owner, i);
	}
	if (max == 0 || quotas->all[i].used >= max)
		return AIR_POOL_NONE;
	quotas->all[i].used++;
	return i;
}

void air_quota_give(struct air_quotas *quotas, uint32_t number)
{
	struct air_quota *quota = &quotas->all[number];

	AIR_ASSERT(quota->used > 0);
	if (--quota->used > 0)
		return;
	air_index_remove(&quotas->index, (uint32_t)quota->owner, number);
	air_pool_give(&quotas->pool, number);
}
