/*
 * altair/crypto.h - the hashes and the random source the core needs, as a table
 * that an adapter fills (altair/openssl.h). Functions have no state of their
 * own beyond `user` and may not fail except `random`.
 */
#ifndef ALTAIR_CRYPTO_H
#define ALTAIR_CRYPTO_H

#include <altair/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_crypto {
	size_t size; /* sizeof(altair_crypto) */
	void *user;

	/* Fills `out` with unpredictable bytes. 0, or ALTAIR_E_RANDOM. */
	int (*random)(void *user, uint8_t *out, size_t len);

	/* HMAC (RFC 2104) over the concatenation of `count` parts. NULL where
	 * nothing that is used needs it. */
	void (*hmac_sha1)(void *user, altair_bytes key,
			  const altair_bytes *parts, size_t count,
			  uint8_t out[20]);
	void (*hmac_sha256)(void *user, altair_bytes key,
			    const altair_bytes *parts, size_t count,
			    uint8_t out[32]);

	/* Plain digests over the concatenation of `count` parts. */
	void (*md5)(void *user, const altair_bytes *parts, size_t count,
		    uint8_t out[16]);
	void (*sha256)(void *user, const altair_bytes *parts, size_t count,
		       uint8_t out[32]);
} altair_crypto;

#ifdef __cplusplus
}
#endif
#endif
