/*
 * input.h - lines of stdin on a loop, whatever stdin is: a terminal, a pipe, a
 * file, or nothing.
 */
#ifndef AIR_INPUT_H
#define AIR_INPUT_H

#include <altair/base.h>

#include <uv.h>

/* Longer than any message, escaped in JSON too: what does not fit is too long
 * anyway. */
#define INPUT_LINE_MAX 16384

struct input {
	uv_poll_t poll; /* terminals, pipes, sockets */
	uv_idle_t idle; /* files: always ready       */
	int fd, flags;
	bool is_open, is_file, is_running, is_cut;
	char line[INPUT_LINE_MAX];
	size_t len;
	char chunk[1024];
	size_t filled, taken; /* of the chunk */
	/* Where this is set, single bytes, and no lines. */
	void (*on_key)(void *user, char key);
	/* A line without its end; `is_cut`: it was longer than `line`. */
	void (*on_line)(void *user, altair_bytes line, bool is_cut);
	/* Nothing more comes. `at_start`: nothing ever came since
	 * air_input_start. */
	void (*on_end)(void *user, bool at_start);
	void *user;
};

/* Opens stdin; nothing is read yet. Returns 0 or an ALTAIR_E_*. */
int air_input_open(struct input *input, uv_loop_t *loop);

/* Reads from now on and calls the handlers (set them before). */
void air_input_start(struct input *input);
void air_input_stop(struct input *input);

/* Stops, and leaves stdin as it was found. Harmless when not open. */
void air_input_close(struct input *input);

#endif
