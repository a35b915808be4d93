/*
 * What a stranger's bytes may do to a terminal: nothing. UTF-8 is read strictly
 * (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
 *
 * Shown as bytes: C0 and DEL, C1 (U+0080 to U+009F), the bidirectional controls
 * of Unicode (UAX #9, 2.), and U+2028, U+2029, which some terminals break at.
 */
#include "escape.h"

#include <stdbool.h>

struct form {
	uint8_t mask, lead; /* byte & mask == lead begins a sequence */
	size_t len;
	uint32_t least; /* the smallest value that needs this length */
};

/* RFC 3629, 3. */
static const struct form forms[] = {
	{0x80, 0x00, 1, 0x00},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

/* Reads one character; returns its length, 0 if this is no UTF-8. */
static size_t decode(altair_bytes text, uint32_t *out)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const struct form *form = &forms[i];
		uint32_t value = text.data[0] & (uint8_t)~form->mask;

		if ((text.data[0] & form->mask) != form->lead)
			continue;
		if (form->len > text.len)
			return 0;
		for (size_t k = 1; k < form->len; k++) {
			if ((text.data[k] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (text.data[k] & 0x3f);
		}
		*out = value;
		return value < form->least ? 0 : form->len;
	}
	return 0;
}

static bool is_within(uint32_t value, uint32_t first, uint32_t last)
{
	return value >= first && value <= last;
}

static bool is_harmless(uint32_t value)
{
	return !is_within(value, 0x00, 0x1f) && !is_within(value, 0x7f, 0x9f) &&
	       value != 0x061c && !is_within(value, 0x200e, 0x200f) &&
	       !is_within(value, 0x2028, 0x202e) &&
	       !is_within(value, 0x2066, 0x2069) &&
	       !is_within(value, 0xd800, 0xdfff) && value <= 0x10ffff;
}

bool air_escape_is_harmless(altair_bytes text)
{
	while (text.len > 0) {
		uint32_t value;
		size_t len = decode(text, &value);

		if (len == 0 || !is_harmless(value))
			return false;
		text.data += len;
		text.len -= len;
	}
	return true;
}

void air_escape_write(altair_bytes text, FILE *out)
{
	while (text.len > 0) {
		uint32_t value;
		size_t len = decode(text, &value);

		if (len > 0 && is_harmless(value)) {
			fwrite(text.data, 1, len, out);
		} else {
			len = len > 0 ? len : 1;
			for (size_t i = 0; i < len; i++)
				fprintf(out, "\\x%02X", text.data[i]);
		}
		text.data += len;
		text.len -= len;
	}
}
