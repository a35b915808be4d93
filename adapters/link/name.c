/*
 * Names by getaddrinfo(3) in libuv's threads, in the order of RFC 6724 that it
 * gives. A lookup that has begun cannot be stopped: its object waits for it.
 */
#define _GNU_SOURCE
#include "name.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

static bool read_addr(altair_addr *out, const struct sockaddr *from,
		      uint16_t port)
{
	*out = (altair_addr){.port = port};
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		out->family = ALTAIR_IPV4;
		memcpy(out->ip, &in->sin_addr, 4);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)from;

		out->family = ALTAIR_IPV6;
		out->scope = in->sin6_scope_id;
		memcpy(out->ip, &in->sin6_addr, 16);
		return true;
	}
	return false;
}

static void on_found(uv_getaddrinfo_t *request, int status,
		     struct addrinfo *found)
{
	struct air_name *name = request->data;
	uint16_t port = name->addrs[0].port;

	(void)status;
	name->is_running = false;
	for (struct addrinfo *at = found; at; at = at->ai_next)
		if (name->count < AIR_NAME_ADDRS_MAX &&
		    read_addr(&name->addrs[name->count], at->ai_addr, port))
			name->count++;
	uv_freeaddrinfo(found);
	if (name->found)
		name->found(name->user);
	else
		name->over(name->user);
}

void air_name_find(struct air_name *name, uv_loop_t *loop, const char *host,
		   uint16_t port)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG,
	};

	name->count = 0;
	if (altair_addr_parse_ip(&name->addrs[0], host, port) == 0) {
		name->count = 1;
		name->found(name->user);
		return;
	}
	name->addrs[0].port = port;
	name->request.data = name;
	name->is_running = uv_getaddrinfo(loop, &name->request, on_found, host,
					  NULL, &hints) == 0;
	if (!name->is_running)
		name->found(name->user);
}

bool air_name_forget(struct air_name *name, void (*over)(void *user))
{
	name->found = NULL;
	name->over = over;
	if (name->is_running)
		(void)uv_cancel((uv_req_t *)&name->request);
	return name->is_running;
}
