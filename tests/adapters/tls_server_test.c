/*
 * The TLS table of a server against a client of OpenSSL in memory: what it takes
 * and what not, bytes in any split, its certificate, made or given, and another
 * one while sessions go on.
 */
#define _GNU_SOURCE
#include "certificate.h"
#include "check.h"

#include <altair/openssl.h>

#include <openssl/ssl.h>
#include <unistd.h>

static altair_tls tls;
static altair_tls_session *session;
static SSL_CTX *context;
static SSL *client;
static const char *problem;
static size_t step; /* bytes that travel at once */

/* --- the stream between them ----------------------------------------------- */

static bool carry_in(int *result)
{
	uint8_t bytes[4096];
	int len = BIO_read(SSL_get_wbio(client), bytes, (int)step);

	if (len > 0)
		*result =
			tls.input(session, (altair_bytes){bytes, (size_t)len});
	return len > 0;
}

static bool carry_out(void)
{
	uint8_t bytes[4096];
	size_t len = tls.output(session, bytes, step);

	if (len > 0)
		BIO_write(SSL_get_rbio(client), bytes, (int)len);
	return len > 0;
}

/* Both ways until nothing moves. True: both sides are open. */
static bool shake(void)
{
	int result = 0, done = 0;
	bool moves = true;

	while (moves) {
		done = SSL_do_handshake(client);
		moves = result == 0 && carry_in(&result);
		moves |= carry_out();
	}
	CHECK(result == 0 || result == ALTAIR_E_TLS);
	return result == 0 && done == 1 && tls.is_open(session);
}

static void begin(void)
{
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(context, 0); /* it may offer everything */
	step = 4096;
}

static void meet(void)
{
	CHECK_EQ(tls.open(tls.user, &session, NULL), 0);
	CHECK(!tls.is_open(session));
	client = SSL_new(context);
	SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(client);
}

static void part(void)
{
	tls.close(session);
	SSL_free(client);
	client = NULL;
}

static void end(void)
{
	SSL_CTX_free(context);
	altair_openssl_server_close(&tls);
}

static void begin_made(void)
{
	begin();
	CHECK_EQ(altair_openssl_server_open(&tls, NULL, &problem), 0);
}

/* --- sessions -------------------------------------------------------------- */

static void echo(void)
{
	uint8_t bytes[64];
	int result = 0;

	CHECK_EQ(SSL_write(client, "hello", 5), 5);
	while (carry_in(&result))
		continue;
	CHECK_EQ(result, 0);
	CHECK_EQ(tls.read(session, bytes, sizeof bytes), 5);
	CHECK_MEM(bytes, "hello", 5);
	CHECK_EQ(tls.read(session, bytes, sizeof bytes), 0);
	CHECK_EQ(tls.write(session, (altair_bytes){bytes, 4}), 0);
	while (carry_out())
		continue;
	CHECK_EQ(SSL_read(client, bytes, sizeof bytes), 4);
	CHECK_MEM(bytes, "hell", 4);
}

static void any_split(void)
{
	static const size_t steps[] = {1, 2, 3, 7, 64, 1000, 4096};

	begin_made();
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		step = steps[i];
		meet();
		CHECK_EQ(tls.write(session,
				   (altair_bytes){(const uint8_t *)"x", 1}),
			 ALTAIR_E_STATE);
		CHECK(shake());
		CHECK_EQ(SSL_version(client), TLS1_3_VERSION);
		echo();
		part();
	}
	end();
}

static void what_is_refused(void)
{
	static const char *const ciphers[] = {
		"AES128-GCM-SHA256",	     /* no ephemeral key */
		"ECDHE-ECDSA-AES128-SHA",    /* no AEAD */
		"ECDHE-ECDSA-AES256-SHA384", /* CBC */
		"DHE-RSA-AES128-GCM-SHA256", /* not on curves */
		"AECDH-AES128-SHA",	     /* nobody */
		"NULL-SHA256",		     /* nothing */
	};

	begin_made();
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
		CHECK_EQ(SSL_CTX_set_cipher_list(context, ciphers[i]), 1);
		meet();
		CHECK(!shake());
		part();
	}
	CHECK_EQ(SSL_CTX_set_cipher_list(context, "ALL"), 1);
	meet();
	CHECK(shake());
	CHECK_EQ(SSL_version(client), TLS1_2_VERSION);
	part();
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	meet();
	CHECK(!shake());
	part();
	end();
}

static void nothing_is_renegotiated_compressed_or_kept(void)
{
	uint8_t byte;

	begin_made();
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_clear_options(context, SSL_OP_NO_COMPRESSION);
	meet();
	CHECK(shake());
	CHECK(SSL_get_current_compression(client) == NULL);
	CHECK(!SSL_SESSION_has_ticket(SSL_get0_session(client)));
	CHECK_EQ(SSL_renegotiate(client), 1);
	shake();
	CHECK(SSL_read(client, &byte, 1) <= 0);
	CHECK_EQ(SSL_total_renegotiations(client) > 1, 0);
	part();
	SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
	meet();
	CHECK(shake());
	echo();
	CHECK(!SSL_SESSION_has_ticket(SSL_get0_session(client)));
	part();
	end();
}

