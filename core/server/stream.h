/*
 * The streams of clients (TCP, TLS): how long each may take for what, how many
 * there may be, and where its messages end.
 */
#ifndef AIR_SERVER_STREAM_H
#define AIR_SERVER_STREAM_H

#include "base/heap.h"
#include "server/common.h"
#include "server/throttle.h"
#include "turn/frame.h"

#include <altair/server.h>

enum air_stream_state {
	STREAM_FREE,
	STREAM_IS_SILENT,      /* it has not yet sent a whole message */
	STREAM_SAID_SOMETHING, /* but nobody has proved who they are  */
	STREAM_IS_PROVED,
	STREAM_IS_SHUT /* the driver has not yet been told */
};

struct air_server_stream {
	altair_path path;
	struct air_frame frame;
	altair_time since;	/* accepted, or last proved         */
	uint32_t prefix, crowd; /* entries in `prefixes`, `crowds`  */
	uint32_t before, after; /* in the list of its state         */
	uint8_t state;
	uint8_t refusals; /* told to who has proved nothing   */
	bool is_secure;	  /* it is TLS                        */
};

/* How long a stream may say nothing, prove nothing, have nothing. */
struct air_stream_times {
	altair_time silence, proof, idle;
};

/* A queue of streams: those of one state. */
struct air_stream_list {
	uint32_t first, last;
};

struct air_server_streams {
	struct air_server_stream *all; /* by sock - ALTAIR_SERVER_STREAM */
	uint32_t table_len, max, count;
	uint32_t prefix_max;
	size_t message_max;
	struct air_stream_times times;
	struct air_seats *seats;
	struct air_seats own; /* where there is no other machine */
	unsigned worker;
	int asked; /* another machine that is to be woken, or -1 */
	struct air_throttle handshakes;
	struct air_stream_list strangers, shut;
	struct air_heap timers;
	uint8_t hash_key[16];
};

/* With `connections_max` 0 there are none. */
void air_server_stream_init(struct air_server_streams *streams,
			    struct air_arena *arena,
			    const altair_server_config *config,
			    const uint8_t hash_key[16]);
/* True for the number of a stream, whether there is one or not. */
static inline bool air_server_stream_is(uint32_t sock)
{
	return sock >= ALTAIR_SERVER_STREAM;
}
/* False when it is a stream's number but the stream is gone, or shut. */
bool air_server_stream_lives(struct air_server_streams *streams, uint32_t sock);
/* True when it is the number of a stream that is TLS. */
bool air_server_stream_is_secure(const struct air_server_streams *streams,
				 uint32_t sock);
/* If the path is a stream: its client has proved who it is. */
void air_server_stream_prove(struct air_server_streams *streams,
			     altair_time now, const altair_path *path);
/* True when a client that has proved nothing may be told so once more; else its
 * stream is shut. */
bool air_server_stream_refuses(struct altair_server *server, uint32_t sock);
/* Ends a stream with its allocation; the driver shall close it. */
void air_server_stream_shut(struct altair_server *server, uint32_t sock);
/* Shuts those whose time is over, and those that other machines want shut. */
void air_server_stream_expire(struct altair_server *server, altair_time now);
/* The next deadline, or ALTAIR_NEVER. */
altair_time
air_server_stream_deadline(const struct air_server_streams *streams);
/* The sock of the next one that the driver is to be told to close; 0: none. */
uint32_t air_server_stream_next_shut(struct air_server_streams *streams);

#endif
