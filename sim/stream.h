/*
 * The streams of a peer's agent: to a relay over TCP.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "sim/world.h"

#define SIM_STREAMS_MAX 4

struct sim_peer;

struct sim_stream {
	uint32_t sock;
	unsigned port; /* of the host's node */
	altair_addr local, remote;
};

struct sim_streams {
	struct sim_stream streams[SIM_STREAMS_MAX];
	size_t count;
	uint16_t opened; /* ever */
};

/* What the agent wants: ALTAIR_EV_OPEN, ALTAIR_EV_SHUT, a message. */
void sim_stream_open(struct sim_peer *peer, uint32_t sock,
		     const altair_addr *remote);
void sim_stream_shut(struct sim_peer *peer, uint32_t sock);
void sim_stream_send(struct sim_peer *peer, const altair_datagram *datagram);
/* What comes. */
void sim_stream_take(struct sim_peer *peer, const struct sim_packet *packet);

#endif
