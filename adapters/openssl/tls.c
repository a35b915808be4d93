/*
 * The TLS table filled by OpenSSL 3: a client of TLS 1.2 or later that demands a
 * certificate whose chain ends in a trusted one and which names the server (RFC
 * 6125 for names, RFC 8656 2.1 with RFC 7350 for TURN), or which is known by its
 * hash.
 */
#include "session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define HASH_LEN 32

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

static int session_open(void *user, altair_tls_session **out, const char *name)
{
	altair_tls_session *session;
	int error = air_session_make(&session, SSL_new(user));

	if (error)
		return error;
	SSL_set_connect_state(air_session_ssl(session));
	error = set_name(air_session_ssl(session), name)
			? air_session_shake(session)
			: ALTAIR_E_INVALID;
	if (error) {
		air_session_close(session);
		ERR_clear_error();
		return error;
	}
	*out = session;
	return 0;
}

static bool load(SSL_CTX *context, const char *ca_file)
{
	if (!ca_file)
		return SSL_CTX_set_default_verify_paths(context) == 1;
	return SSL_CTX_load_verify_file(context, ca_file) == 1;
}

/* NULL when there is no memory. */
static SSL_CTX *make_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context ||
	    !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return NULL;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	return context;
}

static void fill(altair_tls *out, SSL_CTX *context)
{
	air_session_fill(out);
	out->user = context;
	out->open = session_open;
}

int altair_openssl_tls_open(altair_tls *out, const char *ca_file)
{
	SSL_CTX *context = make_context();

	if (!context)
		return ALTAIR_E_MEMORY;
	if (!load(context, ca_file)) {
		SSL_CTX_free(context);
		ERR_clear_error();
		return ALTAIR_E_INVALID;
	}
	fill(out, context);
	return 0;
}

/* Instead of the chain and the name: is it this one? */
static int is_pinned(X509_STORE_CTX *store, void *hash)
{
	const X509 *cert = X509_STORE_CTX_get0_cert(store);
	uint8_t seen[HASH_LEN];

	if (cert && X509_digest(cert, EVP_sha256(), seen, NULL) == 1 &&
	    CRYPTO_memcmp(seen, hash, sizeof seen) == 0)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
	return 0;
}

int altair_openssl_tls_pin(altair_tls *out, const uint8_t sha256[32])
{
	SSL_CTX *context = make_context();
	uint8_t *hash = OPENSSL_memdup(sha256, HASH_LEN);

	if (!context || !hash) {
		SSL_CTX_free(context);
		OPENSSL_free(hash);
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	SSL_CTX_set_app_data(context, hash);
	SSL_CTX_set_cert_verify_callback(context, is_pinned, hash);
	fill(out, context);
	return 0;
}

void altair_openssl_tls_close(altair_tls *tls)
{
	if (tls->user)
		OPENSSL_free(SSL_CTX_get_app_data((SSL_CTX *)tls->user));
	SSL_CTX_free(tls->user);
	*tls = (altair_tls){.size = sizeof *tls};
}
