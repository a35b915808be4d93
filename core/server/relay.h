/* Data between clients and peers (RFC 8656 11, 12). */
#ifndef AIR_SERVER_RELAY_H
#define AIR_SERVER_RELAY_H

#include "server/state.h"

/* True for a sock of ours. */
static inline bool air_relay_is_sock(uint32_t sock)
{
	return sock >= ALTAIR_SERVER_RELAY && sock < ALTAIR_SERVER_STREAM;
}

/* Channel numbers: RFC 8656 12 has 0x4000 to 0x4fff, RFC 5766 11 had more, and
 * its clients still choose among them all. */
#define AIR_RELAY_CHANNEL_MAX 0x7fff

/* True for what can only be ChannelData of such a number. */
static inline bool air_relay_is_channel(altair_bytes bytes)
{
	return bytes.len >= 4 && (bytes.data[0] & 0xc0) == 0x40;
}

/* The sock of a relay port. */
uint32_t air_relay_sock(enum air_allocation_family family, uint16_t port);

/* The allocation of a client that sends data, or NULL. */
struct air_allocation *air_relay_find(struct altair_server *server,
				      const altair_path *path);
/* A client's ChannelData. */
void air_relay_take_channel(struct altair_server *server,
			    struct air_allocation *allocation,
			    altair_bytes message);
/* A client's Send indication; false when it is no client's. */
bool air_relay_take_send(struct altair_server *server, const altair_path *path,
			 const struct air_stun_message *m);
/* A peer that sends to a relay port, and whose port that is. */
struct air_relay_source {
	struct air_allocation *allocation; /* or NULL */
	altair_addr peer;
};

struct air_relay_source air_relay_meet(struct altair_server *server,
				       const altair_path *path);
/* A datagram from there; met once for all of a burst. */
void air_relay_take_peer(struct altair_server *server,
			 const struct air_relay_source *source,
			 altair_bytes payload);
/* An ICMP error about what a relay port sent to a peer. */
void air_relay_take_icmp(struct altair_server *server, uint32_t sock,
			 const altair_icmp *icmp);

#endif
