/*
 * The TLS table of OpenSSL against a server of OpenSSL in memory: who is let in,
 * who is not, and that bytes may come in any split. The certificates are made
 * here.
 */
#define _GNU_SOURCE
#include "certificate.h"
#include "check.h"

#include <altair/openssl.h>

#include <openssl/ssl.h>

/* A server with a certificate of its own making. */
struct server {
	struct certificate certificate;
	SSL_CTX *context;
	SSL *ssl;
};

static struct server server;
static altair_tls tls;
static altair_tls_session *client;

/* ---- the server ---- */

static void start(struct server *s, const char *names, long seconds)
{
	CHECK(certificate_make(&s->certificate, names, seconds));
	s->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(s->context, s->certificate.x509);
	SSL_CTX_use_PrivateKey(s->context, s->certificate.key);
	s->ssl = SSL_new(s->context);
	SSL_set_bio(s->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(s->ssl);
}

static void stop(struct server *s)
{
	SSL_free(s->ssl);
	SSL_CTX_free(s->context);
	certificate_free(&s->certificate);
}

/* ---- the stream between them ---- */

static size_t step; /* bytes that travel at once */

/* One way; true if anything went. */
static bool carry_out(void)
{
	uint8_t bytes[4096];
	size_t len = tls.output(client, bytes, step);

	if (len > 0)
		BIO_write(SSL_get_rbio(server.ssl), bytes, (int)len);
	return len > 0;
}

static bool carry_in(int *result)
{
	uint8_t bytes[4096];
	int len = BIO_read(SSL_get_wbio(server.ssl), bytes, (int)step);

	if (len > 0)
		*result = tls.input(client, (altair_bytes){bytes, (size_t)len});
	return len > 0;
}

/* Both ways until nothing moves; returns what the client said last. */
static int shake(void)
{
	bool moves = true;
	int result = 0;

	while (moves && result == 0) {
		moves = carry_out();
		SSL_do_handshake(server.ssl);
		if (carry_in(&result))
			moves = true;
	}
	return result;
}

static int meet(const char *names, long seconds, const char *name,
		const char *ca_file)
{
	int result;

	start(&server, names, seconds);
	CHECK_EQ(altair_openssl_tls_open(
			 &tls, ca_file ? ca_file : server.certificate.file),
		 0);
	CHECK_EQ(tls.open(tls.user, &client, name), 0);
	CHECK(!tls.is_open(client));
	CHECK_EQ(tls.write(client, (altair_bytes){(const uint8_t *)"x", 1}),
		 ALTAIR_E_STATE);
	result = shake();
	CHECK_EQ(tls.is_open(client), result == 0);
	return result;
}

static void part(void)
{
	tls.close(client);
	altair_openssl_tls_close(&tls);
	stop(&server);
}

/* ---- tests ---- */

static void check_data(void)
{
	uint8_t bytes[64];
	int result = 0, len = 0;

	CHECK_EQ(tls.read(client, bytes, sizeof bytes), 0);
	CHECK_EQ(tls.write(client, (altair_bytes){(const uint8_t *)"ping", 4}),
		 0);
	while (carry_out())
		;
	CHECK_EQ(SSL_read(server.ssl, bytes, sizeof bytes), 4);
	CHECK_MEM(bytes, "ping", 4);
	CHECK_EQ(SSL_write(server.ssl, "pong", 4), 4);
	while (carry_in(&result) && result == 0 && len == 0)
		len = tls.read(client, bytes, sizeof bytes);
	CHECK_EQ(len, 4);
	CHECK_MEM(bytes, "pong", 4);
}

static void a_name_and_its_certificate(void)
{
	step = 4096;
	CHECK_EQ(meet("DNS:turn.example.org", 7200, "turn.example.org", NULL),
		 0);
	check_data();
	part();
}

static void an_address_and_its_certificate(void)
{
	step = 4096;
	CHECK_EQ(meet("IP:127.0.0.1,IP:::1", 7200, "127.0.0.1", NULL), 0);
	check_data();
	part();
	CHECK_EQ(meet("IP:127.0.0.1,IP:::1", 7200, "::1", NULL), 0);
	part();
}

static void a_byte_at_a_time(void)
{
	step = 1;
	CHECK_EQ(meet("DNS:turn.example.org", 7200, "turn.example.org", NULL),
		 0);
	check_data();
	part();
}

static void another_name_is_refused(void)
{
	step = 4096;
	CHECK_EQ(meet("DNS:other.example.org", 7200, "turn.example.org", NULL),
		 ALTAIR_E_TLS);
	part();
	/* The common name is no name, nor is a part of one. */
	CHECK_EQ(meet("DNS:turn.example.org", 7200, "test", NULL),
		 ALTAIR_E_TLS);
	part();
	CHECK_EQ(meet("DNS:t*.example.org", 7200, "turn.example.org", NULL),
		 ALTAIR_E_TLS);
	part();
	CHECK_EQ(meet("DNS:127.0.0.1", 7200, "127.0.0.1", NULL), ALTAIR_E_TLS);
	part();
	CHECK_EQ(meet("IP:127.0.0.2", 7200, "127.0.0.1", NULL), ALTAIR_E_TLS);
	part();
}

static void an_unknown_issuer_is_refused(void)
{
	struct server stranger = {0};

	step = 4096;
	start(&stranger, "DNS:turn.example.org", 7200);
	CHECK_EQ(meet("DNS:turn.example.org", 7200, "turn.example.org",
		      stranger.certificate.file),
		 ALTAIR_E_TLS);
	/* It said so to the server. */
	CHECK(carry_out());
	CHECK(SSL_do_handshake(server.ssl) < 1);
	part();
	stop(&stranger);
}

static void an_expired_certificate_is_refused(void)
{
	step = 4096;
	CHECK_EQ(meet("DNS:turn.example.org", -3600, "turn.example.org", NULL),
		 ALTAIR_E_TLS);
	part();
}

static void what_is_no_tls(void)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	CHECK_EQ(altair_openssl_tls_open(&tls, NULL), 0);
	CHECK_EQ(tls.open(tls.user, &client, "turn.example.org"), 0);
	CHECK_EQ(tls.input(client, (altair_bytes){(const uint8_t *)text,
						  sizeof text - 1}),
		 ALTAIR_E_TLS);
	tls.close(client);
	CHECK_EQ(tls.open(tls.user, &client, ""), ALTAIR_E_INVALID);
	altair_openssl_tls_close(&tls);
}

