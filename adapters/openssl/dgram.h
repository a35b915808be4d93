/*
 * dgram.h - what a DTLS session of OpenSSL has in place of a socket and a clock: one
 * record that has arrived, datagrams that are to leave, and a way to say that time
 * has passed.
 */
#ifndef AIR_DGRAM_H
#define AIR_DGRAM_H

#include <altair/dtls.h>

#include <openssl/ssl.h>
#include <sys/time.h>

#define AIR_DGRAM_OUT 4096

struct air_dgram {
	altair_bytes in;       /* borrowed; nothing: has been read */
	bool peeks;	       /* reading does not take it away    */
	struct timeval *timer; /* in the SSL; NULL: it does not run */
	size_t begin, end;     /* of what is in `out`               */
	uint8_t out[AIR_DGRAM_OUT];
};

/* Freed by BIO_meth_free; NULL when there is no memory. */
BIO_METHOD *air_dgram_method(void);
/* Gives `ssl` this as its socket. False when there is no memory. */
bool air_dgram_connect(struct air_dgram *dgram, BIO_METHOD *method, SSL *ssl);
/* The next datagram: as many writes as fit into one. 0: none. */
size_t air_dgram_take(struct air_dgram *dgram,
		      uint8_t out[ALTAIR_DTLS_DATAGRAM_MAX]);
/* The latest write, taken back; `mark` is what `end` was before. 0: none. */
size_t air_dgram_withdraw(struct air_dgram *dgram, size_t mark, uint8_t *out,
			  size_t cap);
/* The timer of OpenSSL has run out. False: none ran. */
bool air_dgram_expire(struct air_dgram *dgram);

#endif
