/*
 * endpoint.h - "127.0.0.1:5000" for the programs of this folder.
 */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include <altair/base.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* Reads an IPv4 endpoint. */
static inline bool endpoint_read(struct sockaddr_in *out, const char *text)
{
	altair_addr addr;

	if (altair_addr_parse(&addr, text) != 0 || addr.family != ALTAIR_IPV4)
		return false;
	memset(out, 0, sizeof *out);
	out->sin_family = AF_INET;
	out->sin_port = htons(addr.port);
	memcpy(&out->sin_addr, addr.ip, 4);
	return true;
}

#endif
