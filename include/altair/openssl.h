/*
 * altair/openssl.h - the tables for hashes and for TLS, filled by OpenSSL 3.
 *                                                  Library: libaltair-openssl.
 */
#ifndef ALTAIR_OPENSSL_H
#define ALTAIR_OPENSSL_H

#include <altair/crypto.h>
#include <altair/pake.h>
#include <altair/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A constant table, valid for ever, usable from any thread. */
ALTAIR_API const altair_crypto *altair_openssl(void);

/* Likewise for altair/meet.h. */
ALTAIR_API const altair_pake *altair_openssl_pake(void);

/*
 * Fills the table with a TLS 1.2 and 1.3 client that trusts the certificates of
 * the file (PEM) and no others; with NULL those of the system. It belongs to one
 * thread at a time. 0, ALTAIR_E_INVALID (no certificate in the file), or
 * ALTAIR_E_MEMORY. Freed by altair_openssl_tls_close, after its sessions.
 */
ALTAIR_API int altair_openssl_tls_open(altair_tls *out, const char *ca_file);
ALTAIR_API void altair_openssl_tls_close(altair_tls *tls);

/* The same, but it trusts the server whose certificate (DER) has this SHA-256,
 * whatever its name, and no other: for one that signs itself. 0, or
 * ALTAIR_E_MEMORY. */
ALTAIR_API int altair_openssl_tls_pin(altair_tls *out,
				      const uint8_t sha256[32]);

/* Where a server's certificate is: PEM, with its chain behind it, and its key. */
typedef struct altair_openssl_files {
	const char *cert, *key;
} altair_openssl_files;

/*
 * Fills the table with a TLS server: 1.3, or 1.2 with ECDHE and AEAD (RFC 9325).
 * With `files` NULL it makes a certificate that signs itself, with a P-256 key
 * that is in memory alone. Sessions may be opened from any thread, each belongs
 * to one. 0, ALTAIR_E_INVALID, or ALTAIR_E_MEMORY; then *problem says what is
 * wrong, as the end of a sentence about the certificate. Freed by
 * altair_openssl_server_close, after its sessions.
 */
ALTAIR_API int altair_openssl_server_open(altair_tls *out,
					  const altair_openssl_files *files,
					  const char **problem);

/* Another certificate for the sessions to come. Returns as above; then the old
 * one stays. */
ALTAIR_API int altair_openssl_server_renew(const altair_tls *tls,
					   const altair_openssl_files *files,
					   const char **problem);

/* The SHA-256 of the certificate (DER): what a client may compare. */
ALTAIR_API void altair_openssl_server_hash(const altair_tls *tls,
					   uint8_t out[32]);
ALTAIR_API void altair_openssl_server_close(altair_tls *tls);

#ifdef __cplusplus
}
#endif
#endif
