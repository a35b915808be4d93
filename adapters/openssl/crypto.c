/*
 * The crypto table filled by OpenSSL 3.
 *
 * Every thread has contexts of its own, made at its first call and freed at its
 * end, because fetching an algorithm costs more than using it. The table may
 * not fail, so a library without the algorithm (or without memory) stops the
 * program: a wrong hash would be worse.
 */
#include <altair/openssl.h>

#include <altair/error.h>

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

enum algorithm { SHA1, SHA256, MD5, ALGORITHMS };

static const char *const names[ALGORITHMS] = {
	[SHA1] = "SHA1", [SHA256] = "SHA256", [MD5] = "MD5"};

/* What one thread holds; NULL where it was not needed yet. */
struct contexts {
	EVP_MD *digests[ALGORITHMS];
	EVP_MD_CTX *digest_context;
	EVP_MAC_CTX *macs[ALGORITHMS];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t contexts_of_thread;

static void must(int ok)
{
	if (!ok)
		abort();
}

static void free_contexts(void *value)
{
	struct contexts *c = value;

	for (size_t i = 0; i < ALGORITHMS; i++) {
		EVP_MD_free(c->digests[i]);
		EVP_MAC_CTX_free(c->macs[i]);
	}
	EVP_MD_CTX_free(c->digest_context);
	free(c);
}

static void make_key(void)
{
	must(pthread_key_create(&contexts_of_thread, free_contexts) == 0);
}

static struct contexts *contexts(void)
{
	struct contexts *c;

	must(pthread_once(&once, make_key) == 0);
	c = pthread_getspecific(contexts_of_thread);
	if (c)
		return c;
	c = calloc(1, sizeof *c);
	must(c != NULL);
	c->digest_context = EVP_MD_CTX_new();
	must(c->digest_context != NULL);
	must(pthread_setspecific(contexts_of_thread, c) == 0);
	return c;
}

static EVP_MAC_CTX *mac_context(enum algorithm algorithm)
{
	struct contexts *c = contexts();
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 (char *)names[algorithm], 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *hmac;

	if (c->macs[algorithm])
		return c->macs[algorithm];
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	must(hmac != NULL);
	c->macs[algorithm] = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	must(c->macs[algorithm] != NULL);
	must(EVP_MAC_CTX_set_params(c->macs[algorithm], params));
	return c->macs[algorithm];
}

static const EVP_MD *digest(enum algorithm algorithm)
{
	struct contexts *c = contexts();

	if (!c->digests[algorithm])
		c->digests[algorithm] =
			EVP_MD_fetch(NULL, names[algorithm], NULL);
	must(c->digests[algorithm] != NULL);
	return c->digests[algorithm];
}

/* What is hashed, and how much of `out` there is. */
struct input {
	const altair_bytes *parts;
	size_t count, out_len;
};

static void mac(enum algorithm algorithm, altair_bytes key,
		const struct input *in, uint8_t *out)
{
	EVP_MAC_CTX *context = mac_context(algorithm);
	/* A NULL key would mean the one of the call before. */
	const uint8_t *bytes = key.len > 0 ? key.data : (const uint8_t *)"";
	size_t len;

	must(EVP_MAC_init(context, bytes, key.len, NULL));
	for (size_t i = 0; i < in->count; i++)
		must(EVP_MAC_update(context, in->parts[i].data,
				    in->parts[i].len));
	must(EVP_MAC_final(context, out, &len, in->out_len));
}

static void hash(enum algorithm algorithm, const struct input *in, uint8_t *out)
{
	EVP_MD_CTX *context = contexts()->digest_context;

	must(EVP_DigestInit_ex(context, digest(algorithm), NULL));
	for (size_t i = 0; i < in->count; i++)
		must(EVP_DigestUpdate(context, in->parts[i].data,
				      in->parts[i].len));
	must(EVP_DigestFinal_ex(context, out, NULL));
}

static int fill_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	if (len > INT_MAX || RAND_bytes(out, (int)len) != 1)
		return ALTAIR_E_RANDOM;
	return 0;
}

static void hmac_sha1(void *user, altair_bytes key, const altair_bytes *parts,
		      size_t count, uint8_t out[20])
{
	struct input in = {parts, count, 20};

	(void)user;
	mac(SHA1, key, &in, out);
}

static void hmac_sha256(void *user, altair_bytes key, const altair_bytes *parts,
			size_t count, uint8_t out[32])
{
	struct input in = {parts, count, 32};

	(void)user;
	mac(SHA256, key, &in, out);
}

static void md5(void *user, const altair_bytes *parts, size_t count,
		uint8_t out[16])
{
	struct input in = {parts, count, 16};

	(void)user;
	hash(MD5, &in, out);
}

static void sha256(void *user, const altair_bytes *parts, size_t count,
		   uint8_t out[32])
{
	struct input in = {parts, count, 32};

	(void)user;
	hash(SHA256, &in, out);
}

const altair_crypto *altair_openssl(void)
{
	static const altair_crypto table = {
		.size = sizeof table,
		.random = fill_random,
		.hmac_sha1 = hmac_sha1,
		.hmac_sha256 = hmac_sha256,
		.md5 = md5,
		.sha256 = sha256,
	};

	return &table;
}
