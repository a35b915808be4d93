/*
 * The table of altair/pake.h filled by OpenSSL 3: the group of SPAKE2 (RFC 9382 3.3
 * and 6: P-256 with its M and N), scrypt (RFC 7914), HKDF (RFC 5869), AES-256-GCM.
 *
 * Invariants: a peer's point is on the curve before anything is done with it (the
 * cofactor of P-256 is 1, so it is in the group then); each product is one call with
 * one scalar, which OpenSSL computes in time that does not depend on the scalar; every
 * number that was secret is cleared. What is fetched once is never changed again.
 */
#include <altair/openssl.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

/* 16 MiB, and 20 to 35 ms in 2026. */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_MEMORY_MAX (64u << 20)
/* 64 bits more than the order has, so that reducing is no bias (RFC 9382 3.2). */
#define STRETCHED 40
#define NONCE 12

static struct {
	EC_GROUP *group;
	EC_POINT *m, *n;
	EVP_KDF *scrypt, *hkdf;
	EVP_CIPHER *aead;
	bool is_complete;
} constants;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* RFC 9382 6, for P-256. */
static const uint8_t m_bytes[33] = {
	0x02, 0x88, 0x6e, 0x2f, 0x97, 0xac, 0xe4, 0x6e, 0x55, 0xba, 0x9d,
	0xd7, 0x24, 0x25, 0x79, 0xf2, 0x99, 0x3b, 0x64, 0xe1, 0x6e, 0xf3,
	0xdc, 0xab, 0x95, 0xaf, 0xd4, 0x97, 0x33, 0x3d, 0x8f, 0xa1, 0x2f};
static const uint8_t n_bytes[33] = {
	0x03, 0xd8, 0xbb, 0xd6, 0xc6, 0x39, 0xc6, 0x29, 0x37, 0xb0, 0x4d,
	0x99, 0x7f, 0x38, 0xc3, 0x77, 0x07, 0x19, 0xc6, 0x29, 0xd7, 0x01,
	0x4d, 0x49, 0xa2, 0x4b, 0x4f, 0x98, 0xba, 0xa1, 0x29, 0x2b, 0x49};

static EC_POINT *read_point(const uint8_t *bytes, size_t len)
{
	EC_POINT *point = EC_POINT_new(constants.group);

	if (point &&
	    EC_POINT_oct2point(constants.group, point, bytes, len, NULL) == 1)
		return point;
	EC_POINT_free(point);
	return NULL;
}

static void fetch(void)
{
	constants.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (!constants.group)
		return;
	constants.m = read_point(m_bytes, sizeof m_bytes);
	constants.n = read_point(n_bytes, sizeof n_bytes);
	constants.scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	constants.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	constants.aead = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	constants.is_complete = constants.m && constants.n &&
				constants.scrypt && constants.hkdf &&
				constants.aead;
}

static bool is_ready(void)
{
	return pthread_once(&once, fetch) == 0 && constants.is_complete;
}

/* --- the slow hash and HKDF ---------------------------------------------- */

static OSSL_PARAM octets(const char *name, altair_bytes bytes)
{
	/* A parameter may not be NULL, even an empty one. */
	const void *data = bytes.len > 0 ? (const void *)bytes.data : "";

	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data,
						 bytes.len);
}

static int derive(EVP_KDF *kdf, const OSSL_PARAM *params, uint8_t *out,
		  size_t len)
{
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	bool done = context && EVP_KDF_derive(context, out, len, params) == 1;

	EVP_KDF_CTX_free(context);
	return done ? 0 : ALTAIR_E_MEMORY;
}

/* out = the number in `bytes`, modulo the order of the group. */
static int reduce(const uint8_t bytes[STRETCHED],
		  uint8_t out[ALTAIR_PAKE_SCALAR])
{
	const BIGNUM *order = EC_GROUP_get0_order(constants.group);
	BN_CTX *context = BN_CTX_new();
	BIGNUM *wide = BN_bin2bn(bytes, STRETCHED, NULL), *w = BN_new();
	bool done = context && wide && w;

	if (done) {
		BN_set_flags(wide, BN_FLG_CONSTTIME);
		done = BN_mod(w, wide, order, context) == 1 &&
		       BN_bn2binpad(w, out, ALTAIR_PAKE_SCALAR) > 0;
	}
	BN_clear_free(wide);
	BN_clear_free(w);
	BN_CTX_free(context);
	return done ? 0 : ALTAIR_E_MEMORY;
}

