/*
 * ws_link.h - one WebSocket of a load: enough of RFC 6455 for our own server.
 */
#ifndef WS_LINK_H
#define WS_LINK_H

#include <altair/base.h>

#include <openssl/ssl.h>

enum ws_link_state {
	WS_LINK_CONNECTS,
	WS_LINK_SHAKES, /* TLS */
	WS_LINK_ASKS,	/* HTTP */
	WS_LINK_TALKS,
	WS_LINK_IS_OVER
};

struct ws_link {
	int fd;
	SSL *ssl; /* NULL: plain */
	enum ws_link_state state;
	uint8_t *have; /* of a frame that is not whole */
	size_t have_len;
};

/* Begins to connect from `source` to the same port of 127.0.0.1, both in host byte
 * order; over TLS with `context`. False: no descriptor. */
bool ws_link_open(struct ws_link *link, uint32_t source, uint16_t port,
		  SSL_CTX *context);
/* After each edge: goes as far as it can; gives texts to `take`. */
void ws_link_move(struct ws_link *link,
		  void (*take)(void *user, altair_bytes text), void *user);
/* One text. What the kernel does not take ends the link. */
void ws_link_say(struct ws_link *link, altair_bytes text);
void ws_link_close(struct ws_link *link);

#endif
