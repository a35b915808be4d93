/*
 * Framing over TCP and TLS (RFC 8489 6.2.2, RFC 8656 12.5): both kinds of
 * message carry their length in bytes 2 and 3. STUN counts what follows its 20
 * bytes of header and is a multiple of 4 long; ChannelData counts its data and
 * is padded to a multiple of 4. The first two bits, then the range of channel
 * numbers tell them apart (RFC 8656 12); whatever else begins a message, the
 * stream cannot be followed any more.
 *
 * Invariant: `have` bytes are of one message whose length is not yet reached,
 * and `have` is 0 while `skip` is not.
 */
#include "turn/frame.h"

#include "base/cursor.h"
#include "stun/wire.h"

#include <string.h>

void air_frame_init(struct air_frame *frame, struct air_arena *arena,
		    size_t max)
{
	frame->buffer = air_arena_reserve(arena, max);
	frame->max = max;
	frame->is_strict = false;
	frame->channel_max = AIR_STUN_CHANNEL_MAX;
	air_frame_reset(frame);
}

void air_frame_reset(struct air_frame *frame)
{
	frame->have = 0;
	frame->skip = 0;
	frame->is_broken = false;
}

/* The length of the message that begins so, 0 when none does. No 16-bit sum: a
 * body of 65516 bytes or more makes a message longer than 65535. */
static size_t length_of(const struct air_frame *f, const uint8_t *head)
{
	struct air_reader r = air_reader((altair_bytes){head, AIR_FRAME_HEAD});
	uint16_t type = air_read_u16(&r);
	size_t len = air_read_u16(&r);

	if (type < AIR_STUN_CHANNEL_MIN)
		return len % 4 == 0 ? AIR_STUN_HEADER_LEN + len : 0;
	if (type > f->channel_max)
		return 0;
	return (AIR_FRAME_HEAD + len + 3) / 4 * 4;
}

static altair_bytes take(altair_bytes *in, size_t len)
{
	altair_bytes taken = {in->data, len < in->len ? len : in->len};

	in->data += taken.len;
	in->len -= taken.len;
	return taken;
}

/* Gathers until `want` bytes of a message are there; true when they are. */
static bool gather(struct air_frame *f, altair_bytes *in, size_t want)
{
	altair_bytes more;

	if (f->have >= want)
		return true;
	more = take(in, want - f->have);
	if (more.len > 0)
		memcpy(f->buffer + f->have, more.data, more.len);
	f->have += more.len;
	return f->have == want;
}

/* Past what is to be skipped; true when that is done. */
static bool pass(struct air_frame *f, altair_bytes *in)
{
	f->skip -= take(in, f->skip).len;
	return f->skip == 0;
}

enum air_frame_step air_frame_next(struct air_frame *f, altair_bytes *in,
				   altair_bytes *message)
{
	while (!f->is_broken && pass(f, in)) {
		bool in_place = f->have == 0 && in->len >= AIR_FRAME_HEAD;
		size_t len;

		if (!in_place && !gather(f, in, AIR_FRAME_HEAD))
			break;
		len = length_of(f, in_place ? in->data : f->buffer);
		if (len == 0 || (f->is_strict && len > f->max)) {
			f->is_broken = true;
		} else if (len > f->max) {
			f->skip = len - f->have;
			f->have = 0;
		} else if (in_place && in->len >= len) {
			*message = take(in, len);
			return FRAME_GIVES_MESSAGE;
		} else if (!gather(f, in, len)) {
			break;
		} else {
			*message = (altair_bytes){f->buffer, len};
			f->have = 0;
			return FRAME_GIVES_MESSAGE;
		}
	}
	return f->is_broken ? FRAME_IS_BROKEN : FRAME_WANTS_MORE;
}
