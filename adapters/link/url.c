/*
 * The part of RFC 3986 that names a server of ours. Ports that are not given are
 * those of RFC 6455 3. The certificate's hash is the fragment, so that it never
 * leaves the client.
 */
#define _GNU_SOURCE
#include "url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORT_PLAIN 80
#define PORT_TLS 443

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hash(uint8_t out[32], const char *text)
{
	if (strlen(text) != 64)
		return false;
	for (size_t i = 0; i < 32; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The host, brackets removed; moves *at behind it. */
static bool read_host(struct air_url *url, const char **at)
{
	bool is_bracketed = **at == '[';
	const char *begin = *at + is_bracketed;
	size_t len = strcspn(begin, is_bracketed ? "]" : ":/#");
	altair_addr addr;

	if (len == 0 || len >= sizeof url->host ||
	    strcspn(begin, " \t\r\n@%?\\") < len)
		return false;
	memcpy(url->host, begin, len);
	url->host[len] = '\0';
	*at = begin + len + is_bracketed;
	if (!is_bracketed)
		return true;
	return begin[len] == ']' &&
	       altair_addr_parse_ip(&addr, url->host, 0) == 0;
}

static bool read_port(struct air_url *url, const char **at)
{
	unsigned long port;
	size_t digits;

	if (**at != ':')
		return true;
	digits = strspn(*at + 1, "0123456789");
	if (digits == 0 || digits > 5)
		return false;
	port = strtoul(*at + 1, NULL, 10);
	*at += 1 + digits;
	url->port = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

bool air_url_parse(struct air_url *out, const char *text)
{
	struct air_url url = {.port = PORT_PLAIN};

	if (strncasecmp(text, "wss://", 6) == 0) {
		url.is_tls = true;
		url.port = PORT_TLS;
		text += 6;
	} else if (strncasecmp(text, "ws://", 5) == 0) {
		text += 5;
	} else {
		return false;
	}
	if (!read_host(&url, &text) || !read_port(&url, &text))
		return false;
	if (*text == '/')
		text++;
	url.is_pinned = url.is_tls && *text == '#';
	if (url.is_pinned ? !read_hash(url.sha256, text + 1) : *text != '\0')
		return false;
	*out = url;
	return true;
}

bool air_url_is_loopback(const struct air_url *url)
{
	altair_addr addr;

	if (strcasecmp(url->host, "localhost") == 0)
		return true;
	return altair_addr_parse_ip(&addr, url->host, 1) == 0 &&
	       altair_addr_classify(&addr) == ALTAIR_ADDR_LOOPBACK;
}
