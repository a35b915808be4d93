/*
 * connection.h - one accepted stream: its socket, its TLS session if it has one,
 * and what waits to be written. What is in it is the business of streams.c.
 */
#ifndef AIR_CONNECTION_H
#define AIR_CONNECTION_H

#include "page.h"

#include <altair/tls.h>

/* Of what may wait for one client so much is for what is no data: what else is said
 * to a slow reader has room yet. */
#define CONNECTION_RESERVE 8192u

enum connection_kind {
	CONNECTION_IS_NEW, /* also one whose TLS has said nothing yet */
	CONNECTION_SPEAKS_STUN,
	CONNECTION_SPEAKS_HTTP
};

struct connection {
	int fd; /* -1: there is none */
	uint8_t kind;
	bool is_dirty;	     /* there is something new to write         */
	bool watches_writes; /* the kernel would not take all           */
	bool has_waited;     /* pages of `out` were used                */
	uint8_t head_len;
	uint8_t head[4]; /* the first bytes, decrypted              */
	uint32_t peeked; /* bytes of a ClientHello that is not whole */
	uint32_t waiting, out_max;
	uint8_t *out; /* out_max bytes, ciphertext with TLS */
	const altair_tls *tls;
	altair_tls_session *session; /* NULL: plain */
	struct page page;
};

/* Puts all of `bytes` behind what waits, if no more than `most` wait then. Returns
 * 0, ALTAIR_E_AGAIN (nothing is taken), or ALTAIR_E_TLS. */
int air_connection_write(struct connection *connection, altair_bytes bytes,
			 size_t most);
/* Gives the kernel what waits. False: the connection is broken. */
bool air_connection_flush(struct connection *connection);
/* Takes what TLS itself has to say. False: no room, which ends it. */
bool air_connection_take_records(struct connection *connection);
/* Closes the socket and the session. */
void air_connection_close(struct connection *connection);

#endif
