/* The crypto table of OpenSSL against published vectors, from several threads.
 */
#include "check.h"

#include <altair/error.h>
#include <altair/openssl.h>

#include <pthread.h>

static altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

static void check_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	char found[65];

	for (size_t i = 0; i < len; i++)
		snprintf(found + 2 * i, 3, "%02x", bytes[i]);
	CHECK_STR(found, hex);
}

/* RFC 2202 3, case 2, and RFC 4231 4.3; cut in two, then whole. */
static void hmacs_are_those_of_the_rfcs(void)
{
	const altair_crypto *c = altair_openssl();
	altair_bytes parts[] = {text("what do ya want "), text("for nothing?")};
	altair_bytes whole = text("what do ya want for nothing?");
	uint8_t out[32];

	CHECK_EQ(c->size, sizeof *c);
	c->hmac_sha1(c->user, text("Jefe"), parts, 2, out);
	check_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	c->hmac_sha256(c->user, text("Jefe"), parts, 2, out);
	check_hex(out, 32,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b9"
		  "64ec3843");
	c->hmac_sha256(c->user, text("Jefe"), &whole, 1, out);
	check_hex(out, 32,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b9"
		  "64ec3843");
}

static void an_empty_key_is_a_key(void)
{
	const altair_crypto *c = altair_openssl();
	altair_bytes none = {NULL, 0}, message = text("x");
	uint8_t first[32], other[32], again[32];

	c->hmac_sha256(c->user, none, &message, 1, first);
	c->hmac_sha256(c->user, text("key"), &message, 1, other);
	c->hmac_sha256(c->user, none, &message, 1, again);
	CHECK_MEM(first, again, 32);
	CHECK(memcmp(first, other, 32) != 0);
}

/* RFC 1321 A.5 and FIPS 180-2 B.1. */
static void digests_are_those_of_the_standards(void)
{
	const altair_crypto *c = altair_openssl();
	altair_bytes parts[] = {text("a"), text(""), text("bc")};
	uint8_t out[32];

	c->md5(c->user, parts, 3, out);
	check_hex(out, 16, "900150983cd24fb0d6963f7d28e17f72");
	c->sha256(c->user, parts, 3, out);
	check_hex(out, 32,
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
		  "f20015ad");
	c->md5(c->user, NULL, 0, out);
	check_hex(out, 16, "d41d8cd98f00b204e9800998ecf8427e");
}

static void randomness_does_not_repeat(void)
{
	const altair_crypto *c = altair_openssl();
	uint8_t a[16] = {0}, b[16] = {0};

	CHECK_EQ(c->random(c->user, a, sizeof a), 0);
	CHECK_EQ(c->random(c->user, b, sizeof b), 0);
	CHECK(memcmp(a, b, sizeof a) != 0);
	CHECK_EQ(c->random(c->user, a, (size_t)-1), ALTAIR_E_RANDOM);
}

static void *hash_often(void *wrong)
{
	const altair_crypto *c = altair_openssl();
	altair_bytes message = text("abc");
	uint8_t first[32], out[32];

	c->hmac_sha1(c->user, text("k"), &message, 1, first);
	for (int i = 0; i < 1000; i++) {
		c->sha256(c->user, &message, 1, out);
		c->hmac_sha1(c->user, text("k"), &message, 1, out);
		if (memcmp(first, out, 20) != 0)
			*(int *)wrong = 1;
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void)
{
	pthread_t threads[4];
	int wrong[4] = {0};

	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, hash_often,
					&wrong[i]),
			 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(wrong[i], 0);
}

static const struct check_test tests[] = {
	TEST(hmacs_are_those_of_the_rfcs),
	TEST(an_empty_key_is_a_key),
	TEST(digests_are_those_of_the_standards),
	TEST(randomness_does_not_repeat),
	TEST(threads_do_not_disturb_each_other),
};

CHECK_MAIN(tests)
