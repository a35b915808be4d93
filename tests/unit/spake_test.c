/*
 * SPAKE2 against the vectors of RFC 9382 appendix B, and points that are none. Each
 * value that the RFC prints is compared: shares, K and TT, both keys of the hash, the
 * keys of the confirmations and these.
 */
#include "check.h"
#include "meet/spake.h"
#include "vectors/rfc9382.h"

#include <altair/openssl.h>

#include <stdlib.h>

#define VECTORS (sizeof rfc9382 / sizeof *rfc9382)

/* Reads hexadecimal digits; the number of bytes. */
static size_t hex(const char *text, uint8_t *out)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1], 0};

		out[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return len;
}

static void check_hex(const uint8_t *got, const char *want)
{
	uint8_t bytes[512];

	CHECK_MEM(got, bytes, hex(want, bytes));
}

static altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

/* One side of a vector, with its share made. */
static struct air_spake side(const struct rfc9382_vector *v, bool is_a)
{
	struct air_spake s = {.crypto = altair_openssl(),
			      .pake = altair_openssl_pake(),
			      .side = {.is_a = is_a}};

	hex(v->w, s.side.w);
	hex(is_a ? v->x : v->y, s.side.x);
	CHECK_EQ(s.pake->share(NULL, &s.side, s.share), 0);
	return s;
}

static void check_side(const struct rfc9382_vector *v, bool is_a)
{
	struct air_spake_names names = {text(v->a), text(v->b), text("")};
	struct air_spake s = side(v, is_a);
	uint8_t peer[ALTAIR_PAKE_POINT], k[ALTAIR_PAKE_POINT], hash[32],
		confirm[AIR_SPAKE_CONFIRM];
	altair_bytes tt;

	check_hex(s.share, is_a ? v->pa : v->pb);
	CHECK_EQ(hex(is_a ? v->pb : v->pa, peer), ALTAIR_PAKE_POINT);
	CHECK_EQ(s.pake->finish(NULL, &s.side, peer, k), 0);
	check_hex(k, v->k);
	CHECK_EQ(air_spake_finish(&s, &names, peer), 0);
	CHECK_EQ(s.transcript_len, strlen(v->tt) / 2);
	check_hex(s.transcript, v->tt);
	tt = (altair_bytes){s.transcript, s.transcript_len};
	s.crypto->sha256(s.crypto->user, &tt, 1, hash);
	check_hex(hash, v->hash);
	check_hex(hash + 16, v->ka);
	check_hex(s.key, v->ke);
	check_hex(s.confirm[0], v->kca);
	check_hex(s.confirm[1], v->kcb);
	air_spake_confirm(&s, true, NULL, 0, confirm);
	check_hex(confirm, v->ca);
	air_spake_confirm(&s, false, NULL, 0, confirm);
	check_hex(confirm, v->cb);
}

static void vectors_of_the_rfc(void)
{
	CHECK_EQ(VECTORS, 4);
	for (size_t i = 0; i < VECTORS; i++) {
		check_side(&rfc9382[i], true);
		check_side(&rfc9382[i], false);
	}
}

static void scalars_are_wiped(void)
{
	static const uint8_t zeros[32];
	const struct rfc9382_vector *v = &rfc9382[0];
	struct air_spake_names names = {text(v->a), text(v->b), text("")};
	struct air_spake s = side(v, true);
	uint8_t peer[ALTAIR_PAKE_POINT];

	hex(v->pb, peer);
	CHECK_EQ(air_spake_finish(&s, &names, peer), 0);
	CHECK_MEM(s.side.w, zeros, sizeof s.side.w);
	CHECK_MEM(s.side.x, zeros, sizeof s.side.x);
}

/* Changes a good share of B in one way; A has to refuse it, untouched. */
static void refused(void (*change)(uint8_t *point))
{
	const struct rfc9382_vector *v = &rfc9382[0];
	struct air_spake_names names = {text(v->a), text(v->b), text("")};
	struct air_spake s = side(v, true), before = s;
	uint8_t peer[ALTAIR_PAKE_POINT];

	hex(v->pb, peer);
	change(peer);
	CHECK_EQ(air_spake_finish(&s, &names, peer), ALTAIR_E_INVALID);
	CHECK_MEM(s.side.x, before.side.x, sizeof s.side.x);
	CHECK_EQ(s.transcript_len, 0);
}

static void all_zero(uint8_t *p)
{
	memset(p, 0, ALTAIR_PAKE_POINT);
}

