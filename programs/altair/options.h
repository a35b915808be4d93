/*
 * options.h - the options of a subcommand as one table: the command line is
 * read by it, and a configuration file, and --help is made from it.
 */
#ifndef AIR_OPTIONS_H
#define AIR_OPTIONS_H

#include "command.h"
#include "ini.h"

#include <stdbool.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,   /* bool                                               */
	OPTION_TEXT,   /* const char *                                       */
	OPTION_LIST,   /* struct option_list                                 */
	OPTION_NUMBER, /* unsigned, min to max                               */
	OPTION_TIME,   /* altair_time, min to max (both in milliseconds)     */
	OPTION_FILE    /* struct option_file: more of these options          */
};

/* Traits of options. */
#define OPTION_ACTION 1u /* what this run does; not in a file */
#define OPTION_LIVE 2u	 /* what runs can take another value  */

#define OPTION_LIST_MAX 16

struct option_list {
	const char *item[OPTION_LIST_MAX];
	size_t count;
};

/* Keys of the file are the names of the rows. The command line goes first. */
struct option_file {
	const char *path; /* NULL: none */
	struct ini ini;
};

struct option_row {
	const char *name; /* without the dashes; NULL ends the table    */
	char letter;	  /* the short form, or 0                       */
	enum option_type type;
	const char *value; /* what the help calls the value; NULL: none  */
	const char *help;
	size_t at; /* where the value goes in the caller's struct */
	unsigned long min, max;
	unsigned traits;
};

/*
 * Reads the command line into `values` (the struct that `at` refers to, filled
 * with the defaults before). Arguments that are no options go to `words_at` of the
 * command, or are refused. Returns
 * -1 to go on, or the exit code: 0 after --help, EXIT_USAGE after a complaint. A
 * file stays open with what was read from it, until air_ini_close.
 */
int air_options_read(const struct command *command, int argc, char **argv,
		     void *values);

/* Writes what `altair COMMAND --help` prints. */
void air_options_help(const struct command *command, FILE *out);

/* Complains in one line, points to the help, returns EXIT_USAGE. */
int air_options_complain(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Complains about the value of option `name`, in one line that says where it
 * stands:
 *   --listen wants an endpoint, not 'x'; see `altair serve --help`
 *   altair.conf:7: listen wants an endpoint, not 'x'
 * The format begins with "wants". Returns EXIT_USAGE.
 */
int air_options_refuse(const struct command *command, const char *name,
		       const char *value, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The first row whose values in `a` and `b` differ and that is not live, or
 * NULL. */
const struct option_row *air_options_differ(const struct command *command,
					    const void *a, const void *b);

#endif
