/*
 * The first message of a TLS client, looked at before anybody answers it: which
 * protocols it offers (RFC 7301 3.1). OpenSSL takes it apart and stops there.
 */
#include "hello.h"

#include <altair/error.h>

#include <openssl/err.h>
#include <string.h>

struct question {
	altair_bytes protocol;
	bool is_offered;
};

/* A list of names in a list of two bytes' length, each behind its length. */
static bool has_name(altair_bytes list, altair_bytes name)
{
	size_t at = 2;

	while (at < list.len) {
		size_t len = list.data[at++];

		if (len > list.len - at)
			return false;
		if (len == name.len &&
		    memcmp(list.data + at, name.data, len) == 0)
			return true;
		at += len;
	}
	return false;
}

/* Stops the handshake, in either case: nobody shall answer. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
	struct question *question = SSL_get_app_data(ssl);
	const unsigned char *list;
	size_t len;

	(void)alert;
	(void)arg;
	if (SSL_client_hello_get0_ext(
		    ssl, TLSEXT_TYPE_application_layer_protocol_negotiation,
		    &list, &len))
		question->is_offered =
			has_name((altair_bytes){list, len}, question->protocol);
	return SSL_CLIENT_HELLO_RETRY;
}

SSL_CTX *air_hello_open(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context)
		SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
	return context;
}

static int ask(SSL *ssl, altair_bytes first, struct question *question)
{
	BIO *in = BIO_new_mem_buf(first.data, (int)first.len);
	BIO *out = BIO_new(BIO_s_null());
	int error;

	if (!in || !out) {
		BIO_free(in);
		BIO_free(out);
		return 0;
	}
	/* The end of what we have is not the end of the stream. */
	BIO_set_mem_eof_return(in, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_app_data(ssl, question);
	SSL_set_accept_state(ssl);
	error = SSL_get_error(ssl, SSL_do_handshake(ssl));
	if (error == SSL_ERROR_WANT_CLIENT_HELLO_CB)
		return question->is_offered;
	return error == SSL_ERROR_WANT_READ ? ALTAIR_E_AGAIN : 0;
}

int air_hello_offers(SSL_CTX *context, altair_bytes first, const char *protocol)
{
	struct question question = {
		.protocol = {(const uint8_t *)protocol, strlen(protocol)}};
	SSL *ssl = first.len > 0 ? SSL_new(context) : NULL;
	int offers = first.len > 0 ? 0 : ALTAIR_E_AGAIN;

	if (ssl)
		offers = ask(ssl, first, &question);
	SSL_free(ssl);
	ERR_clear_error();
	return offers;
}
