/*
 * From struct sockaddr, as resolvers and interface lists give it, to
 * altair_addr. An IPv4-mapped IPv6 address becomes IPv4 on the way.
 */
#define _GNU_SOURCE
#include "sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

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

socklen_t air_sockaddr_write(struct sockaddr_storage *out,
			     const altair_addr *from)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (from->family == ALTAIR_IPV4) {
		memcpy(&v4.sin_addr, from->ip, 4);
		v4.sin_port = htons(from->port);
		memcpy(out, &v4, sizeof v4);
		return sizeof v4;
	}
	memcpy(&v6.sin6_addr, from->ip, 16);
	v6.sin6_port = htons(from->port);
	v6.sin6_scope_id = from->scope;
	memcpy(out, &v6, sizeof v6);
	return sizeof v6;
}

uint16_t air_sockaddr_port(const struct sockaddr_storage *from)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&v4, from, sizeof v4);
	memcpy(&v6, from, sizeof v6);
	return ntohs(from->ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

bool air_sockaddr_route(altair_addr *out, const altair_addr *to, uint16_t port)
{
	struct sockaddr_storage addr = {0};
	struct sockaddr *any = (struct sockaddr *)&addr;
	socklen_t len = air_sockaddr_write(&addr, to);
	int fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_known;

	if (fd < 0)
		return false;
	is_known = connect(fd, any, len) == 0;
	len = sizeof addr;
	is_known = is_known && getsockname(fd, any, &len) == 0 &&
		   air_sockaddr_read(out, any, port);
	close(fd);
	return is_known;
}
