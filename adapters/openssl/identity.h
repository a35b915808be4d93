/*
 * identity.h - who a TLS server is: a certificate with its key, from files or
 * made here.
 */
#ifndef AIR_IDENTITY_H
#define AIR_IDENTITY_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

/* Both give the context its certificate and key; NULL, or what is wrong, as the
 * end of a sentence. */
const char *air_identity_load(SSL_CTX *context, const char *cert_file,
			      const char *key_file);
const char *air_identity_make(SSL_CTX *context);
/* Gives the context that key, and a new certificate that it signs for itself. */
bool air_identity_use(SSL_CTX *context, EVP_PKEY *key);
/* The SHA-256 of the certificate (DER). False: there is none. */
bool air_identity_hash(SSL_CTX *context, uint8_t out[32]);

#endif
