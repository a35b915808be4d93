/*
 * Every 64-bit word goes through the finaliser of SplitMix64, so that each bit
 * changes all: two bits that the simulated network flips do not undo each other.
 */
#include "sim/digest.h"

#include <string.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static uint64_t finish(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Parts are one stream, as in a real digest: where they are cut is not seen. */
struct stream {
	uint64_t hash, len;
	uint8_t word[8];
	unsigned filled; /* bytes in `word` */
};

static void flush(struct stream *s)
{
	uint64_t word;

	memcpy(&word, s->word, sizeof word);
	s->hash = finish((s->hash + GOLDEN) ^ word);
	s->filled = 0;
	memset(s->word, 0, sizeof s->word);
}

static void absorb(struct stream *s, const uint8_t *data, size_t len)
{
	s->len += len;
	while (len > 0) {
		size_t take = 8 - s->filled < len ? 8 - s->filled : len;

		memcpy(s->word + s->filled, data, take);
		data += take;
		len -= take;
		s->filled += (unsigned)take;
		if (s->filled == 8)
			flush(s);
	}
}

static uint64_t absorbed(struct stream *s)
{
	flush(s);
	return finish((s->hash + GOLDEN) ^ s->len);
}

uint64_t sim_digest(uint64_t start, const void *data, size_t len)
{
	struct stream s = {.hash = start ^ GOLDEN};

	absorb(&s, data, len);
	return absorbed(&s);
}

/* With another `start` for every function. */
static struct stream open_stream(uint64_t start, altair_bytes key)
{
	struct stream s = {.hash = start};

	absorb(&s, key.data, key.len);
	s.hash = absorbed(&s);
	s.len = 0;
	return s;
}

static void digest(struct stream s, const altair_bytes *parts, size_t count,
		   uint8_t *out, size_t out_len)
{
	uint64_t state;

	for (size_t i = 0; i < count; i++)
		absorb(&s, parts[i].data, parts[i].len);
	state = absorbed(&s);
	for (size_t i = 0; i < out_len; i += 4) {
		uint32_t word = (uint32_t)finish(state += GOLDEN);

		memcpy(out + i, &word, sizeof word);
	}
}

static void hmac_sha1(void *user, altair_bytes key, const altair_bytes *parts,
		      size_t count, uint8_t out[20])
{
	(void)user;
	digest(open_stream(1, key), parts, count, out, 20);
}

static void hmac_sha256(void *user, altair_bytes key, const altair_bytes *parts,
			size_t count, uint8_t out[32])
{
	(void)user;
	digest(open_stream(2, key), parts, count, out, 32);
}

static void md5(void *user, const altair_bytes *parts, size_t count,
		uint8_t out[16])
{
	(void)user;
	digest(open_stream(3, (altair_bytes){NULL, 0}), parts, count, out, 16);
}

static void sha256(void *user, const altair_bytes *parts, size_t count,
		   uint8_t out[32])
{
	(void)user;
	digest(open_stream(4, (altair_bytes){NULL, 0}), parts, count, out, 32);
}

altair_crypto sim_digest_crypto(struct sim_rng *rng)
{
	altair_crypto crypto = sim_rng_crypto(rng);

	crypto.hmac_sha1 = hmac_sha1;
	crypto.hmac_sha256 = hmac_sha256;
	crypto.md5 = md5;
	crypto.sha256 = sha256;
	return crypto;
}
