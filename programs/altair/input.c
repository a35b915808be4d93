/*
 * stdin is shared with other processes, so it must not be made non-blocking:
 * it is opened once more through /proc, which gives flags of our own. Where
 * that fails (a socket, another user's terminal) the flags are set and put
 * back.
 */
#define _GNU_SOURCE
#include "input.h"

#include <altair/error.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void take_line(struct input *in)
{
	altair_bytes line = {(const uint8_t *)in->line, in->len};
	bool is_cut = in->is_cut;

	in->len = 0;
	in->is_cut = false;
	in->on_line(in->user, line, is_cut);
}

static void take_byte(struct input *in, char byte)
{
	if (in->on_key)
		in->on_key(in->user, byte);
	else if (byte == '\n')
		take_line(in);
	else if (in->len < sizeof in->line)
		in->line[in->len++] = byte;
	else
		in->is_cut = true;
}

static void end(struct input *in, bool at_start)
{
	air_input_stop(in);
	if (in->len > 0)
		take_line(in);
	in->on_end(in->user, at_start);
}

/* A handler may stop the input: the rest of the chunk waits for the next
 * start. */
static void consume(struct input *in)
{
	while (in->is_running && in->taken < in->filled)
		take_byte(in, in->chunk[in->taken++]);
}

/* Reads what is there, once. */
static void take(struct input *in, bool at_start)
{
	ssize_t got;

	if (in->taken == in->filled) {
		got = read(in->fd, in->chunk, sizeof in->chunk);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			end(in, at_start);
			return;
		}
		in->filled = (size_t)got;
		in->taken = 0;
	}
	consume(in);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	take(poll->data, false);
}

static void on_idle(uv_idle_t *idle)
{
	take(idle->data, false);
}

int air_input_open(struct input *input, uv_loop_t *loop)
{
	struct stat stat;

	memset(input, 0, sizeof *input);
	if (fstat(STDIN_FILENO, &stat) < 0)
		return ALTAIR_E_SYSTEM;
	input->flags = -1;
	input->fd = -1;
	if (!S_ISREG(stat.st_mode)) /* a file opened again begins anew */
		input->fd = open("/proc/self/fd/0",
				 O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (input->fd < 0) {
		input->fd = STDIN_FILENO;
		input->flags = fcntl(STDIN_FILENO, F_GETFL);
	}
	uv_idle_init(loop, &input->idle);
	input->idle.data = input;
	input->is_open = true;
	/* What cannot be waited for is always ready: files, /dev/null. */
	input->is_file = uv_poll_init(loop, &input->poll, input->fd) < 0;
	input->poll.data = input;
	return 0;
}

void air_input_start(struct input *input)
{
	if (!input->is_open || input->is_running)
		return;
	input->is_running = true;
	if (input->is_file)
		uv_idle_start(&input->idle, on_idle);
	else
		uv_poll_start(&input->poll, UV_READABLE | UV_DISCONNECT,
			      on_poll);
	take(input, true);
}

void air_input_stop(struct input *input)
{
	if (!input->is_running)
		return;
	input->is_running = false;
	if (input->is_file)
		uv_idle_stop(&input->idle);
	else
		uv_poll_stop(&input->poll);
}

void air_input_close(struct input *input)
{
	if (!input->is_open)
		return;
	input->is_open = false;
	air_input_stop(input);
	uv_close((uv_handle_t *)&input->idle, NULL);
	if (!input->is_file)
		uv_close((uv_handle_t *)&input->poll, NULL);
	if (input->fd != STDIN_FILENO)
		close(input->fd);
	else if (input->flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, input->flags);
}
