/*
 * dtls.h - what the table of altair/dtls.h and its sessions share.
 */
#ifndef AIR_DTLS_H
#define AIR_DTLS_H

#include "dgram.h"

/* What the sessions of one identity have in common. */
struct air_dtls {
	SSL_CTX *context;
	BIO_METHOD *method;
};

struct altair_dtls_session {
	const struct air_dtls *shared;
	altair_dtls_role role;
	enum altair_dtls_state state;
	SSL *ssl;	      /* this attempt; NULL: has not begun            */
	SSL *listener;	      /* asks for cookies; NULL: not needed yet       */
	uint8_t cookie[16];   /* of this session, so of one peer's path       */
	uint8_t random[32];   /* of the ClientHello that `ssl` has answered   */
	bool has_hello;	      /* there is one                                 */
	bool is_stranger;     /* this attempt showed another key, or none     */
	bool is_refused;      /* the server says, unproved, that it gave up   */
	bool is_repeated;     /* the other side repeats what we have answered */
	unsigned heard;	      /* messages of it that came: the highest, + 1   */
	unsigned answered;    /* the same, when our latest flight was made    */
	unsigned repetitions; /* of that flight, because it was asked for     */
	unsigned flights;
	struct air_dgram dgram;
};

/* Is it the key that the peer must have? Says so to the session, too. */
bool air_dtls_is_peer(altair_dtls_session *session, const X509 *cert);
/* All of the table but `size` and `user`. */
void air_dtls_fill(altair_dtls *out);

#endif
