/*
 * altair/pake.h - the mathematics behind altair/meet.h, as a table that an adapter
 * fills (altair/openssl.h): the group of SPAKE2 (RFC 9382, P-256), a slow hash, a
 * key derivation and an AEAD. The protocol itself is in the core.
 *
 * The functions keep nothing, and wipe whatever secret they had in memory. They
 * may be called from any thread.
 */
#ifndef ALTAIR_PAKE_H
#define ALTAIR_PAKE_H

#include <altair/base.h>
#include <altair/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Lengths in bytes: a scalar, a point (SEC1 2.3.3, uncompressed), a key and the
 * tag of AES-256-GCM. */
#define ALTAIR_PAKE_SCALAR 32
#define ALTAIR_PAKE_POINT 65
#define ALTAIR_PAKE_KEY 32
#define ALTAIR_PAKE_TAG 16

/* One side of an exchange: which one, the scalar of the secret, and its own. */
typedef struct altair_pake_side {
	bool is_a;
	uint8_t w[ALTAIR_PAKE_SCALAR], x[ALTAIR_PAKE_SCALAR];
} altair_pake_side;

/* One message of the AEAD: its key, used for nothing that has the same number, and
 * what is authenticated beside it. */
typedef struct altair_pake_seal {
	const uint8_t *key; /* ALTAIR_PAKE_KEY bytes                  */
	uint64_t number;    /* makes the nonce                        */
	altair_bytes associated;
} altair_pake_seal;

typedef struct altair_pake {
	size_t size; /* sizeof(altair_pake) */
	void *user;

	/* The scalar w of a secret (RFC 9382 3.2): scrypt (RFC 7914), reduced by
	 * the order of the group. Takes about 30 ms and 16 MiB. 0, or
	 * ALTAIR_E_MEMORY. */
	int (*stretch)(void *user, altair_bytes secret, altair_bytes salt,
		       uint8_t w[ALTAIR_PAKE_SCALAR]);

	/* Our share (RFC 9382 3.3): x*P + w*M as A, x*P + w*N as B. 0,
	 * ALTAIR_E_INVALID (x is 0 or not below the order: draw another one), or
	 * ALTAIR_E_MEMORY. */
	int (*share)(void *user, const altair_pake_side *side,
		     uint8_t out[ALTAIR_PAKE_POINT]);

	/* The point K of both (RFC 9382 3.3) from the peer's share. 0,
	 * ALTAIR_E_INVALID (that is no uncompressed point of the curve, or K is the
	 * identity), or ALTAIR_E_MEMORY. */
	int (*finish)(void *user, const altair_pake_side *side,
		      const uint8_t peer[ALTAIR_PAKE_POINT],
		      uint8_t out[ALTAIR_PAKE_POINT]);

	/* HKDF with SHA-256 (RFC 5869), 32 bytes of it. 0, or ALTAIR_E_MEMORY. */
	int (*hkdf)(void *user, altair_bytes key, altair_bytes salt,
		    altair_bytes info, uint8_t out[ALTAIR_PAKE_KEY]);

	/* AES-256-GCM, in place: `len` bytes at `bytes`, and ALTAIR_PAKE_TAG
	 * behind them. seal: 0, or ALTAIR_E_MEMORY. open: 0, ALTAIR_E_INVALID
	 * (the bytes are not to be used), or ALTAIR_E_MEMORY. */
	int (*seal)(void *user, const altair_pake_seal *how, uint8_t *bytes,
		    size_t len);
	int (*open)(void *user, const altair_pake_seal *how, uint8_t *bytes,
		    size_t len);
} altair_pake;

#ifdef __cplusplus
}
#endif
#endif
