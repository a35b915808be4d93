/*
 * A plain array that starts again from its beginning when all of it was polled.
 * What is still to be polled at a reset moves to the front, its bytes with it.
 */
#include "ice/outbox.h"

#include <string.h>

#define ITEMS_MAX 64
#define SENDS_MAX 40 /* items that sends may fill */
#define BYTES_MAX 6144

struct air_output {
	altair_path path; /* SEND */
	uint32_t at, len; /* SEND: its bytes; EVENT: len 0                   */
	uint32_t number, total;
	int reason;
	altair_time rtt;
	enum altair_event event; /* ALTAIR_EV_NONE: a SEND */
};

void air_outbox_init(struct air_outbox *box, struct air_arena *arena)
{
	memset(box, 0, sizeof *box);
	box->items = air_arena_take(arena, ITEMS_MAX, sizeof *box->items);
	box->bytes = air_arena_take(arena, BYTES_MAX, 1);
}

void air_outbox_clear(struct air_outbox *box)
{
	box->first = box->count = 0;
	box->used = 0;
}

void air_outbox_reset(struct air_outbox *box)
{
	uint32_t left = box->count - box->first;
	size_t used = 0;

	for (uint32_t i = 0; i < left; i++) {
		struct air_output *item = &box->items[i];

		*item = box->items[box->first + i];
		memmove(box->bytes + used, box->bytes + item->at, item->len);
		item->at = (uint32_t)used;
		used += item->len;
	}
	box->first = 0;
	box->count = left;
	box->used = used;
}

bool air_outbox_send(struct air_outbox *box, const altair_path *path,
		     altair_bytes bytes)
{
	if (box->count >= SENDS_MAX || bytes.len == 0 ||
	    bytes.len > BYTES_MAX - box->used)
		return false;
	memcpy(box->bytes + box->used, bytes.data, bytes.len);
	box->items[box->count++] =
		(struct air_output){.path = *path,
				    .at = (uint32_t)box->used,
				    .len = (uint32_t)bytes.len};
	box->used += bytes.len;
	return true;
}

void air_outbox_tell(struct air_outbox *box, const altair_output *event)
{
	struct air_output item = {.path = {.remote = event->addr},
				  .number = event->number,
				  .total = event->total,
				  .reason = event->reason,
				  .rtt = event->rtt,
				  .event = event->event};

	/* A driver that never polls hears of the last state at least. */
	if (box->count == ITEMS_MAX)
		box->count--;
	box->items[box->count++] = item;
}

bool air_outbox_take(struct air_outbox *box, altair_output *out)
{
	const struct air_output *item = &box->items[box->first];

	memset(out, 0, sizeof *out);
	if (box->first == box->count) {
		box->first = box->count = 0; /* the bytes stay */
		return false;
	}
	box->first++;
	if (item->event == ALTAIR_EV_NONE) {
		out->datagram.path = item->path;
		out->datagram.bytes =
			(altair_bytes){box->bytes + item->at, item->len};
		return true;
	}
	out->event = item->event;
	out->addr = item->path.remote;
	out->number = item->number;
	out->total = item->total;
	out->reason = item->reason;
	out->rtt = item->rtt;
	return true;
}
