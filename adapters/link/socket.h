/*
 * socket.h - a WebSocket client (RFC 6455) on a loop: one server, one connection
 * at a time, text messages.
 */
#ifndef AIR_SOCKET_H
#define AIR_SOCKET_H

#include "url.h"

#include <altair/error.h>

#include <uv.h>

/* The longest message that is taken; and what may wait to be sent. */
#define AIR_SOCKET_MESSAGE_MAX 16384u
#define AIR_SOCKET_WAITING_MAX 65536u

struct air_socket;

struct air_socket_handlers {
	/* It is open. */
	void (*opened)(void *user);
	/* A text message; valid for the call. */
	void (*received)(void *user, altair_bytes text);
	/* It could not be opened (ALTAIR_E_NETWORK, ALTAIR_E_TLS, ALTAIR_E_SERVER
	 * for an answer that is no WebSocket), or has ended. */
	void (*lost)(void *user, int reason);
};

struct air_socket_config {
	struct air_url url;
	const char *ca; /* PEM file; NULL: the system's */
	const char *path, *protocol;
	struct air_socket_handlers handlers;
	void *user;
};

/* 0, ALTAIR_E_TLS (`ca`), or ALTAIR_E_MEMORY. Strings are borrowed for ever. */
int air_socket_open(struct air_socket **out, uv_loop_t *loop,
		    const struct air_socket_config *config);

/* Connects to this address of the server: `opened` or `lost` follows. What there
 * was before is dropped. 0, or ALTAIR_E_NETWORK. */
int air_socket_connect(struct air_socket *socket, const altair_addr *to);

/* 0, ALTAIR_E_STATE (not open), ALTAIR_E_AGAIN (too much waits), or
 * ALTAIR_E_MEMORY. */
int air_socket_send(struct air_socket *socket, altair_bytes text);

/* True when nothing waits to be sent. */
bool air_socket_is_idle(const struct air_socket *socket);

/* Closes the connection, without `lost`. */
void air_socket_drop(struct air_socket *socket);

/* No handler is called any more; `closed` comes when the object is gone. */
void air_socket_close(struct air_socket *socket, void (*closed)(void *user));

#endif
