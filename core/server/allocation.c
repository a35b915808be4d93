/*
 * The life of an allocation. Invariants: what an allocation has (ports,
 * permissions, channels, its place in its owner's quota) is given back in
 * air_allocation_end and, of one family, in _end_family, nowhere else; a permission that comes or goes is told
 * to the channels for its IP, so that a packet needs to look at one of the two.
 */
#include "server/allocation.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/table.h"
#include "base/time.h"
#include "server/path.h"

#include <string.h>

void air_allocation_init(struct air_allocations *a, struct air_arena *arena,
			 struct air_heap *heap,
			 const struct air_allocation_limits *limits)
{
	a->all = air_arena_take(arena, limits->allocations, sizeof *a->all);
	air_pool_init(&a->pool, arena, limits->allocations);
	/* A client that moves has two places. */
	air_index_init(&a->index, arena, 2 * limits->allocations);
	air_permission_init(&a->permissions, arena, limits->permissions);
	air_server_channel_init(&a->channels, arena, limits->channels);
	air_reservation_init(&a->reservations, arena, limits->reservations);
	air_heap_init(heap, arena,
		      limits->allocations + limits->permissions +
			      limits->channels + limits->reservations);
	a->timers = heap;
	a->permissions.timers = heap;
	a->permissions.first_timer = limits->allocations;
	a->channels.timers = heap;
	a->channels.first_timer = limits->allocations + limits->permissions;
	a->reservations.timers = heap;
	a->reservations.first_timer =
		a->channels.first_timer + limits->channels;
	a->reservations.ports = a->ports;
}

/* The client's socket, address and port are nearly all that differs. */
static uint32_t hash_of(const struct air_allocations *a,
			const altair_path *path)
{
	uint8_t key[24];
	struct air_writer w = air_writer(key, sizeof key);

	air_write_bytes(&w, (altair_bytes){path->remote.ip, 16});
	air_write_u16(&w, path->remote.port);
	air_write_u32(&w, path->sock);
	return (uint32_t)air_siphash(a->hash_key, air_written(&w));
}

static bool is_at(const struct air_allocation *allocation,
		  const altair_path *path)
{
	return air_path_same(&allocation->path, path) ||
	       (allocation->is_moving &&
		air_path_same(&allocation->next, path));
}

struct air_allocation *air_allocation_find(struct air_allocations *a,
					   const altair_path *path)
{
	struct air_index_search s = air_index_find(&a->index, hash_of(a, path));
	uint32_t i;

	do
		i = air_index_next(&a->index, &s);
	while (i != AIR_INDEX_NONE && !is_at(&a->all[i], path));
	return i == AIR_INDEX_NONE ? NULL : &a->all[i];
}

uint32_t air_allocation_number(const struct air_allocations *a,
			       const struct air_allocation *allocation)
{
	return (uint32_t)(allocation - a->all);
}

struct air_allocation *air_allocation_add(struct air_allocations *a,
					  const altair_path *path,
					  uint64_t owner,
					  const uint32_t quota[OWNERS])
{
	struct air_allocation *allocation;
	uint32_t i;

	if (!air_common_take(a->common))
		return NULL;
	i = air_pool_take(&a->pool);
	if (i == AIR_POOL_NONE) {
		air_common_give(a->common);
		return NULL;
	}
	allocation = &a->all[i];
	memset(allocation, 0, sizeof *allocation);
	allocation->path = *path;
	allocation->owner = owner;
	memcpy(allocation->quota, quota, sizeof allocation->quota);
	allocation->state = ALLOCATION_OPENING;
	allocation->permissions.head = AIR_POOL_NONE;
	allocation->channels.head = AIR_POOL_NONE;
	air_index_add(&a->index, hash_of(a, path), i);
	return allocation;
}

void air_allocation_hold(struct air_allocations *a,
			 struct air_allocation *allocation, altair_time now,
			 altair_time life)
{
	allocation->expiry = air_time_after(now, life);
	air_heap_set(a->timers, air_allocation_number(a, allocation),
		     allocation->expiry);
}

static void unindex(struct air_allocations *a,
		    const struct air_allocation *allocation,
		    const altair_path *path)
{
	air_index_remove(&a->index, hash_of(a, path),
			 air_allocation_number(a, allocation));
}

void air_allocation_move(struct air_allocations *a,
			 struct air_allocation *allocation,
			 const altair_path *next)
{
	if (allocation->is_moving)
		unindex(a, allocation, &allocation->next);
	allocation->next = *next;
	allocation->is_moving = true;
	air_index_add(&a->index, hash_of(a, next),
		      air_allocation_number(a, allocation));
}

void air_allocation_settle(struct air_allocations *a,
			   struct air_allocation *allocation,
			   const altair_path *path)
{
	if (!allocation->is_moving || !air_path_same(&allocation->next, path))
		return;
	unindex(a, allocation, &allocation->path);
	allocation->path = allocation->next;
	allocation->is_moving = false;
}

