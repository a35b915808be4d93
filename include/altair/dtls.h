/*
 * altair/dtls.h - DTLS 1.2 (RFC 6347) as a table that an adapter fills
 * (altair_openssl_dtls_open), so that the core needs no TLS library. Who wants a
 * secure session takes altair/secure.h, which has the timers, too.
 *
 * A session does no I/O and reads no clock. It belongs to one thread at a time.
 * Both sides prove that they have the key of their certificate, and the session
 * accepts no other key than `peer`: inside the handshake, before anything of the
 * other side is believed. Names, dates and signatures of a certificate do not count,
 * so a wrong clock does no harm.
 */
#ifndef ALTAIR_DTLS_H
#define ALTAIR_DTLS_H

#include <altair/base.h>
#include <altair/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No datagram of a session is longer (UDP payload). */
#define ALTAIR_DTLS_DATAGRAM_MAX 1200

/* What a record adds to what is in it: header and nonce in front, tag behind
 * (RFC 6347 4.1, RFC 5288 3, RFC 7905 2). */
#define ALTAIR_DTLS_HEADROOM 21
#define ALTAIR_DTLS_TAILROOM 16

typedef struct altair_dtls_session altair_dtls_session;

typedef struct altair_dtls_role {
	size_t size; /* sizeof(altair_dtls_role)                             */
	uint8_t peer[32]; /* SHA-256 of the other side's public key
	                     (SubjectPublicKeyInfo, DER)                     */
	bool is_client;	  /* says ClientHello; the two have to differ        */
	bool asks_cookie; /* a server: keeps nothing of a ClientHello before
	                     its sender has shown that he receives what is
	                     sent to him (RFC 6347 4.2.1)                    */
} altair_dtls_role;

enum altair_dtls_state {
	ALTAIR_DTLS_WAITING, /* the handshake is not done                   */
	ALTAIR_DTLS_REFUSED, /* likewise; but the other side says, unproved,
	                         that it has given up                        */
	ALTAIR_DTLS_OPEN,    /* the other side is who it has to be          */
	ALTAIR_DTLS_CLOSED,  /* it has said so (close_notify)               */
	ALTAIR_DTLS_FAILED,  /* this attempt is over: `begin` another       */
	ALTAIR_DTLS_STRANGER /* likewise: a key that is not `peer`, or none */
};

typedef struct altair_dtls {
	size_t size; /* sizeof(altair_dtls) */
	void *user;

	/* A session that waits for `begin`. 0, or ALTAIR_E_MEMORY. */
	int (*open)(void *user, altair_dtls_session **out,
		    const altair_dtls_role *role);
	void (*close)(altair_dtls_session *session);

	/* A handshake from its beginning, whatever was before. A client then has
	 * its first flight for `output`. 0, or ALTAIR_E_MEMORY. */
	int (*begin)(altair_dtls_session *session);

	/* One datagram, `len` bytes that may be written to. What the other side
	 * said in it is moved to its beginning: returns how many bytes that
	 * is, or ALTAIR_E_AGAIN where there is nothing. Of several messages in
	 * one datagram the first counts. Look at `state` and `output`
	 * afterwards. */
	int (*input)(altair_dtls_session *session, uint8_t *bytes, size_t len);

	/* The next datagram for the other side, at most
	 * ALTAIR_DTLS_DATAGRAM_MAX bytes, which `out` has room for; 0: none. */
	size_t (*output)(altair_dtls_session *session, uint8_t *out);

	/* How many flights it has made in all. A repetition is none: of its own
	 * accord a session repeats what the other side shows, by repeating
	 * itself, that it has not heard (RFC 6347 4.2.4). */
	unsigned (*flights)(const altair_dtls_session *session);

	/* Time has passed without an answer: the last flight is for `output`
	 * once more. */
	void (*again)(altair_dtls_session *session);

	enum altair_dtls_state (*state)(const altair_dtls_session *session);

	/* Makes a record of `len` bytes, 1 at least, in place, in
	 * ALTAIR_DTLS_OPEN. The caller
	 * owns ALTAIR_DTLS_HEADROOM bytes in front of `payload`, where the
	 * record begins, and ALTAIR_DTLS_TAILROOM behind it. Its length, or
	 * ALTAIR_E_TLS. */
	int (*seal)(altair_dtls_session *session, uint8_t *payload, size_t len);

	/* Says close_notify, for `output`. */
	void (*finish)(altair_dtls_session *session);
} altair_dtls;

#ifdef __cplusplus
}
#endif
#endif
