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

/* Two of our flights, which have less than 800 bytes. */
#define AIR_DGRAM_OUT 1600

struct air_dgram {
	altair_bytes in;       /* borrowed; nothing: has been read */
	bool peeks;	       /* reading does not take it away    */
	struct timeval *timer; /* in the SSL; NULL: it does not run */
	size_t begin, end;     /* of what is in `out`               */
	uint8_t out[AIR_DGRAM_OUT];
	bool has_lost;	      /* `out` was full since the latest flight     */
	size_t kept_at, kept; /* the latest flight, in `out`, too; 0: it
	                         has been written over                */
};

/* Freed by BIO_meth_free; NULL when there is no memory. */
BIO_METHOD *air_dgram_method(void);
/* Gives `ssl` this as its socket. False when there is no memory. */
bool air_dgram_connect(struct air_dgram *dgram, BIO_METHOD *method, SSL *ssl);
/* The next datagram: as many writes as fit into one. 0: none. */
size_t air_dgram_take(struct air_dgram *dgram,
		      uint8_t out[ALTAIR_DTLS_DATAGRAM_MAX]);
/* What was written since `mark` is a flight that may have to be repeated. False:
 * nothing was. */
bool air_dgram_keep(struct air_dgram *dgram, size_t mark);
/* Gives it once more, unless something else waits. */
void air_dgram_repeat(struct air_dgram *dgram);
/* The latest write, taken back; `mark` is what `end` was before. 0: none. */
size_t air_dgram_withdraw(struct air_dgram *dgram, size_t mark, uint8_t *out,
			  size_t cap);
/* The timer of OpenSSL has run out. False: none ran. */
bool air_dgram_expire(struct air_dgram *dgram);

#endif
