/*
 * hello.h - what a TLS client says first.
 */
#ifndef AIR_HELLO_H
#define AIR_HELLO_H

#include <altair/base.h>

#include <openssl/ssl.h>

/* What questions are asked with, from any thread. NULL: no memory. */
SSL_CTX *air_hello_open(void);
/* As `offers` of altair/tls.h. */
int air_hello_offers(SSL_CTX *context, altair_bytes first,
		     const char *protocol);

#endif
