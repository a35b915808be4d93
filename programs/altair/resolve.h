/*
 * resolve.h - the addresses of one server's name, on a loop.
 */
#ifndef AIR_RESOLVE_H
#define AIR_RESOLVE_H

#include "server.h"

#include <uv.h>

struct resolve {
	uv_getaddrinfo_t request;
	uint16_t port;
	bool is_running;
	/* Each address: at most four of a family. */
	void (*found)(void *user, const altair_addr *addr);
	/* Once, behind them: 0 or UV_*. */
	void (*done)(void *user, int status);
	void *user;
};

/*
 * Resolves; the handlers are set before. An IP address is found within the call,
 * and what cannot begin is done within it. The object lives until `done`, or
 * until the loop ends after air_resolve_cancel.
 */
void air_resolve_start(struct resolve *resolve, uv_loop_t *loop,
		       const struct server *server);

/* Calls no handler any more. */
void air_resolve_cancel(struct resolve *resolve);

#endif
