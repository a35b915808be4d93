/*
 * What a machine has to say until it is polled: sends with their bytes, and
 * events, in order. Bytes stay where they are until the outbox is reset, which
 * is what altair_poll promises.
 */
#ifndef AIR_OUTBOX_H
#define AIR_OUTBOX_H

#include "base/arena.h"

#include <altair/machine.h>

struct air_output;

struct air_outbox {
	struct air_output *items;
	uint8_t *bytes;
	uint32_t first, count; /* polled, and put, since the last reset      */
	size_t used;
};

void air_outbox_init(struct air_outbox *box, struct air_arena *arena);
/* At the beginning of an input or tick: forgets what was polled. */
void air_outbox_reset(struct air_outbox *box);
/* Forgets everything. */
void air_outbox_clear(struct air_outbox *box);
/* Copies the bytes; false when there is no room: then it was not sent. */
bool air_outbox_send(struct air_outbox *box, const altair_path *path,
		     altair_bytes bytes);
/* Room for events is kept free of sends, so that they do not get lost. */
void air_outbox_tell(struct air_outbox *box, const altair_output *event);
/* The next one; false when there is none. */
bool air_outbox_take(struct air_outbox *box, altair_output *out);

#endif
