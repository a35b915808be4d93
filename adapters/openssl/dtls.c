/*
 * The DTLS of one identity: its certificate, what is spoken and what is not (RFC
 * 7525, RFC 9325), and who the other side must be. Sessions are in dtls_session.c.
 *
 * The other side is compared by the one function air_dtls_is_peer, in both roles, when
 * its certificate arrives, and again before the session opens. The chain is not
 * looked at: no names, no dates, no signature of the certificate. TLS itself makes sure that
 * whoever shows a certificate has its key (CertificateVerify, ServerKeyExchange).
 */
#include "dtls.h"
#include "identity.h"
#include "key.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* AEAD alone, with the whole tag: no CCM_8. The certificates are ECDSA. */
#define CIPHERS                                                                \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"         \
	"ECDHE-ECDSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256"
#define SIGNATURES "ECDSA+SHA256"
/* No certificate of ours comes near it. */
#define CERTIFICATES_MAX 1024

bool air_dtls_is_peer(altair_dtls_session *session, const X509 *cert)
{
	uint8_t hash[32];
	bool is_peer =
		cert && air_key_of(cert, hash) &&
		CRYPTO_memcmp(hash, session->role.peer, sizeof hash) == 0;

	if (!is_peer)
		session->is_stranger = true;
	return is_peer;
}

static altair_dtls_session *session_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* In place of the verification of a chain. */
static int verify(X509_STORE_CTX *store, void *user)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());

	(void)user;
	if (air_dtls_is_peer(session_of(ssl), X509_STORE_CTX_get0_cert(store)))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* A session has one peer's path: its cookie need not tell addresses apart. */
static int make_cookie(SSL *ssl, unsigned char *out, unsigned *len)
{
	altair_dtls_session *session = session_of(ssl);

	memcpy(out, session->cookie, sizeof session->cookie);
	*len = sizeof session->cookie;
	return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	altair_dtls_session *session = session_of(ssl);

	return len == sizeof session->cookie &&
	       CRYPTO_memcmp(cookie, session->cookie, len) == 0;
}

static bool set_up(SSL_CTX *context)
{
	SSL_CTX_set_options(context,
			    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				    SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(context,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_set_cert_verify_callback(context, verify, NULL);
	SSL_CTX_set_cookie_generate_cb(context, make_cookie);
	SSL_CTX_set_cookie_verify_cb(context, check_cookie);
	SSL_CTX_set_max_cert_list(context, CERTIFICATES_MAX);
	return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_send_fragment(context,
					     ALTAIR_DTLS_DATAGRAM_MAX) == 1 &&
	       SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
	       SSL_CTX_set1_groups_list(context, GROUPS) == 1 &&
	       SSL_CTX_set1_sigalgs_list(context, SIGNATURES) == 1;
}

int altair_openssl_dtls_open(altair_dtls *out, const altair_openssl_key *key)
{
	struct air_dtls *shared = calloc(1, sizeof *shared);

	*out = (altair_dtls){.size = sizeof *out, .user = shared};
	if (shared)
		shared->context = SSL_CTX_new(DTLS_method());
	if (shared)
		shared->method = air_dgram_method();
	if (!shared || !shared->context || !shared->method ||
	    !set_up(shared->context) ||
	    !air_identity_use(shared->context, air_key_private(key))) {
		altair_openssl_dtls_close(out);
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	air_dtls_fill(out);
	return 0;
}

void altair_openssl_dtls_close(altair_dtls *dtls)
{
	struct air_dtls *shared = dtls->user;

	if (shared) {
		SSL_CTX_free(shared->context);
		BIO_meth_free(shared->method);
		free(shared);
	}
	*dtls = (altair_dtls){.size = sizeof *dtls};
}
