/*
 * Where it is typed it is not shown. Signals that come meanwhile are taken from a
 * descriptor, so that the terminal is always given back.
 */
#define _GNU_SOURCE
#include "secret.h"

#include "folder.h"
#include "options.h"
#include "print.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_OF_INPUT 4 /* Ctrl+D */
#define ERASE 127
#define BACKSPACE 8

/* What is being read. */
struct reading {
	char *out;
	size_t cap, len;
	bool is_too_long;
};

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static void put(struct reading *r, char c)
{
	if (r->len == r->cap)
		r->is_too_long = true;
	else
		r->out[r->len++] = c;
}

/* --- a file ---------------------------------------------------------------- */

/* Byte by byte: the rest of stdin is not ours. */
static bool read_line(struct reading *r, int fd)
{
	char c;
	ssize_t got;

	while ((got = read(fd, &c, 1)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (is_line_end(c))
			break;
		put(r, c);
	}
	return true;
}

static int read_file(const struct command *self, struct reading *r,
		     const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat is;
	int code = 0;

	if (fd < 0)
		return air_options_complain(self, "'%s' cannot be read: %s",
					    path, strerror(errno));
	if (!is_stdin && fstat(fd, &is) == 0 && S_ISREG(is.st_mode))
		code = air_folder_check(path, &is, "a secret");
	if (!code && !read_line(r, fd))
		code = air_options_complain(self, "'%s' cannot be read: %s",
					    path, strerror(errno));
	if (!is_stdin)
		close(fd);
	return code;
}

/* --- a person -------------------------------------------------------------- */

/* True: it is at its end. */
static bool take_key(struct reading *r, char key)
{
	if (is_line_end(key) || key == END_OF_INPUT)
		return true;
	if (key != ERASE && key != BACKSPACE)
		put(r, key);
	else if (r->len > 0)
		r->len--;
	return false;
}

/* 0, or the number of the signal that came. */
static int take_keys(struct reading *r, int signals)
{
	struct pollfd ready[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
				  {.fd = signals, .events = POLLIN}};
	struct signalfd_siginfo info;
	char key;

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return 0;
		if (ready[1].revents &&
		    read(signals, &info, sizeof info) == sizeof info)
			return (int)info.ssi_signo;
		if (ready[0].revents &&
		    (read(STDIN_FILENO, &key, 1) != 1 || take_key(r, key)))
			return 0;
	}
}

static int ask(struct reading *r, const char *question)
{
	sigset_t ours, before;
	int signals, number;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, &before);
	signals = signalfd(-1, &ours, SFD_CLOEXEC);
	air_terminal_take();
	air_print("%s", question);
	number = take_keys(r, signals);
	air_terminal_give_back();
	air_print("\n");
	if (signals >= 0)
		close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return number ? EXIT_SIGNAL + number : 0;
}

/* --- all of them ----------------------------------------------------------- */

static int find(const struct command *self, const struct secret_source *source,
		struct reading *r)
{
	const char *given = getenv(source->variable);

	if (source->file)
		return read_file(self, r, source->file);
	if (given) {
		while (*given)
			put(r, *given++);
		return 0;
	}
	if (source->can_ask)
		return ask(r, source->question);
	return air_options_complain(
		self,
		"there is no terminal to ask for the secret: give it in %s or "
		"with --secret-file",
		source->variable);
}

int air_secret_read(const struct command *self,
		    const struct secret_source *source, char *out, size_t cap,
		    size_t *len)
{
	struct reading r = {.out = out, .cap = cap};
	int code = find(self, source, &r);

	if (code)
		return code;
	if (r.is_too_long)
		return air_options_complain(
			self, "the secret is longer than %zu bytes", cap);
	if (r.len == 0)
		return air_options_complain(self, "the secret is empty");
	*len = r.len;
	return 0;
}