static void nonsense_and_the_end(void)
{
	uint8_t bytes[64];
	int result = 0;

	begin_made();
	meet();
	CHECK_EQ(tls.input(session,
			   (altair_bytes){(const uint8_t *)"GET / HTTP", 10}),
		 ALTAIR_E_TLS);
	part();
	meet();
	CHECK(shake());
	SSL_shutdown(client);
	carry_in(&result);
	CHECK_EQ(result, 0);
	CHECK_EQ(tls.read(session, bytes, sizeof bytes), ALTAIR_E_TLS);
	part();
	end();
}

/* --- certificates ---------------------------------------------------------- */

static void hash_of_peer(uint8_t out[32])
{
	X509 *peer = SSL_get1_peer_certificate(client);

	CHECK(peer != NULL);
	CHECK_EQ(X509_digest(peer, EVP_sha256(), out, NULL), 1);
	X509_free(peer);
}

static void check_hash(void)
{
	uint8_t told[32], seen[32];

	meet();
	CHECK(shake());
	altair_openssl_server_hash(&tls, told);
	hash_of_peer(seen);
	CHECK_MEM(told, seen, 32);
	part();
}

static void one_is_made(void)
{
	uint8_t first[32], second[32];
	X509 *peer;
	EVP_PKEY *key;

	begin_made();
	check_hash();
	altair_openssl_server_hash(&tls, first);
	meet();
	CHECK(shake());
	peer = SSL_get1_peer_certificate(client);
	key = X509_get0_pubkey(peer);
	CHECK_EQ(EVP_PKEY_get_bits(key), 256);
	CHECK(EVP_PKEY_is_a(key, "EC"));
	CHECK_EQ(X509_verify(peer, key), 1);
	CHECK(X509_cmp_current_time(X509_get0_notBefore(peer)) < 0);
	CHECK(X509_cmp_current_time(X509_get0_notAfter(peer)) > 0);
	X509_free(peer);
	part();
	end();
	begin_made();
	altair_openssl_server_hash(&tls, second);
	CHECK(memcmp(first, second, 32) != 0);
	end();
}

static void one_is_given_and_renewed(void)
{
	struct certificate a, b;
	altair_openssl_files of_a = {a.file, a.key_file};
	altair_openssl_files of_b = {b.file, b.key_file};
	uint8_t hash[32], now[32];

	CHECK(certificate_make(&a, "DNS:a.example", 1000));
	CHECK(certificate_make(&b, "DNS:b.example", 1000));
	begin();
	CHECK_EQ(altair_openssl_server_open(&tls, &of_a, &problem), 0);
	check_hash();
	altair_openssl_server_hash(&tls, hash);
	/* A session that has begun goes on with what it began with. */
	meet();
	CHECK_EQ(altair_openssl_server_renew(&tls, &of_b, &problem), 0);
	CHECK(shake());
	hash_of_peer(now);
	CHECK_MEM(now, hash, 32);
	echo();
	part();
	check_hash();
	altair_openssl_server_hash(&tls, now);
	CHECK(memcmp(now, hash, 32) != 0);
	/* What is wrong changes nothing. */
	of_b.key = a.key_file;
	CHECK_EQ(altair_openssl_server_renew(&tls, &of_b, &problem),
		 ALTAIR_E_INVALID);
	CHECK_STR(problem, "does not belong to the key");
	altair_openssl_server_hash(&tls, hash);
	CHECK_MEM(now, hash, 32);
	check_hash();
	end();
	certificate_free(&a);
	certificate_free(&b);
}

/* The certificate that a server of another library shows to our client. */
static void check_lent(SSL_CTX *lent)
{
	SSL *server = SSL_new(lent);
	uint8_t hash[32], own[32];
	BIO *a, *b;

	CHECK_EQ(BIO_new_bio_pair(&a, 0, &b, 0), 1);
	client = SSL_new(context);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int turn = 0; turn < 6; turn++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	CHECK(SSL_is_init_finished(client) && SSL_is_init_finished(server));
	hash_of_peer(hash);
	altair_openssl_server_hash(&tls, own);
	CHECK_MEM(hash, own, 32);
	SSL_free(client);
	SSL_free(server);
	client = NULL;
}

static void one_is_lent(void)
{
	SSL_CTX *lent = SSL_CTX_new(TLS_server_method());
	struct certificate a, b;
	altair_openssl_files of_a = {a.file, a.key_file};
	altair_openssl_files of_b = {b.file, b.key_file};

	CHECK(certificate_make(&a, "DNS:a.example", 1000));
	CHECK(certificate_make(&b, "DNS:b.example", 1000));
	begin();
	CHECK_EQ(altair_openssl_server_open(&tls, &of_a, &problem), 0);
	CHECK_EQ(altair_openssl_server_lend(&tls, lent), 0);
	CHECK_EQ(SSL_CTX_get_min_proto_version(lent), TLS1_2_VERSION);
	check_lent(lent);
	check_lent(lent);
	CHECK_EQ(altair_openssl_server_renew(&tls, &of_b, &problem), 0);
	check_lent(lent);
	SSL_CTX_free(lent);
	end();
	certificate_free(&a);
	certificate_free(&b);
}

