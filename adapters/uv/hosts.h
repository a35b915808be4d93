/*
 * hosts.h - this host's addresses that are fit to be host candidates, and word
 * of their change.
 */
#ifndef AIR_HOSTS_H
#define AIR_HOSTS_H

#include <altair/agent.h>

#define AIR_HOSTS_MAX ALTAIR_AGENT_HOSTS_MAX

/* Which interfaces count; with none named, all that lead somewhere. */
struct air_hosts_filter {
	const char *const *names;
	size_t count;
};

/* Writes the addresses, the preferred one first, port 0. Returns how many, or
 * ALTAIR_E_SYSTEM. */
int air_hosts_read(const struct air_hosts_filter *filter,
		   altair_addr out[AIR_HOSTS_MAX]);

/* A descriptor that becomes readable when links or addresses change, to be closed
 * by the caller; or ALTAIR_E_SYSTEM. */
int air_hosts_watch(void);

/* Reads what such a descriptor has. */
void air_hosts_drain(int fd);

#endif
