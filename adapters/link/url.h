/*
 * url.h - where a server is: "wss://HOST[:PORT][#SHA256]" or "ws://HOST[:PORT]".
 */
#ifndef AIR_URL_H
#define AIR_URL_H

#include <altair/base.h>

/* RFC 1035 2.3.4, its NUL included. */
#define AIR_URL_HOST 256

struct air_url {
	char host[AIR_URL_HOST]; /* an IPv6 address without its brackets     */
	uint16_t port;
	bool is_tls;
	bool is_pinned;
	uint8_t sha256[32]; /* of the certificate that is meant (DER)        */
};

/* Reads it; a "/" at its end is passed over. False: it is none. */
bool air_url_parse(struct air_url *out, const char *text);

/* True for 127/8, ::1 and "localhost" (RFC 6761 6.3). */
bool air_url_is_loopback(const struct air_url *url);

#endif
