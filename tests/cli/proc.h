/*
 * proc.h - one run of the command under test: its descriptors are pipes or a
 * terminal of its own, its state directory is a new one for each test program.
 * Every wait has a deadline that only a broken command reaches.
 */
#ifndef CLI_PROC_H
#define CLI_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#define PROC_TEXT_MAX (1024 * 1024)

enum proc_stdin {
	PROC_PIPE,
	PROC_NULL,	/* /dev/null */
	PROC_CLOSED,	/* no descriptor 0 at all */
	PROC_INHERITED, /* ours */
	PROC_SOCKET,	/* a socket, which cannot be opened again */
	PROC_TTY	/* stdin, stdout and stderr are one terminal */
};

struct proc {
	pid_t pid;
	int in, out, err; /* -1: closed; with PROC_TTY in and out are one */
	char *out_text, *err_text;
	size_t out_len, err_len;
	size_t seen;	      /* of out_text, by proc_expect */
	struct termios modes; /* of the terminal, before */
	bool is_tty;
	int look; /* the terminal once more, also when it is over */
};

/* Where altair is: the environment's ALTAIR. */
const char *proc_altair(void);

/* The state directory of this test program; made at first use. */
const char *proc_state(void);

/* Starts altair with the arguments up to NULL. */
void proc_start(struct proc *p, enum proc_stdin in, const char *const args[]);

/* Reads until `text` appears on stdout after what was expected before. */
bool proc_expect(struct proc *p, const char *text);

/* Reads until `text` appears anywhere on stderr. */
bool proc_expect_note(struct proc *p, const char *text);

void proc_send(struct proc *p, const void *data, size_t len);
void proc_type(struct proc *p, const char *text);
void proc_close_in(struct proc *p);
void proc_close_out(struct proc *p);
void proc_signal(struct proc *p, int number);

/* Reads both streams to their end and returns the exit code, or 1000 + n when
 * signal n killed it. Frees nothing: the texts stay until proc_free. */
int proc_end(struct proc *p);

/* True when the terminal's modes are what they were. */
bool proc_terminal_is_as_before(const struct proc *p);

void proc_free(struct proc *p);

/* Start, end, and the exit code; the texts are in *p. */
int proc_run(struct proc *p, const char *const args[]);

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
