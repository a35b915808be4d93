/*
 * A mailbox as its client sees it: what it has asked the server for, what of ours is
 * under way, and how far the other side has got.
 */
#ifndef AIR_RENDEZVOUS_ROOM_H
#define AIR_RENDEZVOUS_ROOM_H

#include "base/arena.h"

#include <altair/visit.h>

#include <string.h>

enum air_room_kind {
	ROOM_IS_FREE,
	ROOM_LISTENS,
	ROOM_CLAIMS,
	ROOM_CALLS,
	ROOM_IS_CALLED,
	ROOM_IS_CLOSING /* the server has to be told */
};

/* Over this connection. */
enum air_room_link { ROOM_TO_ASK, ROOM_HAS_ASKED, ROOM_IS_ATTACHED };

enum air_room_news {
	NEWS_CALLED = 1,
	NEWS_NAMEPLATE = 2,
	NEWS_JOINED = 4,
	NEWS_ACKED = 8,
	NEWS_REFUSED = 16, /* the last two are the end of it */
	NEWS_GONE = 32
};

struct air_room {
	enum air_room_kind kind;
	enum air_room_link link;
	bool has_mailbox, is_joined, ack_due, failed;
	unsigned news;
	enum altair_refusal refusal;
	uint32_t nameplate, seconds;
	uint32_t received;	/* messages of the other side           */
	uint32_t first;		/* number of our oldest pending one     */
	unsigned pending, sent; /* of those, how many since the link    */
	altair_time resend_at, retry_at, asked_at, heard_at;
	uint8_t token[ALTAIR_NOTE_ID_LEN];
	uint8_t mailbox[ALTAIR_NOTE_ID_LEN];
	uint8_t pair[ALTAIR_NOTE_ID_LEN];
	uint8_t key[ALTAIR_NOTE_KEY_LEN];
	uint8_t *bytes; /* of the pending ones, one behind the other */
	uint32_t *lens;
};

/* What all rooms of a visit have in common. */
struct air_room_rules {
	altair_time resend, patience;
	unsigned window;
	size_t window_len;
};

/* A room that was free begins; `token` is its own. */
void air_room_begin(struct air_room *room, enum air_room_kind kind,
		    const uint8_t *token, altair_time now);
/* Adds a message. 0, ALTAIR_E_FULL, or ALTAIR_E_TOO_LONG. */
int air_room_add(struct air_room *room, const struct air_room_rules *rules,
		 altair_bytes body, altair_time now);
/* The connection is there, or gone: all is to be asked again. */
void air_room_detach(struct air_room *room, altair_time now);
/* A note with its token came; true: its body is the next one. */
bool air_room_take(struct air_room *room, const struct air_room_rules *rules,
		   altair_time now, const altair_note *note);
/* What is due at `now`. */
void air_room_tick(struct air_room *room, const struct air_room_rules *rules,
		   altair_time now);
/* The next note for the server: true and *out, or false. */
bool air_room_say(struct air_room *room, const struct air_room_rules *rules,
		  altair_time now, altair_note *out);
/* The next event: true and *out, or false. The last one frees the room. */
bool air_room_tell(struct air_room *room, enum altair_visit_step *step,
		   altair_visit_output *out);
/* The earliest time at which something is due, while there is a connection. */
altair_time air_room_deadline(const struct air_room *room,
			      const struct air_room_rules *rules);

#endif
