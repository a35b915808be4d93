/*
 * altair/visit.h - a client's stay at a rendezvous server, as a machine. It says
 * when to open the connection and what to send over it, comes back after every
 * loss, and hands each message of the other side over once and in order.
 * docs/rendezvous.md is the protocol.
 *
 *     altair_visit_opened / _lost    the WebSocket is open, or closed
 *     altair_visit_take              a note came over it
 * and after each call, and when the deadline has come (altair_visit_tick):
 *     while ((step = altair_visit_poll(v, &out)) != ALTAIR_VISIT_WAIT)
 *             obey
 *
 * A mailbox is known by a number below `mailboxes_max`, ours alone. It is asked
 * for at any time, also without connection, and lives until it is closed or an
 * event ends it; then the number is free.
 *
 * The way back. The first connection is opened at once. After a loss the next one
 * follows at a random moment of the next 6 seconds; after another one 6 to 14 seconds
 * later, and then always 8 to 16; after a bye, between half and one and a half of
 * what the server said. So a server that comes up again sees all clients within 20
 * seconds, and no more than a fifth of them in any one.
 */
#ifndef ALTAIR_VISIT_H
#define ALTAIR_VISIT_H

#include <altair/crypto.h>
#include <altair/note.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_visit altair_visit;

#define ALTAIR_VISIT_NONE UINT32_MAX

typedef struct altair_visit_config {
	size_t size;
	const altair_crypto *crypto; /* random; must outlive the machine     */
	unsigned mailboxes_max;	     /* default 4, 1 to 64                   */
	unsigned window; /* messages of a mailbox that may be under way, default
	                    8, 1 to 64                                       */
	size_t window_len;    /* bytes of them, default 32 KiB, from 8 KiB to
	                      1 MiB                                          */
	altair_time resend;   /* default 2 s, 100 ms to 1 minute             */
	altair_time patience; /* a side is gone that has acknowledged nothing
	                         for so long, default 75 s                   */
	altair_time answer; /* for a server's welcome, default 10 s          */

	/* Who we are, where we are to be called: our public key (copied, at most
	 * ALTAIR_NOTE_SPKI_MAX bytes), and what signs with it: writes at most
	 * `cap` bytes and returns how many, or ALTAIR_E_*. */
	altair_bytes spki;
	int (*sign)(void *user, altair_bytes message, uint8_t *out, size_t cap);
	void *sign_user;
} altair_visit_config;

/* Fills in `size` and every default. */
ALTAIR_API void altair_visit_config_default(altair_visit_config *config);

/* Bytes of memory for altair_visit_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_visit_size(const altair_visit_config *config);

/* Returns 0, ALTAIR_E_INVALID, ALTAIR_E_SPACE, or ALTAIR_E_RANDOM. It asks for a
 * connection at once. */
ALTAIR_API int altair_visit_init(altair_visit **out, void *mem, size_t len,
				 const altair_visit_config *config,
				 altair_time now);

/*
 * Asks for a mailbox of our own: ALTAIR_VISIT_NAMEPLATE will say which, then
 * ALTAIR_VISIT_JOINED that somebody has claimed it. Returns its number, or
 * ALTAIR_E_FULL (all are in use), ALTAIR_E_RANDOM.
 */
ALTAIR_API int altair_visit_listen(altair_visit *visit, altair_time now);

/*
 * Claims a nameplate (1 to ALTAIR_NOTE_NAMEPLATE_MAX) with our first message.
 * Returns the number of the mailbox; ALTAIR_E_INVALID, ALTAIR_E_TOO_LONG (more than
 * ALTAIR_NOTE_BODY_MAX), ALTAIR_E_FULL, ALTAIR_E_RANDOM.
 */
ALTAIR_API int altair_visit_claim(altair_visit *visit, altair_time now,
				  uint32_t nameplate, altair_bytes body);

/* Calls who is present with this key (SHA-256 of it, 32 bytes); `pair` (16 bytes)
 * tells them who calls. Returns as altair_visit_claim. */
ALTAIR_API int altair_visit_call(altair_visit *visit, altair_time now,
				 const uint8_t *key, const uint8_t *pair,
				 altair_bytes body);

/* From now on we can be called: ALTAIR_VISIT_PRESENT says that the server knows,
 * ALTAIR_VISIT_CALLED that somebody does. Needs `spki` and `sign`, else
 * ALTAIR_E_STATE. */
