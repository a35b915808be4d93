/*
 * The queue of what leaves. Invariants: the bytes of burst i are
 * buffer[at, at + len); only the last burst is still open to grow; a datagram
 * without bytes is a burst of its own, for the kernel can merge none.
 */
#include "server/outbox.h"

#include "server/path.h"

#include <string.h>

/* The most segments that every kernel with UDP_SEGMENT sends in one call, and
 * the most bytes: what a UDP datagram over IPv4 may hold. */
#define SEGMENTS_MAX 64
#define BURST_MAX 65507

/* The shortest answer. Shorter datagrams are only relayed, and there the tables
 * may be full before the buffer is. */
#define ANSWER_MIN 32

/* A batch of merged bursts may leave in so many ways for each of its bursts. */
#define PATHS_EACH 16
#define PATHS_MORE 64

struct air_server_burst {
	uint32_t path; /* index into `paths` */
	uint32_t at, len;
	uint32_t segment;
	uint32_t segments;
	bool is_closed; /* nothing more may follow */
	bool is_whole;	/* altair_datagram.whole */
};

void air_server_outbox_init(struct air_server_outbox *box,
			    struct air_arena *arena, size_t batch_max,
			    size_t buffer_len)
{
	box->path_max = (uint32_t)batch_max * PATHS_EACH + PATHS_MORE;
	box->paths = air_arena_take(arena, box->path_max, sizeof *box->paths);
	box->burst_max = (uint32_t)(buffer_len / ANSWER_MIN + 1);
	box->bursts =
		air_arena_take(arena, box->burst_max, sizeof *box->bursts);
	box->buffer_len = buffer_len;
	box->buffer = air_arena_take(arena, buffer_len, 1);
	air_server_outbox_clear(box);
}

void air_server_outbox_clear(struct air_server_outbox *box)
{
	box->used = 0;
	box->path_count = 0;
	box->burst_count = 0;
	box->burst_polled = 0;
}

struct air_server_room
air_server_outbox_room(const struct air_server_outbox *box)
{
	if (box->burst_count == box->burst_max)
		return (struct air_server_room){box->buffer, 0};
	return (struct air_server_room){box->buffer + box->used,
					box->buffer_len - box->used};
}

uint32_t air_server_outbox_path(struct air_server_outbox *box,
				const altair_path *path)
{
	uint32_t count = box->path_count;

	if (count > 0 && air_path_same(&box->paths[count - 1], path))
		return count - 1;
	if (count == box->path_max)
		return AIR_SERVER_NO_PATH;
	box->paths[count] = *path;
	return box->path_count++;
}

static bool extends(const struct air_server_burst *b, uint32_t path, size_t len)
{
	return b->path == path && !b->is_closed && len > 0 &&
	       len <= b->segment && b->segments < SEGMENTS_MAX &&
	       b->len + len <= BURST_MAX;
}

void air_server_outbox_queue(struct air_server_outbox *box, uint32_t path,
			     size_t len)
{
	struct air_server_burst *next = &box->bursts[box->burst_count];

	/* What was polled is gone, and cannot grow. */
	if (box->burst_count > box->burst_polled &&
	    extends(next - 1, path, len)) {
		next[-1].len += (uint32_t)len;
		next[-1].segments++;
		next[-1].is_closed = len < next[-1].segment;
	} else {
		*next = (struct air_server_burst){.path = path,
						  .at = (uint32_t)box->used,
						  .len = (uint32_t)len,
						  .segment = (uint32_t)len,
						  .segments = 1};
		box->burst_count++;
	}
	box->used += len;
}

void air_server_outbox_queue_whole(struct air_server_outbox *box, uint32_t path,
				   size_t len)
{
	box->bursts[box->burst_count++] =
		(struct air_server_burst){.path = path,
					  .at = (uint32_t)box->used,
					  .len = (uint32_t)len,
					  .segment = (uint32_t)len,
					  .segments = 1,
					  .is_closed = true,
					  .is_whole = true};
	box->used += len;
}

bool air_server_outbox_poll(struct air_server_outbox *box, altair_datagram *out)
{
	const struct air_server_burst *b = &box->bursts[box->burst_polled];

	if (box->burst_polled == box->burst_count)
		return false;
	box->burst_polled++;
	out->path = box->paths[b->path];
	out->bytes = (altair_bytes){box->buffer + b->at, b->len};
	out->segment = b->segments > 1 ? b->segment : 0;
	out->verdict = ALTAIR_NOT_MINE;
	out->whole = b->is_whole;
	return true;
}
