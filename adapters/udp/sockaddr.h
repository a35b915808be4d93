/*
 * adapters/udp/sockaddr.h - altair_addr to and from the system's addresses.
 */
#ifndef AIR_SOCKADDR_H
#define AIR_SOCKADDR_H

#include <altair/base.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Room for an address of either family. */
union air_sockaddr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Fills *out. Returns its length, or 0 if `addr` is no address. */
socklen_t air_sockaddr_set(union air_sockaddr *out, const altair_addr *addr);

/* Fills *out; "no address" if the family is neither IPv4 nor IPv6. */
void air_sockaddr_get(altair_addr *out, const union air_sockaddr *from);

#endif
