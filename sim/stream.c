#include "sim/stream.h"

#include "sim/peer.h"

#define FIRST_PORT 20000

static altair_time now_of(const struct sim_peer *peer)
{
	return sim_world_now(peer->region->world);
}

static struct sim_stream *find(struct sim_peer *peer, uint32_t sock)
{
	for (size_t i = 0; i < peer->streams.count; i++)
		if (peer->streams.streams[i].sock == sock)
			return &peer->streams.streams[i];
	return NULL;
}

static void forget(struct sim_peer *peer, struct sim_stream *stream)
{
	*stream = peer->streams.streams[--peer->streams.count];
}

static void put(struct sim_peer *peer, const struct sim_stream *stream,
		enum sim_packet_kind kind, altair_bytes payload)
{
	sim_world_send(sim_host_node(peer->host), stream->port,
		       &(struct sim_packet){.kind = (uint8_t)kind,
					    .src = stream->local,
					    .dst = stream->remote,
					    .payload = payload});
}

void sim_stream_open(struct sim_peer *peer, uint32_t sock,
		     const altair_addr *remote)
{
	const struct sim_region_side *side = &peer->region->side[peer->side];
	struct sim_streams *all = &peer->streams;
	struct sim_stream *stream = &all->streams[all->count];
	size_t i = 0;

	while (i < side->count &&
	       side->interface[i].addr.family != remote->family)
		i++;
	if (i == side->count || all->count == SIM_STREAMS_MAX) {
		altair_agent_lost(peer->agent, now_of(peer), sock,
				  ALTAIR_E_NETWORK);
		return;
	}
	*stream = (struct sim_stream){
		.sock = sock,
		.port = side->interface[i].port,
		.local = side->interface[i].addr,
		.remote = *remote,
	};
	stream->local.port = (uint16_t)(FIRST_PORT + all->opened++);
	all->count++;
	put(peer, stream, SIM_STREAM_OPEN, (altair_bytes){NULL, 0});
}

void sim_stream_shut(struct sim_peer *peer, uint32_t sock)
{
	struct sim_stream *stream = find(peer, sock);

	if (!stream)
		return;
	put(peer, stream, SIM_STREAM_SHUT, (altair_bytes){NULL, 0});
	forget(peer, stream);
}

void sim_stream_send(struct sim_peer *peer, const altair_datagram *datagram)
{
	const struct sim_stream *stream = find(peer, datagram->path.sock);

	if (stream)
		put(peer, stream, SIM_STREAM, datagram->bytes);
}

static void take_messages(struct sim_peer *peer, uint32_t sock,
			  const struct sim_packet *packet)
{
	altair_bytes in = packet->payload;
	altair_datagram message;

	while (altair_agent_unframe(peer->agent, sock, &in, &message) == 1)
		sim_host_take(peer->host, &message, packet);
}

void sim_stream_take(struct sim_peer *peer, const struct sim_packet *packet)
{
	struct sim_stream *stream = NULL;
	uint32_t sock;

	for (size_t i = 0; i < peer->streams.count; i++)
		if (altair_addr_equal(&peer->streams.streams[i].local,
				      &packet->dst))
			stream = &peer->streams.streams[i];
	if (!stream || peer->is_closed)
		return;
	sock = stream->sock;
	if (packet->kind == SIM_STREAM) {
		take_messages(peer, sock, packet);
		return;
	}
	if (packet->kind == SIM_STREAM_OPENED) {
		altair_agent_opened(peer->agent, now_of(peer), sock,
				    &stream->local);
	} else {
		forget(peer, stream);
		altair_agent_lost(peer->agent, now_of(peer), sock,
				  ALTAIR_E_NETWORK);
	}
	sim_host_poll(peer->host);
}
