/*
 * inherit.h - sockets that somebody else has bound for us.
 */
#ifndef AIR_INHERIT_H
#define AIR_INHERIT_H

#include <altair/serve.h>

/* A copy of the one of this type (SOCK_DGRAM, SOCK_STREAM) at this address, which
 * does not block; -1: there is none. */
int air_inherit_take(const altair_serve_config *config, int type,
		     const altair_addr *addr);

#endif
