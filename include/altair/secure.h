/*
 * altair/secure.h - a secure session over a path of datagrams: DTLS 1.2 (RFC 6347),
 * both sides proved by their keys, the handshake repeated by the time that it is
 * given. And the fingerprint: the text by which people compare keys.
 *
 * `path` of altair_input and ALTAIR_SEND is not looked at. The caller hands over what
 * arrived on a path that an authenticated check has opened (altair_agent), and sends
 * where data goes; so the session moves with it and knows nothing of it.
 * altair_input opens a datagram in the caller's buffer, which must be writable; what
 * the peer said is ALTAIR_PAYLOAD, `bytes` narrowed to it. What cannot be DTLS (RFC
 * 7983) is ALTAIR_NOT_MINE.
 *
 * Events
 *   ALTAIR_EV_SECURED  the peer has the key that he must have; altair_secure_wrap can
 *                      be used. rtt = what the handshake took. Payload may have come
 *                      in the same altair_input already
 *   ALTAIR_EV_FAILED   it is over, nothing is accepted or sent any more. reason:
 *                      CLOSED (the peer has ended it), TLS (the peer ended it with an
 *                      error), MEMORY; and when the patience is over IDENTITY (somebody
 *                      answered with another key, or none), TLS (the peer gave up, or
 *                      cannot be understood), TIMEOUT. An attempt that fails before
 *                      is no reason: it may have been a stranger's
 */
#ifndef ALTAIR_SECURE_H
#define ALTAIR_SECURE_H

#include <altair/dtls.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What altair_secure_wrap writes in front of the payload, and behind it; and the
 * longest message, so that no datagram is over 1200 bytes. */
#define ALTAIR_SECURE_HEADROOM ALTAIR_DTLS_HEADROOM
#define ALTAIR_SECURE_TAILROOM ALTAIR_DTLS_TAILROOM
#define ALTAIR_SECURE_MESSAGE_MAX                                              \
	(ALTAIR_DTLS_DATAGRAM_MAX - ALTAIR_DTLS_HEADROOM - ALTAIR_DTLS_TAILROOM)

typedef struct altair_secure altair_secure;

typedef struct altair_secure_config {
	size_t size;
	const altair_dtls *dtls; /* must outlive the machine                 */
	altair_dtls_role role;	 /* who the peer must be, and who begins      */
	altair_time patience;	 /* for the handshake, from
	                            altair_secure_start; default 10 s, 100 ms
	                            to 10 s                                  */
} altair_secure_config;

/* Fills in the defaults: the sizes, `patience`, server without cookie. */
ALTAIR_API void altair_secure_config_default(altair_secure_config *config);

/* Bytes of memory for altair_secure_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_secure_size(const altair_secure_config *config);

/*
 * Builds the machine in caller memory; it is silent until altair_secure_start. It has
 * a session of the table until altair_secure_free. Returns 0, ALTAIR_E_INVALID,
 * ALTAIR_E_SPACE, or ALTAIR_E_MEMORY.
 */
ALTAIR_API int altair_secure_init(altair_secure **out, void *mem, size_t len,
				  const altair_secure_config *config);

/* Gives the table its session back; call it before the memory is freed. */
ALTAIR_API void altair_secure_free(altair_secure *secure);

/* The path is there: a client begins. What came before is accepted, too: a server
 * answers at once, whether it was started or not, but its patience begins here.
 * Starting twice is harmless. */
ALTAIR_API void altair_secure_start(altair_secure *secure, altair_time now);

/* The path's round trip, 0 where unknown: flights are repeated after the larger of
 * twice the round trip and 100 ms (400 ms while it is unknown), then twice as late each
 * time, at most after 1 s. */
ALTAIR_API void altair_secure_rtt(altair_secure *secure, altair_time rtt);

/* What altair_input, altair_tick and altair_poll take. */
ALTAIR_API altair_machine *altair_secure_machine(altair_secure *secure);

enum altair_secure_state {
	ALTAIR_SECURE_NEW,     /* not started                               */
	ALTAIR_SECURE_SHAKING, /* the handshake goes on                     */
	ALTAIR_SECURE_OPEN,    /* messages go both ways                     */
	ALTAIR_SECURE_FAILED,
	ALTAIR_SECURE_CLOSED
};

/* Where it stands now. */
ALTAIR_API enum altair_secure_state
altair_secure_state(const altair_secure *secure);

/*
 * Protects one message in place: the caller owns ALTAIR_SECURE_HEADROOM bytes in front
 * of `payload` and ALTAIR_SECURE_TAILROOM behind it. out->bytes is the record, which
 * begins exactly ALTAIR_SECURE_HEADROOM bytes before `payload`; each is sent once at most.
 * Returns 0, ALTAIR_E_STATE (not ALTAIR_SECURE_OPEN), ALTAIR_E_TOO_LONG (over
 * ALTAIR_SECURE_MESSAGE_MAX), ALTAIR_E_INVALID (nothing: DTLS has no empty message), or
 * ALTAIR_E_TLS.
 */
ALTAIR_API int altair_secure_wrap(altair_secure *secure, uint8_t *payload,
				  size_t len, altair_datagram *out);

/* Ends it: what altair_poll still gives (close_notify) tells the peer. */
ALTAIR_API void altair_secure_close(altair_secure *secure);

typedef struct altair_secure_stats {
	size_t size;
	uint64_t attempts; /* handshakes begun, the first one included       */
	uint64_t repeated; /* flights sent again                             */
	uint64_t dropped;  /* datagrams that brought nothing: forged,
	                      replayed, repeated, malformed                  */
	uint64_t messages_in, messages_out, bytes_in, bytes_out;
} altair_secure_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_secure_get_stats(const altair_secure *secure,
					altair_secure_stats *out);

/* A fingerprint: the first 125 bits of the SHA-256 of a public key
 * (SubjectPublicKeyInfo, DER). Its text is five groups of five signs of base32 (RFC
 * 4648 6, small letters), "ab2cd-efghi-jklmn-opqrs-tuvwx"; room with its NUL. */
#define ALTAIR_FINGERPRINT_BITS 125
#define ALTAIR_FINGERPRINT_TEXT 30

/* The text of the fingerprint of that hash. */
ALTAIR_API void altair_fingerprint_format(const uint8_t hash[32],
					  char out[ALTAIR_FINGERPRINT_TEXT]);

/* Reads one into the first 16 bytes of a hash, the last 3 bits of them 0. Capitals
 * and missing or other separators (blanks) are forgiven, nothing else: 0, or
 * ALTAIR_E_INVALID (too short, too long, another sign); *out is untouched then. */
ALTAIR_API int altair_fingerprint_parse(uint8_t out[16], const char *text);

/* True when that hash has this fingerprint. */
ALTAIR_API bool altair_fingerprint_fits(const uint8_t fingerprint[16],
					const uint8_t hash[32]);

#ifdef __cplusplus
}
#endif
#endif
