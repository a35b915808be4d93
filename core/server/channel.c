/*
 * Channels: server-wide table, a short list for each allocation, one timer for
 * each. The list moves what was found to its front: traffic comes in runs, so a
 * packet seldom looks at more than one entry. Invariants: an entry is in exactly
 * one list, or free; within a list numbers and peers are different.
 */
#include "server/channel.h"

#include "base/assert.h"
#include "base/time.h"
#include "server/path.h"

#include <string.h>

void air_server_channel_init(struct air_server_channels *channels,
			     struct air_arena *arena, uint32_t count)
{
	channels->all = air_arena_take(arena, count, sizeof *channels->all);
	air_pool_init(&channels->pool, arena, count);
}

/* Moves what *link points to to the front of the list. */
static struct air_server_channel *to_front(struct air_server_channels *channels,
					   struct air_server_channel_list *list,
					   uint32_t *link)
{
	uint32_t i = *link;

	if (i == AIR_POOL_NONE)
		return NULL;
	*link = channels->all[i].next;
	channels->all[i].next = list->head;
	list->head = i;
	return &channels->all[i];
}

struct air_server_channel *
air_server_channel_numbered(struct air_server_channels *channels,
			    struct air_server_channel_list *list,
			    uint16_t number)
{
	uint32_t *link = &list->head;

	while (*link != AIR_POOL_NONE && channels->all[*link].number != number)
		link = &channels->all[*link].next;
	return to_front(channels, list, link);
}

struct air_server_channel *
air_server_channel_to(struct air_server_channels *channels,
		      struct air_server_channel_list *list,
		      const altair_addr *peer)
{
	uint32_t *link = &list->head;

	while (*link != AIR_POOL_NONE &&
	       !air_path_same_addr(&channels->all[*link].peer, peer))
		link = &channels->all[*link].next;
	return to_front(channels, list, link);
}

void air_server_channel_refresh(struct air_server_channels *channels,
				const struct air_server_channel *channel,
				altair_time now)
{
	uint32_t place = (uint32_t)(channel - channels->all);

	air_heap_set(channels->timers, channels->first_timer + place,
		     air_time_after(now, AIR_SERVER_CHANNEL_LIFE));
}

bool air_server_channel_add(struct air_server_channels *channels,
			    struct air_server_channel_list *list,
			    const struct air_server_channel *what,
			    altair_time now)
{
	uint32_t i = air_pool_take(&channels->pool);

	if (i == AIR_POOL_NONE)
		return false;
	channels->all[i] = *what;
	channels->all[i].next = list->head;
	list->head = i;
	list->count++;
	air_server_channel_refresh(channels, &channels->all[i], now);
	return true;
}

void air_server_channel_remove(struct air_server_channels *channels,
			       struct air_server_channel_list *list,
			       uint32_t place)
{
	uint32_t *link = &list->head;

	while (*link != place) {
		AIR_ASSERT(*link != AIR_POOL_NONE);
		link = &channels->all[*link].next;
	}
	*link = channels->all[place].next;
	list->count--;
	air_heap_set(channels->timers, channels->first_timer + place,
		     ALTAIR_NEVER);
	air_pool_give(&channels->pool, place);
}

void air_server_channel_permit(struct air_server_channels *channels,
			       const struct air_server_channel_list *list,
			       const altair_addr *ip, bool is_permitted)
{
	for (uint32_t i = list->head; i != AIR_POOL_NONE;
	     i = channels->all[i].next) {
		struct air_server_channel *c = &channels->all[i];

		if (c->peer.family == ip->family &&
		    memcmp(c->peer.ip, ip->ip, sizeof ip->ip) == 0)
			c->is_permitted = is_permitted;
	}
}
