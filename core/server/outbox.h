/*
 * What the server sends: bytes one behind the other in one buffer, neighbours of
 * equal length on one path joined to bursts as the kernel sends them.
 */
#ifndef AIR_SERVER_OUTBOX_H
#define AIR_SERVER_OUTBOX_H

#include "base/arena.h"

#include <altair/machine.h>

#define AIR_SERVER_NO_PATH UINT32_MAX

struct air_server_burst;

struct air_server_outbox {
	altair_path *paths;
	uint32_t path_max, path_count;
	struct air_server_burst *bursts;
	uint32_t burst_max, burst_count, burst_polled;
	uint8_t *buffer;
	size_t buffer_len, used;
};

/* Room for one message. */
struct air_server_room {
	uint8_t *at;
	size_t len;
};

void air_server_outbox_init(struct air_server_outbox *box,
			    struct air_arena *arena, size_t batch_max,
			    size_t buffer_len);
/* Forgets everything; what was polled is no longer valid. */
void air_server_outbox_clear(struct air_server_outbox *box);
/* What is left; no bytes when the tables are full. */
struct air_server_room
air_server_outbox_room(const struct air_server_outbox *box);
/* A number for the path, AIR_SERVER_NO_PATH when the table is full. */
uint32_t air_server_outbox_path(struct air_server_outbox *box,
				const altair_path *path);
/* Queues the `len` bytes that were written into the room. */
void air_server_outbox_queue(struct air_server_outbox *box, uint32_t path,
			     size_t len);
/* The same, as a burst of its own that nobody on the way may fragment. */
void air_server_outbox_queue_whole(struct air_server_outbox *box, uint32_t path,
				   size_t len);
/* The next burst; false when there is none. */
bool air_server_outbox_poll(struct air_server_outbox *box,
			    altair_datagram *out);

#endif
