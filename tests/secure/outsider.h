/*
 * outsider.h - a DTLS endpoint of OpenSSL's own, with whatever settings a test gives
 * it, on the path to one of our sessions.
 */
#ifndef OUTSIDER_H
#define OUTSIDER_H

#include "pair.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

struct outsider {
	SSL_CTX *context;
	SSL *ssl;
};

/* The private key of OpenSSL in one of ours. */
static inline EVP_PKEY *outsider_key(const altair_openssl_key *key)
{
	char pem[ALTAIR_KEY_PEM];
	int len = altair_openssl_key_save(key, pem, sizeof pem);
	BIO *bio = BIO_new_mem_buf(pem, len);
	EVP_PKEY *pair = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	CHECK(pair != NULL);
	return pair;
}

/* A certificate for `subject`'s public half, signed by `signer`. */
static inline X509 *outsider_certificate(EVP_PKEY *subject, EVP_PKEY *signer)
{
	X509 *cert = X509_new();

	CHECK(X509_set_version(cert, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	CHECK(X509_set_pubkey(cert, subject) == 1);
	CHECK(X509_sign(cert, signer, EVP_sha256()) > 0);
	return cert;
}

static inline int outsider_trusts(int is_good, X509_STORE_CTX *store)
{
	(void)is_good, (void)store;
	return 1;
}

/* Everything is allowed; change `context` before outsider_connect. */
static inline void outsider_make(struct outsider *o)
{
	o->ssl = NULL;
	o->context = SSL_CTX_new(DTLS_method());
	CHECK(o->context != NULL);
	SSL_CTX_set_security_level(o->context, 0);
	SSL_CTX_set_min_proto_version(o->context, DTLS1_VERSION);
	SSL_CTX_set_verify(o->context, SSL_VERIFY_PEER, outsider_trusts);
}

/* `key` and a certificate for it. */
static inline void outsider_is(struct outsider *o, EVP_PKEY *key)
{
	X509 *cert = outsider_certificate(key, key);

	CHECK(SSL_CTX_use_certificate(o->context, cert) == 1);
	CHECK(SSL_CTX_use_PrivateKey(o->context, key) == 1);
	X509_free(cert);
}

static inline void outsider_connect(struct outsider *o, bool is_client)
{
	o->ssl = SSL_new(o->context);
	SSL_set_bio(o->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_options(o->ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(o->ssl, 1200);
	if (is_client)
		SSL_set_connect_state(o->ssl);
	else
		SSL_set_accept_state(o->ssl);
}

static inline void outsider_end(struct outsider *o)
{
	SSL_free(o->ssl);
	SSL_CTX_free(o->context);
}

/* What it has to say; 0: nothing. */
static inline size_t outsider_output(struct outsider *o, uint8_t *out,
				     size_t cap)
{
	int len = BIO_read(SSL_get_wbio(o->ssl), out, (int)cap);

	return len > 0 ? (size_t)len : 0;
}

static inline void outsider_input(struct outsider *o, altair_bytes bytes)
{
	CHECK_EQ(BIO_write(SSL_get_rbio(o->ssl), bytes.data, (int)bytes.len),
		 bytes.len);
}

/* Between it and `who` until nothing moves. True: both are open. */
static inline bool outsider_shake(struct outsider *o, struct pair *pair,
				  int who)
{
	struct pair_side *side = &pair->side[who];
	struct pair_datagram d;
	altair_output out;
	enum altair_step step;
	int done = 0;

	for (int round = 0; round < 12; round++) {
		done = SSL_do_handshake(o->ssl);
		d.to = who;
		d.len = outsider_output(o, d.bytes, sizeof d.bytes);
		if (d.len > 0)
			pair_deliver(pair, &d);
		while ((step = altair_poll(pair_machine(pair, who), &out)) !=
		       ALTAIR_WAIT) {
			if (step == ALTAIR_SEND)
				outsider_input(o, out.datagram.bytes);
			else if (out.event == ALTAIR_EV_SECURED)
				side->is_secured = true;
			else
				side->reason = out.reason,
				side->has_failed = true;
		}
	}
	return done == 1 && side->is_secured;
}

#endif
