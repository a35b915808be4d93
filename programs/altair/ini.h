/*
 * ini.h - a configuration file: lines `key = value`, comments, and [sections]
 * that group keys for the reader's eye only. Values point into the file's text,
 * so that for each of them it can be said where it stands.
 */
#ifndef AIR_INI_H
#define AIR_INI_H

#include <stddef.h>

#define INI_LEN_MAX 65536
#define INI_ITEMS_MAX 512

struct ini_item {
	const char *key, *value;
	unsigned line;
};

struct ini {
	const char *path; /* borrowed */
	char *text;	  /* cut into keys and values */
	size_t len;
	struct ini_item items[INI_ITEMS_MAX];
	size_t count;
	struct ini *next; /* of those that are open */
};

/*
 * Reads a file. Returns -1 to go on, or the exit code after a complaint. What is
 * read stays until air_ini_close, also the values in it.
 */
int air_ini_open(struct ini *ini, const char *path);
/* Harmless when all zero. */
void air_ini_close(struct ini *ini);
/* The item that has this very value (the pointer), in any open file; *path is
 * that file's. NULL: it comes from elsewhere. */
const struct ini_item *air_ini_find(const char *value, const char **path);

#endif
