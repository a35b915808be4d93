/*
 * Identities: a P-256 key, and the one form of its public half that counts, so that
 * a key has one name. SubjectPublicKeyInfo of RFC 5480 with the named curve and an
 * uncompressed point (SEC 1, 2.3.3) differs between keys in its last 64 bytes alone.
 * Signatures are ECDSA with SHA-256. They can be changed into others that are valid,
 * too (n - s for s), so nothing is ever known by a signature or by what contains one.
 */
#include "key.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define CURVE "prime256v1"
#define UNCOMPRESSED "uncompressed"

struct altair_openssl_key {
	EVP_PKEY *pair;
	uint8_t spki[ALTAIR_SPKI_LEN];
	uint8_t hash[32];
};

/* id-ecPublicKey, prime256v1, a bit string that begins with an uncompressed point. */
static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
			       0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
			       0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
			       0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

static bool is_name(const uint8_t *spki, size_t len)
{
	return len == ALTAIR_SPKI_LEN && memcmp(spki, head, sizeof head) == 0;
}

static bool digest(const void *bytes, size_t len, uint8_t out[32])
{
	return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1;
}

/* Leaves nothing of what failed for whoever looks at OpenSSL's errors next. */
static int result(int error)
{
	ERR_clear_error();
	return error;
}

/* --- making and reading ---------------------------------------------------- */

static bool describe(altair_openssl_key *key)
{
	uint8_t *spki = NULL;
	int len = i2d_PUBKEY(key->pair, &spki);
	bool is_good = len > 0 && is_name(spki, (size_t)len) &&
		       digest(spki, (size_t)len, key->hash);

	if (is_good)
		memcpy(key->spki, spki, sizeof key->spki);
	OPENSSL_free(spki);
	return is_good;
}

/* Takes `pair` over, which NULL may be. */
static int make(altair_openssl_key **out, EVP_PKEY *pair, int error)
{
	altair_openssl_key *key = pair ? calloc(1, sizeof *key) : NULL;

	if (!key) {
		EVP_PKEY_free(pair);
		return result(pair ? ALTAIR_E_MEMORY : error);
	}
	key->pair = pair;
	if (!describe(key)) {
		altair_openssl_key_free(key);
		return result(error);
	}
	*out = key;
	return result(0);
}

int altair_openssl_key_new(altair_openssl_key **out)
{
	return make(out, EVP_EC_gen(CURVE), ALTAIR_E_MEMORY);
}

/* Nobody is asked for a password. */
static int no_password(char *out, int cap, int writes, void *user)
{
	(void)out, (void)cap, (void)writes, (void)user;
	return -1;
}

static bool is_p256(EVP_PKEY *pair)
{
	char group[32];
	EVP_PKEY_CTX *context;
	bool is_good;

	if (!EVP_PKEY_is_a(pair, "EC") ||
	    EVP_PKEY_get_group_name(pair, group, sizeof group, NULL) != 1 ||
	    strcmp(group, CURVE) != 0)
		return false;
	context = EVP_PKEY_CTX_new(pair, NULL);
	/* Both halves, and that they belong together. */
	is_good = context && EVP_PKEY_check(context) == 1;
	EVP_PKEY_CTX_free(context);
	return is_good &&
	       EVP_PKEY_set_utf8_string_param(
		       pair, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		       UNCOMPRESSED) == 1;
}

int altair_openssl_key_load(altair_openssl_key **out, altair_bytes pem)
{
	BIO *bio = pem.len > 0 && pem.len <= INT_MAX
			   ? BIO_new_mem_buf(pem.data, (int)pem.len)
			   : NULL;
	EVP_PKEY *pair =
		bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
		    : NULL;

	BIO_free(bio);
	if (pair && !is_p256(pair)) {
		EVP_PKEY_free(pair);
		pair = NULL;
	}
	return make(out, pair, ALTAIR_E_INVALID);
}

int altair_openssl_key_save(const altair_openssl_key *key, char *out,
			    size_t cap)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	long len = -1;
	int written = ALTAIR_E_MEMORY;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pair, NULL, NULL, 0,
						 NULL, NULL) == 1)
		len = BIO_get_mem_data(bio, &text);
	if (len > 0 && (size_t)len >= cap) {
		written = ALTAIR_E_SPACE;
	} else if (len > 0) {
		memcpy(out, text, (size_t)len);
		out[len] = '\0';
		written = (int)len;
	}
	BIO_free(bio);
	return result(written);
}

void altair_openssl_key_free(altair_openssl_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pair); /* wipes what it frees */
	free(key);
}

/* --- what it is known by --------------------------------------------------- */

void altair_openssl_key_spki(const altair_openssl_key *key,
			     uint8_t out[ALTAIR_SPKI_LEN])
{
	memcpy(out, key->spki, sizeof key->spki);
}

void altair_openssl_key_hash(const altair_openssl_key *key, uint8_t out[32])
{
	memcpy(out, key->hash, sizeof key->hash);
}

EVP_PKEY *air_key_private(const altair_openssl_key *key)
{
	return key->pair;
}

bool air_key_of(const X509 *cert, uint8_t hash[32])
{
	uint8_t *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	bool is_good = len > 0 && is_name(spki, (size_t)len) &&
		       digest(spki, (size_t)len, hash);

	OPENSSL_free(spki);
	return is_good;
}

/* --- signatures ------------------------------------------------------------ */

int altair_openssl_key_sign(const altair_openssl_key *key, altair_bytes message,
			    uint8_t out[ALTAIR_SIGNATURE_MAX])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = ALTAIR_SIGNATURE_MAX;
	bool is_done = context &&
		       EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL,
					  key->pair) == 1 &&
		       EVP_DigestSign(context, out, &len, message.data,
				      message.len) == 1;

	EVP_MD_CTX_free(context);
	return result(is_done ? (int)len : ALTAIR_E_MEMORY);
}

/* NULL: these bytes are no key. */
static EVP_PKEY *read_public(altair_bytes spki)
{
	const unsigned char *at = spki.data;

	if (!is_name(spki.data, spki.len))
		return NULL;
	return d2i_PUBKEY(NULL, &at, (long)spki.len);
}

bool altair_openssl_key_verify(altair_bytes spki, altair_bytes message,
			       altair_bytes signature)
{
	EVP_PKEY *public_half = read_public(spki);
	EVP_MD_CTX *context = public_half ? EVP_MD_CTX_new() : NULL;
	bool is_good = context &&
		       EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL,
					    public_half) == 1 &&
		       EVP_DigestVerify(context, signature.data, signature.len,
					message.data, message.len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public_half);
	return result(is_good) != 0;
}
