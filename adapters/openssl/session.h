/*
 * session.h - what the client's and the server's table of altair/tls.h share.
 */
#ifndef AIR_SESSION_H
#define AIR_SESSION_H

#include <altair/openssl.h>

#include <openssl/ssl.h>

/* A session around `ssl` (NULL: there was no memory), which it owns from here on.
 * Returns 0 or ALTAIR_E_MEMORY. */
int air_session_make(altair_tls_session **out, SSL *ssl);
SSL *air_session_ssl(const altair_tls_session *session);
/* Moves the handshake on. 0 or ALTAIR_E_TLS. */
int air_session_shake(altair_tls_session *session);
void air_session_close(altair_tls_session *session);
/* All of the table but `user` and `open`. */
void air_session_fill(altair_tls *out);

#endif
