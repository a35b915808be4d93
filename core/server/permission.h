/* Permissions (RFC 8656 9): which IP may reach an allocation. */
#ifndef AIR_SERVER_PERMISSION_H
#define AIR_SERVER_PERMISSION_H

#include "base/heap.h"
#include "server/pool.h"

/* RFC 8656 9: a permission lasts for five minutes. */
#define AIR_PERMISSION_LIFE ALTAIR_SEC(300)

struct air_permission {
	uint8_t ip[16];
	uint32_t owner; /* the allocation's number           */
	uint32_t next;	/* of the same owner, or AIR_POOL_NONE */
	uint8_t family;
};

struct air_permissions {
	struct air_permission *all;
	struct air_pool pool;
	struct air_heap *timers;
	uint32_t first_timer; /* of permission 0 */
};

/* The permissions of one allocation. */
struct air_permission_list {
	uint32_t head;
	uint16_t count;
};

void air_permission_init(struct air_permissions *permissions,
			 struct air_arena *arena, uint32_t count);
/* The one for the peer's IP, or AIR_POOL_NONE. */
uint32_t air_permission_find(const struct air_permissions *permissions,
			     const struct air_permission_list *list,
			     const altair_addr *peer);
/* Installs or refreshes one; false when there is no room. */
bool air_permission_add(struct air_permissions *permissions,
			struct air_permission_list *list, uint32_t owner,
			const altair_addr *peer, altair_time now);
void air_permission_remove(struct air_permissions *permissions,
			   struct air_permission_list *list, uint32_t number);

#endif
