/*
 * Numbers from the command line, without floating point: what is written is
 * what is simulated.
 */
#include "sim.h"

#include <stddef.h>
#include <string.h>

#define DIGITS_MAX 9 /* after the point */

/* Whole and fraction of a decimal number, the fraction in 1e-9. */
static bool read_decimal(const char **text, uint64_t *whole,
			 uint64_t *billionth)
{
	const char *at = *text;
	unsigned digits = 0;

	for (*whole = 0; *at >= '0' && *at <= '9'; at++) {
		if (*whole > UINT64_MAX / 100)
			return false;
		*whole = *whole * 10 + (uint64_t)(*at - '0');
	}
	if (at == *text)
		return false;
	*billionth = 0;
	if (*at == '.')
		for (at++; *at >= '0' && *at <= '9' && digits < DIGITS_MAX;
		     at++, digits++)
			*billionth = *billionth * 10 + (uint64_t)(*at - '0');
	for (; digits < DIGITS_MAX; digits++)
		*billionth *= 10;
	*text = at;
	return true;
}

bool read_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"", 1000000000},     {"s", 1000000000}, {"ms", 1000000},
		{"us", 1000},	      {"ns", 1},	 {"m", 60000000000},
		{"h", 3600000000000},
	};
	uint64_t whole, billionth;

	if (!read_decimal(&text, &whole, &billionth))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		uint64_t unit = units[i].ns;

		if (strcmp(text, units[i].name) != 0)
			continue;
		if (whole > UINT64_MAX / 2 / unit)
			return false;
		*ns = whole * unit + billionth * (unit / 1000) / 1000000;
		if (unit == 1)
			*ns = whole;
		return true;
	}
	return false;
}

bool read_share(const char *text, uint32_t *per_million)
{
	uint64_t whole, billionth, share;

	if (!read_decimal(&text, &whole, &billionth) || whole > 100)
		return false;
	share = whole * 1000000 + billionth / 1000;
	if (!strcmp(text, "%"))
		share /= 100;
	else if (*text)
		return false;
	*per_million = (uint32_t)share;
	return share <= 1000000;
}

bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	unsigned base = 10;
	const char *at = text;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	}
	for (*number = 0; *at; at++) {
		unsigned digit = 16;

		if (*at >= '0' && *at <= '9')
			digit = (unsigned)(*at - '0');
		else if (*at >= 'a' && *at <= 'f')
			digit = (unsigned)(*at - 'a') + 10;
		else if (*at >= 'A' && *at <= 'F')
			digit = (unsigned)(*at - 'A') + 10;
		if (digit >= base || *number > (most - digit) / base)
			return false;
		*number = *number * base + digit;
	}
	return at > text && at[-1] != 'x' && at[-1] != 'X';
}