static int stretch(void *user, altair_bytes secret, altair_bytes salt,
		   uint8_t w[ALTAIR_PAKE_SCALAR])
{
	uint64_t n = SCRYPT_N, most = SCRYPT_MEMORY_MAX;
	uint32_t r = SCRYPT_R, p = SCRYPT_P;
	OSSL_PARAM params[] = {
		octets(OSSL_KDF_PARAM_PASSWORD, secret),
		octets(OSSL_KDF_PARAM_SALT, salt),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM,
					    &most),
		OSSL_PARAM_construct_end()};
	uint8_t stretched[STRETCHED];
	int error;

	(void)user;
	if (!is_ready())
		return ALTAIR_E_MEMORY;
	error = derive(constants.scrypt, params, stretched, sizeof stretched);
	if (error == 0)
		error = reduce(stretched, w);
	OPENSSL_cleanse(stretched, sizeof stretched);
	return error;
}

static int hkdf(void *user, altair_bytes key, altair_bytes salt,
		altair_bytes info, uint8_t out[ALTAIR_PAKE_KEY])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(
				       OSSL_KDF_PARAM_DIGEST, digest, 0),
			       octets(OSSL_KDF_PARAM_KEY, key),
			       octets(OSSL_KDF_PARAM_SALT, salt),
			       octets(OSSL_KDF_PARAM_INFO, info),
			       OSSL_PARAM_construct_end()};

	(void)user;
	if (!is_ready())
		return ALTAIR_E_MEMORY;
	return derive(constants.hkdf, params, out, ALTAIR_PAKE_KEY);
}

/* --- the group ----------------------------------------------------------- */

/* What one product and sum needs. */
struct sum {
	BN_CTX *context;
	BIGNUM *w, *x;
	EC_POINT *masked, *point;
};

static bool sum_open(struct sum *s, const altair_pake_side *side)
{
	memset(s, 0, sizeof *s);
	if (!is_ready())
		return false;
	s->context = BN_CTX_new();
	s->w = BN_bin2bn(side->w, sizeof side->w, NULL);
	s->x = BN_bin2bn(side->x, sizeof side->x, NULL);
	s->masked = EC_POINT_new(constants.group);
	s->point = EC_POINT_new(constants.group);
	if (!s->context || !s->w || !s->x || !s->masked || !s->point)
		return false;
	BN_set_flags(s->w, BN_FLG_CONSTTIME);
	BN_set_flags(s->x, BN_FLG_CONSTTIME);
	return true;
}

static void sum_close(struct sum *s)
{
	EC_POINT_clear_free(s->point);
	EC_POINT_clear_free(s->masked);
	BN_clear_free(s->x);
	BN_clear_free(s->w);
	BN_CTX_free(s->context);
}

static bool write_point(const EC_POINT *point, uint8_t out[ALTAIR_PAKE_POINT],
			BN_CTX *context)
{
	return EC_POINT_point2oct(
		       constants.group, point, POINT_CONVERSION_UNCOMPRESSED,
		       out, ALTAIR_PAKE_POINT, context) == ALTAIR_PAKE_POINT;
}

static int share(void *user, const altair_pake_side *side,
		 uint8_t out[ALTAIR_PAKE_POINT])
{
	const EC_GROUP *g;
	struct sum s;
	int error = ALTAIR_E_MEMORY;

	(void)user;
	if (!sum_open(&s, side))
		goto out;
	g = constants.group;
	error = ALTAIR_E_INVALID;
	if (BN_is_zero(s.x) || BN_cmp(s.x, EC_GROUP_get0_order(g)) >= 0)
		goto out;
	error = ALTAIR_E_MEMORY;
	if (EC_POINT_mul(g, s.masked, NULL,
			 side->is_a ? constants.m : constants.n, s.w,
			 s.context) == 1 &&
	    EC_POINT_mul(g, s.point, s.x, NULL, NULL, s.context) == 1 &&
	    EC_POINT_add(g, s.point, s.point, s.masked, s.context) == 1)
		error = write_point(s.point, out, s.context) ? 0
							     : ALTAIR_E_INVALID;
out:
	sum_close(&s);
	return error;
}

