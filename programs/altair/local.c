/*
 * A socket in the file system: its path has the room that unix(7) gives it, and no
 * path is cut to fit.
 */
#define _GNU_SOURCE
#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(LOCAL_PATH_MAX <= sizeof((struct sockaddr_un *)0)->sun_path,
	       "a path has room");

int air_local_connect(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= LOCAL_PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(un.sun_path, LOCAL_PATH_MAX, "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
