/*
 * options.h - the options of a subcommand as one table: the command line is
 * read by it and --help is made from it.
 */
#ifndef AIR_OPTIONS_H
#define AIR_OPTIONS_H

#include "command.h"

#include <stdbool.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,   /* bool                                               */
	OPTION_TEXT,   /* const char *                                       */
	OPTION_LIST,   /* struct option_list                                 */
	OPTION_NUMBER, /* unsigned, min to max                               */
	OPTION_TIME    /* altair_time, min to max (both in milliseconds)     */
};

#define OPTION_LIST_MAX 16

struct option_list {
	const char *item[OPTION_LIST_MAX];
	size_t count;
};

struct option_row {
	const char *name; /* without the dashes                         */
	char letter;	  /* the short form, or 0                       */
	enum option_type type;
	const char *value; /* what the help calls the value; NULL: none  */
	const char *help;
	size_t at; /* where the value goes in the caller's struct */
	unsigned long min, max;
};

/*
 * Reads the command line into `values` (the struct that `at` refers to, filled
 * with the defaults before). Arguments that are no options are refused. Returns
 * -1 to go on, or the exit code: 0 after --help, EXIT_USAGE after a complaint.
 */
int air_options_read(const struct command *command, int argc, char **argv,
		     void *values);

/* Writes what `altair COMMAND --help` prints. */
void air_options_help(const struct command *command, FILE *out);

/* Complains in one line, points to the help, returns EXIT_USAGE. */
int air_options_complain(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
