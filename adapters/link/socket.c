/*
 * A WebSocket client by libwebsockets, with a context of its own on the caller's
 * loop. Addresses are numbers here: the library would wait for a name.
 *
 * Who the server is, is decided inside the TLS handshake: by the system's or the
 * given authorities and its name, or by the hash of its certificate alone.
 *
 * Invariants: a callback of the library never closes the connection it is about,
 * it says so by its result; the context ends outside of callbacks (bury).
 */
#define _GNU_SOURCE
#include "socket.h"

#include <dlfcn.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_SECONDS 8
/* A quiet connection is asked whether it lives, which also keeps NATs awake. */
#define QUIET_SECONDS 25
#define DEAD_SECONDS 40
/* Turns of the loop that the library's two halves of its end are apart. */
#define BURIAL_TURNS 16
#define DESCRIPTORS 16
/* What of the library knows libuv, where that is not in the library itself. */
#define PLUGIN "libwebsockets-evlib_uv.so"

struct message {
	struct message *next;
	size_t len;
	uint8_t room[]; /* LWS_PRE, then the text */
};

struct air_socket {
	struct air_socket_config config;
	uv_loop_t *loop;
	struct lws_context *context;
	struct lws_protocols protocols[2];
	SSL_CTX *tls;		  /* NULL: plain */
	struct lws *wsi;	  /* NULL: not connected, nor connecting */
	bool is_open, is_refused; /* by us: the certificate is not the one */
	struct message *first, **last;
	size_t waiting;
	uint8_t in[AIR_SOCKET_MESSAGE_MAX];
	size_t in_len;
	uv_idle_t burial;
	int turns;
	void (*closed)(void *user);
};

static const lws_retry_bo_t liveness = {
	.secs_since_valid_ping = QUIET_SECONDS,
	.secs_since_valid_hangup = DEAD_SECONDS,
};

/* ---- sending ---- */

static void forget_messages(struct air_socket *s)
{
	while (s->first) {
		struct message *message = s->first;

		s->first = message->next;
		free(message);
	}
	s->last = &s->first;
	s->waiting = 0;
}

int air_socket_send(struct air_socket *socket, altair_bytes text)
{
	struct message *message;

	if (!socket->is_open)
		return ALTAIR_E_STATE;
	if (socket->waiting + text.len > AIR_SOCKET_WAITING_MAX)
		return ALTAIR_E_AGAIN;
	message = malloc(sizeof *message + LWS_PRE + text.len);
	if (!message)
		return ALTAIR_E_MEMORY;
	message->next = NULL;
	message->len = text.len;
	memcpy(message->room + LWS_PRE, text.data, text.len);
	*socket->last = message;
	socket->last = &message->next;
	socket->waiting += text.len;
	lws_callback_on_writable(socket->wsi);
	return 0;
}

bool air_socket_is_idle(const struct air_socket *socket)
{
	return !socket->first;
}

static int write_one(struct air_socket *s)
{
	struct message *message = s->first;
	int sent;

	if (!message)
		return 0;
	sent = lws_write(s->wsi, message->room + LWS_PRE, message->len,
			 LWS_WRITE_TEXT);
	s->first = message->next;
	if (!s->first)
		s->last = &s->first;
	s->waiting -= message->len;
	free(message);
	if (sent < 0)
		return -1;
	if (s->first)
		lws_callback_on_writable(s->wsi);
	return 0;
}

/* ---- receiving ---- */

static int take(struct air_socket *s, const void *in, size_t len)
{
	struct lws *wsi = s->wsi;
	altair_bytes text;

	if (lws_frame_is_binary(wsi) || len > sizeof s->in - s->in_len)
		return -1;
	if (len > 0)
		memcpy(s->in + s->in_len, in, len);
	s->in_len += len;
	if (lws_remaining_packet_payload(wsi) > 0 ||
	    !lws_is_final_fragment(wsi))
		return 0;
	text = (altair_bytes){s->in, s->in_len};
	s->in_len = 0;
	s->config.handlers.received(s->config.user, text);
	return s->wsi == wsi ? 0 : -1;
}

/* ---- TLS ---- */

