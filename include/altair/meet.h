/*
 * altair/meet.h - the introduction of two who know the same secret, over a server or
 * a path that nobody trusts: SPAKE2 (RFC 9382), confirmations in both directions,
 * each other's identity, a secret for later meetings, and envelopes, which nobody in
 * between can read, change, repeat, reorder or leave out unnoticed.
 *
 * The caller speaks first:
 *     1  caller   -> listener   share
 *     2  listener -> caller     share, confirmation, sealed identity
 *     3  caller   -> listener   confirmation, sealed identity
 *     then envelopes in both directions; the caller's may follow 3 at once.
 *
 * `path` of altair_input and ALTAIR_SEND is not looked at: one datagram is one
 * message. A message belongs into one body of the rendezvous, whole and in order; or
 * with `is_datagram` into one datagram of a path that may lose, repeat and reorder.
 *
 * Who does not know the secret can try one, once: what has been tried is spent. Until
 * the peer has confirmed, he gets nothing and nothing of his is believed.
 *
 * It does not know who the peer should be: one who meets by name compares
 * altair_meet_peer with the identity that he knows, and not only to find strangers: who
 * listens and calls at once may have been connected to himself.
 *
 * Events
 *   ALTAIR_EV_INTRODUCED  the peer knows the secret: altair_meet_peer,
 *                         altair_meet_pair and altair_meet_wrap can be used
 *   ALTAIR_EV_FAILED      it is over, all keys are wiped. reason:
 *                         SECRET (the secrets differ, or somebody is in between),
 *                         TAMPERED (somebody in between repeats, reorders, reflects or
 *                         invents messages), TIMEOUT (the peer never confirmed),
 *                         MEMORY. number 1: the secret may have been tried and must
 *                         not be used again; 0: nobody has tried it
 */
#ifndef ALTAIR_MEET_H
#define ALTAIR_MEET_H

#include <altair/crypto.h>
#include <altair/machine.h>
#include <altair/pake.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes at most of a secret and of a context (at least 1 each), of an identity (in
 * datagrams fewer, so that they are not fragmented), and of what is in an
 * envelope. */
#define ALTAIR_MEET_SECRET_MAX 256
#define ALTAIR_MEET_CONTEXT_MAX 128
#define ALTAIR_MEET_IDENTITY_MAX 2048
#define ALTAIR_MEET_IDENTITY_DATAGRAM_MAX 256
#define ALTAIR_MEET_PAYLOAD_MAX 10240

/* What altair_meet_wrap writes in front of the payload, and behind it. */
#define ALTAIR_MEET_HEADROOM 10
#define ALTAIR_MEET_TAILROOM 16

/* The longest message in all. */
#define ALTAIR_MEET_MESSAGE_MAX                                                \
	(ALTAIR_MEET_HEADROOM + ALTAIR_MEET_PAYLOAD_MAX + ALTAIR_MEET_TAILROOM)

typedef struct altair_meet altair_meet;

enum altair_meet_role {
	ALTAIR_MEET_CALLER,  /* speaks first: SPAKE2's A                     */
	ALTAIR_MEET_LISTENER /* SPAKE2's B                                   */
};

typedef struct altair_meet_config {
	size_t size;
	const altair_crypto *crypto; /* random, hmac_sha256, sha256          */
	const altair_pake *pake;     /* both must outlive the machine        */
	enum altair_meet_role role;
	altair_bytes secret;   /* what both know                             */
	altair_bytes context;  /* protocol, and how and where they meet; the
	                          same on both sides                         */
	altair_bytes identity; /* ours, for the peer alone; may be empty     */
	bool is_datagram;      /* messages are repeated (400 ms, then twice as
	                          long each time, at most 1 s); no envelopes  */
	altair_time patience;  /* for the peer's confirmation: of a caller from
	                          the beginning, of a listener from message
	                          1 (with is_datagram: from the beginning).
	                          Default 10 s; ALTAIR_NEVER is allowed       */
} altair_meet_config;

