/*
 * What always holds in a server's tables, whatever has been asked: what is free
 * and what is used add up; who holds something is the one who is written there;
 * an allocation is found at its 5-tuple, and at no other one.
 */
#ifndef ALTAIR_FUZZ_TABLES_H
#define ALTAIR_FUZZ_TABLES_H

#include "fuzz.h"
#include "server/state.h"

static inline size_t tables_list(const struct air_permissions *p,
				 const struct air_permission_list *list,
				 uint32_t owner)
{
	size_t count = 0;

	for (uint32_t i = list->head; i != AIR_POOL_NONE; i = p->all[i].next) {
		FUZZ_CHECK(p->all[i].owner == owner);
		FUZZ_CHECK(++count <= p->pool.count);
	}
	FUZZ_CHECK(count == list->count);
	return count;
}

static inline size_t tables_channels(const struct air_server_channels *c,
				     const struct air_server_channel_list *list,
				     uint32_t owner)
{
	size_t count = 0;

	for (uint32_t i = list->head; i != AIR_POOL_NONE; i = c->all[i].next) {
		FUZZ_CHECK(c->all[i].owner == owner);
		FUZZ_CHECK(++count <= c->pool.count);
	}
	FUZZ_CHECK(count == list->count);
	return count;
}

/* Each port is somebody's who has it, or nobody's; how many are held. */
static inline size_t tables_ports(const struct air_allocations *all,
				  unsigned family)
{
	const struct air_ports *p = &all->ports[family];
	size_t free = 0, held = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		const struct air_port *port = &p->all[i];

		free += port->state == PORT_FREE;
		if (port->state != PORT_WANTED && port->state != PORT_ASKED &&
		    port->state != PORT_OPEN)
			continue;
		held++;
		FUZZ_CHECK(port->owner < all->pool.count);
		FUZZ_CHECK(all->all[port->owner].port[family] == p->first + i);
	}
	FUZZ_CHECK(free == p->free_count);
	return held;
}

static inline void tables_quotas(const struct air_quotas *quotas, size_t used)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < quotas->places; i++)
		sum += quotas->words[i] & AIR_QUOTA_COUNT;
	FUZZ_CHECK(sum == used);
}

static inline void tables_place(struct air_allocations *all,
				struct air_allocation *a)
{
	FUZZ_CHECK(air_allocation_find(all, &a->path) == a);
	if (a->is_moving)
		FUZZ_CHECK(air_allocation_find(all, &a->next) == a);
}

static inline size_t tables_reserved(const struct air_reservations *r)
{
	size_t count = 0;

	for (uint32_t i = 0; i < r->pool.count; i++) {
		count += r->all[i].owner != 0;
		FUZZ_CHECK(r->all[i].owner == 0 ||
			   air_port_state(&r->ports[r->all[i].family],
					  r->all[i].port) == PORT_RESERVED);
	}
	return count;
}

static inline void tables_check(struct altair_server *s)
{
	struct air_allocations *all = &s->allocations;
	size_t used = 0, permissions = 0, channels = 0, ports = 0, places = 0;
	size_t entries = 0;

	for (uint32_t i = 0; i < all->pool.count; i++) {
		struct air_allocation *a = &all->all[i];

		if (a->state == ALLOCATION_FREE)
			continue;
		used++;
		places += a->is_moving ? 2 : 1;
		ports += a->port[0] ? 1 : 0;
		ports += a->port[1] ? 1 : 0;
		permissions +=
			tables_list(&all->permissions, &a->permissions, i);
		channels += tables_channels(&all->channels, &a->channels, i);
		tables_place(all, a);
	}
	for (uint32_t i = 0; i < all->index.slot_count; i++)
		entries += all->index.slots[i].value > 0;
	FUZZ_CHECK(entries == places);
	if (s->streams.max > 0)
		FUZZ_CHECK(atomic_load(&s->streams.seats->taken) ==
			   s->streams.count);
	FUZZ_CHECK(used == all->pool.count - all->pool.free_count);
	FUZZ_CHECK(permissions == all->permissions.pool.count -
					  all->permissions.pool.free_count);
	FUZZ_CHECK(channels ==
		   all->channels.pool.count - all->channels.pool.free_count);
	FUZZ_CHECK(ports == tables_ports(all, 0) + tables_ports(all, 1));
	FUZZ_CHECK(tables_reserved(&all->reservations) ==
		   all->reservations.pool.count -
			   all->reservations.pool.free_count);
	for (unsigned of = 0; of < OWNERS; of++)
		tables_quotas(&all->common->quotas[of], used);
	FUZZ_CHECK(all->common->allocations == used);
}

#endif
