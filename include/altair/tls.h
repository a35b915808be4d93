/*
 * altair/tls.h - a TLS client or server as a table that an adapter fills
 * (altair_openssl_tls_open, altair_openssl_server_open), so that a driver of
 * streams needs no TLS library.
 *
 * A session does no I/O: the driver gives it what the stream brought and writes
 * what it has for the stream. After each call that may change something the
 * driver empties it: `output` until 0, `read` until 0.
 */
#ifndef ALTAIR_TLS_H
#define ALTAIR_TLS_H

#include <altair/base.h>
#include <altair/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_tls_session altair_tls_session;

typedef struct altair_tls {
	size_t size; /* sizeof(altair_tls) */
	void *user;

	/* A session that accepts no server but `name`, a host name or an IP
	 * address. It has its first message for the stream. One of a server
	 * passes over the name, and waits for what comes. 0,
	 * ALTAIR_E_INVALID (the name), or ALTAIR_E_MEMORY. */
	int (*open)(void *user, altair_tls_session **out, const char *name);
	void (*close)(altair_tls_session *session);

	/* What the stream brought; all of it is taken. 0, or ALTAIR_E_TLS: it
	 * is over, write what `output` still has and close the stream. */
	int (*input)(altair_tls_session *session, altair_bytes bytes);

	/* For the stream: at most `cap` bytes; 0: nothing more. */
	size_t (*output)(altair_tls_session *session, uint8_t *out, size_t cap);

	/* True once the server has proved who it is; or, at the server, that
	 * the client was here in person. */
	bool (*is_open)(const altair_tls_session *session);

	/* What the other side said: how many bytes, 0 for none, or ALTAIR_E_TLS (an
	 * error, or it has closed). */
	int (*read)(altair_tls_session *session, uint8_t *out, size_t cap);

	/* All of `bytes`, to the other side. 0, ALTAIR_E_STATE before `is_open`, or
	 * ALTAIR_E_TLS. */
	int (*write)(altair_tls_session *session, altair_bytes bytes);

	/* Whether the ClientHello that `first` begins with offers `protocol`
	 * (RFC 7301 3.1): 1, 0 (also when it is none), or ALTAIR_E_AGAIN when
	 * more of it is needed. Nothing else happens. NULL: cannot tell. */
	int (*offers)(void *user, altair_bytes first, const char *protocol);
} altair_tls;

#ifdef __cplusplus
}
#endif
#endif
