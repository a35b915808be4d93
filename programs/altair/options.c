/*
 * Command lines by table, over getopt_long(3). Numbers and times are strict:
 * decimal digits and a known unit, nothing before, between or after them.
 */
#define _GNU_SOURCE
#include "options.h"

#include "print.h"

#include <altair/base.h>

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 24
#define HELP_COLUMN 26
/* What getopt_long returns for row i is FIRST_ROW + i, beyond any letter. */
#define FIRST_ROW 256
#define HELP_KEY 'h'

int air_options_complain(const struct command *command, const char *format, ...)
{
	char sentence[900];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	return air_print_failure(EXIT_USAGE, "%s; see `altair %s --help`",
				 sentence, command->name);
}

/* ---- the help ---- */

static void help_row(const struct option_row *row, FILE *out)
{
	char left[64];
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof letter, "-%c, ", row->letter);
	snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name,
		 row->value ? " " : "", row->value ? row->value : "");
	fprintf(out, "%-*s", HELP_COLUMN, left);
	if (strlen(left) >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	for (const char *c = row->help; *c; c++) {
		putc(*c, out);
		if (*c == '\n')
			fprintf(out, "%*s", HELP_COLUMN, "");
	}
	putc('\n', out);
}

void air_options_help(const struct command *command, FILE *out)
{
	static const struct option_row help = {
		.name = "help",
		.letter = HELP_KEY,
		.help = "print this and exit",
	};

	fprintf(out, "Usage: altair %s [OPTION]...\n\n%s\n\nOptions:\n",
		command->name, command->about);
	for (const struct option_row *row = command->options; row->name; row++)
		help_row(row, out);
	help_row(&help, out);
}

/* ---- values ---- */

/* Reads decimal digits; returns where they end, NULL without any or beyond
 * nine of them. */
static const char *read_digits(const char *text, unsigned long *out)
{
	const char *at = text;
	unsigned long value = 0;

	for (; isdigit((unsigned char)*at); at++) {
		if (at - text == 9)
			return NULL;
		value = value * 10 + (unsigned long)(*at - '0');
	}
	*out = value;
	return at > text ? at : NULL;
}

static bool read_number(const char *text, unsigned long *out)
{
	const char *end = read_digits(text, out);

	return end && *end == '\0';
}

/* "400ms", "10s", "10" (seconds); the result in milliseconds. */
static bool read_time(const char *text, unsigned long *out)
{
	const char *end = read_digits(text, out);

	if (!end)
		return false;
	if (strcmp(end, "ms") == 0)
		return true;
	*out *= 1000;
	return *end == '\0' || strcmp(end, "s") == 0;
}

static int take_number(const struct command *command,
		       const struct option_row *row, const char *text, void *to)
{
	unsigned long value;

	if (!read_number(text, &value) || value < row->min || value > row->max)
		return air_options_complain(
			command,
			"--%s wants a number from %lu to %lu, not '%s'",
			row->name, row->min, row->max, text);
	*(unsigned *)to = (unsigned)value;
	return -1;
}

static int take_time(const struct command *command,
		     const struct option_row *row, const char *text, void *to)
{
	unsigned long value;

	if (!read_time(text, &value) || value < row->min || value > row->max)
		return air_options_complain(
			command,
			"--%s wants a time from %lums to %lus, such as 400ms "
			"or 10s, not '%s'",
			row->name, row->min, row->max / 1000, text);
	*(altair_time *)to = ALTAIR_MSEC(value);
	return -1;
}

static int take(const struct command *command, const struct option_row *row,
		const char *text, void *values)
{
	void *to = (char *)values + row->at;
	struct option_list *list = to;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)to = true;
		return -1;
	case OPTION_TEXT:
		*(const char **)to = text;
		return -1;
	case OPTION_LIST:
		if (list->count == OPTION_LIST_MAX)
			return air_options_complain(
				command, "--%s is given more than %d times",
				row->name, OPTION_LIST_MAX);
		list->item[list->count++] = text;
		return -1;
	case OPTION_NUMBER:
		return take_number(command, row, text, to);
	case OPTION_TIME:
		return take_time(command, row, text, to);
	}
	return EXIT_INTERNAL;
}

/* ---- the command line ---- */

struct getopt_tables {
	struct option longs[ROWS_MAX + 2];
	char letters[2 * ROWS_MAX + 3];
	size_t rows;
};

static void fill(struct getopt_tables *tables, const struct option_row *rows)
{
	char *letter = tables->letters;
	size_t i = 0;

	*letter++ = ':'; /* tells a missing value from an unknown option */
	*letter++ = HELP_KEY;
	for (; rows[i].name && i < ROWS_MAX; i++) {
		tables->longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].type == OPTION_FLAG
					   ? no_argument
					   : required_argument,
			.val = FIRST_ROW + (int)i,
		};
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].type != OPTION_FLAG)
			*letter++ = ':';
	}
	*letter = '\0';
	tables->rows = i;
	tables->longs[i] = (struct option){
		.name = "help", .has_arg = no_argument, .val = HELP_KEY};
	tables->longs[i + 1] = (struct option){0};
}

static const struct option_row *find(const struct option_row *rows, int key)
{
	for (size_t i = 0; rows[i].name; i++)
		if (key == FIRST_ROW + (int)i ||
		    (rows[i].letter && key == rows[i].letter))
			return &rows[i];
	return NULL;
}

/* getopt_long names a wrong option in two ways: long ones stand in argv. */
static int complain_unknown(const struct command *command, char **argv, int key)
{
	const char *word = argv[optind - 1];

	if (key == ':')
		return air_options_complain(command, "%s wants a value", word);
	if (strncmp(word, "--", 2) != 0 && optopt > 0 && optopt < FIRST_ROW)
		return air_options_complain(command, "unknown option -%c",
					    optopt);
	return air_options_complain(command, "unknown option %s", word);
}

int air_options_read(const struct command *command, int argc, char **argv,
		     void *values)
{
	struct getopt_tables tables;
	int key, result = -1;

	fill(&tables, command->options);
	optind = 1;
	opterr = 0;
	while (result < 0 && (key = getopt_long(argc, argv, tables.letters,
						tables.longs, NULL)) != -1) {
		const struct option_row *row = find(command->options, key);

		if (key == HELP_KEY) {
			air_options_help(command, stdout);
			return EXIT_DONE;
		}
		if (row)
			result = take(command, row, optarg, values);
		else
			result = complain_unknown(command, argv, key);
	}
	if (result < 0 && optind < argc)
		result = air_options_complain(
			command, "unexpected argument '%s'", argv[optind]);
	return result;
}
