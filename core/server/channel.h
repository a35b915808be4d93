/* Channels (RFC 8656 12): a number instead of a peer's address. */
#ifndef AIR_SERVER_CHANNEL_H
#define AIR_SERVER_CHANNEL_H

#include "base/heap.h"
#include "server/pool.h"

/* RFC 8656 12: a binding lasts for ten minutes. */
#define AIR_SERVER_CHANNEL_LIFE ALTAIR_SEC(600)

struct air_server_channel {
	altair_addr peer;
	uint32_t owner; /* the allocation's number             */
	uint32_t next;	/* of the same owner, or AIR_POOL_NONE */
	uint16_t number;
	bool is_permitted; /* there is a permission for the peer's IP */
};

struct air_server_channels {
	struct air_server_channel *all;
	struct air_pool pool;
	struct air_heap *timers;
	uint32_t first_timer; /* of channel 0 */
};

/* The channels of one allocation, the one used last in front. */
struct air_server_channel_list {
	uint32_t head;
	uint16_t count;
};

void air_server_channel_init(struct air_server_channels *channels,
			     struct air_arena *arena, uint32_t count);
/* The one of this number or to this peer, or NULL. */
struct air_server_channel *
air_server_channel_numbered(struct air_server_channels *channels,
			    struct air_server_channel_list *list,
			    uint16_t number);
struct air_server_channel *
air_server_channel_to(struct air_server_channels *channels,
		      struct air_server_channel_list *list,
		      const altair_addr *peer);
/* Binds a new one; false when there is no room. */
bool air_server_channel_add(struct air_server_channels *channels,
			    struct air_server_channel_list *list,
			    const struct air_server_channel *what,
			    altair_time now);
/* Holds it for another life. */
void air_server_channel_refresh(struct air_server_channels *channels,
				const struct air_server_channel *channel,
				altair_time now);
void air_server_channel_remove(struct air_server_channels *channels,
			       struct air_server_channel_list *list,
			       uint32_t place);
/* A permission for this IP has come or gone. */
void air_server_channel_permit(struct air_server_channels *channels,
			       const struct air_server_channel_list *list,
			       const altair_addr *ip, bool is_permitted);

#endif
