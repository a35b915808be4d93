/*
 * Permissions: server-wide table, a short list for each allocation, one timer
 * for each. Invariant: an entry is in exactly one allocation's list, or free.
 */
#include "server/permission.h"

#include "base/assert.h"
#include "base/time.h"

#include <string.h>

void air_permission_init(struct air_permissions *permissions,
			 struct air_arena *arena, uint32_t count)
{
	permissions->all =
		air_arena_take(arena, count, sizeof *permissions->all);
	air_pool_init(&permissions->pool, arena, count);
}

uint32_t air_permission_find(const struct air_permissions *permissions,
			     const struct air_permission_list *list,
			     const altair_addr *peer)
{
	uint32_t i;

	for (i = list->head; i != AIR_POOL_NONE; i = permissions->all[i].next) {
		const struct air_permission *p = &permissions->all[i];

		if (p->family == peer->family &&
		    memcmp(p->ip, peer->ip, sizeof p->ip) == 0)
			break;
	}
	return i;
}

bool air_permission_add(struct air_permissions *permissions,
			struct air_permission_list *list, uint32_t owner,
			const altair_addr *peer, altair_time now)
{
	uint32_t i = air_permission_find(permissions, list, peer);
	struct air_permission *p;

	if (i == AIR_POOL_NONE) {
		i = air_pool_take(&permissions->pool);
		if (i == AIR_POOL_NONE)
			return false;
		p = &permissions->all[i];
		memcpy(p->ip, peer->ip, sizeof p->ip);
		p->family = peer->family;
		p->owner = owner;
		p->next = list->head;
		list->head = i;
		list->count++;
	}
	air_heap_set(permissions->timers, permissions->first_timer + i,
		     air_time_after(now, AIR_PERMISSION_LIFE));
	return true;
}

void air_permission_remove(struct air_permissions *permissions,
			   struct air_permission_list *list, uint32_t number)
{
	uint32_t *link = &list->head;

	while (*link != number) {
		AIR_ASSERT(*link != AIR_POOL_NONE);
		link = &permissions->all[*link].next;
	}
	*link = permissions->all[number].next;
	list->count--;
	air_heap_set(permissions->timers, permissions->first_timer + number,
		     ALTAIR_NEVER);
	air_pool_give(&permissions->pool, number);
}
