/*
 * Equality of addresses and paths, inline: every packet takes several of them, and
 * a call of memcmp for four bytes costs more than the rest.
 */
#ifndef AIR_SERVER_PATH_H
#define AIR_SERVER_PATH_H

#include <altair/base.h>

/* As altair_addr_equal. */
static inline bool air_path_same_addr(const altair_addr *a,
				      const altair_addr *b)
{
	if (a->port != b->port || a->family != b->family ||
	    a->scope != b->scope)
		return false;
	if (a->family == ALTAIR_IPV4)
		return __builtin_memcmp(a->ip, b->ip, 4) == 0;
	return a->family != ALTAIR_IPV6 ||
	       __builtin_memcmp(a->ip, b->ip, 16) == 0;
}

static inline bool air_path_same(const altair_path *a, const altair_path *b)
{
	return a->sock == b->sock &&
	       air_path_same_addr(&a->remote, &b->remote) &&
	       air_path_same_addr(&a->local, &b->local);
}

#endif