/* K = x * (peer - w * N), or M. */
static int agree(struct sum *s, const EC_POINT *mask, const EC_POINT *peer,
		 uint8_t out[ALTAIR_PAKE_POINT])
{
	const EC_GROUP *g = constants.group;

	if (EC_POINT_mul(g, s->masked, NULL, mask, s->w, s->context) != 1 ||
	    EC_POINT_invert(g, s->masked, s->context) != 1 ||
	    EC_POINT_add(g, s->masked, peer, s->masked, s->context) != 1)
		return ALTAIR_E_MEMORY;
	if (EC_POINT_is_at_infinity(g, s->masked))
		return ALTAIR_E_INVALID;
	if (EC_POINT_mul(g, s->point, NULL, s->masked, s->x, s->context) != 1)
		return ALTAIR_E_MEMORY;
	return write_point(s->point, out, s->context) ? 0 : ALTAIR_E_INVALID;
}

static int finish(void *user, const altair_pake_side *side,
		  const uint8_t peer[ALTAIR_PAKE_POINT],
		  uint8_t out[ALTAIR_PAKE_POINT])
{
	EC_POINT *point = NULL;
	struct sum s;
	int error = ALTAIR_E_MEMORY;

	(void)user;
	if (!sum_open(&s, side))
		goto out;
	error = ALTAIR_E_INVALID;
	/* Neither compressed nor hybrid; and what is read is on the curve. */
	ERR_set_mark();
	if (peer[0] == POINT_CONVERSION_UNCOMPRESSED)
		point = read_point(peer, ALTAIR_PAKE_POINT);
	ERR_pop_to_mark();
	if (point)
		error = agree(&s, side->is_a ? constants.n : constants.m, point,
			      out);
out:
	EC_POINT_free(point);
	sum_close(&s);
	return error;
}

/* --- the AEAD ------------------------------------------------------------ */

static EVP_CIPHER_CTX *cipher(const altair_pake_seal *how, bool seals)
{
	uint8_t nonce[NONCE] = {0};
	EVP_CIPHER_CTX *context = is_ready() ? EVP_CIPHER_CTX_new() : NULL;
	int len;

	for (unsigned i = 0; i < 8; i++)
		nonce[NONCE - 1 - i] = (uint8_t)(how->number >> 8 * i);
	if (context &&
	    EVP_CipherInit_ex2(context, constants.aead, how->key, nonce, seals,
			       NULL) == 1 &&
	    EVP_CipherUpdate(context, NULL, &len, how->associated.data,
			     (int)how->associated.len) == 1)
		return context;
	EVP_CIPHER_CTX_free(context);
	return NULL;
}

static int seal(void *user, const altair_pake_seal *how, uint8_t *bytes,
		size_t len)
{
	EVP_CIPHER_CTX *context = cipher(how, true);
	int n = 0;
	bool done =
		context &&
		EVP_CipherUpdate(context, bytes, &n, bytes, (int)len) == 1 &&
		EVP_CipherFinal_ex(context, bytes + len, &n) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
				    ALTAIR_PAKE_TAG, bytes + len) == 1;

	(void)user;
	EVP_CIPHER_CTX_free(context);
	return done ? 0 : ALTAIR_E_MEMORY;
}

static int open_sealed(void *user, const altair_pake_seal *how, uint8_t *bytes,
		       size_t len)
{
	EVP_CIPHER_CTX *context = cipher(how, false);
	int n = 0, error = ALTAIR_E_MEMORY;

	(void)user;
	ERR_set_mark();
	if (context &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, ALTAIR_PAKE_TAG,
				bytes + len) == 1 &&
	    EVP_CipherUpdate(context, bytes, &n, bytes, (int)len) == 1)
		error = EVP_CipherFinal_ex(context, bytes + len, &n) == 1
				? 0
				: ALTAIR_E_INVALID;
	ERR_pop_to_mark();
	EVP_CIPHER_CTX_free(context);
	return error;
}

const altair_pake *altair_openssl_pake(void)
{
	static const altair_pake table = {
		.size = sizeof table,
		.stretch = stretch,
		.share = share,
		.finish = finish,
		.hkdf = hkdf,
		.seal = seal,
		.open = open_sealed,
	};

	return &table;
}
