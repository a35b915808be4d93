/*
 * Who the other side is: the same question in both roles, asked inside the
 * handshake. Rows 59 to 62 of docs/failures.md.
 */
#include "outsider.h"

#include <openssl/ec.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

static struct pair pair;

/* --- fingerprints in every form, in both roles ----------------------------- */

enum form {
	RIGHT,
	WRONG,
	ABSENT,
	WRONG_HASH,
	OF_THE_CERTIFICATE,
	TRUNCATED,
	ONE_BIT,
	OUR_OWN,
	FORMS
};

/* Makes what `who` expects of the other side that form of it. */
static void expect(int who, enum form form)
{
	uint8_t *peer = pair.side[who].config.role.peer, spki[ALTAIR_SPKI_LEN];
	uint8_t sha1[20];

	switch (form) {
	case RIGHT:
	case FORMS:
		break;
	case WRONG:
		for (size_t i = 0; i < 32; i++)
			peer[i] = (uint8_t)~peer[i];
		break;
	case ABSENT:
		memset(peer, 0, 32);
		break;
	case WRONG_HASH:
		altair_openssl_key_spki(pair.side[!who].key, spki);
		EVP_Digest(spki, sizeof spki, sha1, NULL, EVP_sha1(), NULL);
		memset(peer, 0, 32);
		memcpy(peer, sha1, sizeof sha1);
		break;
	case OF_THE_CERTIFICATE: {
		EVP_PKEY *key = outsider_key(pair.side[!who].key);
		X509 *cert = outsider_certificate(key, key);

		X509_digest(cert, EVP_sha256(), peer, NULL);
		X509_free(cert);
		EVP_PKEY_free(key);
		break;
	}
	case TRUNCATED:
		memset(peer + 16, 0, 16);
		break;
	case ONE_BIT:
		peer[31] ^= 1;
		break;
	case OUR_OWN:
		altair_openssl_key_hash(pair.side[who].key, peer);
		break;
	}
}

/* Nothing of the user's passes in either direction. */
static void check_shut(void)
{
	uint8_t room[64] = {0};
	altair_datagram out;

	for (int who = 0; who < 2; who++) {
		CHECK(!pair.side[who].is_secured);
		CHECK_EQ(pair.side[who].payloads, 0);
		CHECK_EQ(altair_secure_wrap(pair.side[who].secure,
					    room + ALTAIR_SECURE_HEADROOM, 1,
					    &out),
			 ALTAIR_E_STATE);
	}
}

static void try_form(int who, enum form form)
{
	pair_make(&pair);
	expect(who, form);
	pair_open(&pair);
	pair_start(&pair);
	pair_settle(&pair, ALTAIR_SEC(11));
	if (form == RIGHT) {
		CHECK(pair.side[0].is_secured && pair.side[1].is_secured);
	} else {
		check_shut();
		CHECK_EQ(pair.side[who].reason, ALTAIR_E_IDENTITY);
		CHECK_EQ(pair.side[!who].reason, ALTAIR_E_TLS);
	}
	pair_close(&pair);
	pair_end(&pair);
}

static void every_form_in_both_roles(void)
{
	for (int who = 0; who < 2; who++)
		for (int form = RIGHT; form < FORMS; form++)
			try_form(who, (enum form)form);
}

