/*
 * The dialect is the smallest that people expect: a comment is a line that begins
 * with # or ; and nothing else, so that a password may hold either; a value is
 * the rest of its line without the blanks around it, in quotation marks or not.
 * Nothing goes on in the next line. A line that is none of these is refused.
 */
#define _GNU_SOURCE
#include "ini.h"

#include "command.h"
#include "print.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ini *open_files;

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks at both ends; cuts the text. */
static char *trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	for (len = strlen(text); len > 0 && is_blank(text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

static char *unquote(char *text)
{
	size_t len = strlen(text);

	if (len < 2 || text[0] != '"' || text[len - 1] != '"')
		return text;
	text[len - 1] = '\0';
	return text + 1;
}

/* Returns -1 to go on, or the exit code. */
static int take_line(struct ini *ini, char *line, unsigned number)
{
	char *text = trim(line), *equals = strchr(text, '=');

	if (*text == '\0' || *text == '#' || *text == ';')
		return -1;
	if (*text == '[' && text[strlen(text) - 1] == ']')
		return -1;
	if (!equals || equals == text)
		return air_print_failure(EXIT_USAGE,
					 "%s:%u: this is no line 'key = value'",
					 ini->path, number);
	if (ini->count == INI_ITEMS_MAX)
		return air_print_failure(EXIT_USAGE,
					 "%s:%u: more than %d settings",
					 ini->path, number, INI_ITEMS_MAX);
	*equals = '\0';
	ini->items[ini->count++] = (struct ini_item){
		.key = trim(text),
		.value = unquote(trim(equals + 1)),
		.line = number,
	};
	return -1;
}

static int take_lines(struct ini *ini)
{
	char *line = ini->text;
	unsigned number = 1;
	int code = -1;

	if (memchr(ini->text, '\0', ini->len))
		return air_print_failure(EXIT_USAGE, "%s is no text file",
					 ini->path);
	for (; line && code < 0; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		code = take_line(ini, line, number);
		line = end ? end + 1 : NULL;
	}
	return code;
}

static int read_text(struct ini *ini)
{
	FILE *file = fopen(ini->path, "re");
	bool is_read;

	if (!file)
		return air_print_failure(EXIT_USAGE, "cannot read %s: %s",
					 ini->path, strerror(errno));
	ini->len = fread(ini->text, 1, INI_LEN_MAX, file);
	is_read = !ferror(file);
	fclose(file);
	if (!is_read)
		return air_print_failure(EXIT_USAGE, "cannot read %s",
					 ini->path);
	if (ini->len == INI_LEN_MAX)
		return air_print_failure(EXIT_USAGE,
					 "%s is longer than %d bytes",
					 ini->path, INI_LEN_MAX - 1);
	return -1;
}

int air_ini_open(struct ini *ini, const char *path)
{
	int code;

	*ini = (struct ini){.path = path, .next = open_files};
	ini->text = calloc(1, INI_LEN_MAX + 1);
	if (!ini->text)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	open_files = ini;
	code = read_text(ini);
	return code < 0 ? take_lines(ini) : code;
}

void air_ini_close(struct ini *ini)
{
	struct ini **link = &open_files;

	while (*link && *link != ini)
		link = &(*link)->next;
	if (*link)
		*link = ini->next;
	free(ini->text);
	ini->text = NULL;
	ini->count = 0;
}

const struct ini_item *air_ini_find(const char *value, const char **path)
{
	for (struct ini *ini = open_files; ini; ini = ini->next)
		for (size_t i = 0; i < ini->count; i++)
			if (ini->items[i].value == value) {
				*path = ini->path;
				return &ini->items[i];
			}
	return NULL;
}