static void zero_coordinates(uint8_t *p)
{
	memset(p + 1, 0, ALTAIR_PAKE_POINT - 1);
}

static void identity(uint8_t *p)
{
	p[0] = 0;
}

static void off_the_curve(uint8_t *p)
{
	p[64] ^= 1;
}

static void compressed(uint8_t *p)
{
	p[0] = 2 + (p[64] & 1);
}

static void compressed_and_zeros(uint8_t *p)
{
	p[0] = 2 + (p[64] & 1);
	memset(p + 33, 0, 32);
}

static void hybrid(uint8_t *p)
{
	p[0] = 6 + (p[64] & 1);
}

static void ones(uint8_t *p)
{
	memset(p + 1, 0xff, ALTAIR_PAKE_POINT - 1);
}

/* x + p, where the field is 2^256 - 2^224 + 2^192 + 2^96 - 1: a point whose x is small
 * enough would have two encodings. x = 5 is on the curve. */
static void x_beyond_the_field(uint8_t *p)
{
	hex("04ffffffff00000001000000000000000000000001000000000000000000000004"
	    "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
	    p);
}

static void points_that_are_none(void)
{
	refused(all_zero);
	refused(zero_coordinates);
	refused(identity);
	refused(off_the_curve);
	refused(compressed);
	refused(compressed_and_zeros);
	refused(hybrid);
	refused(ones);
	refused(x_beyond_the_field);
	for (unsigned first = 0; first < 256; first++) {
		const struct rfc9382_vector *v = &rfc9382[0];
		struct air_spake s = side(v, true);
		uint8_t peer[ALTAIR_PAKE_POINT], k[ALTAIR_PAKE_POINT];

		hex(v->pb, peer);
		peer[0] = (uint8_t)first;
		CHECK_EQ(s.pake->finish(NULL, &s.side, peer, k),
			 first == 4 ? 0 : ALTAIR_E_INVALID);
	}
}

/* The peer's share may be w*N itself: what is left is the identity, and K would be
 * known to everybody. */
static void the_identity_as_k(void)
{
	static const char n[] = "04d8bbd6c639c62937b04d997f38c3770719c629d7014d"
				"49a24b4f98baa1292b49"
				"07d60aa6bfade45008a636337f5168c64d9bd36034808c"
				"d564490b1e656edbe7";
	const altair_pake *pake = altair_openssl_pake();
	altair_pake_side side = {true, {[31] = 1}, {[31] = 7}};
	uint8_t peer[ALTAIR_PAKE_POINT], k[ALTAIR_PAKE_POINT];

	CHECK_EQ(hex(n, peer), ALTAIR_PAKE_POINT);
	CHECK_EQ(pake->finish(NULL, &side, peer, k), ALTAIR_E_INVALID);
	side.w[31] = 2;
	CHECK_EQ(pake->finish(NULL, &side, peer, k), 0);
}

static void scalars_out_of_range(void)
{
	const altair_pake *pake = altair_openssl_pake();
	altair_pake_side side = {true, {[31] = 9}, {0}};
	uint8_t *x = side.x, out[ALTAIR_PAKE_POINT];

	CHECK_EQ(pake->share(NULL, &side, out), ALTAIR_E_INVALID);
	x[31] = 1;
	CHECK_EQ(pake->share(NULL, &side, out), 0);
	/* The order, and what is just below. */
	hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
	    x);
	CHECK_EQ(pake->share(NULL, &side, out), ALTAIR_E_INVALID);
	x[31]--;
	CHECK_EQ(pake->share(NULL, &side, out), 0);
	memset(x, 0xff, 32);
	CHECK_EQ(pake->share(NULL, &side, out), ALTAIR_E_INVALID);
}

/* A source that gives the same for ever, and what it costs. */
static unsigned draws;

static int all_ones(void *user, uint8_t *out, size_t len)
{
	(void)user;
	memset(out, 0xff, len);
	draws++;
	return 0;
}

static int ones_then_small(void *user, uint8_t *out, size_t len)
{
	all_ones(user, out, len);
	if (draws == 3)
		memset(out, 0x11, len);
	return 0;
}

