/*
 * RFC 7065 leaves the user out of its URI; ours stands where RFC 3986 3.2.1 has
 * it, percent-encoded where it holds one of the signs around it.
 */
#include "turn_uri.h"

#include <string.h>

#define SCHEME "turn:"
#define TURN_TLS_PORT 5349 /* RFC 8656 18 */

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) & 15 : -1;
}

/* Decodes `len` signs; false for a broken %XX, for what is too long or empty. */
static bool decode(const char *text, size_t len, uint8_t *out, size_t *out_len)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (used == TURN_NAME_MAX)
			return false;
		if (text[i] != '%') {
			out[used++] = (uint8_t)text[i];
			continue;
		}
		if (len - i < 3)
			return false;
		high = hex(text[i + 1]);
		low = hex(text[i + 2]);
		if (high < 0 || low < 0)
			return false;
		out[used++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	*out_len = used;
	return used > 0;
}

static bool read_transport(const char *text, enum turn_transport *out)
{
	static const char *const names[] = {"?transport=udp", "?transport=tcp",
					    "?transport=tls"};

	*out = TURN_UDP;
	for (int i = TURN_UDP; i <= TURN_TLS; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*out = (enum turn_transport)i;
		return true;
	}
	return *text == '\0';
}

static bool read_server(struct turn_uri *out, const char *text)
{
	char host[SERVER_HOST_MAX];
	size_t len = strcspn(text, "?");

	if (len >= sizeof host || !read_transport(text + len, &out->transport))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	/* Without brackets the colons of IPv6 might be the port's. */
	if (host[0] != '[' && strchr(host, ':') != strrchr(host, ':'))
		return false;
	return air_server_of(&out->server, host,
			     out->transport == TURN_TLS ? TURN_TLS_PORT
							: SERVER_PORT);
}

bool air_turn_uri_parse(struct turn_uri *out, const char *text)
{
	size_t scheme = strlen(SCHEME);
	const char *at, *colon;

	if (strncmp(text, SCHEME, scheme) != 0)
		return false;
	text += scheme;
	at = strchr(text, '@');
	colon = strchr(text, ':');
	if (!at || !colon || colon > at)
		return false;
	return decode(text, (size_t)(colon - text), out->name,
		      &out->name_len) &&
	       decode(colon + 1, (size_t)(at - colon - 1), out->password,
		      &out->password_len) &&
	       out->name_len + out->password_len <= TURN_LOGIN_MAX &&
	       read_server(out, at + 1);
}
