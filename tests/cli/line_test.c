/*
 * The editor of one line: what keys make of it.
 */
#define _GNU_SOURCE
#include "check.h"
#include "line.h"

#include <stdlib.h>

static char *echo;
static size_t echo_len;

static enum line_state type(struct line *line, const char *keys)
{
	enum line_state state = LINE_TYPING;
	FILE *out;

	free(echo);
	out = open_memstream(&echo, &echo_len);
	CHECK(out);
	for (; *keys && state == LINE_TYPING; keys++)
		state = air_line_take(line, *keys, out);
	fclose(out);
	return state;
}

static void typed_and_entered(void)
{
	struct line line = {.len = 0};

	CHECK_EQ(type(&line, "7-acorn"), LINE_TYPING);
	CHECK_STR(echo, "7-acorn");
	CHECK_EQ(type(&line, "\r"), LINE_ENTERED);
	CHECK_STR(line.text, "7-acorn");
	air_line_clear(&line);
	CHECK_EQ(type(&line, "x\n"), LINE_ENTERED);
	CHECK_STR(line.text, "x");
}

static void taken_back(void)
{
	static const char *const cases[][2] = {
		{"ab\x7f\n", "a"},	  {"ab\b\n", "a"},
		{"\x7f\x7fz\n", "z"},	  {"ab\x15z\n", "z"},
		{"7-acorn-\x17\n", "7-"}, {"7 acorn ri\x17\n", "7 acorn "},
		{"a\xc3\xa9\x7f\n", "a"}, {"a\xe2\x9c\x93\x7f\n", "a"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line line = {.len = 0};

		CHECK_EQ(type(&line, cases[i][0]), LINE_ENTERED);
		CHECK_STR(line.text, cases[i][1]);
	}
}

static void arrows_and_controls_are_nothing(void)
{
	struct line line = {.len = 0};

	CHECK_EQ(type(&line, "a\x1b[A\x1b[1;5C\x1bOP\x1bx\x01\x1a\x1c"
			     "b\x04\n"),
		 LINE_ENTERED);
	CHECK_STR(line.text, "ab");
	CHECK_STR(echo, "ab\n");
}

static void end_of_input_where_nothing_stands(void)
{
	struct line line = {.len = 0};

	CHECK_EQ(type(&line, "\x04"), LINE_ABANDONED);
	CHECK_EQ(type(&line, "a\x04"), LINE_TYPING);
	CHECK_EQ(type(&line, "\x7f\x04"), LINE_ABANDONED);
}

static void too_long_is_cut(void)
{
	struct line line = {.len = 0};

	for (int i = 0; i < 2 * LINE_TEXT_MAX; i++)
		CHECK_EQ(type(&line, "a"), LINE_TYPING);
	CHECK_EQ(type(&line, "\n"), LINE_ENTERED);
	CHECK_EQ(strlen(line.text), LINE_TEXT_MAX - 1);
}

static void complete(void *user, char *text, char *choices, size_t cap)
{
	CHECK(user == &echo);
	if (strcmp(text, "a") == 0)
		memcpy(text, "acorn", 6);
	else
		snprintf(choices, cap, "one  two");
}

static void completed(void)
{
	struct line line = {
		.question = "? ", .complete = complete, .user = &echo};

	type(&line, "a\t");
	CHECK_STR(line.text, "acorn");
	CHECK_STR(echo, "acorn");
	type(&line, "\t");
	CHECK_STR(echo, "\none  two\n? acorn");
	CHECK_EQ(type(&line, "s\n"), LINE_ENTERED);
	CHECK_STR(line.text, "acorns");
}

static const struct check_test tests[] = {
	TEST(typed_and_entered),
	TEST(taken_back),
	TEST(arrows_and_controls_are_nothing),
	TEST(end_of_input_where_nothing_stands),
	TEST(too_long_is_cut),
	TEST(completed),
};

CHECK_MAIN(tests)
