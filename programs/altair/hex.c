#include "hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

/* 16: no digit. */
static unsigned digit(char c)
{
	const char *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c ? strchr(digits, c) : NULL;
	return at ? (unsigned)(at - digits) : 16;
}

bool air_hex_read(uint8_t *out, size_t len, const char *text)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned high = digit(text[2 * i]),
			 low = digit(text[2 * i + 1]);

		if (high > 15 || low > 15)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void air_hex_write(altair_bytes bytes, char *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		*out++ = digits[bytes.data[i] >> 4];
		*out++ = digits[bytes.data[i] & 15];
	}
	*out = '\0';
}
