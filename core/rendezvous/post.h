/* What nodes post to each other, as bytes that only they read. */
#ifndef AIR_RENDEZVOUS_POST_H
#define AIR_RENDEZVOUS_POST_H

#include "rendezvous/state.h"

enum air_post_kind {
	POST_CLAIM = 1, /* token (the claimer's), nameplate, body       */
	POST_CALL,	/* token (the caller's), key, pair, body        */
	POST_JOINED,	/* token, mailbox                               */
	POST_REFUSED,	/* token, refusal                               */
	POST_MESSAGE,	/* mailbox, is_caller (to whom), number, body   */
	POST_ACK,	/* mailbox, is_caller (to whom), number         */
	POST_HERE,	/* mailbox, is_caller (to whom), token (whose)  */
	POST_GONE,	/* mailbox, is_caller (to whom), failed         */
	POST_MOVED	/* mailbox, is_caller (whose), token            */
};

/* The fields of a post are those of a note. Sent only while the directory can be
 * reached, never to ourselves. */
void air_post_send(altair_rendezvous *r, const uint8_t *node,
		   enum air_post_kind kind, const altair_note *fields);
/* False if the bytes are no post. The body is borrowed. */
bool air_post_read(altair_bytes bytes, enum air_post_kind *kind,
		   altair_note *out);

#endif
