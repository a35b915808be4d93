/* base64url (RFC 4648 section 5). Each sequence of bytes has one text, and only
 * that text is read: so what two sides compare as text is equal as bytes, too. */
#include "adapters/json/base64url.h"

#include <altair/error.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

void air_base64url_write(altair_bytes bytes, char *out)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		bits = (bits << 8 | bytes.data[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			*out++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		*out = alphabet[bits << (6 - have) & 63];
}

/* 0 to 63, or -1. */
static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int air_base64url_read(altair_bytes text, uint8_t *out, size_t cap)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t len = 0;

	if (text.len % 4 == 1 || text.len / 4 * 3 > cap)
		return ALTAIR_E_SYNTAX;
	for (size_t i = 0; i < text.len; i++) {
		int value = value_of(text.data[i]);

		if (value < 0)
			return ALTAIR_E_SYNTAX;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		have += 6;
		if (have < 8)
			continue;
		if (len == cap)
			return ALTAIR_E_SYNTAX;
		have -= 8;
		out[len++] = (uint8_t)(bits >> have);
	}
	return bits & ((1u << have) - 1) ? ALTAIR_E_SYNTAX : (int)len;
}
