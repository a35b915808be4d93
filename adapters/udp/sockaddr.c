/*
 * altair_addr to and from struct sockaddr_in and struct sockaddr_in6. Nothing
 * else of this library knows the layout of a system address. The zone of an
 * IPv6 address is its sin6_scope_id; flow labels are not kept.
 */
#include "sockaddr.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t air_sockaddr_set(union air_sockaddr *out, const altair_addr *addr)
{
	if (addr->family == ALTAIR_IPV4) {
		memset(&out->v4, 0, sizeof out->v4);
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(addr->port);
		memcpy(&out->v4.sin_addr, addr->ip, 4);
		return sizeof out->v4;
	}
	if (addr->family == ALTAIR_IPV6) {
		memset(&out->v6, 0, sizeof out->v6);
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(addr->port);
		memcpy(&out->v6.sin6_addr, addr->ip, 16);
		out->v6.sin6_scope_id = addr->scope;
		return sizeof out->v6;
	}
	return 0;
}

void air_sockaddr_get(altair_addr *out, const union air_sockaddr *from)
{
	memset(out, 0, sizeof *out);
	if (from->any.sa_family == AF_INET) {
		out->family = ALTAIR_IPV4;
		out->port = ntohs(from->v4.sin_port);
		memcpy(out->ip, &from->v4.sin_addr, 4);
	} else if (from->any.sa_family == AF_INET6) {
		out->family = ALTAIR_IPV6;
		out->port = ntohs(from->v6.sin6_port);
		out->scope = from->v6.sin6_scope_id;
		memcpy(out->ip, &from->v6.sin6_addr, 16);
	}
}
