/*
 * Notes that wait, in blocks of one pool: for a client, for a node, or for an answer of
 * the directory. Each queue counts its bytes, so each can have a limit of its own.
 */
#ifndef AIR_RENDEZVOUS_QUEUE_H
#define AIR_RENDEZVOUS_QUEUE_H

#include "rendezvous/store.h"

#include <altair/note.h>

struct air_queue {
	uint32_t first, last; /* block + 1 of the first and last note */
	size_t bytes;
};

void air_queue_pool_init(struct air_store *pool, struct air_arena *arena,
			 size_t len);
/* Adds a note with its body; false: it would be more than `limit` bytes, or the
 * pool is empty. */
bool air_queue_push(struct air_store *pool, struct air_queue *queue,
		    const altair_note *note, size_t limit);
/* Takes the first note; its body goes to `body` (any body that was pushed fits).
 * False: there is none. */
bool air_queue_pop(struct air_store *pool, struct air_queue *queue,
		   altair_note *out, uint8_t *body);
void air_queue_clear(struct air_store *pool, struct air_queue *queue);

#endif
