/*
 * A TLS session of OpenSSL 3 without I/O, for either side.
 *
 * Invariant: both ends of a session are memory. What has come is read out before
 * more is put in, so neither grows beyond what one call brings.
 */
#include "session.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>

struct altair_tls_session {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
};

/* Nothing of the error stays behind for other users of the library. */
static int failed(void)
{
	ERR_clear_error();
	return ALTAIR_E_TLS;
}

static bool is_waiting(const SSL *ssl, int result)
{
	return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

void air_session_close(altair_tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	free(session);
}

int air_session_make(altair_tls_session **out, SSL *ssl)
{
	altair_tls_session *session = calloc(1, sizeof *session);
	BIO *in = BIO_new(BIO_s_mem()), *to = BIO_new(BIO_s_mem());

	if (!session || !ssl || !in || !to) {
		BIO_free(in);
		BIO_free(to);
		SSL_free(ssl);
		free(session);
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	*session = (altair_tls_session){ssl, in, to};
	SSL_set_bio(ssl, in, to);
	/* Many sessions are idle most of the time. */
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	*out = session;
	return 0;
}

SSL *air_session_ssl(const altair_tls_session *session)
{
	return session->ssl;
}

int air_session_shake(altair_tls_session *session)
{
	int result = SSL_do_handshake(session->ssl);

	if (result == 1 || is_waiting(session->ssl, result))
		return 0;
	return failed();
}

static int session_input(altair_tls_session *session, altair_bytes bytes)
{
	if (bytes.len > INT_MAX || BIO_write(session->in, bytes.data,
					     (int)bytes.len) != (int)bytes.len)
		return failed();
	return SSL_is_init_finished(session->ssl) ? 0
						  : air_session_shake(session);
}

static size_t session_output(altair_tls_session *session, uint8_t *out,
			     size_t cap)
{
	int len =
		BIO_read(session->out, out, cap < INT_MAX ? (int)cap : INT_MAX);

	return len > 0 ? (size_t)len : 0;
}

static bool session_is_open(const altair_tls_session *session)
{
	return SSL_is_init_finished(session->ssl);
}

static int session_read(altair_tls_session *session, uint8_t *out, size_t cap)
{
	int len;

	if (!SSL_is_init_finished(session->ssl))
		return 0;
	len = SSL_read(session->ssl, out, cap < INT_MAX ? (int)cap : INT_MAX);
	if (len > 0)
		return len;
	return is_waiting(session->ssl, len) ? 0 : failed();
}

static int session_write(altair_tls_session *session, altair_bytes bytes)
{
	if (!SSL_is_init_finished(session->ssl))
		return ALTAIR_E_STATE;
	if (bytes.len == 0)
		return 0;
	if (bytes.len > INT_MAX || SSL_write(session->ssl, bytes.data,
					     (int)bytes.len) != (int)bytes.len)
		return failed();
	return 0;
}

void air_session_fill(altair_tls *out)
{
	out->size = sizeof *out;
	out->close = air_session_close;
	out->input = session_input;
	out->output = session_output;
	out->is_open = session_is_open;
	out->read = session_read;
	out->write = session_write;
}
