/*
 * Identity keys: PEM forth and back, what is not accepted as one, the one form of a
 * public key that counts, and signatures.
 */
#include "check.h"

#include <altair/openssl.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

static altair_bytes bytes(const void *data, size_t len)
{
	return (altair_bytes){data, len};
}

static void saves_and_loads(void)
{
	altair_openssl_key *key, *again;
	char pem[ALTAIR_KEY_PEM];
	uint8_t spki[2][ALTAIR_SPKI_LEN], hash[2][32], want[32];
	altair_bytes part;
	int len;

	CHECK_EQ(altair_openssl_key_new(&key), 0);
	len = altair_openssl_key_save(key, pem, sizeof pem);
	CHECK(len > 0 && pem[len] == '\0');
	CHECK(strstr(pem, "BEGIN PRIVATE KEY") != NULL);
	CHECK_EQ(altair_openssl_key_save(key, pem, (size_t)len),
		 ALTAIR_E_SPACE);
	CHECK_EQ(altair_openssl_key_load(&again, bytes(pem, (size_t)len)), 0);
	altair_openssl_key_spki(key, spki[0]);
	altair_openssl_key_spki(again, spki[1]);
	altair_openssl_key_hash(key, hash[0]);
	altair_openssl_key_hash(again, hash[1]);
	CHECK_MEM(spki[0], spki[1], sizeof spki[0]);
	CHECK_MEM(hash[0], hash[1], sizeof hash[0]);
	part = bytes(spki[0], sizeof spki[0]);
	altair_openssl()->sha256(NULL, &part, 1, want);
	CHECK_MEM(hash[0], want, sizeof want);
	altair_openssl_key_free(key);
	altair_openssl_key_free(again);
	altair_openssl_key_free(NULL);
}

static void two_differ(void)
{
	altair_openssl_key *a, *b;
	uint8_t one[32], other[32];

	CHECK_EQ(altair_openssl_key_new(&a), 0);
	CHECK_EQ(altair_openssl_key_new(&b), 0);
	altair_openssl_key_hash(a, one);
	altair_openssl_key_hash(b, other);
	CHECK(memcmp(one, other, sizeof one) != 0);
	altair_openssl_key_free(a);
	altair_openssl_key_free(b);
}

/* The text of a key of OpenSSL's, with a password or without. */
static int write_pem(EVP_PKEY *pair, const EVP_CIPHER *cipher, char *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len;

	CHECK(PEM_write_bio_PKCS8PrivateKey(bio, pair, cipher, "secret",
					    cipher ? 6 : 0, NULL, NULL) == 1);
	len = BIO_read(bio, out, 4096);
	BIO_free(bio);
	CHECK(len > 0);
	return len;
}

static void refuse(EVP_PKEY *pair, const EVP_CIPHER *cipher)
{
	char pem[4096];
	altair_openssl_key *key = NULL;
	int len = write_pem(pair, cipher, pem);

	CHECK_EQ(altair_openssl_key_load(&key, bytes(pem, (size_t)len)),
		 ALTAIR_E_INVALID);
	CHECK(key == NULL);
	EVP_PKEY_free(pair);
}

static void refuses(void)
{
	static const char *const wrong[] = {
		"", "x", "-----BEGIN PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE "
		"KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
		"CERTIFICATE-----\n"};
	altair_openssl_key *key = NULL;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_EQ(altair_openssl_key_load(
				 &key, bytes(wrong[i], strlen(wrong[i]))),
			 ALTAIR_E_INVALID);
	refuse(EVP_EC_gen("P-384"), NULL);
	refuse(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	refuse(EVP_RSA_gen(1024), NULL);
	refuse(EVP_EC_gen("P-256"), EVP_aes_128_cbc());
}

/* Whoever wrote the file with a compressed point has no other name by that. */
static void one_name(void)
{
	altair_openssl_key *key, *again;
	char pem[4096];
	uint8_t one[32], other[32];
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	int len = write_pem(pair, NULL, pem);

	CHECK_EQ(altair_openssl_key_load(&key, bytes(pem, (size_t)len)), 0);
	CHECK(EVP_PKEY_set_utf8_string_param(pair, "point-format",
					     "compressed") == 1);
	len = write_pem(pair, NULL, pem);
	CHECK_EQ(altair_openssl_key_load(&again, bytes(pem, (size_t)len)), 0);
	altair_openssl_key_hash(key, one);
	altair_openssl_key_hash(again, other);
	CHECK_MEM(one, other, sizeof one);
	EVP_PKEY_free(pair);
	altair_openssl_key_free(key);
	altair_openssl_key_free(again);
}

static void signs(void)
{
	altair_openssl_key *key, *other;
	uint8_t spki[ALTAIR_SPKI_LEN], sig[ALTAIR_SIGNATURE_MAX];
	const altair_bytes said = bytes("presence", 8);
	int len;

	CHECK_EQ(altair_openssl_key_new(&key), 0);
	CHECK_EQ(altair_openssl_key_new(&other), 0);
	altair_openssl_key_spki(key, spki);
	for (int i = 0; i < 50; i++) {
		len = altair_openssl_key_sign(key, said, sig);
		CHECK(len > 0 && len <= ALTAIR_SIGNATURE_MAX);
		CHECK(altair_openssl_key_verify(bytes(spki, sizeof spki), said,
						bytes(sig, (size_t)len)));
	}
	CHECK(!altair_openssl_key_verify(bytes(spki, sizeof spki),
					 bytes("presence!", 9),
					 bytes(sig, (size_t)len)));
	for (size_t i = 0; i < (size_t)len; i++) {
		CHECK(!altair_openssl_key_verify(bytes(spki, sizeof spki), said,
						 bytes(sig, i)));
		sig[i] ^= 1;
		CHECK(!altair_openssl_key_verify(bytes(spki, sizeof spki), said,
						 bytes(sig, (size_t)len)));
		sig[i] ^= 1;
	}
	altair_openssl_key_spki(other, spki);
	CHECK(!altair_openssl_key_verify(bytes(spki, sizeof spki), said,
					 bytes(sig, (size_t)len)));
	altair_openssl_key_free(key);
	altair_openssl_key_free(other);
}

/* A key in any other form, or none at all, signs nothing. */
static void no_other_form(void)
{
	altair_openssl_key *key;
	uint8_t spki[ALTAIR_SPKI_LEN + 1], sig[ALTAIR_SIGNATURE_MAX];
	const altair_bytes said = bytes("presence", 8);
	int len;

	CHECK_EQ(altair_openssl_key_new(&key), 0);
	altair_openssl_key_spki(key, spki);
	spki[ALTAIR_SPKI_LEN] = 0;
	len = altair_openssl_key_sign(key, said, sig);
	for (size_t cut = 0; cut <= sizeof spki; cut++)
		CHECK_EQ(altair_openssl_key_verify(bytes(spki, cut), said,
						   bytes(sig, (size_t)len)),
			 cut == ALTAIR_SPKI_LEN);
	for (size_t i = 0; i < ALTAIR_SPKI_LEN; i++) {
		spki[i] ^= 0x40; /* also: a point that is not on the curve */
		CHECK(!altair_openssl_key_verify(bytes(spki, ALTAIR_SPKI_LEN),
						 said,
						 bytes(sig, (size_t)len)));
		spki[i] ^= 0x40;
	}
	altair_openssl_key_free(key);
}

static const struct check_test tests[] = {
	TEST(saves_and_loads), TEST(two_differ), TEST(refuses),
	TEST(one_name),	       TEST(signs),	 TEST(no_other_form),
};

CHECK_MAIN(tests)