static int keep_verdict(int ok, X509_STORE_CTX *store)
{
	(void)store;
	return ok;
}

static bool is_pinned_one(const struct air_socket *s, const X509 *cert)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return cert && X509_digest(cert, EVP_sha256(), hash, &len) &&
	       len == sizeof s->config.url.sha256 &&
	       memcmp(hash, s->config.url.sha256, len) == 0;
}

/* In the place of OpenSSL's judgement and of the library's, which asks for its
 * connection by a number that the next context of the process changes. */
static int judge(X509_STORE_CTX *store, void *user)
{
	struct air_socket *s = user;
	bool is_good;

	if (s->config.url.is_pinned) {
		is_good = is_pinned_one(s, X509_STORE_CTX_get0_cert(store));
		X509_STORE_CTX_set_error(
			store, is_good ? X509_V_OK
				       : X509_V_ERR_APPLICATION_VERIFICATION);
	} else {
		X509_STORE_CTX_set_verify_cb(store, keep_verdict);
		is_good = X509_verify_cert(store) == 1;
	}
	s->is_refused |= !is_good;
	return is_good;
}

/* Ours, for the library loses its own when there are several contexts. */
static bool make_tls(struct air_socket *s)
{
	const char *ca = s->config.ca;

	s->tls = SSL_CTX_new(TLS_client_method());
	if (!s->tls || !SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION))
		return false;
	SSL_CTX_set_mode(s->tls, SSL_MODE_RELEASE_BUFFERS |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_cert_verify_callback(s->tls, judge, s);
	if (s->config.url.is_pinned)
		return true;
	return ca ? SSL_CTX_load_verify_file(s->tls, ca) == 1
		  : SSL_CTX_set_default_verify_paths(s->tls) == 1;
}

/* ---- the connection ---- */

/* The connection that `wsi` was is no more. */
static void lose(struct air_socket *s, const struct lws *wsi, int reason)
{
	if (s->wsi != wsi)
		return;
	s->wsi = NULL;
	s->is_open = false;
	forget_messages(s);
	s->config.handlers.lost(s->config.user, reason);
}

static void free_poll(uv_handle_t *handle)
{
	free(handle);
}

/* libwebsockets 4.1.6 forgets the handle of a connection that was never made, on
 * the loop of the user. */
static void close_forgotten(uv_handle_t *handle, void *wsi)
{
	if (handle->type == UV_POLL && handle->data == wsi &&
	    !uv_is_closing(handle))
		uv_close(handle, free_poll);
}

static int opened(struct air_socket *s, const struct lws *wsi)
{
	s->is_open = true;
	s->in_len = 0;
	s->config.handlers.opened(s->config.user);
	return s->wsi == wsi ? 0 : -1;
}

static int failed(struct air_socket *s, const struct lws *wsi, const char *why)
{
	int reason = ALTAIR_E_NETWORK;

	if (s->is_refused || (why && strstr(why, "SSL")))
		reason = ALTAIR_E_TLS;
	else if (why && strncmp(why, "HS:", 3) == 0)
		reason = ALTAIR_E_SERVER;
	lose(s, wsi, reason);
	return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	struct air_socket *s = lws_context_user(lws_get_context(wsi));

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_WSI_DESTROY:
		uv_walk(s->loop, close_forgotten, wsi);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		return failed(s, wsi, in);
	case LWS_CALLBACK_CLIENT_CLOSED:
		lose(s, wsi, ALTAIR_E_NETWORK);
		return 0;
	default:
		break;
	}
	if (s->wsi != wsi) /* it was dropped */
		return reason == LWS_CALLBACK_CLIENT_RECEIVE ||
				       reason == LWS_CALLBACK_CLIENT_WRITEABLE
			       ? -1
			       : 0;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		return opened(s, wsi);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return take(s, in, len);
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return write_one(s);
	default:
		return 0;
	}
}

void air_socket_drop(struct air_socket *socket)
{
	struct lws *wsi = socket->wsi;

	socket->wsi = NULL;
	socket->is_open = false;
	forget_messages(socket);
	if (wsi)
		lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_ACK,
				LWS_TO_KILL_ASYNC);
}

