/*
 * Requests. GET alone; three pages that say how we are, everything else is 404:
 * nothing can be listed. `/v1` becomes a WebSocket (RFC 6455 4.2) for who asks for
 * our subprotocol and comes from no foreign web page, and over TLS or from this
 * host.
 */
#define _GNU_SOURCE
#include "door.h"

#include <altair/openssl.h>

#include <string.h>
#include <strings.h>

#define PATH "/v1"
#define TEXT_MAX 256

static struct altair_door *door_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

static int answer(struct lws *wsi, unsigned status, const char *text)
{
	unsigned char bytes[LWS_PRE + 1024], *start = bytes + LWS_PRE;
	unsigned char *at = start, *end = bytes + sizeof bytes;
	size_t len = strlen(text);

	if (lws_add_http_common_headers(wsi, status, "text/plain", len, &at,
					end) ||
	    lws_finalize_write_http_header(wsi, start, &at, end))
		return -1;
	memcpy(start, text, len);
	return lws_write(wsi, start, len, LWS_WRITE_HTTP_FINAL) < 0 ? -1 : 0;
}

/* False: the request has none, or one that is too long (then *out is empty). */
static bool read_field(struct lws *wsi, enum lws_token_indexes field,
		       char out[TEXT_MAX])
{
	int len = lws_hdr_copy(wsi, out, TEXT_MAX, field);

	if (len <= 0)
		out[0] = '\0';
	return lws_hdr_total_length(wsi, field) > 0;
}

/* --- pages ----------------------------------------------------------------- */

static int refuse(struct altair_door *door, struct lws *wsi, unsigned status)
{
	door->denied++;
	return answer(wsi, status,
		      status == 403   ? "forbidden\n"
		      : status == 405 ? "method not allowed\n"
		      : status == 400 ? "bad request\n"
				      : "not found\n");
}

static int answer_page(struct altair_door *door, struct lws *wsi,
		       const char *path)
{
	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
		return refuse(door, wsi, HTTP_STATUS_METHOD_NOT_ALLOWED);
	if (strcmp(path, "/health") == 0 || strcmp(path, "/healthz") == 0)
		return answer(wsi, HTTP_STATUS_OK, "ok\n");
	if (strcmp(path, "/readyz") != 0)
		return refuse(door, wsi, HTTP_STATUS_NOT_FOUND);
	if (altair_door_is_ready(door))
		return answer(wsi, HTTP_STATUS_OK, "ready\n");
	return answer(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE,
		      door->drains ? "draining\n" : "no redis\n");
}

/* --- who may have a WebSocket ---------------------------------------------- */

/* A page's origin is "scheme://host:port" (RFC 6454 6.2): ours has the name by
 * which we were asked. Programs send none. */
static bool is_origin_ok(struct lws *wsi)
{
	char origin[TEXT_MAX], host[TEXT_MAX];
	const char *name;

	if (!read_field(wsi, WSI_TOKEN_ORIGIN, origin))
		return true;
	if (!read_field(wsi, WSI_TOKEN_HOST, host) || host[0] == '\0')
		return false;
	name = strstr(origin, "://");
	return name && strcasecmp(name + 3, host) == 0;
}

/* A list of names with commas between them (RFC 6455 4.3). */
static bool offers_protocol(struct lws *wsi)
{
	char list[TEXT_MAX], *rest = list, *name;

	if (!read_field(wsi, WSI_TOKEN_PROTOCOL, list))
		return false;
	while ((name = strsep(&rest, ",")) != NULL) {
		name += strspn(name, " \t");
		name[strcspn(name, " \t")] = '\0';
		if (strcmp(name, DOOR_PROTOCOL) == 0)
			return true;
	}
	return false;
}

static unsigned judge(const struct altair_door *door, const struct guest *guest,
		      struct lws *wsi, const char *protocol)
{
	char text[TEXT_MAX];

	if (!read_field(wsi, WSI_TOKEN_GET_URI, text))
		return HTTP_STATUS_METHOD_NOT_ALLOWED;
	if (strcmp(text, PATH) != 0)
		return HTTP_STATUS_NOT_FOUND;
	if (!is_origin_ok(wsi))
		return HTTP_STATUS_FORBIDDEN;
	if (guest->as == ALTAIR_SERVE_PLAIN && !guest->is_loopback &&
	    !door->config.plain)
		return HTTP_STATUS_FORBIDDEN;
	if (strcasecmp(protocol, "websocket") != 0 || !offers_protocol(wsi))
		return HTTP_STATUS_BAD_REQUEST;
	read_field(wsi, WSI_TOKEN_VERSION, text);
	return strcmp(text, "13") == 0 ? 0 : HTTP_STATUS_BAD_REQUEST;
}

/* By what name it knows us, if that may be repeated. */
static void keep_host(struct guest *guest, struct lws *wsi)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-.:[]";
	char host[TEXT_MAX];

	read_field(wsi, WSI_TOKEN_HOST, host);
	if (strlen(host) < sizeof guest->host &&
	    host[strspn(host, harmless)] == '\0')
		memcpy(guest->host, host, strlen(host) + 1);
}

/* 0: it becomes one. 1: it was answered. -1: it is closed. */
static int confirm(struct altair_door *door, struct guest *guest,
		   struct lws *wsi, const char *protocol)
{
	unsigned status = judge(door, guest, wsi, protocol);

	if (status == 0) {
		keep_host(guest, wsi);
		return 0;
	}
	return refuse(door, wsi, status) == 0 ? 1 : -1;
}

int air_request_event(struct lws *wsi, enum lws_callback_reasons reason,
		      void *user, void *in, size_t len)
{
	struct altair_door *door;
	struct guest *guest;

	(void)user;
	(void)len;
	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return altair_openssl_server_lend(door_of(wsi)->config.tls,
						  user);
	case LWS_CALLBACK_HTTP:
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
	case LWS_CALLBACK_WSI_DESTROY:
		break;
	default:
		return 0;
	}
	door = door_of(wsi);
	guest = lws_get_opaque_user_data(wsi);
	if (!guest)
		return reason == LWS_CALLBACK_WSI_DESTROY ? 0 : -1;
	if (reason == LWS_CALLBACK_HTTP_CONFIRM_UPGRADE)
		return confirm(door, guest, wsi, in);
	if (reason == LWS_CALLBACK_HTTP)
		return answer_page(door, wsi, in) == 0 &&
				       lws_http_transaction_completed(wsi) == 0
			       ? 0
			       : -1;
	air_guest_forget(door, guest);
	air_door_run(door);
	return 0;
}
