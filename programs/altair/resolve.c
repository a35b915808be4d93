/*
 * Names by getaddrinfo(3) in libuv's threads. A slow name server delays the one
 * name that waits for it.
 */
#define _GNU_SOURCE
#include "resolve.h"

#include "sockaddr.h"

#include <netdb.h>

#define ADDRS_PER_FAMILY 4

static void on_resolved(uv_getaddrinfo_t *request, int status,
			struct addrinfo *found)
{
	struct resolve *r = request->data;
	unsigned count[2] = {0, 0};
	altair_addr addr;

	for (struct addrinfo *at = found; at; at = at->ai_next) {
		/* A handler may cancel the rest. */
		if (!r->is_running ||
		    !air_sockaddr_read(&addr, at->ai_addr, r->port))
			continue;
		if (count[addr.family == ALTAIR_IPV6]++ < ADDRS_PER_FAMILY)
			r->found(r->user, &addr);
	}
	uv_freeaddrinfo(found);
	if (!r->is_running)
		return;
	r->is_running = false;
	r->done(r->user, status);
}

void air_resolve_start(struct resolve *resolve, uv_loop_t *loop,
		       const struct server *server)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	altair_addr addr;
	int status;

	resolve->port = server->port;
	resolve->request.data = resolve;
	if (altair_addr_parse_ip(&addr, server->host, server->port) == 0) {
		resolve->found(resolve->user, &addr);
		resolve->done(resolve->user, 0);
		return;
	}
	status = uv_getaddrinfo(loop, &resolve->request, on_resolved,
				server->host, NULL, &hints);
	resolve->is_running = status == 0;
	if (status)
		resolve->done(resolve->user, status);
}

void air_resolve_cancel(struct resolve *resolve)
{
	if (!resolve->is_running)
		return;
	resolve->is_running = false;
	uv_cancel((uv_req_t *)&resolve->request);
}
