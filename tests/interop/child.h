/*
 * tests/interop/child.h - a program under test: started with pipes, heard line
 * by line, spoken to, ended. None outlives the test: each gets a signal when
 * its parent ends.
 */
#ifndef CHILD_H
#define CHILD_H

#include <altair/base.h>

#include <sys/types.h>

struct child {
	pid_t pid;
	int input, output; /* our ends of its standard input and output    */
	size_t len;
	char text[8192]; /* what it said and nobody has read             */
	char line[1024]; /* the line read last                           */
};

/* Ends the program if the child cannot be started. */
void child_start(struct child *child, const char *const *argv);

void child_tell(const struct child *child, const char *text);

/*
 * Reads on until a line has `part` in it, within `wait`, and returns what
 * follows `part` on that line (valid until the next call); NULL if the output
 * or the time ended before.
 */
const char *child_says(struct child *child, const char *part, altair_time wait);

/* Closes its input and waits, at last kills it; returns its exit status, or 128
 * + the signal. */
int child_end(struct child *child);

#endif
