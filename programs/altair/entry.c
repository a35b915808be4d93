/*
 * A text that is a code, or has the form of one, is one: no name may look so
 * (contacts.h). A code is a secret until it is used, and everybody on this host can
 * read command lines: there it is wiped as soon as it is read.
 */
#define _GNU_SOURCE
#include "entry.h"

#include "print.h"

#include <altair/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "ALTAIR_CODE"
#define TEXT_MAX 256
#define CHOICES 16

bool air_entry_read(struct entry *out, const struct contacts *contacts,
		    const char *text, char *why, size_t cap)
{
	const struct contact *contact;
	altair_code code;
	int error = altair_code_parse(&code, text);

	memset(out, 0, sizeof *out);
	if (error == 0)
		return altair_code_format(&code, out->code, sizeof out->code) >
		       0;
	contact = air_contacts_by_name(contacts, text);
	if (contact) {
		out->contact = *contact;
		return true;
	}
	if (error == ALTAIR_E_NO_WORD || altair_code_looks(text))
		snprintf(why, cap,
			 "is no code: one of its words is none that codes are "
			 "made of; look at it again");
	else
		snprintf(why, cap,
			 "is neither a code, such as 7-acorn-river, nor a peer "
			 "you have met (`altair peers` shows them)");
	return false;
}

/* ---- where it is said ---- */

static void wipe(const char *text)
{
	if (text)
		explicit_bzero((char *)(uintptr_t)text, strlen(text));
}

/* Reads one line, and nothing behind it: that is for the peer. */
static bool read_line(int fd, char out[TEXT_MAX])
{
	size_t len = 0;
	char byte = '\0';

	while (len < TEXT_MAX - 1 && read(fd, &byte, 1) == 1 && byte != '\n')
		out[len++] = byte;
	out[len] = '\0';
	return len > 0;
}

static int read_file(const struct command *command, const char *path,
		     char out[TEXT_MAX])
{
	bool is_stdin = strcmp(path, "-") == 0, is_read;
	int fd = STDIN_FILENO;

	if (!is_stdin)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return air_print_failure(EXIT_USAGE, "cannot read %s: %s", path,
					 strerror(errno));
	is_read = read_line(fd, out);
	if (!is_stdin)
		close(fd);
	if (is_read)
		return 0;
	return air_options_complain(command, "--code-file: no code in %s",
				    is_stdin ? "the input" : path);
}

/* Copies what was said. -1: nothing was. */
static int copy_text(const struct command *command,
		     const struct entry_source *source, char out[TEXT_MAX],
		     const char **from)
{
	const char *environment = getenv(VARIABLE);

	if (source->word && source->file)
		return air_options_complain(
			command, "--code-file and '%s' exclude each other",
			source->word);
	*from = source->word ? source->word : environment;
	if (source->file) {
		*from = "--code-file";
		return read_file(command, source->file, out);
	}
	if (!*from || !**from)
		return -1;
	snprintf(out, TEXT_MAX, "%s", *from);
	return 0;
}

static const char *name_of(const struct entry_source *source)
{
	if (source->file)
		return "what --code-file holds";
	return source->word ? NULL : "what " VARIABLE " says";
}

int air_entry_choose(const struct command *command,
		     const struct entry_source *source,
		     const struct contacts *contacts, struct entry *out)
{
	char text[TEXT_MAX], why[256];
	const char *from = NULL, *name = name_of(source);
	int code = copy_text(command, source, text, &from);

	if (code)
		return code;
	if (air_entry_read(out, contacts, text, why, sizeof why)) {
		if (out->code[0] && !source->file)
			wipe(from);
	} else if (name) {
		code = air_options_complain(command, "%s %s", name, why);
	} else {
		code = air_options_complain(command, "'%s' %s", text, why);
	}
	explicit_bzero(text, sizeof text);
	return code;
}

/* ---- completion ---- */

static void append(char *text, const char *tail, size_t len)
{
	size_t have = strlen(text);

	snprintf(text + have, TEXT_MAX - have, "%.*s", (int)len, tail);
}

/* How many letters all of so many words from `first` on have in common: as the
 * list is sorted, those of the first and the last one. */
static size_t common_length(size_t first, size_t count)
{
	const char *a = altair_code_word(first);
	const char *b = altair_code_word(first + count - 1);
	size_t len = 0;

	while (a[len] && a[len] == b[len])
		len++;
	return len;
}

static void list_words(size_t first, size_t count, char *choices, size_t cap)
{
	size_t len = 0;

	for (size_t i = 0; i < count && i < CHOICES; i++)
		len += (size_t)snprintf(choices + len, cap - len, "%s%s",
					i ? "  " : "",
					altair_code_word(first + i));
	if (count > CHOICES)
		snprintf(choices + len, cap - len, "  and %zu more",
			 count - CHOICES);
}

static bool is_separator(char c)
{
	return c != '\0' && strchr(" \t-_.,", c) != NULL;
}

static void make_small(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* Completes the last word of a code; `is_last`: no other one follows. */
static void complete_word(char *text, char *word, bool is_last, char *choices,
			  size_t cap)
{
	size_t len = strlen(word), first, count, common;

	make_small(word);
	count = altair_code_complete(word, len, &first);
	if (count == 0)
		return;
	common = common_length(first, count);
	append(text, altair_code_word(first) + len, common - len);
	if (count == 1 && !is_last)
		append(text, "-", 1);
	else if (count > 1 && common == len)
		list_words(first, count, choices, cap);
}

static void complete_name(const struct contacts *contacts, char *text,
			  char *choices, size_t cap)
{
	const struct contact *found = NULL;
	size_t len = strlen(text), count = 0, used = 0;

	for (size_t i = 0; i < contacts->count; i++) {
		const struct contact *contact = &contacts->item[i];

		if (strncmp(contact->name, text, len) != 0)
			continue;
		found = contact;
		if (count++ < CHOICES)
			used += (size_t)snprintf(choices + used, cap - used,
						 "%s%s", used ? "  " : "",
						 contact->name);
	}
	if (count != 1)
		return;
	choices[0] = '\0';
	append(text, found->name + len, strlen(found->name) - len);
}

void air_entry_complete(const struct contacts *contacts, char *text,
			char *choices, size_t cap)
{
	char *at = text;
	size_t digits = strspn(text, "0123456789"), words = 0;

	if (digits == 0) {
		complete_name(contacts, text, choices, cap);
		return;
	}
	if (!text[digits]) {
		append(text, "-", 1);
		return;
	}
	for (char *c = text + digits; *c; c++)
		if (is_separator(*c) && !is_separator(c[1])) {
			at = c + 1;
			words++;
		}
	if (words >= 1 && words <= ALTAIR_CODE_WORDS)
		complete_word(text, at, words == ALTAIR_CODE_WORDS, choices,
			      cap);
}
