/*
 * Runs the command with everything it reads and writes in the test's hands.
 */
#define _GNU_SOURCE
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 30000
#define ARGS_MAX 32

static void die(const char *what)
{
	fprintf(stderr, "# proc: %s: %s\n", what, strerror(errno));
	exit(1);
}

const char *proc_altair(void)
{
	const char *path = getenv("ALTAIR");

	if (!path) {
		fputs("# set ALTAIR to the command's path\n", stderr);
		exit(1);
	}
	return path;
}

static char state[] = "/tmp/altair-cli.XXXXXX";
static bool has_state;

static void remove_state(void)
{
	static const char *const files[] = {"discover", "identity.pem",
					    "known_peers"};
	char path[128];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/altair/%s", state, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/altair", state);
	rmdir(path);
	rmdir(state);
}

const char *proc_state(void)
{
	if (!has_state) {
		if (!mkdtemp(state))
			die("mkdtemp");
		has_state = true;
		atexit(remove_state);
	}
	return state;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- starting ---- */

static void set_environment(void)
{
	if (!getenv("CLI_STATE"))
		setenv("XDG_STATE_HOME", proc_state(), 1);
	else
		setenv("XDG_STATE_HOME", getenv("CLI_STATE"), 1);
	if (!getenv("CLI_COLOR"))
		setenv("TERM", "dumb", 1);
	else
		setenv("TERM", "xterm", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
}

static void become(int in, int out, int err, const char *const args[])
{
	char *argv[ARGS_MAX] = {(char *)"altair"};

	for (int i = 0; args[i] && i < ARGS_MAX - 2; i++)
		argv[i + 1] = (char *)args[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (in >= 0)
		dup2(in, 0);
	else
		close(0);
	dup2(out, 1);
	dup2(err, 2);
	execv(proc_altair(), argv);
	_exit(127);
}

static void start_tty(struct proc *p, const char *const args[])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		die("openpt");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		die("open terminal");
	tcgetattr(slave, &p->modes);
	p->pid = fork();
	if (p->pid < 0)
		die("fork");
	if (p->pid == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		become(slave, slave, slave, args);
	}
	close(slave);
	p->in = p->out = master;
	p->err = -1;
	p->look = fcntl(master, F_DUPFD_CLOEXEC, 0);
	p->is_tty = true;
}

static void start_pipes(struct proc *p, enum proc_stdin in,
			const char *const args[])
{
	int to[2] = {-1, -1}, from[2], from_err[2];

	if (in == PROC_INHERITED)
		to[0] = dup(0);
	else if (in == PROC_NULL)
		to[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if (in == PROC_PIPE && pipe2(to, O_CLOEXEC) < 0)
		die("pipe");
	else if (in == PROC_SOCKET &&
		 socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to) < 0)
		die("socketpair");
	if (pipe2(from, O_CLOEXEC) < 0 || pipe2(from_err, O_CLOEXEC) < 0)
		die("pipe");
	p->pid = fork();
	if (p->pid < 0)
		die("fork");
	if (p->pid == 0)
		become(to[0], from[1], from_err[1], args);
	if (to[0] >= 0)
		close(to[0]);
	close(from[1]);
	close(from_err[1]);
	p->in = to[1];
	p->out = from[0];
	p->err = from_err[0];
}

void proc_start(struct proc *p, enum proc_stdin in, const char *const args[])
{
	memset(p, 0, sizeof *p);
	p->out_text = calloc(1, PROC_TEXT_MAX);
	p->err_text = calloc(1, PROC_TEXT_MAX);
	signal(SIGPIPE, SIG_IGN);
	set_environment();
	fflush(stdout);
	if (in == PROC_TTY)
		start_tty(p, args);
	else
		start_pipes(p, in, args);
}

/* ---- reading ---- */

/* Reads what there is; a stream that ends is closed. A terminal whose other
 * side is closed gives EIO. */
static void read_stream(int *fd, char *text, size_t *len)
{
	ssize_t got = read(*fd, text + *len, PROC_TEXT_MAX - 1 - *len);

	if (got > 0) {
		*len += (size_t)got;
		text[*len] = '\0';
	} else if (got == 0 || errno != EINTR) {
		close(*fd);
		*fd = -1;
	}
}

/* Waits for output; false at the deadline, or when both streams are closed. */
static bool read_more(struct proc *p, long deadline)
{
	struct pollfd fds[2] = {{p->out, POLLIN, 0}, {p->err, POLLIN, 0}};
	long left = deadline - now_ms();

	if (left <= 0 || (p->out < 0 && p->err < 0))
		return false;
	if (poll(fds, 2, (int)left) <= 0)
		return false;
	if (fds[0].revents) {
		int before = p->out;

		read_stream(&p->out, p->out_text, &p->out_len);
		if (p->out < 0 && p->in == before)
			p->in = -1;
	}
	if (fds[1].revents)
		read_stream(&p->err, p->err_text, &p->err_len);
	return true;
}

/* Reads until `text` is at or behind *from, and moves *from behind it. */
static bool expect(struct proc *p, const char *stream, size_t *from,
		   const char *text)
{
	long deadline = now_ms() + DEADLINE_MS;

	do {
		const char *found = strstr(stream + *from, text);

		if (found) {
			*from = (size_t)(found - stream) + strlen(text);
			return true;
		}
	} while (read_more(p, deadline));
	printf("# expected \"%s\" after:\n%s\n# stderr:\n%s\n", text,
	       p->out_text + p->seen, p->err_text);
	return false;
}

bool proc_expect(struct proc *p, const char *text)
{
	return expect(p, p->out_text, &p->seen, text);
}

bool proc_expect_note(struct proc *p, const char *text)
{
	size_t from = 0;

	return expect(p, p->err_text, &from, text);
}

/* ---- doing ---- */

void proc_send(struct proc *p, const void *data, size_t len)
{
	if (write(p->in, data, len) != (ssize_t)len)
		printf("# proc: short write\n");
}

void proc_type(struct proc *p, const char *text)
{
	proc_send(p, text, strlen(text));
}

void proc_close_in(struct proc *p)
{
	if (p->in >= 0)
		close(p->in);
	p->in = -1;
}

void proc_close_out(struct proc *p)
{
	close(p->out);
	p->out = -1;
}

void proc_signal(struct proc *p, int number)
{
	kill(p->pid, number);
}

static int wait_for(struct proc *p, long deadline)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(p->pid, &status, WNOHANG)) == 0) {
		if (now_ms() > deadline) {
			printf("# proc: still running: %s\n", p->out_text);
			kill(p->pid, SIGKILL);
			waitpid(p->pid, &status, 0);
			return -1;
		}
		poll(NULL, 0, 2);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 1000 + WTERMSIG(status);
}

int proc_end(struct proc *p)
{
	long deadline = now_ms() + DEADLINE_MS;

	while (read_more(p, deadline))
		;
	return wait_for(p, deadline);
}

bool proc_terminal_is_as_before(const struct proc *p)
{
	struct termios now;

	return p->is_tty && tcgetattr(p->look, &now) == 0 &&
	       now.c_iflag == p->modes.c_iflag &&
	       now.c_oflag == p->modes.c_oflag &&
	       now.c_lflag == p->modes.c_lflag;
}

void proc_free(struct proc *p)
{
	if (p->out >= 0 && p->out != p->in)
		close(p->out);
	if (p->err >= 0)
		close(p->err);
	if (p->is_tty)
		close(p->look);
	proc_close_in(p);
	free(p->out_text);
	free(p->err_text);
}

int proc_run(struct proc *p, const char *const args[])
{
	proc_start(p, PROC_NULL, args);
	return proc_end(p);
}
