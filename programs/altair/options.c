/*
 * Command lines by table, over getopt_long(3), and files by the same table.
 * Numbers and times are strict: decimal digits and a known unit, nothing
 * before, between or after them.
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

#define ROWS_MAX 64
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

int air_options_refuse(const struct command *command, const char *name,
		       const char *value, const char *format, ...)
{
	char sentence[900];
	const struct ini_item *item;
	const char *path;
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	item = air_ini_find(value, &path);
	if (item)
		return air_print_failure(EXIT_USAGE, "%s:%u: %s %s", path,
					 item->line, name, sentence);
	return air_options_complain(command, "--%s %s", name, sentence);
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

	fprintf(out, "Usage: altair %s %s%s[OPTION]...\n\n%s\n\nOptions:\n",
		command->name, command->words ? command->words : "",
		command->words ? " " : "", command->about);
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
		return air_options_refuse(
			command, row->name, text,
			"wants a number from %lu to %lu, not '%s'", row->min,
			row->max, text);
	*(unsigned *)to = (unsigned)value;
	return -1;
}

static int take_time(const struct command *command,
		     const struct option_row *row, const char *text, void *to)
{
	unsigned long value;

	if (!read_time(text, &value) || value < row->min || value > row->max)
		return air_options_refuse(
			command, row->name, text,
			"wants a time from %lums to %lus, such as 400ms or "
			"10s, not '%s'",
			row->min, row->max / 1000, text);
	*(altair_time *)to = ALTAIR_MSEC(value);
	return -1;
}

/* On the command line a flag has no text. */
static int take_flag(const struct command *command,
		     const struct option_row *row, const char *text, void *to)
{
	bool is_yes = !text || strcmp(text, "yes") == 0;

	if (!is_yes && strcmp(text, "no") != 0)
		return air_options_refuse(command, row->name, text,
					  "wants yes or no, not '%s'", text);
	*(bool *)to = is_yes;
	return -1;
}

static int take(const struct command *command, const struct option_row *row,
		const char *text, void *values)
{
	void *to = (char *)values + row->at;
	struct option_list *list = to;

	switch (row->type) {
	case OPTION_FLAG:
		return take_flag(command, row, text, to);
	case OPTION_TEXT:
		*(const char **)to = text;
		return -1;
	case OPTION_LIST:
		if (list->count == OPTION_LIST_MAX)
			return air_options_refuse(command, row->name, text,
						  "is given more than %d times",
						  OPTION_LIST_MAX);
		list->item[list->count++] = text;
		return -1;
	case OPTION_NUMBER:
		return take_number(command, row, text, to);
	case OPTION_TIME:
		return take_time(command, row, text, to);
	case OPTION_FILE:
		((struct option_file *)to)->path = text;
		return -1;
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

/* ---- the file ---- */

/* Which rows have a value, by their place in the table. */
struct taken {
	bool by_line[ROWS_MAX], by_file[ROWS_MAX];
};

static size_t place_of(const struct command *command, const char *name)
{
	size_t i = 0;

	while (command->options[i].name &&
	       strcmp(command->options[i].name, name) != 0)
		i++;
	return i;
}

static int take_item(const struct command *command, const struct ini *ini,
		     const struct ini_item *item, struct taken *taken,
		     void *values)
{
	size_t place = place_of(command, item->key);
	const struct option_row *row = &command->options[place];

	if (!row->name)
		return air_print_failure(EXIT_USAGE, "%s:%u: unknown key '%s'",
					 ini->path, item->line, item->key);
	if (row->traits & OPTION_ACTION)
		return air_print_failure(
			EXIT_USAGE,
			"%s:%u: '%s' is for the command line, not for a file",
			ini->path, item->line, item->key);
	if (taken->by_file[place] && row->type != OPTION_LIST)
		return air_print_failure(EXIT_USAGE,
					 "%s:%u: '%s' is there twice",
					 ini->path, item->line, item->key);
	taken->by_file[place] = true;
	return taken->by_line[place] ? -1
				     : take(command, row, item->value, values);
}

static int take_file(const struct command *command, struct taken *taken,
		     void *values)
{
	const struct option_row *row = command->options;
	struct option_file *file;
	void *at;
	int code;

	while (row->name && row->type != OPTION_FILE)
		row++;
	if (!row->name)
		return -1;
	at = (char *)values + row->at;
	file = at;
	if (!file->path)
		return -1;
	code = air_ini_open(&file->ini, file->path);
	for (size_t i = 0; code < 0 && i < file->ini.count; i++)
		code = take_item(command, &file->ini, &file->ini.items[i],
				 taken, values);
	return code;
}

/* ---- all of it ---- */

/* What is no option. */
static int take_words(const struct command *command, int argc, char **argv,
		      void *values)
{
	void *at = (char *)values + command->words_at;
	struct option_list *words = at;

	for (; optind < argc; optind++) {
		if (!command->words || words->count == OPTION_LIST_MAX)
			return air_options_complain(command,
						    "unexpected argument '%s'",
						    argv[optind]);
		words->item[words->count++] = argv[optind];
	}
	return -1;
}

int air_options_read(const struct command *command, int argc, char **argv,
		     void *values)
{
	struct getopt_tables tables;
	struct taken taken = {{false}, {false}};
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
		if (!row)
			return complain_unknown(command, argv, key);
		taken.by_line[row - command->options] = true;
		result = take(command, row, optarg, values);
	}
	if (result < 0)
		result = take_words(command, argc, argv, values);
	return result < 0 ? take_file(command, &taken, values) : result;
}

/* ---- two readings ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_list(const struct option_list *a,
			 const struct option_list *b)
{
	size_t i = 0;

	while (i < a->count && i < b->count &&
	       is_same_text(a->item[i], b->item[i]))
		i++;
	return i == a->count && i == b->count;
}

static bool is_same(const struct option_row *row, const void *a, const void *b)
{
	switch (row->type) {
	case OPTION_FLAG:
		return *(const bool *)a == *(const bool *)b;
	case OPTION_TEXT:
		return is_same_text(*(const char *const *)a,
				    *(const char *const *)b);
	case OPTION_LIST:
		return is_same_list(a, b);
	case OPTION_NUMBER:
		return *(const unsigned *)a == *(const unsigned *)b;
	case OPTION_TIME:
		return *(const altair_time *)a == *(const altair_time *)b;
	case OPTION_FILE:
		break;
	}
	return true;
}

const struct option_row *air_options_differ(const struct command *command,
					    const void *a, const void *b)
{
	for (const struct option_row *row = command->options; row->name; row++)
		if (!(row->traits & OPTION_LIVE) &&
		    !is_same(row, (const char *)a + row->at,
			     (const char *)b + row->at))
			return row;
	return NULL;
}