/* Fills in the defaults: `size`, caller, `patience`. */
ALTAIR_API void altair_meet_config_default(altair_meet_config *config);

/* Bytes of memory for altair_meet_init; 0 if the configuration is invalid: a length,
 * a table that lacks a function, patience 0. */
ALTAIR_API size_t altair_meet_size(const altair_meet_config *config);

/*
 * Builds the machine in caller memory. Secret, context and identity are not needed
 * afterwards. It stretches the secret, which takes about 30 ms: a good moment is when
 * a connection is being opened. Returns 0, ALTAIR_E_INVALID, ALTAIR_E_SPACE,
 * ALTAIR_E_RANDOM, or ALTAIR_E_MEMORY.
 */
ALTAIR_API int altair_meet_init(altair_meet **out, void *mem, size_t len,
				const altair_meet_config *config,
				altair_time now);

/* What altair_input, altair_tick and altair_poll take. An envelope that is good
 * becomes ALTAIR_PAYLOAD, `bytes` narrowed to what was in it; it is opened in your
 * buffer, which must be writable. The rest is ALTAIR_TAKEN; with is_datagram
 * ALTAIR_NOT_MINE is what cannot be a message of this protocol. */
ALTAIR_API altair_machine *altair_meet_machine(altair_meet *meet);

/* Another identity than that of the configuration, such as one that says more. It
 * may change until it is sealed, in answer to the peer's first message. Returns 0,
 * ALTAIR_E_STATE (it is sealed, or it is over), or ALTAIR_E_TOO_LONG. */
ALTAIR_API int altair_meet_identity(altair_meet *meet, altair_bytes identity);

enum altair_meet_state {
	ALTAIR_MEET_WAITING,	/* the peer has not spoken                   */
	ALTAIR_MEET_ANSWERED,	/* a listener has answered, and waits for the
				   caller's confirmation                     */
	ALTAIR_MEET_INTRODUCED, /* both know the secret                      */
	ALTAIR_MEET_FAILED,
	ALTAIR_MEET_CLOSED
};

/* Where the introduction stands now. */
ALTAIR_API enum altair_meet_state altair_meet_state(const altair_meet *meet);

/* The peer's identity, as he gave it; valid until altair_meet_close, empty before
 * ALTAIR_EV_INTRODUCED. */
ALTAIR_API altair_bytes altair_meet_peer(const altair_meet *meet);

/* A secret that only these two have, for their later meetings. 0, or
 * ALTAIR_E_STATE (not introduced). */
ALTAIR_API int altair_meet_pair(const altair_meet *meet, uint8_t out[32]);

/*
 * Seals one message for the peer in place, into one envelope: the caller owns
 * ALTAIR_MEET_HEADROOM bytes in front of `payload` and ALTAIR_MEET_TAILROOM behind it,
 * and *out is a view of them. What has been wrapped has to be sent, in this order.
 * Returns 0, ALTAIR_E_STATE (not introduced, or is_datagram), ALTAIR_E_TOO_LONG
 * (over ALTAIR_MEET_PAYLOAD_MAX), or ALTAIR_E_MEMORY (then it was not sealed).
 */
ALTAIR_API int altair_meet_wrap(altair_meet *meet, uint8_t *payload, size_t len,
				altair_datagram *out);

/* Ends it: nothing is sent any more, and all that was secret is wiped. Call it before
 * the memory is freed. */
ALTAIR_API void altair_meet_close(altair_meet *meet);

typedef struct altair_meet_stats {
	size_t size;
	uint64_t sent;	  /* messages, repetitions and envelopes included     */
	uint64_t heard;	  /* messages that were what had to come next        */
	uint64_t ignored; /* that were not: repeated, late, malformed        */
} altair_meet_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_meet_get_stats(const altair_meet *meet,
				      altair_meet_stats *out);

#ifdef __cplusplus
}
#endif
#endif
