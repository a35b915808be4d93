/*
 * altair/openssl.h - the tables for hashes and for TLS, filled by OpenSSL 3.
 *                                                  Library: libaltair-openssl.
 */
#ifndef ALTAIR_OPENSSL_H
#define ALTAIR_OPENSSL_H

#include <altair/crypto.h>
#include <altair/dtls.h>
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

/*
 * Another library's server shows this certificate, also a renewed one, to clients
 * to come, and keeps the same rules: `ssl_ctx` is its SSL_CTX, which has no
 * certificate and goes before this server does. 0, or ALTAIR_E_MEMORY.
 */
ALTAIR_API int altair_openssl_server_lend(const altair_tls *tls, void *ssl_ctx);

/* The SHA-256 of the certificate (DER): what a client may compare. */
ALTAIR_API void altair_openssl_server_hash(const altair_tls *tls,
					   uint8_t out[32]);
ALTAIR_API void altair_openssl_server_close(altair_tls *tls);

/*
 * Who somebody is: a P-256 key. What it is known by is its public half as
 * SubjectPublicKeyInfo (RFC 5480; DER, uncompressed point), which is always 91 bytes,
 * and the SHA-256 of that. A key is not changed after it was made: any thread may use it.
 */
typedef struct altair_openssl_key altair_openssl_key;

#define ALTAIR_SPKI_LEN 91
#define ALTAIR_SIGNATURE_MAX 72 /* ECDSA, DER (RFC 3279 2.2.3) */
#define ALTAIR_KEY_PEM 512	/* room for a private key, with its NUL */

/* A new key. 0, or ALTAIR_E_MEMORY. */
ALTAIR_API int altair_openssl_key_new(altair_openssl_key **out);

/* The first private key in PEM (PKCS #8, or RFC 5915). 0, or ALTAIR_E_INVALID: there
 * is none, it needs a password, or it is not on P-256. */
ALTAIR_API int altair_openssl_key_load(altair_openssl_key **out,
				       altair_bytes pem);

/* Writes the private key in PEM (PKCS #8), with a NUL behind it. Returns its length, or
 * ALTAIR_E_SPACE (ALTAIR_KEY_PEM is enough), or ALTAIR_E_MEMORY. */
ALTAIR_API int altair_openssl_key_save(const altair_openssl_key *key, char *out,
				       size_t cap);

/* Wipes it. NULL is allowed. */
ALTAIR_API void altair_openssl_key_free(altair_openssl_key *key);

/* Its public half, and the SHA-256 of that. */
ALTAIR_API void altair_openssl_key_spki(const altair_openssl_key *key,
					uint8_t out[ALTAIR_SPKI_LEN]);
ALTAIR_API void altair_openssl_key_hash(const altair_openssl_key *key,
					uint8_t out[32]);

/* Signs with ECDSA and SHA-256. Returns the length, at most ALTAIR_SIGNATURE_MAX, or
 * ALTAIR_E_MEMORY. */
ALTAIR_API int altair_openssl_key_sign(const altair_openssl_key *key,
				       altair_bytes message,
				       uint8_t out[ALTAIR_SIGNATURE_MAX]);

/* True when whoever has the key of `spki` has signed that message. Only the form of
 * 91 bytes counts as a key, so nobody has two names for one. */
ALTAIR_API bool altair_openssl_key_verify(altair_bytes spki,
					  altair_bytes message,
					  altair_bytes signature);

/*
 * Fills the table of altair/dtls.h: DTLS 1.2 with ECDHE (X25519, P-256), ECDSA and
 * AES-GCM or ChaCha20-Poly1305, nothing else of it; no renegotiation, compression,
 * tickets or resumption; replayed records are dropped. Ours is a certificate that `key`
 * signs for itself; the key is not needed afterwards. Sessions may be opened from any
 * thread, each belongs to one. 0, or ALTAIR_E_MEMORY. Freed by
 * altair_openssl_dtls_close, after its sessions.
 */
ALTAIR_API int altair_openssl_dtls_open(altair_dtls *out,
					const altair_openssl_key *key);
ALTAIR_API void altair_openssl_dtls_close(altair_dtls *dtls);

#ifdef __cplusplus
}
#endif
#endif
