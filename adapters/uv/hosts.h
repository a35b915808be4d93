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

/* More than any host has that is no router; the rest is not looked at. */
#define AIR_HOSTS_FOUND_MAX 64

/* Port 0 each. */
struct air_hosts {
	altair_addr all[AIR_HOSTS_FOUND_MAX]; /* the preferred one first     */
	size_t count;
	size_t fit; /* the first ones: for what begins; the others are still
		       there for what uses them                              */
};

/* Reads them. 0 or ALTAIR_E_SYSTEM. */
int air_hosts_read(const struct air_hosts_filter *filter,
		   struct air_hosts *out);

/* A descriptor that becomes readable when links or addresses change, to be closed
 * by the caller; or ALTAIR_E_SYSTEM. */
int air_hosts_watch(void);

/* Reads what such a descriptor has. */
void air_hosts_drain(int fd);

#endif
