/*
 * altair/openssl.h - the tables for hashes and for TLS, filled by OpenSSL 3.
 *                                                  Library: libaltair-openssl.
 */
#ifndef ALTAIR_OPENSSL_H
#define ALTAIR_OPENSSL_H

#include <altair/crypto.h>
#include <altair/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A constant table, valid for ever, usable from any thread. */
ALTAIR_API const altair_crypto *altair_openssl(void);

/*
 * Fills the table with a TLS 1.2 and 1.3 client that trusts the certificates of
 * the file (PEM) and no others; with NULL those of the system. It belongs to one
 * thread at a time. 0, ALTAIR_E_INVALID (no certificate in the file), or
 * ALTAIR_E_MEMORY. Freed by altair_openssl_tls_close, after its sessions.
 */
ALTAIR_API int altair_openssl_tls_open(altair_tls *out, const char *ca_file);
ALTAIR_API void altair_openssl_tls_close(altair_tls *tls);

#ifdef __cplusplus
}
#endif
#endif