/* Its client is nowhere; each at a place of its own, for the index. */
static void settle_nowhere(struct air_allocations *a,
			   struct air_allocation *allocation)
{
	uint32_t number = air_allocation_number(a, allocation);
	altair_path nowhere = {.sock = AIR_ALLOCATION_NOWHERE};

	memcpy(nowhere.remote.ip, &number, sizeof number);
	unindex(a, allocation, &allocation->path);
	allocation->path = nowhere;
	air_index_add(&a->index, hash_of(a, &nowhere), number);
}

void air_allocation_leave(struct air_allocations *a,
			  struct air_allocation *allocation,
			  const altair_path *path)
{
	if (!allocation->is_mobile || allocation->state != ALLOCATION_OPEN) {
		air_allocation_end(a, allocation);
	} else if (!air_path_same(&allocation->path, path)) {
		unindex(a, allocation, &allocation->next);
		allocation->is_moving = false;
	} else if (allocation->is_moving) {
		air_allocation_settle(a, allocation, &allocation->next);
	} else {
		settle_nowhere(a, allocation);
	}
}

static void drop_channels(struct air_allocations *a,
			  struct air_allocation *allocation, unsigned family)
{
	uint32_t i = allocation->channels.head, next;

	for (; i != AIR_POOL_NONE; i = next) {
		next = a->channels.all[i].next;
		if (air_allocation_family(&a->channels.all[i].peer) == family)
			air_server_channel_remove(&a->channels,
						  &allocation->channels, i);
	}
}

static void drop_permissions(struct air_allocations *a,
			     struct air_allocation *allocation, unsigned family)
{
	uint32_t i = allocation->permissions.head, next;

	for (; i != AIR_POOL_NONE; i = next) {
		const struct air_permission *p = &a->permissions.all[i];
		altair_addr peer = {.family = p->family};

		next = p->next;
		if (air_allocation_family(&peer) == family)
			air_permission_remove(&a->permissions,
					      &allocation->permissions, i);
	}
}

void air_allocation_end_family(struct air_allocations *a,
			       struct air_allocation *allocation,
			       unsigned family)
{
	drop_channels(a, allocation, family);
	drop_permissions(a, allocation, family);
	air_port_release(&a->ports[family], allocation->port[family]);
	allocation->port[family] = 0;
}

void air_allocation_end(struct air_allocations *a,
			struct air_allocation *allocation)
{
	uint32_t i = air_allocation_number(a, allocation);

	AIR_ASSERT(allocation->state != ALLOCATION_FREE);
	while (allocation->channels.head != AIR_POOL_NONE)
		air_server_channel_remove(&a->channels, &allocation->channels,
					  allocation->channels.head);
	while (allocation->permissions.head != AIR_POOL_NONE)
		air_permission_remove(&a->permissions, &allocation->permissions,
				      allocation->permissions.head);
	for (unsigned f = 0; f < FAMILIES; f++)
		if (allocation->port[f])
			air_port_release(&a->ports[f], allocation->port[f]);
	for (unsigned of = 0; of < OWNERS; of++)
		air_quota_give(&a->common->quotas[of], allocation->quota[of]);
	air_heap_set(a->timers, i, ALTAIR_NEVER);
	unindex(a, allocation, &allocation->path);
	if (allocation->is_moving)
		unindex(a, allocation, &allocation->next);
	/* Also the key. */
	memset(allocation, 0, sizeof *allocation);
	air_pool_give(&a->pool, i);
	air_common_give(a->common);
}

static void expire_permission(struct air_allocations *a, uint32_t number)
{
	const struct air_permission *p = &a->permissions.all[number];
	struct air_allocation *allocation = &a->all[p->owner];
	altair_addr ip = {.family = p->family};

	memcpy(ip.ip, p->ip, sizeof ip.ip);
	air_server_channel_permit(&a->channels, &allocation->channels, &ip,
				  false);
	air_permission_remove(&a->permissions, &allocation->permissions,
			      number);
}

static void expire_channel(struct air_allocations *a, uint32_t number)
{
	struct air_allocation *owner = &a->all[a->channels.all[number].owner];

	air_server_channel_remove(&a->channels, &owner->channels, number);
}

void air_allocation_expire(struct air_allocations *a, uint32_t timer)
{
	if (timer < a->permissions.first_timer)
		air_allocation_end(a, &a->all[timer]);
	else if (timer < a->channels.first_timer)
		expire_permission(a, timer - a->permissions.first_timer);
	else if (timer < a->reservations.first_timer)
		expire_channel(a, timer - a->channels.first_timer);
	else
		air_reservation_end(&a->reservations,
				    timer - a->reservations.first_timer);
}

bool air_allocation_permit(struct air_allocations *a,
			   struct air_allocation *allocation,
			   const altair_addr *peer, altair_time now)
{
	if (!air_permission_add(&a->permissions, &allocation->permissions,
				air_allocation_number(a, allocation), peer,
				now))
		return false;
	air_server_channel_permit(&a->channels, &allocation->channels, peer,
				  true);
	return true;
}
