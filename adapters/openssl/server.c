/*
 * The TLS table of a server. TLS 1.3, and 1.2 with ephemeral keys and
 * authenticated encryption (RFC 9325 4.2); no renegotiation, no compression, no
 * tickets and no early data: a session is not worth remembering here.
 *
 * The certificate may be renewed while sessions are opened in other threads: they
 * take the context under a lock, and keep the one that they began with.
 */
#include "hello.h"
#include "identity.h"
#include "session.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256"

struct server {
	SSL_CTX *hello;	      /* for questions alone */
	pthread_mutex_t lock; /* of what follows */
	SSL_CTX *context;
	uint8_t hash[32];
};

static bool harden(SSL_CTX *context)
{
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* An idle session has no buffers. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_num_tickets(context, 0) == 1 &&
	       SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
	       SSL_CTX_set1_groups_list(context, GROUPS) == 1;
}

/* NULL when there is no memory. */
static SSL_CTX *make_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context && harden(context))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* A context with a certificate. 0, ALTAIR_E_MEMORY, or ALTAIR_E_INVALID. */
static int prepare(SSL_CTX **out, uint8_t hash[32],
		   const altair_openssl_files *files, const char **problem)
{
	SSL_CTX *context = make_context();

	*problem = "needs more memory";
	if (!context) {
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	*problem = files ? air_identity_load(context, files->cert, files->key)
			 : air_identity_make(context);
	if (*problem || !air_identity_hash(context, hash)) {
		SSL_CTX_free(context);
		return ALTAIR_E_INVALID;
	}
	*out = context;
	return 0;
}

static int session_open(void *user, altair_tls_session **out, const char *name)
{
	struct server *server = user;
	altair_tls_session *session;
	SSL *ssl;
	int error;

	(void)name;
	pthread_mutex_lock(&server->lock);
	ssl = SSL_new(server->context);
	pthread_mutex_unlock(&server->lock);
	error = air_session_make(&session, ssl);
	if (error)
		return error;
	SSL_set_accept_state(ssl);
	*out = session;
	return 0;
}

static int offers(void *user, altair_bytes first, const char *protocol)
{
	struct server *server = user;

	return air_hello_offers(server->hello, first, protocol);
}

int altair_openssl_server_open(altair_tls *out,
			       const altair_openssl_files *files,
			       const char **problem)
{
	struct server *server = calloc(1, sizeof *server);
	int error;

	*problem = "needs more memory";
	if (!server)
		return ALTAIR_E_MEMORY;
	server->hello = air_hello_open();
	error = server->hello ? prepare(&server->context, server->hash, files,
					problem)
			      : ALTAIR_E_MEMORY;
	if (error) {
		SSL_CTX_free(server->hello);
		free(server);
		return error;
	}
	pthread_mutex_init(&server->lock, NULL);
	*out = (altair_tls){
		.user = server, .open = session_open, .offers = offers};
	air_session_fill(out);
	return 0;
}

int altair_openssl_server_renew(const altair_tls *tls,
				const altair_openssl_files *files,
				const char **problem)
{
	struct server *server = tls->user;
	uint8_t hash[sizeof server->hash];
	SSL_CTX *context, *before;
	int error = prepare(&context, hash, files, problem);

	if (error)
		return error;
	pthread_mutex_lock(&server->lock);
	before = server->context;
	server->context = context;
	memcpy(server->hash, hash, sizeof hash);
	pthread_mutex_unlock(&server->lock);
	/* Its sessions still hold it. */
	SSL_CTX_free(before);
	return 0;
}

/* The certificate of now, for a handshake of another's context. */
static int lend(SSL *ssl, void *arg)
{
	struct server *server = arg;
	STACK_OF(X509) *chain = NULL;
	int is_lent;

	pthread_mutex_lock(&server->lock);
	SSL_CTX_get0_chain_certs(server->context, &chain);
	is_lent = SSL_use_cert_and_key(
		ssl, SSL_CTX_get0_certificate(server->context),
		SSL_CTX_get0_privatekey(server->context), chain, 1);
	pthread_mutex_unlock(&server->lock);
	return is_lent;
}

int altair_openssl_server_lend(const altair_tls *tls, void *ssl_ctx)
{
	SSL_CTX *context = ssl_ctx;

	if (!harden(context)) {
		ERR_clear_error();
		return ALTAIR_E_MEMORY;
	}
	SSL_CTX_set_cert_cb(context, lend, tls->user);
	return 0;
}

void altair_openssl_server_hash(const altair_tls *tls, uint8_t out[32])
{
	struct server *server = tls->user;

	pthread_mutex_lock(&server->lock);
	memcpy(out, server->hash, sizeof server->hash);
	pthread_mutex_unlock(&server->lock);
}

void altair_openssl_server_close(altair_tls *tls)
{
	struct server *server = tls->user;

	if (server) {
		SSL_CTX_free(server->context);
		SSL_CTX_free(server->hello);
		pthread_mutex_destroy(&server->lock);
		free(server);
	}
	*tls = (altair_tls){.size = sizeof *tls};
}