/* What a person types: capitals are the same, everything else is no fingerprint. */
static void every_form_as_text(void)
{
	char text[ALTAIR_FINGERPRINT_TEXT];
	uint8_t hash[32], read[16];

	pair_make(&pair);
	altair_openssl_key_hash(pair.side[0].key, hash);
	altair_fingerprint_format(hash, text);
	CHECK_EQ(altair_fingerprint_parse(read, text), 0);
	CHECK(altair_fingerprint_fits(read, hash));
	for (char *c = text; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	CHECK_EQ(altair_fingerprint_parse(read, text), 0);
	CHECK(altair_fingerprint_fits(read, hash));
	altair_openssl_key_hash(pair.side[1].key, hash);
	CHECK(!altair_fingerprint_fits(read, hash));
	text[ALTAIR_FINGERPRINT_TEXT - 2] = '\0';
	CHECK_EQ(altair_fingerprint_parse(read, text), ALTAIR_E_INVALID);
	CHECK_EQ(altair_fingerprint_parse(read, ""), ALTAIR_E_INVALID);
	pair_end(&pair);
}

/* --- possession ------------------------------------------------------------ */

/* The public half of one key with the private half of another. */
static EVP_PKEY *chimera(EVP_PKEY *seen, EVP_PKEY *owned)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *out = NULL;
	OSSL_PARAM *params;
	BIGNUM *secret = NULL;
	uint8_t point[65];
	size_t len;

	CHECK(EVP_PKEY_get_octet_string_param(seen, OSSL_PKEY_PARAM_PUB_KEY,
					      point, sizeof point, &len) == 1);
	CHECK(EVP_PKEY_get_bn_param(owned, OSSL_PKEY_PARAM_PRIV_KEY, &secret) ==
	      1);
	OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
					"prime256v1", 0);
	OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
					 len);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret);
	params = OSSL_PARAM_BLD_to_param(build);
	CHECK(EVP_PKEY_fromdata_init(context) == 1);
	CHECK(EVP_PKEY_fromdata(context, &out, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	BN_clear_free(secret);
	return out;
}

/* `who` of ours meets one who shows the certificate of its peer and has `key`. */
static bool meet(int who, EVP_PKEY *key, X509 *cert)
{
	struct outsider outsider;
	bool is_open;

	outsider_make(&outsider);
	if (cert) {
		CHECK(SSL_CTX_use_certificate(outsider.context, cert) == 1);
		CHECK(SSL_CTX_use_PrivateKey(outsider.context, key) == 1);
	}
	outsider_connect(&outsider, who == SERVER);
	pair_open(&pair);
	pair_start(&pair);
	is_open = outsider_shake(&outsider, &pair, who);
	CHECK(is_open || !pair.side[who].is_secured);
	outsider_end(&outsider);
	pair_close(&pair);
	return is_open;
}

static void certificate_without_its_key(void)
{
	for (int who = 0; who < 2; who++) {
		EVP_PKEY *peer, *own = EVP_EC_gen("P-256"), *both;
		X509 *cert;

		pair_make(&pair);
		peer = outsider_key(pair.side[!who].key);
		both = chimera(peer, own);
		cert = outsider_certificate(peer, peer);
		CHECK(meet(who, peer, cert)); /* with the key: the peer */
		CHECK(!meet(who, both, cert));
		X509_free(cert);
		EVP_PKEY_free(both);
		EVP_PKEY_free(own);
		EVP_PKEY_free(peer);
		pair_end(&pair);
	}
}

static void client_without_certificate(void)
{
	pair_make(&pair);
	CHECK(!meet(SERVER, NULL, NULL));
	pair_end(&pair);
}

/* Its CertificateVerify is taken out of the client's flight. */
static bool cut_verify(struct pair *p, struct pair_datagram *d)
{
	size_t at = 0;

	(void)p;
	while (d->to == SERVER && at + 13 < d->len) {
		size_t len = 13 + (size_t)(d->bytes[at + 11] << 8) +
			     d->bytes[at + 12];

		if (d->bytes[at] == 22 && d->bytes[at + 4] == 0 &&
		    d->bytes[at + 13] == 15) {
			memmove(d->bytes + at, d->bytes + at + len,
				d->len - at - len);
			d->len -= len;
			continue;
		}
		at += len;
	}
	return true;
}

static void client_without_verify(void)
{
	pair_make(&pair);
	pair.look = cut_verify;
	pair_open(&pair);
	pair_start(&pair);
	pair_settle(&pair, ALTAIR_SEC(11));
	check_shut();
	pair_close(&pair);
	pair_end(&pair);
}

/* --- what an identity is not ----------------------------------------------- */

/* The other signature (r, n - s) of the same certificate, which is valid, too. */
static void resign(X509 *cert)
{
	const ASN1_BIT_STRING *bits;
	const X509_ALGOR *algorithm;
	const unsigned char *at;
	unsigned char *der = NULL;
	ECDSA_SIG *signature;
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *r, *s = BN_new();
	int len;

	X509_get0_signature(&bits, &algorithm, cert);
	at = bits->data;
	signature = d2i_ECDSA_SIG(NULL, &at, bits->length);
	r = BN_dup(ECDSA_SIG_get0_r(signature));
	CHECK(BN_sub(s, EC_GROUP_get0_order(group),
		     ECDSA_SIG_get0_s(signature)) == 1);
	CHECK(ECDSA_SIG_set0(signature, r, s) == 1);
	len = i2d_ECDSA_SIG(signature, &der);
	CHECK(ASN1_STRING_set((ASN1_STRING *)(uintptr_t)bits, der, len) == 1);
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	EC_GROUP_free(group);
}

static void resigned_certificate_is_the_same(void)
{
	for (int who = 0; who < 2; who++) {
		EVP_PKEY *peer;
		X509 *cert;
		uint8_t before[32], after[32];

		pair_make(&pair);
		peer = outsider_key(pair.side[!who].key);
		cert = outsider_certificate(peer, peer);
		X509_digest(cert, EVP_sha256(), before, NULL);
		resign(cert);
		X509_digest(cert, EVP_sha256(), after, NULL);
		CHECK(memcmp(before, after, sizeof before) != 0);
		CHECK(X509_verify(cert, peer) == 1);
		CHECK(meet(who, peer, cert));
		/* Who is not wanted is not wanted under it, either. */
		expect(who, WRONG);
		CHECK(!meet(who, peer, cert));
		X509_free(cert);
		EVP_PKEY_free(peer);
		pair_end(&pair);
	}
}

/* Neither dates, nor who signed it, nor what is in it. */
static void only_the_key_counts(void)
{
	for (int who = 0; who < 2; who++) {
		EVP_PKEY *peer, *other = EVP_EC_gen("P-256");
		X509 *cert;

		pair_make(&pair);
		peer = outsider_key(pair.side[!who].key);
		cert = outsider_certificate(peer, peer);
		X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
		X509_gmtime_adj(X509_getm_notAfter(cert), -3600); /* over */
		CHECK(X509_sign(cert, other, EVP_sha256()) > 0);
		CHECK(meet(who, peer, cert));
		X509_gmtime_adj(X509_getm_notBefore(cert), 3600); /* not yet */
		X509_gmtime_adj(X509_getm_notAfter(cert), 7200);
		CHECK(X509_sign(cert, peer, EVP_sha256()) > 0);
		CHECK(meet(who, peer, cert));
		X509_free(cert);
		EVP_PKEY_free(other);
		EVP_PKEY_free(peer);
		pair_end(&pair);
	}
}

/* After a stranger the right one still comes up: first a session where somebody else
 * shakes hands, then the peer on the same path. */
static void the_peer_comes_after_a_stranger(void)
{
	struct outsider outsider;
	EVP_PKEY *other = EVP_EC_gen("P-256");

	pair_make(&pair);
	pair_open(&pair);
	outsider_make(&outsider);
	outsider_is(&outsider, other);
	outsider_connect(&outsider, true);
	altair_secure_start(pair.side[SERVER].secure, pair.now);
	CHECK(!outsider_shake(&outsider, &pair, SERVER));
	CHECK(!pair.side[SERVER].has_failed);
	pair_start(&pair);
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK(pair.side[CLIENT].is_secured && pair.side[SERVER].is_secured);
	EVP_PKEY_free(other);
	outsider_end(&outsider);
	pair_close(&pair);
	pair_end(&pair);
}

static const struct check_test tests[] = {
	TEST(every_form_in_both_roles),
	TEST(every_form_as_text),
	TEST(certificate_without_its_key),
	TEST(client_without_certificate),
	TEST(client_without_verify),
	TEST(resigned_certificate_is_the_same),
	TEST(only_the_key_counts),
	TEST(the_peer_comes_after_a_stranger),
};

CHECK_MAIN(tests)
