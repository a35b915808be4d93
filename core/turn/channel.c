/*
 * The table of channels (RFC 8656 12). Every place has its number for ever, so
 * resting the place rests both the number and the peer: invariant: a peer that
 * was bound and has not rested is in the table, and gets its own number again.
 */
#include "turn/channel.h"

#include "base/time.h"

#include <string.h>

void air_channel_init(struct air_channels *channels, struct air_arena *arena,
		      uint32_t count)
{
	channels->all = air_arena_take(arena, count, sizeof *channels->all);
	channels->count = count;
}

/* The place that the peer has or had, or NULL. */
static struct air_channel *place_of(const struct air_channels *channels,
				    const altair_addr *peer)
{
	for (uint32_t i = 0; i < channels->count; i++)
		if (altair_addr_equal(&channels->all[i].peer, peer))
			return &channels->all[i];
	return NULL;
}

struct air_channel *air_channel_find(const struct air_channels *channels,
				     const altair_addr *peer)
{
	struct air_channel *c = place_of(channels, peer);

	return c && c->lease.is_wanted ? c : NULL;
}

struct air_channel *air_channel_numbered(const struct air_channels *channels,
					 uint16_t number)
{
	struct air_channel *c;

	if (number < AIR_STUN_CHANNEL_MIN ||
	    number >= AIR_STUN_CHANNEL_MIN + channels->count)
		return NULL;
	c = &channels->all[number - AIR_STUN_CHANNEL_MIN];
	return c->peer.family != ALTAIR_NO_FAMILY ? c : NULL;
}

static bool has_rested(const struct air_channel *c, altair_time now)
{
	return !c->lease.is_wanted && c->lease.event == ALTAIR_EV_NONE &&
	       (c->lease.gone == 0 ||
		now >= air_time_after(c->lease.gone, AIR_CHANNEL_REST));
}

struct air_channel *air_channel_add(struct air_channels *channels,
				    altair_time now, const altair_addr *peer)
{
	struct air_channel *c = place_of(channels, peer);

	for (uint32_t i = 0; !c && i < channels->count; i++) {
		if (!has_rested(&channels->all[i], now))
			continue;
		c = &channels->all[i];
		memset(c, 0, sizeof *c);
		c->peer = *peer;
	}
	if (!c)
		return NULL;
	c->lease.duration = AIR_CHANNEL_DURATION;
	c->lease.is_wanted = true;
	return c;
}

uint16_t air_channel_number(const struct air_channels *channels,
			    const struct air_channel *channel)
{
	return (uint16_t)(AIR_STUN_CHANNEL_MIN + (channel - channels->all));
}

void air_channel_ask(const struct air_channels *channels,
		     const struct air_channel *channel,
		     struct air_stun_builder *b)
{
	struct air_stun_value number = {
		.number = air_channel_number(channels, channel)};
	struct air_stun_value peer = {.addr = channel->peer};

	air_stun_build_attr(b, AIR_STUN_CHANNEL_NUMBER, &number);
	air_stun_build_attr(b, AIR_STUN_XOR_PEER_ADDRESS, &peer);
}
