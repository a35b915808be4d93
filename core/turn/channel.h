/* Channels: four bytes of overhead instead of 36 (RFC 8656 12). */
#ifndef AIR_TURN_CHANNEL_H
#define AIR_TURN_CHANNEL_H

#include "base/arena.h"
#include "stun/message.h"
#include "turn/lease.h"

/* RFC 8656 12: a binding lasts for 10 minutes. */
#define AIR_CHANNEL_DURATION ALTAIR_SEC(600)
/* RFC 8656 12: 5 minutes after a binding has expired neither its number nor its
 * peer is bound otherwise. */
#define AIR_CHANNEL_REST ALTAIR_SEC(300)

struct air_channel {
	altair_addr peer;
	struct air_lease lease;
};

struct air_channels {
	struct air_channel *all; /* the place is the number - 0x4000 */
	uint32_t count;
};

void air_channel_init(struct air_channels *channels, struct air_arena *arena,
		      uint32_t count);
/* The wanted channel to `peer`, or NULL. */
struct air_channel *air_channel_find(const struct air_channels *channels,
				     const altair_addr *peer);
/* The channel of this number, or NULL: also one that is wanted no longer, for
 * the server goes on using it (RFC 8656 12.5). */
struct air_channel *air_channel_numbered(const struct air_channels *channels,
					 uint16_t number);
/* A place for a new one, now wanted: the peer's former one, or one that has
 * rested; NULL when there is none. */
struct air_channel *air_channel_add(struct air_channels *channels,
				    altair_time now, const altair_addr *peer);
uint16_t air_channel_number(const struct air_channels *channels,
			    const struct air_channel *channel);
/* What a ChannelBind request holds (RFC 8656 12.1). */
void air_channel_ask(const struct air_channels *channels,
		     const struct air_channel *channel,
		     struct air_stun_builder *b);

#endif
