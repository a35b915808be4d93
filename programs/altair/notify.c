/*
 * The protocol of sd_notify(3), NOTES: a datagram of lines VARIABLE=value to a
 * socket in the file system, or in the abstract namespace where its name begins
 * with @. It is documented as stable and small enough to need no library.
 */
#define _GNU_SOURCE
#include "notify.h"

#include "local.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 512

static void send_to(const char *path, const char *text, size_t len)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t path_len = strlen(path);
	int fd;

	if ((*path != '/' && *path != '@') || path_len >= LOCAL_PATH_MAX)
		return;
	memcpy(un.sun_path, path, path_len);
	if (*path == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)!sendto(
		fd, text, len, MSG_NOSIGNAL, (struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_len));
	close(fd);
}

void air_notify(const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char text[MESSAGE_MAX];
	va_list args;
	int len;

	if (!path)
		return;
	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len > 0 && (size_t)len < sizeof text)
		send_to(path, text, (size_t)len);
}

altair_time air_notify_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return ALTAIR_USEC(strtoull(usec, NULL, 10)) / 2;
}
