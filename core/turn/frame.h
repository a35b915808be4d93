/*
 * Messages on a stream: STUN and ChannelData, cut out of bytes in any split.
 */
#ifndef AIR_TURN_FRAME_H
#define AIR_TURN_FRAME_H

#include "base/arena.h"

/* The two bytes of type and the two of length that every message begins with
 * (RFC 8489 5, RFC 8656 12.4). */
#define AIR_FRAME_HEAD 4

struct air_frame {
	uint8_t *buffer;
	size_t max;	/* longest message; longer ones are skipped...       */
	bool is_strict; /* ...or break the stream                         */
	uint16_t channel_max; /* the last number that ChannelData may have */
	size_t have; /* bytes of an unfinished message in `buffer`        */
	size_t skip; /* bytes of a message that is too long               */
	bool is_broken;
};

enum air_frame_step { FRAME_WANTS_MORE, FRAME_GIVES_MESSAGE, FRAME_IS_BROKEN };

void air_frame_init(struct air_frame *frame, struct air_arena *arena,
		    size_t max);
/* Begins a new stream. */
void air_frame_reset(struct air_frame *frame);
/* Takes bytes from the front of `in`. A message, its padding included, is valid
 * until the next call or as long as `in` is. */
enum air_frame_step air_frame_next(struct air_frame *frame, altair_bytes *in,
				   altair_bytes *message);

#endif