static void the_end_of_a_session(void)
{
	uint8_t bytes[64];
	int result = 0;

	step = 4096;
	CHECK_EQ(meet("DNS:turn.example.org", 7200, "turn.example.org", NULL),
		 0);
	SSL_shutdown(server.ssl);
	while (carry_in(&result))
		;
	CHECK_EQ(result, 0);
	CHECK_EQ(tls.read(client, bytes, sizeof bytes), ALTAIR_E_TLS);
	part();
}

static void forged_bytes_end_it(void)
{
	uint8_t bytes[64];
	int result = 0;

	step = 4096;
	CHECK_EQ(meet("DNS:turn.example.org", 7200, "turn.example.org", NULL),
		 0);
	while (carry_in(&result))
		;
	memset(bytes, 0x17, sizeof bytes);
	result = tls.input(client, (altair_bytes){bytes, sizeof bytes});
	CHECK(result == ALTAIR_E_TLS ||
	      tls.read(client, bytes, sizeof bytes) == ALTAIR_E_TLS);
	part();
}

static void a_file_without_certificates(void)
{
	CHECK_EQ(altair_openssl_tls_open(&tls, "/dev/null"), ALTAIR_E_INVALID);
	CHECK_EQ(altair_openssl_tls_open(&tls, "/no/such/file"),
		 ALTAIR_E_INVALID);
}

static const struct check_test tests[] = {
	TEST(a_name_and_its_certificate),
	TEST(an_address_and_its_certificate),
	TEST(a_byte_at_a_time),
	TEST(another_name_is_refused),
	TEST(an_unknown_issuer_is_refused),
	TEST(an_expired_certificate_is_refused),
	TEST(what_is_no_tls),
	TEST(the_end_of_a_session),
	TEST(forged_bytes_end_it),
	TEST(a_file_without_certificates),
};

CHECK_MAIN(tests)
