/*
 * own.h - the addresses of this host, none of which is a peer of its relay: what
 * they are, and news when they change.
 */
#ifndef AIR_OWN_H
#define AIR_OWN_H

#include <altair/base.h>

#include <stdbool.h>
#include <uv.h>

/*
 * All addresses of all interfaces, up or not, with carrier or without; those that
 * run come first. Returns true and an array to be freed in *out; false with errno.
 */
bool air_own_find(altair_addr **out, size_t *count);

struct own_watch {
	uv_poll_t poll;
	int fd;
	bool is_open;
	void (*changed)(void *user);
	void *user;
};

/* Calls `changed` on the loop whenever the system tells of an address that came or
 * went. Returns 0, or an error of libuv. */
int air_own_watch(struct own_watch *watch, uv_loop_t *loop,
		  void (*changed)(void *user), void *user);
/* Harmless when it is not open. */
void air_own_close(struct own_watch *watch);

#endif
