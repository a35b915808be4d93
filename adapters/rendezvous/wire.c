/*
 * A WebSocket (RFC 6455). Each text message is one note; what is none ends the
 * connection. What a client is told is fetched from the machine when the kernel
 * takes it, one note at a time, so nothing waits here.
 *
 * Most messages arrive whole in the library's buffer. Of others the beginning is
 * kept in pages of their own, which are given back, and the end has to come in
 * time.
 */
#define _GNU_SOURCE
#include "door.h"

#include <altair/error.h>
#include <altair/json.h>
#include <altair/udp.h>

#include <string.h>
#include <sys/mman.h>

/* --- inwards --------------------------------------------------------------- */

static uint8_t *part_of(struct altair_door *door, const struct guest *guest)
{
	return door->parts + (size_t)(guest - door->guests) * ALTAIR_NOTE_MAX;
}

static void drop_part(struct altair_door *door, struct guest *guest)
{
	if (guest->part_len > 0)
		madvise(part_of(door, guest), ALTAIR_NOTE_MAX, MADV_DONTNEED);
	guest->part_len = 0;
	guest->has_part = false;
	if (guest->state == GUEST_TALKS)
		guest->deadline = ALTAIR_NEVER;
}

static void take_nonsense(struct altair_door *door, struct guest *guest)
{
	drop_part(door, guest);
	guest->is_deaf = true;
	altair_rendezvous_garbled(door->machine, altair_clock_now(),
				  (uint32_t)(guest - door->guests));
}

static void take_text(struct altair_door *door, struct guest *guest,
		      altair_bytes text)
{
	uint32_t i = (uint32_t)(guest - door->guests);
	altair_time now = altair_clock_now();
	altair_note note;

	if (!altair_rendezvous_may_speak(door->machine, now, i))
		return;
	if (altair_note_parse(&note, text, door->scratch,
			      sizeof door->scratch) != 0)
		take_nonsense(door, guest);
	else
		altair_rendezvous_take(door->machine, now, i, &note);
}

/* A piece of a message that is not whole. */
static void take_piece(struct altair_door *door, struct guest *guest,
		       altair_bytes piece)
{
	if (!guest->has_part)
		guest->deadline = altair_clock_now() + ALTAIR_DOOR_HEAD;
	guest->has_part = true;
	if (piece.len > 0)
		memcpy(part_of(door, guest) + guest->part_len, piece.data,
		       piece.len);
	guest->part_len += (uint32_t)piece.len;
}

static void take(struct altair_door *door, struct guest *guest,
		 altair_bytes piece)
{
	size_t to_come = lws_remaining_packet_payload(guest->wsi);
	bool is_whole = lws_is_final_fragment(guest->wsi);

	guest->heard = altair_clock_now();
	guest->is_asked = false;
	if (guest->is_deaf || guest->state != GUEST_TALKS)
		return;
	if (lws_frame_is_binary(guest->wsi) ||
	    piece.len > ALTAIR_NOTE_MAX - guest->part_len ||
	    to_come > ALTAIR_NOTE_MAX - guest->part_len - piece.len) {
		take_nonsense(door, guest);
	} else if (is_whole && !guest->has_part) {
		take_text(door, guest, piece);
	} else {
		take_piece(door, guest, piece);
		if (is_whole) {
			take_text(door, guest,
				  (altair_bytes){part_of(door, guest),
						 guest->part_len});
			drop_part(door, guest);
		}
	}
}

/* --- outwards -------------------------------------------------------------- */

static int write_note(struct altair_door *door, struct guest *guest,
		      altair_note *note)
{
	char *text = (char *)door->out + LWS_PRE;
	int len;

	if (note->type == ALTAIR_NOTE_WELCOME && door->config.welcome)
		door->config.welcome(door->config.user, guest->host, note);
	len = altair_note_format(note, text, ALTAIR_NOTE_MAX);
	if (len < 0)
		return -1;
	return lws_write(guest->wsi, door->out + LWS_PRE, (size_t)len,
			 LWS_WRITE_TEXT) < len
		       ? -1
		       : 0;
}

/* The library tells of a pong only when there is something in it. */
static int ask(struct altair_door *door, struct guest *guest)
{
	uint8_t *bytes = door->out + LWS_PRE;

	bytes[0] = '?';
	return lws_write(guest->wsi, bytes, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
}

/* Below 0: it is closed. */
static int write_next(struct altair_door *door, struct guest *guest)
{
	uint32_t i = (uint32_t)(guest - door->guests);
	altair_note note;
	int rc = 0;

	if (guest->has_notes)
		guest->has_notes =
			altair_rendezvous_next(door->machine, i, &note);
	if (guest->has_notes) {
		rc = write_note(door, guest, &note);
	} else if (guest->state == GUEST_LEAVES) {
		lws_close_reason(guest->wsi, LWS_CLOSE_STATUS_GOINGAWAY, NULL,
				 0);
		rc = -1;
	} else if (guest->wants_ping) {
		guest->wants_ping = false;
		rc = ask(door, guest);
	}
	/* It may say now that the client is to be closed. */
	air_door_run(door);
	if (rc == 0 && (guest->has_notes || guest->wants_ping ||
			guest->state == GUEST_LEAVES))
		lws_callback_on_writable(guest->wsi);
	return rc;
}

/* --- events ---------------------------------------------------------------- */

static void begin(struct altair_door *door, struct guest *guest)
{
	door->clients_now++;
	guest->heard = altair_clock_now();
	if (guest->state == GUEST_ASKS) {
		guest->state = GUEST_TALKS;
		guest->deadline = ALTAIR_NEVER;
	}
	if (guest->has_notes)
		lws_callback_on_writable(guest->wsi);
}

int air_wire_event(struct lws *wsi, enum lws_callback_reasons reason,
		   void *user, void *in, size_t len)
{
	struct altair_door *door = lws_context_user(lws_get_context(wsi));
	struct guest *guest = lws_get_opaque_user_data(wsi);

	(void)user;
	if (!guest)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		begin(door, guest);
		return 0;
	case LWS_CALLBACK_CLOSED:
		door->clients_now--;
		return 0;
	case LWS_CALLBACK_RECEIVE:
		take(door, guest, (altair_bytes){in, len});
		air_door_run(door);
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
		guest->heard = altair_clock_now();
		guest->is_asked = false;
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return write_next(door, guest);
	default:
		return 0;
	}
}
