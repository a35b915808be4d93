/*
 * ctl_user.h - `altair ctl user`: the users' file, with or without a server.
 */
#ifndef AIR_CTL_USER_H
#define AIR_CTL_USER_H

#include "ctl.h"

/* Does "add NAME", "remove NAME" or "list"; `words` has `count` of them. Returns
 * the exit code. */
int air_ctl_user(const struct command *self, const struct ctl *ctl,
		 char *const words[], int count);

#endif
