/*
 * Hashes for fuzz targets, fast and the same every time: what they prove is not
 * the point there. A target sets `toy_state` at its beginning, so that an input
 * always does the same.
 */
#ifndef ALTAIR_TOY_H
#define ALTAIR_TOY_H

#include <altair/crypto.h>
#include <altair/error.h>

static uint64_t toy_state;

static inline int toy_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((toy_state += 0x9e3779b97f4a7c15u) >> 56);
	return 0;
}

static inline void toy(const altair_bytes *parts, size_t count, uint8_t *out,
		       size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < parts[i].len; k++)
			h = (h ^ parts[i].data[k]) * 16777619u;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(h >> i % 4 * 8);
}

static inline void toy_sha1(void *user, altair_bytes key,
			    const altair_bytes *parts, size_t count,
			    uint8_t out[20])
{
	(void)user;
	toy(parts, count, out, 20);
	out[0] ^= key.data[0];
}

static inline void toy_hmac256(void *user, altair_bytes key,
			       const altair_bytes *parts, size_t count,
			       uint8_t out[32])
{
	(void)user;
	toy(parts, count, out, 32);
	out[0] ^= key.data[0];
}

static inline void toy_md5(void *user, const altair_bytes *parts, size_t count,
			   uint8_t out[16])
{
	(void)user;
	toy(parts, count, out, 16);
}

static inline void toy_sha256(void *user, const altair_bytes *parts,
			      size_t count, uint8_t out[32])
{
	(void)user;
	toy(parts, count, out, 32);
}

static const altair_crypto toy_crypto = {.size = sizeof toy_crypto,
					 .random = toy_random,
					 .hmac_sha1 = toy_sha1,
					 .hmac_sha256 = toy_hmac256,
					 .md5 = toy_md5,
					 .sha256 = toy_sha256};

#endif
