/*
 * caller.h - one order to a running server, and the lines that come back.
 */
#ifndef AIR_CALLER_H
#define AIR_CALLER_H

#include <jansson.h>
#include <stdio.h>

struct caller {
	FILE *stream; /* NULL: not open */
	char *line;
	size_t cap;
};

/* Sends the order to the socket at `path`, and frees it. Returns -1 to go on, or
 * the exit code after a complaint. */
int air_caller_open(struct caller *caller, const char *path, json_t *order);
/* The next line without its end, until the next call; NULL at the end. */
const char *air_caller_read(struct caller *caller);
void air_caller_close(struct caller *caller);

#endif
