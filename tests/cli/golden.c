/*
 * The golden files are in the directory that the environment's GOLDEN names.
 */
#include "golden.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536

static void replace(char *text, const char *from, const char *to)
{
	char *at = text;

	while ((at = strstr(at, from))) {
		size_t rest = strlen(at + strlen(from)) + 1;

		memmove(at + strlen(to), at + strlen(from), rest);
		memcpy(at, to, strlen(to));
		at += strlen(to);
	}
}

/* Finds the end of the number that `at` begins with. */
static char *number_end(char *at)
{
	while (isdigit((unsigned char)*at) || *at == '.')
		at++;
	return at;
}

/* "t":12.5 becomes "t":0 */
static void zero(char *text, const char *member)
{
	char *at = text;

	while ((at = strstr(at, member))) {
		char *end;

		at += strlen(member);
		end = number_end(at);
		if (end > at) {
			*at = '0';
			memmove(at + 1, end, strlen(end) + 1);
		}
	}
}

/* ,"rtt_ms":12.5 becomes nothing */
static void drop(char *text, const char *member)
{
	char *at = text;

	while ((at = strstr(at, member))) {
		char *end = number_end(at + strlen(member));

		memmove(at, end, strlen(end) + 1);
	}
}

static void load(char *out, const char *file)
{
	const char *directory = getenv("GOLDEN");
	char path[512];
	FILE *stream;

	snprintf(path, sizeof path, "%s/%s", directory ? directory : ".", file);
	stream = fopen(path, "r");
	out[0] = '\0';
	if (!stream) {
		perror(path);
		return;
	}
	out[fread(out, 1, TEXT_MAX - 1, stream)] = '\0';
	fclose(stream);
}

bool golden_equals(const char *file, const char *text,
		   const struct golden_word *words)
{
	static char want[TEXT_MAX], got[TEXT_MAX];

	load(want, file);
	snprintf(got, TEXT_MAX / 2, "%s", text);
	for (; words && words->from; words++)
		replace(got, words->from, words->to);
	zero(got, "\"t\":");
	drop(got, ",\"rtt_ms\":");
	zero(got, "\"duration_ms\":");
	if (strcmp(got, want) == 0)
		return true;
	printf("# golden %s: got\n%s\n# but it says\n%s\n", file, got, want);
	return false;
}
