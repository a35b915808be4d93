/* How many allocations each user has; held until they are really gone. */
#ifndef AIR_SERVER_QUOTA_H
#define AIR_SERVER_QUOTA_H

#include "server/index.h"
#include "server/pool.h"

struct air_quota {
	uint64_t owner;
	uint32_t used;
};

struct air_quotas {
	struct air_quota *all;
	struct air_pool pool;
	struct air_index index;
};

/* For at most `count` owners at the same time. */
void air_quota_init(struct air_quotas *quotas, struct air_arena *arena,
		    uint32_t count);
/* One more for the owner, if that makes at most `max`. */
bool air_quota_take(struct air_quotas *quotas, uint64_t owner, uint32_t max);
/* One less. */
void air_quota_give(struct air_quotas *quotas, uint64_t owner);

#endif
