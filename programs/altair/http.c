/*
 * HTTP by libwebsockets, one virtual host. We listen and accept ourselves and let
 * it adopt the connection.
 *
 * Budgets: as many connections as CONNECTIONS_MAX, a head within the library's
 * 4 KiB and TIMEOUT seconds, GET only, no body read.
 */
#define _GNU_SOURCE
#include "http.h"

#include "sockaddr.h"

#include <ctype.h>
#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 50
#define BACKLOG 64
#define TIMEOUT 10 /* seconds */
#define HEAD_MAX 4096
#define CLOSING_TURNS 16
#define PAUSE_MS                                                               \
	100 /* without descriptors: whoever waits would wake us on and on */

struct http {
	struct http_config config;
	struct lws_context *context;
	struct lws_vhost *host;
	unsigned connections;
	uv_poll_t poll;
	uv_timer_t pause;
	int listener; /* -1: none */
};

/* One request. */
struct request {
	char *body;
	size_t len, sent;
};

/* --- answering ------------------------------------------------------------ */

static bool is_name_ok(struct lws *wsi)
{
	char host[300];
	altair_addr addr;
	size_t len;
	int rc = lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST);

	if (rc <= 0) /* none, as in HTTP/1.0, or no name can be so long */
		return rc == 0;
	len = strlen(host);
	while (len > 0 && isdigit((unsigned char)host[len - 1]))
		len--;
	if (len > 0 && host[len - 1] == ':' &&
	    (host[0] == '[' || strchr(host, ':') == host + len - 1))
		host[len - 1] = '\0';
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		return altair_addr_parse_ip(&addr, host + 1, 0) == 0;
	}
	return strcmp(host, "localhost") == 0 ||
	       altair_addr_parse_ip(&addr, host, 0) == 0;
}

static int send_head(struct lws *wsi, unsigned status, const char *type,
		     size_t len)
{
	unsigned char head[LWS_PRE + 1024], *start = head + LWS_PRE;
	unsigned char *at = start, *end = head + sizeof head;

	if (lws_add_http_common_headers(wsi, status, type, len, &at, end) ||
	    lws_finalize_write_http_header(wsi, start, &at, end))
		return -1;
	return 0;
}

static int fail(struct lws *wsi, unsigned status)
{
	if (lws_return_http_status(wsi, status, NULL))
		return -1;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int take_request(struct http *http, struct lws *wsi,
			struct request *request, const char *path)
{
	struct http_answer answer = {.status = 0};

	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
		return fail(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED);
	if (http->config.is_local && !is_name_ok(wsi))
		return fail(wsi, HTTP_STATUS_FORBIDDEN);
	http->config.ask(http->config.user, path, &answer);
	if (answer.status == 0 || !answer.body) {
		free(answer.body);
		return fail(wsi, HTTP_STATUS_NOT_FOUND);
	}
	request->len = strlen(answer.body);
	request->body = malloc(LWS_PRE + request->len);
	if (!request->body) {
		free(answer.body);
		return -1;
	}
	memcpy(request->body + LWS_PRE, answer.body, request->len);
	free(answer.body);
	if (send_head(wsi, answer.status, answer.type, request->len) != 0)
		return -1;
	lws_callback_on_writable(wsi);
	return 0;
}

static int send_body(struct lws *wsi, struct request *request)
{
	if (!request->body)
		return 0;
	if (lws_write(wsi, (unsigned char *)request->body + LWS_PRE,
		      request->len, LWS_WRITE_HTTP_FINAL) < 0)
		return -1;
	free(request->body);
	request->body = NULL;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	struct lws_vhost *host = lws_get_vhost(wsi);
	struct http *http = host ? lws_get_vhost_user(host) : NULL;

	(void)len;
	switch (reason) {
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return http->connections >= CONNECTIONS_MAX;
	case LWS_CALLBACK_WSI_CREATE:
		http->connections++;
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		http->connections--;
		return 0;
	case LWS_CALLBACK_HTTP:
		return take_request(http, wsi, user, in);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return send_body(wsi, user);
	case LWS_CALLBACK_CLOSED_HTTP:
		if (user) {
			free(((struct request *)user)->body);
			((struct request *)user)->body = NULL;
		}
		return 0;
	default:
		return 0;
	}
}

/* --- the listener --------------------------------------------------------- */

int air_http_bind(altair_addr *at)
{
	struct sockaddr_storage name;
	socklen_t len = air_sockaddr_write(&name, at);
	int on = 1, error;
	int fd = socket(name.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&name, len) == 0 &&
	    listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, (struct sockaddr *)&name, &len) == 0) {
		at->port = air_sockaddr_port(&name);
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* --- connections ---------------------------------------------------------- */

static void adopt(struct http *http, int fd)
{
	if (http->connections >= CONNECTIONS_MAX)
		close(fd);
	else
		lws_adopt_socket_vhost(http->host, fd);
}

static void on_listener(uv_poll_t *poll, int status, int events);

static void listen_again(uv_timer_t *pause)
{
	struct http *http = pause->data;

	uv_poll_start(&http->poll, UV_READABLE, on_listener);
}

/* True where the same call would fail again at once, accept(2). */
static bool is_short_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
	struct http *http = poll->data;
	int fd;

	(void)events;
	if (status < 0)
		return;
	fd = accept4(http->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		adopt(http, fd);
	} else if (is_short_of_room(errno)) {
		uv_poll_stop(poll);
		uv_timer_start(&http->pause, listen_again, PAUSE_MS, 0);
	}
}

