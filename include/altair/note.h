/*
 * altair/note.h - one message between a client and a rendezvous server, decoded.
 * docs/rendezvous.md is the protocol; altair/json.h makes notes of JSON text and
 * the reverse; altair/rendezvous.h and altair/visit.h are the two machines that
 * exchange them.
 */
#ifndef ALTAIR_NOTE_H
#define ALTAIR_NOTE_H

#include <altair/base.h>
#include <altair/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ALTAIR_NOTE_MAX 16384u	   /* bytes of a whole message as JSON       */
#define ALTAIR_NOTE_BODY_MAX 8192u /* bytes of a body, before base64url      */
#define ALTAIR_NOTE_ID_LEN 16u	   /* bytes of token, mailbox and pair       */
#define ALTAIR_NOTE_KEY_LEN 32u	   /* SHA-256 of a public key (SPKI)         */
#define ALTAIR_NOTE_SPKI_MAX 256u  /* bytes of a public key                  */
#define ALTAIR_NOTE_NONCE_LEN 32u  /* bytes of what a presence signs         */
#define ALTAIR_NOTE_SIGNATURE_MAX 256u
#define ALTAIR_NOTE_SERVERS_MAX 8u /* of each kind in a welcome              */
#define ALTAIR_NOTE_TEXT_MAX                                                   \
	256u /* bytes of each text there: printable ASCII
				   without quotes and backslashes */
#define ALTAIR_NOTE_NAMEPLATE_MAX 9999999u
#define ALTAIR_NOTE_NUMBER_MAX 2147483647u
#define ALTAIR_NOTE_SECONDS_MAX 86400u

/* What a presence signs: this text, then the nonce of the welcome. */
#define ALTAIR_NOTE_PRESENCE "altair presence 1"

/* From the client (C), from the server (S); the fields that each has. A field in
 * brackets may be missing. */
enum altair_note_type {
	ALTAIR_NOTE_NONE,
	ALTAIR_NOTE_LISTEN,  /* C token                                       */
	ALTAIR_NOTE_CLAIM,   /* C token, nameplate, body (number 1)           */
	ALTAIR_NOTE_PRESENT, /* C spki, signature; S nothing: calls will come */
	ALTAIR_NOTE_CALL,    /* C token, key, pair, body (number 1)           */
	ALTAIR_NOTE_RESUME,  /* C token, mailbox, is_caller, [nameplate]      */
	ALTAIR_NOTE_SEND,    /* C token, number, body                         */
	ALTAIR_NOTE_ACK,     /* C S token, number: all up to it have arrived  */
	ALTAIR_NOTE_CLOSE,   /* C token, [failed]                             */
	ALTAIR_NOTE_WELCOME, /* S nonce, [stun, turn, seconds]                */
	ALTAIR_NOTE_NAMEPLATE, /* S token, mailbox, nameplate, seconds        */
	ALTAIR_NOTE_JOINED,  /* S token, mailbox: both sides are here (again) */
	ALTAIR_NOTE_CALLED,  /* S token (new), mailbox, pair                  */
	ALTAIR_NOTE_MESSAGE, /* S token, number, body                         */
	ALTAIR_NOTE_GONE,    /* S token, [failed]                             */
	ALTAIR_NOTE_ERROR,   /* S refusal, [token, seconds]                   */
	ALTAIR_NOTE_BYE	     /* S seconds                                     */
};

/* Why the server refuses; `code` on the wire. */
enum altair_refusal {
	ALTAIR_REFUSED_NOT,
	ALTAIR_REFUSED_NO_SUCH_NAMEPLATE, /* "no-such-nameplate"              */
	ALTAIR_REFUSED_USED,	    /* "used": somebody has claimed it        */
	ALTAIR_REFUSED_EXPIRED,	    /* "expired": nobody did in time, or its
	                               listener has left                      */
	ALTAIR_REFUSED_LIMIT,	    /* "limit": too many, again in `seconds`  */
	ALTAIR_REFUSED_ABSENT,	    /* "absent": no client with this key      */
	ALTAIR_REFUSED_NOT_ALLOWED, /* "not-allowed": a signature, or a token
	                               that is not this client's              */
	ALTAIR_REFUSED_INVALID,	    /* "invalid": no note of the protocol     */
	ALTAIR_REFUSED_BUSY	    /* "busy": not now, again in `seconds`    */
};

typedef struct altair_note_turn {
	altair_bytes url; /* "turn:host:port?transport=udp" (RFC 7065)        */
	altair_bytes username, password;
} altair_note_turn;

/*
 * All-zero memory is an empty note. Bytes are borrowed. Which fields belong to a
 * type stands above; the others are zero.
 */
typedef struct altair_note {
	enum altair_note_type type;
	bool has_token; /* of ERROR, where it may be missing                 */
	bool is_caller; /* RESUME: the side that claimed or called           */
	bool failed;	/* CLOSE, GONE: the secret was wrong, or was tampered
	                   with                                              */
	uint8_t token[ALTAIR_NOTE_ID_LEN];   /* names a side of a mailbox    */
	uint8_t mailbox[ALTAIR_NOTE_ID_LEN]; /* known to its two sides only  */
	uint8_t pair[ALTAIR_NOTE_ID_LEN];
	uint8_t key[ALTAIR_NOTE_KEY_LEN];
	uint8_t nonce[ALTAIR_NOTE_NONCE_LEN];
	uint32_t nameplate; /* 1 to ALTAIR_NOTE_NAMEPLATE_MAX; 0: none       */
	uint32_t number;    /* SEND, MESSAGE: from 1 on; ACK: from 0 on      */
	uint32_t seconds;   /* up to ALTAIR_NOTE_SECONDS_MAX; 0: not said    */
	enum altair_refusal refusal;
	altair_bytes body; /* up to ALTAIR_NOTE_BODY_MAX, perhaps empty      */
	altair_bytes spki, signature;
	altair_bytes stun[ALTAIR_NOTE_SERVERS_MAX]; /* "stun:host:port"      */
	altair_note_turn turn[ALTAIR_NOTE_SERVERS_MAX];
	size_t stun_count, turn_count;
} altair_note;

/* "no-such-nameplate" for ALTAIR_REFUSED_NO_SUCH_NAMEPLATE, as on the wire; "?"
 * for what is none. */
ALTAIR_API const char *altair_refusal_code(enum altair_refusal refusal);

/* A sentence for the user, without full stop; never NULL. */
ALTAIR_API const char *altair_refusal_sentence(enum altair_refusal refusal);

#ifdef __cplusplus
}
#endif
#endif
