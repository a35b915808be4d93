/*
 * A caller waits as long as the server takes: it is asked for one thing, and has
 * nothing else to do.
 */
#define _GNU_SOURCE
#include "caller.h"

#include "command.h"
#include "json.h"
#include "local.h"
#include "print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int explain(const char *path)
{
	if (errno == EACCES || errno == EPERM)
		return air_print_failure(
			EXIT_SERVER,
			"you may not use the control socket %s; be root, or "
			"the user of the server",
			path);
	return air_print_failure(
		EXIT_SERVER,
		"no server is at the control socket %s (%s); it wants "
		"`altair serve --control %s`",
		path, strerror(errno), path);
}

/* A server that is gone, or has too many callers, is no signal: what it has said
 * before can still be read. */
static void send_line(int fd, const char *line)
{
	struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)},
				{(void *)(uintptr_t) "\n", 1}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	/* It fits into the socket's buffer, so it goes at once or not at all. */
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

int air_caller_open(struct caller *caller, const char *path, json_t *order)
{
	char *line = air_json_line(order);
	int fd = air_local_connect(path);

	*caller = (struct caller){.stream = NULL};
	if (fd < 0) {
		free(line);
		return explain(path);
	}
	if (line)
		send_line(fd, line);
	free(line);
	caller->stream = fdopen(fd, "r");
	if (!caller->stream)
		close(fd);
	return caller->stream
		       ? -1
		       : air_print_failure(EXIT_INTERNAL, "out of memory");
}

const char *air_caller_read(struct caller *caller)
{
	ssize_t len = getline(&caller->line, &caller->cap, caller->stream);

	if (len <= 0)
		return NULL;
	if (caller->line[len - 1] == '\n')
		caller->line[len - 1] = '\0';
	return caller->line;
}

void air_caller_close(struct caller *caller)
{
	if (caller->stream)
		fclose(caller->stream);
	free(caller->line);
}
