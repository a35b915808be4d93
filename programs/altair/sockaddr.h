/*
 * sockaddr.h - the system's addresses as ours.
 */
#ifndef AIR_SOCKADDR_H
#define AIR_SOCKADDR_H

#include <altair/base.h>

#include <sys/socket.h>

/* Reads the IP address; the port is `port`. False for other families. */
bool air_sockaddr_read(altair_addr *out, const struct sockaddr *from,
		       uint16_t port);

/* Writes an address with its port, of either family; its length. */
socklen_t air_sockaddr_write(struct sockaddr_storage *out,
			     const altair_addr *from);

/* The port of an address of either family. */
uint16_t air_sockaddr_port(const struct sockaddr_storage *from);

/* Our own IP address on the way to `to`; the port is `port`. False where there is
 * no way. Nothing is sent. */
bool air_sockaddr_route(altair_addr *out, const altair_addr *to, uint16_t port);

#endif
