/*
 * child - a program under test with pipes. All descriptors are closed on exec,
 * so that no child holds another one's input open.
 */
#define _GNU_SOURCE
#include "child.h"

#include "wire.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Who has not ended by then never will. */
#define PATIENCE ALTAIR_SEC(10)

static void run(const char *const *argv, int input, int output)
{
	union {
		const char *const *constant;
		char *const *plain;
	} arguments = {argv};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	execv(argv[0], arguments.plain);
	_exit(127);
}

void child_start(struct child *child, const char *const *argv)
{
	int input[2], output[2];

	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 ||
	    (child->pid = fork()) < 0) {
		perror("# child");
		exit(2);
	}
	if (child->pid == 0)
		run(argv, input[0], output[1]);
	close(input[0]);
	close(output[1]);
	child->input = input[1];
	child->output = output[0];
	child->len = 0;
	child->text[0] = '\0';
}

void child_tell(const struct child *child, const char *text)
{
	if (write(child->input, text, strlen(text)) < 0)
		perror("# child");
}

/* One more piece of output; false when there is none in time. */
static bool read_more(struct child *child, altair_time until)
{
	struct pollfd fd = {.fd = child->output, .events = POLLIN};
	altair_time now = wire_now();
	size_t room = sizeof child->text - 1 - child->len;
	ssize_t got;

	if (now >= until || room == 0 ||
	    poll(&fd, 1, (int)((until - now) / ALTAIR_MSEC(1)) + 1) <= 0)
		return false;
	got = read(child->output, child->text + child->len, room);
	if (got <= 0)
		return false;
	child->len += (size_t)got;
	child->text[child->len] = '\0';
	return true;
}

/* Takes the first line out of the text; false when there is no whole one. */
static bool take_line(struct child *child)
{
	char *end = strchr(child->text, '\n');
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - child->text);
	snprintf(child->line, sizeof child->line, "%.*s", (int)len,
		 child->text);
	child->len -= len + 1;
	memmove(child->text, end + 1, child->len + 1);
	return true;
}

const char *child_says(struct child *child, const char *part, altair_time wait)
{
	altair_time until = wire_now() + wait;
	const char *found;

	do {
		while (take_line(child)) {
			found = strstr(child->line, part);
			if (found)
				return found + strlen(part);
		}
	} while (read_more(child, until));
	return NULL;
}

int child_end(struct child *child)
{
	altair_time until = wire_now() + PATIENCE;
	int status = 0;

	close(child->input);
	while (waitpid(child->pid, &status, WNOHANG) == 0) {
		if (wire_now() > until)
			kill(child->pid, SIGKILL);
		wire_sleep_until(wire_now() + ALTAIR_MSEC(2));
	}
	close(child->output);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}
