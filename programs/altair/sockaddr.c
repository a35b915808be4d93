/*
 * From struct sockaddr, as resolvers and interface lists give it, to
 * altair_addr. An IPv4-mapped IPv6 address becomes IPv4 on the way.
 */
#define _GNU_SOURCE
#include "sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool air_sockaddr_read(altair_addr *out, const struct sockaddr *from,
		       uint16_t port)
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	const void *ip = NULL;

	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		ip = &v4.sin_addr;
	} else if (from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof v6);
		ip = &v6.sin6_addr;
	}
	return ip && inet_ntop(from->sa_family, ip, text, sizeof text) &&
	       altair_addr_parse_ip(out, text, port) == 0;
}
