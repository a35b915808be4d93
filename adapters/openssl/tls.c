/*
 * The TLS table filled by OpenSSL 3: a client of TLS 1.2 or later that demands a
 * certificate whose chain ends in a trusted one and which names the server (RFC
 * 6125 for names, RFC 8656 2.1 with RFC 7350 for TURN).
 *
 * Invariant: both ends of a session are memory. What has come is read out before
 * more is put in, so neither grows beyond what one call brings.
 */
#include <altair/openssl.h>

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
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

static bool set_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	altair_addr unused;

	if (altair_addr_parse_ip(&unused, name, 0) == 0)
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return *name && SSL_set1_host(ssl, name) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

static void session_close(altair_tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	free(session);
}

/* Moves the handshake on. */
static int shake(altair_tls_session *session)
{
	int result = SSL_do_handshake(session->ssl);

	if (result == 1 || is_waiting(session->ssl, result))
		return 0;
	return failed();
}

static int session_open(void *user, altair_tls_session **out, const char *name)
{
	altair_tls_session *session = calloc(1, sizeof *session);
	int error = ALTAIR_E_MEMORY;

	if (!session)
		return error;
	session->ssl = SSL_new(user);
	session->in = BIO_new(BIO_s_mem());
	session->out = BIO_new(BIO_s_mem());
	if (!session->ssl || !session->in || !session->out) {
		BIO_free(session->in);
		BIO_free(session->out);
		session_close(session);
		ERR_clear_error();
		return error;
	}
	SSL_set_bio(session->ssl, session->in, session->out);
	SSL_set_connect_state(session->ssl);
	error = set_name(session->ssl, name) ? shake(session)
					     : ALTAIR_E_INVALID;
	if (error) {
		session_close(session);
		ERR_clear_error();
		return error;
	}
	*out = session;
	return 0;
}

static int session_input(altair_tls_session *session, altair_bytes bytes)
{
	if (bytes.len > INT_MAX || BIO_write(session->in, bytes.data,
					     (int)bytes.len) != (int)bytes.len)
		return failed();
	return SSL_is_init_finished(session->ssl) ? 0 : shake(session);
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

static bool load(SSL_CTX *context, const char *ca_file)
{
	if (!ca_file)
		return SSL_CTX_set_default_verify_paths(context) == 1;
	return SSL_CTX_load_verify_file(context, ca_file) == 1;
}

int altair_openssl_tls_open(altair_tls *out, const char *ca_file)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context ||
	    !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	if (!load(context, ca_file)) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return ALTAIR_E_INVALID;
	}
	*out = (altair_tls){
		.size = sizeof *out,
		.user = context,
		.open = session_open,
		.close = session_close,
		.input = session_input,
		.output = session_output,
		.is_open = session_is_open,
		.read = session_read,
		.write = session_write,
	};
	return 0;
}

void altair_openssl_tls_close(altair_tls *tls)
{
	SSL_CTX_free(tls->user);
	*tls = (altair_tls){.size = sizeof *tls};
}
