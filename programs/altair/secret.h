/*
 * secret.h - a secret that a person gives: typed, in the environment, or in a file.
 * Never on the command line, which everybody on the computer can read.
 */
#ifndef AIR_SECRET_H
#define AIR_SECRET_H

#include "command.h"

#include <stdbool.h>

struct secret_source {
	const char *file;     /* its first line; "-": of stdin; NULL: none   */
	const char *variable; /* of the environment                          */
	const char *question; /* else asked on the terminal                  */
	bool can_ask;
};

/*
 * Reads it into `out`, without the line's end; *len is 1 to `cap`. Returns 0, or the
 * exit code after a complaint: EXIT_USAGE, or EXIT_SIGNAL + n when signal n came
 * instead of an answer.
 */
int air_secret_read(const struct command *self,
		    const struct secret_source *source, char *out, size_t cap,
		    size_t *len);

#endif