static void scalars_are_drawn_again(void)
{
	altair_crypto crypto = *altair_openssl();
	struct air_spake s = {.crypto = &crypto,
			      .pake = altair_openssl_pake(),
			      .side = {.is_a = true}};

	draws = 0;
	crypto.random = all_ones;
	CHECK_EQ(air_spake_begin(&s), ALTAIR_E_RANDOM);
	CHECK_EQ(draws, 4);
	draws = 0;
	crypto.random = ones_then_small;
	CHECK_EQ(air_spake_begin(&s), 0);
	CHECK_EQ(draws, 3);
}

static void stretching(void)
{
	const altair_pake *pake = altair_openssl_pake();
	uint8_t w[4][32];

	CHECK_EQ(pake->stretch(NULL, text("a-b"), text("x"), w[0]), 0);
	CHECK_EQ(pake->stretch(NULL, text("a-b"), text("x"), w[1]), 0);
	CHECK_EQ(pake->stretch(NULL, text("a-c"), text("x"), w[2]), 0);
	CHECK_EQ(pake->stretch(NULL, text("a-b"), text("y"), w[3]), 0);
	CHECK_MEM(w[0], w[1], 32);
	CHECK(memcmp(w[0], w[2], 32) != 0 && memcmp(w[0], w[3], 32) != 0);
	/* scrypt of "altair", "test" with N 2^14, r 8, p 1, 40 bytes, modulo the
	 * order; by Python's hashlib. */
	CHECK_EQ(pake->stretch(NULL, text("altair"), text("test"), w[0]), 0);
	check_hex(w[0], "f6b8b0508a1f1d09abcca4ec3e4be94eff28a20f18a34e74e85c1f"
			"0020c63b9f");
}

/* RFC 5869 A.1 and A.3, the first 32 bytes. */
static void hkdf_of_the_rfc(void)
{
	const altair_pake *pake = altair_openssl_pake();
	uint8_t key[22], salt[13], info[10], out[32];

	memset(key, 0x0b, sizeof key);
	for (unsigned i = 0; i < 13; i++)
		salt[i] = (uint8_t)i;
	for (unsigned i = 0; i < 10; i++)
		info[i] = (uint8_t)(0xf0 + i);
	CHECK_EQ(pake->hkdf(NULL, (altair_bytes){key, 22},
			    (altair_bytes){salt, 13}, (altair_bytes){info, 10},
			    out),
		 0);
	check_hex(out,
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56"
		  "ecc4c5bf");
	CHECK_EQ(pake->hkdf(NULL, (altair_bytes){key, 22}, (altair_bytes){0},
			    (altair_bytes){0}, out),
		 0);
	check_hex(out,
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f"
		  "3c738d2d");
}

static void sealing(void)
{
	const altair_pake *pake = altair_openssl_pake();
	uint8_t key[32] = {1}, bytes[5 + ALTAIR_PAKE_TAG], copy[sizeof bytes];
	altair_pake_seal how = {key, 7, text("beside")};

	memcpy(bytes, "hello", 5);
	CHECK_EQ(pake->seal(NULL, &how, bytes, 5), 0);
	CHECK(memcmp(bytes, "hello", 5) != 0);
	memcpy(copy, bytes, sizeof bytes);
	CHECK_EQ(pake->open(NULL, &how, copy, 5), 0);
	CHECK_MEM(copy, "hello", 5);
	for (size_t i = 0; i < 8 * sizeof bytes; i++) {
		memcpy(copy, bytes, sizeof bytes);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK_EQ(pake->open(NULL, &how, copy, 5), ALTAIR_E_INVALID);
	}
	how.number = 8;
	memcpy(copy, bytes, sizeof bytes);
	CHECK_EQ(pake->open(NULL, &how, copy, 5), ALTAIR_E_INVALID);
	how = (altair_pake_seal){key, 7, text("besides")};
	memcpy(copy, bytes, sizeof bytes);
	CHECK_EQ(pake->open(NULL, &how, copy, 5), ALTAIR_E_INVALID);
	/* Nothing at all can be sealed, too. */
	CHECK_EQ(pake->seal(NULL, &how, bytes, 0), 0);
	CHECK_EQ(pake->open(NULL, &how, bytes, 0), 0);
}

static const struct check_test tests[] = {
	TEST(vectors_of_the_rfc),
	TEST(scalars_are_wiped),
	TEST(points_that_are_none),
	TEST(the_identity_as_k),
	TEST(scalars_out_of_range),
	TEST(scalars_are_drawn_again),
	TEST(stretching),
	TEST(hkdf_of_the_rfc),
	TEST(sealing),
};
CHECK_MAIN(tests)