static int offers(const uint8_t *bytes, int len, const char *protocol)
{
	return tls.offers(tls.user, (altair_bytes){bytes, (size_t)len},
			  protocol);
}

/* What a client offers is told from its first message, whole or not at all. */
static void offers_are_told(void)
{
	static const uint8_t alpn[] = "\x04sip7\x08http/1.1\x02h2";
	uint8_t hello[4096];
	int len;

	begin_made();
	client = SSL_new(context);
	SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_alpn_protos(client, alpn, sizeof alpn - 1);
	SSL_set_connect_state(client);
	SSL_do_handshake(client);
	len = BIO_read(SSL_get_wbio(client), hello, sizeof hello);
	CHECK_EQ(offers(hello, len, "http/1.1"), 1);
	CHECK_EQ(offers(hello, len, "sip7"), 1);
	CHECK_EQ(offers(hello, len, "h2"), 1);
	CHECK_EQ(offers(hello, len, "http/1"), 0);
	CHECK_EQ(offers(hello, len, "http/1.1h"), 0);
	for (int part = 0; part < len; part++)
		CHECK_EQ(offers(hello, part, "http/1.1"), ALTAIR_E_AGAIN);
	hello[5] = 2; /* a ServerHello */
	CHECK_EQ(offers(hello, len, "http/1.1"), 0);
	memset(hello, 0x16, sizeof hello);
	CHECK_EQ(offers(hello, len, "http/1.1"), 0);
	SSL_free(client);
	client = NULL;
	end();
}

static void files_that_are_none(void)
{
	struct certificate a;
	altair_openssl_files files = {"/nonexistent", a.key_file};

	CHECK(certificate_make(&a, "DNS:a.example", 1000));
	CHECK_EQ(altair_openssl_server_open(&tls, &files, &problem),
		 ALTAIR_E_INVALID);
	CHECK(strstr(problem, "no certificate"));
	files.cert = a.key_file;
	CHECK_EQ(altair_openssl_server_open(&tls, &files, &problem),
		 ALTAIR_E_INVALID);
	CHECK(strstr(problem, "no certificate"));
	files.cert = a.file;
	files.key = a.file;
	CHECK_EQ(altair_openssl_server_open(&tls, &files, &problem),
		 ALTAIR_E_INVALID);
	CHECK(strstr(problem, "private key"));
	certificate_free(&a);
}

/* --- our own client -------------------------------------------------------- */

/* Both tables against each other: who the server is, its hash alone says. */
static bool meets_pinned(const uint8_t hash[32])
{
	altair_tls pinned;
	altair_tls_session *ours;
	uint8_t bytes[8192];
	size_t len, moved = 1;
	int error = 0;
	bool is_open;

	CHECK_EQ(altair_openssl_tls_pin(&pinned, hash), 0);
	CHECK_EQ(pinned.open(pinned.user, &ours, "203.0.113.1"), 0);
	CHECK_EQ(tls.open(tls.user, &session, NULL), 0);
	while (moved > 0 && error == 0) {
		moved = len = pinned.output(ours, bytes, sizeof bytes);
		if (len > 0)
			tls.input(session, (altair_bytes){bytes, len});
		len = tls.output(session, bytes, sizeof bytes);
		if (len > 0)
			error = pinned.input(ours, (altair_bytes){bytes, len});
		moved += len;
	}
	is_open = pinned.is_open(ours);
	CHECK_EQ(error, is_open ? 0 : ALTAIR_E_TLS);
	pinned.close(ours);
	tls.close(session);
	altair_openssl_tls_close(&pinned);
	return is_open;
}

static void a_client_that_knows_the_hash(void)
{
	uint8_t hash[32];

	begin_made();
	altair_openssl_server_hash(&tls, hash);
	CHECK(meets_pinned(hash));
	for (size_t i = 0; i < sizeof hash; i += 31) {
		hash[i] ^= 1;
		CHECK(!meets_pinned(hash));
		hash[i] ^= 1;
	}
	CHECK(meets_pinned(hash));
	end();
}

static const struct check_test tests[] = {
	TEST(any_split),
	TEST(what_is_refused),
	TEST(nothing_is_renegotiated_compressed_or_kept),
	TEST(nonsense_and_the_end),
	TEST(one_is_made),
	TEST(one_is_given_and_renewed),
	TEST(one_is_lent),
	TEST(offers_are_told),
	TEST(files_that_are_none),
	TEST(a_client_that_knows_the_hash),
};
CHECK_MAIN(tests)
