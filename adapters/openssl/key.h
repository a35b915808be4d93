/*
 * key.h - what the DTLS table needs of a key besides <altair/openssl.h>.
 */
#ifndef AIR_KEY_H
#define AIR_KEY_H

#include <altair/openssl.h>

#include <openssl/ssl.h>

/* Borrowed. */
EVP_PKEY *air_key_private(const altair_openssl_key *key);
/* The name of whoever has that certificate. False: none that can be told. */
bool air_key_of(const X509 *cert, uint8_t hash[32]);

#endif