int air_http_listen(struct http *http, int fd)
{
	int rc = uv_poll_init(http->config.loop, &http->poll, fd);

	if (rc != 0) {
		close(fd);
		return rc;
	}
	http->listener = fd;
	http->poll.data = http;
	uv_timer_init(http->config.loop, &http->pause);
	http->pause.data = http;
	return uv_poll_start(&http->poll, UV_READABLE, on_listener);
}

/* --- its life ------------------------------------------------------------- */

static const struct lws_protocols protocols[] = {
	{.name = "http",
	 .callback = on_event,
	 .per_session_data_size = sizeof(struct request)},
	{.name = NULL},
};

static struct lws_vhost *make_host(struct http *http)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.vhost_name = "altair",
		.user = http,
		.timeout_secs = TIMEOUT,
		.keepalive_timeout = TIMEOUT,
	};

	return lws_create_vhost(http->context, &info);
}

struct http *air_http_open(const struct http_config *config)
{
	struct http *http = calloc(1, sizeof *http);
	void *loops[] = {config->loop};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.options = LWS_SERVER_OPTION_LIBUV |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.foreign_loops = loops,
		.max_http_header_data2 = HEAD_MAX,
		.max_http_header_pool2 = CONNECTIONS_MAX,
		.fd_limit_per_thread = CONNECTIONS_MAX + 16,
	};

	if (!http)
		return NULL;
	lws_set_log_level(0, NULL);
	http->config = *config;
	http->listener = -1;
	http->context = lws_create_context(&info);
	http->host = http->context ? make_host(http) : NULL;
	if (http->host)
		return http;
	air_http_close(http);
	return NULL;
}

static void free_http(uv_handle_t *handle)
{
	free(handle->data);
}

static void free_pause(uv_handle_t *poll)
{
	struct http *http = poll->data;

	uv_close((uv_handle_t *)&http->pause, free_http);
}

/* The library wants its loop to turn between the two halves of its end. */
static void destroy(struct http *http)
{
	lws_context_destroy(http->context);
	for (int turn = 0; turn < CLOSING_TURNS; turn++)
		uv_run(http->config.loop, UV_RUN_NOWAIT);
	lws_context_destroy(http->context);
}

void air_http_close(struct http *http)
{
	if (!http)
		return;
	if (http->context)
		destroy(http);
	if (http->listener < 0) {
		free(http);
		return;
	}
	close(http->listener);
	uv_close((uv_handle_t *)&http->poll, free_pause);
}
