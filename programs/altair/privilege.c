/*
 * Privileges are for binding: a port below 1024, a directory for the control
 * socket. Afterwards the user changes, in all threads (setresuid(2) of the C
 * library does so), and with it every capability is gone. That it worked is
 * tried out: root must not come back. The groups are the user's own, so that what
 * one of them may read (a key) can be read again at a reload.
 */
#define _GNU_SOURCE
#include "privilege.h"

#include "print.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int air_privilege_read(const struct command *self, struct privilege *privilege,
		       const char *user)
{
	const struct passwd *entry;

	*privilege = (struct privilege){.user = user};
	if (!user)
		return -1;
	entry = getpwnam(user);
	if (!entry || entry->pw_uid == 0)
		return air_options_refuse(
			self, "run-as", user,
			"wants a user of this host who is not root, not '%s'",
			user);
	/* Who has become this user reads it again, at a reload. */
	if (geteuid() != 0 && geteuid() != entry->pw_uid)
		return air_options_refuse(
			self, "run-as", user,
			"wants to be started by root: leave it out");
	privilege->uid = entry->pw_uid;
	privilege->gid = entry->pw_gid;
	return -1;
}

void air_privilege_lock(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int air_privilege_drop(const struct privilege *p)
{
	if (!p->user || geteuid() == p->uid)
		return -1;
	if (initgroups(p->user, p->gid) == 0 &&
	    setresgid(p->gid, p->gid, p->gid) == 0 &&
	    setresuid(p->uid, p->uid, p->uid) == 0 && setuid(0) != 0)
		return -1;
	return air_print_failure(EXIT_INTERNAL, "cannot become %s: %s", p->user,
				 strerror(errno));
}