ALTAIR_API int altair_visit_present(altair_visit *visit, altair_time now);

/* The next message to the other side, copied. Returns 0; ALTAIR_E_FULL: what is under
 * way has to be acknowledged first (ALTAIR_VISIT_ACKED); ALTAIR_E_STATE: there is no
 * such mailbox; ALTAIR_E_TOO_LONG. A listener may send before it is joined. */
ALTAIR_API int altair_visit_send(altair_visit *visit, altair_time now,
				 uint32_t mailbox, altair_bytes body);

/* How many of ours the other side has not acknowledged. */
ALTAIR_API unsigned altair_visit_pending(const altair_visit *visit,
					 uint32_t mailbox);

/* Ends a mailbox: what is pending is dropped, the other side is told, if there is a
 * connection. `failed`: the secret was wrong. There is no event. */
ALTAIR_API void altair_visit_close(altair_visit *visit, altair_time now,
				   uint32_t mailbox, bool failed);

/* The connection that was asked for is open. */
ALTAIR_API void altair_visit_opened(altair_visit *visit, altair_time now);

/* It is closed, or could not be opened. */
ALTAIR_API void altair_visit_lost(altair_visit *visit, altair_time now);

/* The network is another one, or the user is impatient: a connection that is
 * waited for is opened now. */
ALTAIR_API void altair_visit_hurry(altair_visit *visit, altair_time now);

enum altair_visit_verdict {
	ALTAIR_VISIT_TAKEN,  /* nothing in it for you                        */
	ALTAIR_VISIT_BODY,   /* note->body is from the other side of `mailbox`,
	                        the next one in order, and is acknowledged   */
	ALTAIR_VISIT_SERVERS /* note has stun, turn and their `seconds`      */
};

/* A note came over the connection. `mailbox` is set with ALTAIR_VISIT_BODY. What
 * polls would have told before it (JOINED, CALLED) is polled before it is called:
 * poll until ALTAIR_VISIT_WAIT between two calls. */
ALTAIR_API enum altair_visit_verdict altair_visit_take(altair_visit *visit,
						       altair_time now,
						       const altair_note *note,
						       uint32_t *mailbox);

/* Tells the time. Early, late and repeated calls are harmless. */
ALTAIR_API void altair_visit_tick(altair_visit *visit, altair_time now);

enum altair_visit_step {
	ALTAIR_VISIT_WAIT,	 /* call altair_visit_tick at `deadline`      */
	ALTAIR_VISIT_CONNECT,	 /* open the connection, then say
	                           altair_visit_opened or _lost              */
	ALTAIR_VISIT_DISCONNECT, /* close it; altair_visit_lost is not needed */
	ALTAIR_VISIT_NOTE,	 /* send `note`                               */
	ALTAIR_VISIT_ONLINE,	 /* the server has welcomed us                */
	ALTAIR_VISIT_OFFLINE,	 /* the connection is lost; we come again     */
	ALTAIR_VISIT_NAMEPLATE,	 /* `mailbox` has `nameplate` for `seconds`;
	                           said anew when it has changed             */
	ALTAIR_VISIT_PRESENT,	 /* we can be called                          */
	ALTAIR_VISIT_JOINED,	 /* `mailbox` has its second side             */
	ALTAIR_VISIT_CALLED,	 /* `mailbox` is new: somebody who says to be of
	                           `pair` calls us                           */
	ALTAIR_VISIT_ACKED,  /* nothing is pending in `mailbox` any more   */
	ALTAIR_VISIT_GONE,   /* `mailbox` is over: the other side has closed
	                           it (`failed`: said that the secret was
	                           wrong), or has stayed away                */
	ALTAIR_VISIT_REFUSED /* `mailbox` is over before it began: `refusal`,
	                           `seconds` where it may be asked again; or
	                           ALTAIR_VISIT_NONE: our presence           */
};

/* Bytes are valid until the next call of any function of this machine. */
typedef struct altair_visit_output {
	altair_time deadline; /* ALTAIR_NEVER: nothing is to come            */
	altair_note note;
	uint32_t mailbox;
	uint32_t nameplate, seconds;
	uint8_t pair[ALTAIR_NOTE_ID_LEN];
	bool failed;
	enum altair_refusal refusal;
} altair_visit_output;

ALTAIR_API enum altair_visit_step /* What to do next, until it is WAIT. */
altair_visit_poll(altair_visit *visit, altair_visit_output *out);

#ifdef __cplusplus
}
#endif
#endif
