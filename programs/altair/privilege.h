/*
 * privilege.h - a server that was started by root and goes on as somebody else.
 */
#ifndef AIR_PRIVILEGE_H
#define AIR_PRIVILEGE_H

#include "options.h"

#include <sys/types.h>

struct privilege {
	const char *user; /* NULL: stay who we are */
	uid_t uid;
	gid_t gid;
};

/* Reads --run-as. Returns -1 to go on, or the exit code. */
int air_privilege_read(const struct command *self, struct privilege *privilege,
		       const char *user);
/* Nothing that is run from now on gains privileges; before threads begin. */
void air_privilege_lock(void);
/* Becomes the user, in all threads, without a way back. Returns -1 to go on, or
 * the exit code. */
int air_privilege_drop(const struct privilege *privilege);

#endif
