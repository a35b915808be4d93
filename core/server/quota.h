/*
 * How many allocations each owner has, and what they may carry together. An owner
 * is a user, or a prefix; all is held until the allocations are gone. Several
 * threads may use the same table at the same time.
 */
#ifndef AIR_SERVER_QUOTA_H
#define AIR_SERVER_QUOTA_H

#include "server/bandwidth.h"
#include "server/pool.h"

/* Of whose quota an allocation is. */
enum air_allocation_of { OF_USER, OF_PREFIX, OWNERS };

/* More than allocations there may be. */
#define AIR_QUOTA_BITS 20
#define AIR_QUOTA_COUNT ((1u << AIR_QUOTA_BITS) - 1)

struct air_quotas {
	/* The owner's hash but for its last bits, in which is how many he has; with
	 * none the place is free. */
	atomic_uint_least64_t *words;
	struct air_meter *meters; /* of whoever has the place */
	uint32_t places;
};

/* For at most `count` owners at the same time. */
void air_quota_init(struct air_quotas *quotas, struct air_arena *arena,
		    uint32_t count);
/* One more for the owner, if that makes at most `max`: the number of its entry,
 * or AIR_POOL_NONE. */
uint32_t air_quota_take(struct air_quotas *quotas, uint64_t owner,
			uint32_t max);
/* One less for the owner of this entry. */
void air_quota_give(struct air_quotas *quotas, uint32_t number);

#endif