/* What the request calls the server: RFC 9110 7.2. */
static void name_host(char *out, size_t cap, const struct air_url *url)
{
	bool is_v6 = strchr(url->host, ':');

	if (url->port == (url->is_tls ? 443 : 80))
		snprintf(out, cap, "%s%s%s", is_v6 ? "[" : "", url->host,
			 is_v6 ? "]" : "");
	else
		snprintf(out, cap, "%s%s%s:%u", is_v6 ? "[" : "", url->host,
			 is_v6 ? "]" : "", url->port);
}

int air_socket_connect(struct air_socket *socket, const altair_addr *to)
{
	const struct air_url *url = &socket->config.url;
	char ip[ALTAIR_ADDR_TEXT], host[AIR_URL_HOST + 10];
	struct lws_client_connect_info info = {
		.context = socket->context,
		.address = ip,
		.port = to->port,
		.path = socket->config.path,
		.host = host,
		.protocol = socket->config.protocol,
		.local_protocol_name = socket->config.protocol,
		.alpn = "http/1.1",
		.retry_and_idle_policy = &liveness,
	};

	air_socket_drop(socket);
	socket->is_refused = false;
	altair_addr_format_ip(to, ip, sizeof ip);
	name_host(host, sizeof host, url);
	if (url->is_tls)
		info.ssl_connection = LCCSCF_USE_SSL;
	if (url->is_pinned)
		info.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
	socket->wsi = lws_client_connect_via_info(&info);
	return socket->wsi ? 0 : ALTAIR_E_NETWORK;
}

/* ---- its life ---- */

/* The library unloads its plugin with its last context, also with one that it could
 * not make, and then the loop still has to call the plugin: it stays. */
static void keep_plugin(void)
{
	void *plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_NODELETE);

	if (plugin)
		dlclose(plugin);
}

static struct lws_context *make_context(struct air_socket *s)
{
	void *loops[] = {s->loop};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = s->protocols,
		.options = LWS_SERVER_OPTION_LIBUV,
		.foreign_loops = loops,
		.user = s,
		.provided_client_ssl_ctx = s->tls,
		.timeout_secs = CONNECT_SECONDS,
		.connect_timeout_secs = CONNECT_SECONDS,
		.fd_limit_per_thread = DESCRIPTORS,
	};

	s->protocols[0] = (struct lws_protocols){
		.name = s->config.protocol,
		.callback = on_event,
	};
	if (s->config.url.is_tls)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	lws_set_log_level(0, NULL);
	keep_plugin();
	return lws_create_context(&info);
}

int air_socket_open(struct air_socket **out, uv_loop_t *loop,
		    const struct air_socket_config *config)
{
	struct air_socket *s = calloc(1, sizeof *s);
	int error = 0;

	if (!s)
		return ALTAIR_E_MEMORY;
	s->config = *config;
	s->loop = loop;
	s->last = &s->first;
	if (config->url.is_tls && !make_tls(s))
		error = config->ca ? ALTAIR_E_TLS : ALTAIR_E_MEMORY;
	if (!error && !(s->context = make_context(s)))
		error = ALTAIR_E_MEMORY;
	if (error) {
		SSL_CTX_free(s->tls);
		free(s);
		return error;
	}
	*out = s;
	return 0;
}

static void on_buried(uv_handle_t *burial)
{
	struct air_socket *s = burial->data;
	void (*closed)(void *user) = s->closed;
	void *user = s->config.user;

	SSL_CTX_free(s->tls);
	free(s);
	if (closed)
		closed(user);
}

/* The library wants its loop to turn between the two halves of its end. */
static void bury(uv_idle_t *burial)
{
	struct air_socket *s = burial->data;

	if (s->turns++ == 0)
		lws_context_destroy(s->context);
	if (s->turns < BURIAL_TURNS)
		return;
	lws_context_destroy(s->context);
	uv_close((uv_handle_t *)burial, on_buried);
}

void air_socket_close(struct air_socket *socket, void (*closed)(void *user))
{
	socket->closed = closed;
	air_socket_drop(socket);
	uv_idle_init(socket->loop, &socket->burial);
	socket->burial.data = socket;
	uv_idle_start(&socket->burial, bury);
}
