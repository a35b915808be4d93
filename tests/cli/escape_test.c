/*
 * What a terminal gets to see of a stranger's bytes: every byte, every
 * character, and sequences that are nearly UTF-8.
 */
#define _GNU_SOURCE
#include "check.h"

#include "escape.h"

#include <stdlib.h>

static char *escaped(const void *data, size_t len)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	air_escape_write((altair_bytes){data, len}, out);
	fclose(out);
	return text;
}

static void check_escape(const void *data, size_t len, const char *want)
{
	char *got = escaped(data, len);

	CHECK_STR(got, want);
	free(got);
}

static void every_byte(void)
{
	for (int i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		char want[8];

		if (i >= 0x20 && i < 0x7f)
			snprintf(want, sizeof want, "%c", i);
		else
			snprintf(want, sizeof want, "\\x%02X", i);
		check_escape(&byte, 1, want);
	}
}

static size_t encode(uint8_t out[4], uint32_t value)
{
	if (value < 0x80) {
		out[0] = (uint8_t)value;
		return 1;
	}
	if (value < 0x800) {
		out[0] = (uint8_t)(0xc0 | value >> 6);
		out[1] = (uint8_t)(0x80 | (value & 0x3f));
		return 2;
	}
	if (value < 0x10000) {
		out[0] = (uint8_t)(0xe0 | value >> 12);
		out[1] = (uint8_t)(0x80 | (value >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (value & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | value >> 18);
	out[1] = (uint8_t)(0x80 | (value >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (value >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (value & 0x3f));
	return 4;
}

static int is_dangerous(uint32_t value)
{
	static const uint32_t bad[] = {0x061c, 0x200e, 0x200f, 0x2028, 0x2029,
				       0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
				       0x2066, 0x2067, 0x2068, 0x2069};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (value == bad[i])
			return 1;
	return value < 0x20 || (value >= 0x7f && value < 0xa0) ||
	       (value >= 0xd800 && value < 0xe000) || value > 0x10ffff;
}

/* Every character, and beyond the last one. */
static void every_character(void)
{
	for (uint32_t value = 0; value < 0x1fffff; value++) {
		uint8_t bytes[4];
		size_t len = encode(bytes, value);
		char want[20] = "";

		if (value > 0x11ffff && value % 257 != 0)
			continue;
		for (size_t i = 0; i < len; i++)
			snprintf(want + strlen(want), 5,
				 is_dangerous(value) ? "\\x%02X" : "%c",
				 bytes[i]);
		check_escape(bytes, len, want);
	}
}

static void nearly_utf8(void)
{
	check_escape("\xc0\xaf", 2, "\\xC0\\xAF");
	check_escape("\xe0\x80\x9b", 3, "\\xE0\\x80\\x9B");
	check_escape("\xc2", 1, "\\xC2");
	check_escape("\xe2\x80", 2, "\\xE2\\x80");
	check_escape("\xf0\x9f\x8e", 3, "\\xF0\\x9F\\x8E");
	check_escape("\xc3(", 2, "\\xC3(");
	check_escape("\xf8\x88\x80\x80\x80", 5, "\\xF8\\x88\\x80\\x80\\x80");
	check_escape("a\xf0\x9f\x8e\x89z", 6, "a\xf0\x9f\x8e\x89z");
	check_escape("\x1b[2J\x07", 5, "\\x1B[2J\\x07");
	check_escape("", 0, "");
}

static const struct check_test tests[] = {
	TEST(every_byte),
	TEST(every_character),
	TEST(nearly_utf8),
};

CHECK_MAIN(tests)
