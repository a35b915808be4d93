/*
 * roll.h - users in a file: a line name:realm:MD5:SHA-256 for each, the hashes in
 * hexadecimal digits and of "name:realm:password" (RFC 8489 18.5.1). Whoever has
 * them can be the user here, so the file is as secret as the passwords.
 */
#ifndef AIR_ROLL_H
#define AIR_ROLL_H

#include <altair/server.h>

#include <stdbool.h>

struct roll_line {
	altair_bytes realm;
	altair_server_user user; /* its name points into the text */
	unsigned number;
};

struct roll {
	char *text;
	struct roll_line *lines;
	size_t count;
};

/* Reads a file. Returns -1 to go on, or the exit code after a complaint. To be
 * closed in either case. */
int air_roll_open(struct roll *roll, const char *path);
/* Harmless when all zero. */
void air_roll_close(struct roll *roll);
/* The line of a name in a realm, or NULL. */
struct roll_line *air_roll_find(const struct roll *roll, altair_bytes name,
				altair_bytes realm);
/* Writes the file anew: what is in the roll but `without` (may be NULL), and
 * `more` (may be NULL); whole, or not at all. Its owner, group and mode stay; a new
 * one is the caller's alone. Returns -1, or the exit code. */
int air_roll_write(const struct roll *roll, const char *path,
		   const struct roll_line *without,
		   const struct roll_line *more);

#endif
