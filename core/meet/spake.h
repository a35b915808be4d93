/*
 * SPAKE2 (RFC 9382) with P-256, SHA-256, HKDF and HMAC: shares, the transcript, its
 * keys and the confirmations. The group is the table's.
 */
#ifndef AIR_SPAKE_H
#define AIR_SPAKE_H

#include <altair/crypto.h>
#include <altair/pake.h>

#define AIR_SPAKE_NAME_MAX 160
#define AIR_SPAKE_KEY 16 /* Ke, KcA and KcB: half a hash (RFC 9382 4) */
#define AIR_SPAKE_CONFIRM 32

/* The lengths of six parts, and these (RFC 9382 3.3). */
#define AIR_SPAKE_TRANSCRIPT_MAX                                               \
	(6 * 8 + 2 * AIR_SPAKE_NAME_MAX + 3 * ALTAIR_PAKE_POINT +              \
	 ALTAIR_PAKE_SCALAR)

/* What both have to have alike: at most AIR_SPAKE_NAME_MAX bytes each. */
struct air_spake_names {
	altair_bytes a, b, associated;
};

struct air_spake {
	const altair_crypto *crypto;
	const altair_pake *pake;
	altair_pake_side side;
	uint8_t share[ALTAIR_PAKE_POINT];
	/* From air_spake_finish on. */
	uint8_t key[AIR_SPAKE_KEY];	   /* Ke       */
	uint8_t confirm[2][AIR_SPAKE_KEY]; /* KcA, KcB */
	uint8_t transcript[AIR_SPAKE_TRANSCRIPT_MAX];
	size_t transcript_len;
};

/* Makes the share; crypto, pake, side.is_a and side.w are set. 0, ALTAIR_E_RANDOM or
 * ALTAIR_E_MEMORY. */
int air_spake_begin(struct air_spake *s);

/* Makes transcript and keys of the peer's share, and wipes the scalars. 0,
 * ALTAIR_E_INVALID (no share: nothing has changed), or ALTAIR_E_MEMORY. */
int air_spake_finish(struct air_spake *s, const struct air_spake_names *names,
		     const uint8_t peer[ALTAIR_PAKE_POINT]);

/* The confirmation of one side (RFC 9382 4), over the transcript and, each behind its
 * length, `count` more parts, at most 2. */
void air_spake_confirm(const struct air_spake *s, bool of_a,
		       const altair_bytes *more, size_t count,
		       uint8_t out[AIR_SPAKE_CONFIRM]);

/* A key of its own for each `purpose`, from Ke. 0 or ALTAIR_E_MEMORY. */
int air_spake_derive(const struct air_spake *s, altair_bytes salt,
		     const char *purpose, uint8_t out[ALTAIR_PAKE_KEY]);

#endif
