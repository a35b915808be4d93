/*
 * The key schedule of SPAKE2, RFC 9382 3.3 and 4:
 *     TT        = the parts, each behind its length, 8 bytes little-endian
 *     Ke || Ka  = SHA-256(TT)
 *     KcA||KcB  = HKDF(Ka, nil, "ConfirmationKeys" || AAD)
 *     cA, cB    = HMAC(KcA, TT), HMAC(KcB, TT)
 *
 * Invariants: w and x are gone once they have been used; K itself stands in the
 * transcript only.
 */
#include "meet/spake.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/wipe.h"

#include <string.h>

/* A number out of 2^256 is not below the order once in 2^32; so many in a row come of
 * a source that is not random. */
#define DRAWS_MAX 4
#define CONFIRM_PARTS_MAX 2

_Static_assert(2 * AIR_SPAKE_KEY == ALTAIR_PAKE_KEY, "KcA and KcB at once");

static altair_bytes part(const uint8_t *data, size_t len)
{
	return (altair_bytes){data, len};
}

int air_spake_begin(struct air_spake *s)
{
	int error = ALTAIR_E_INVALID;

	for (unsigned i = 0; i < DRAWS_MAX && error == ALTAIR_E_INVALID; i++) {
		error = s->crypto->random(s->crypto->user, s->side.x,
					  sizeof s->side.x);
		if (error != 0)
			return error;
		error = s->pake->share(s->pake->user, &s->side, s->share);
	}
	return error == ALTAIR_E_INVALID ? ALTAIR_E_RANDOM : error;
}

static void put_length(uint8_t out[8], size_t len)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)len >> 8 * i);
}

static void append(struct air_writer *to, altair_bytes bytes)
{
	uint8_t len[8];

	put_length(len, bytes.len);
	air_write_bytes(to, part(len, sizeof len));
	air_write_bytes(to, bytes);
}

/* `k` is the shared point. */
static void write_transcript(struct air_spake *s,
			     const struct air_spake_names *names,
			     const uint8_t *peer, const uint8_t *k)
{
	struct air_writer tt = air_writer(s->transcript, sizeof s->transcript);

	append(&tt, names->a);
	append(&tt, names->b);
	append(&tt, part(s->side.is_a ? s->share : peer, ALTAIR_PAKE_POINT));
	append(&tt, part(s->side.is_a ? peer : s->share, ALTAIR_PAKE_POINT));
	append(&tt, part(k, ALTAIR_PAKE_POINT));
	append(&tt, part(s->side.w, sizeof s->side.w));
	AIR_ASSERT(!tt.failed);
	s->transcript_len = tt.len;
}

static int make_keys(struct air_spake *s, altair_bytes associated)
{
	uint8_t hash[32], info[16 + AIR_SPAKE_NAME_MAX];
	altair_bytes tt = part(s->transcript, s->transcript_len);
	struct air_writer w = air_writer(info, sizeof info);
	uint8_t both[ALTAIR_PAKE_KEY] = {0};
	int error;

	air_write_bytes(&w, air_text("ConfirmationKeys"));
	air_write_bytes(&w, associated);
	AIR_ASSERT(!w.failed);
	s->crypto->sha256(s->crypto->user, &tt, 1, hash);
	error = s->pake->hkdf(s->pake->user,
			      part(hash + AIR_SPAKE_KEY, AIR_SPAKE_KEY),
			      part(NULL, 0), air_written(&w), both);
	memcpy(s->key, hash, AIR_SPAKE_KEY);
	memcpy(s->confirm[0], both, AIR_SPAKE_KEY);
	memcpy(s->confirm[1], both + AIR_SPAKE_KEY, AIR_SPAKE_KEY);
	air_wipe(hash, sizeof hash);
	air_wipe(both, sizeof both);
	return error;
}

int air_spake_finish(struct air_spake *s, const struct air_spake_names *names,
		     const uint8_t peer[ALTAIR_PAKE_POINT])
{
	uint8_t k[ALTAIR_PAKE_POINT];
	int error = s->pake->finish(s->pake->user, &s->side, peer, k);

	if (error != 0)
		return error;
	write_transcript(s, names, peer, k);
	error = make_keys(s, names->associated);
	air_wipe(k, sizeof k);
	air_wipe(s->side.w, sizeof s->side.w);
	air_wipe(s->side.x, sizeof s->side.x);
	return error;
}

void air_spake_confirm(const struct air_spake *s, bool of_a,
		       const altair_bytes *more, size_t count,
		       uint8_t out[AIR_SPAKE_CONFIRM])
{
	altair_bytes key = part(s->confirm[of_a ? 0 : 1], AIR_SPAKE_KEY);
	uint8_t lengths[CONFIRM_PARTS_MAX][8];
	altair_bytes parts[1 + 2 * CONFIRM_PARTS_MAX];

	AIR_ASSERT(count <= CONFIRM_PARTS_MAX);
	parts[0] = part(s->transcript, s->transcript_len);
	for (size_t i = 0; i < count; i++) {
		put_length(lengths[i], more[i].len);
		parts[1 + 2 * i] = part(lengths[i], sizeof lengths[i]);
		parts[2 + 2 * i] = more[i];
	}
	s->crypto->hmac_sha256(s->crypto->user, key, parts, 1 + 2 * count, out);
}

int air_spake_derive(const struct air_spake *s, altair_bytes salt,
		     const char *purpose, uint8_t out[ALTAIR_PAKE_KEY])
{
	return s->pake->hkdf(s->pake->user, part(s->key, sizeof s->key), salt,
			     air_text(purpose), out);
}
