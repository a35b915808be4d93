/*
 * Strict reading: whole groups of four, padding at the end alone, and no bits
 * that say nothing (RFC 4648 3.5), so that each text stands for other bytes.
 */
#include "base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789+/";

void air_base64_write(altair_bytes bytes, char *out)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)bytes.data[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= bytes.data[i + 2];
		*out++ = letters[group >> 18];
		*out++ = letters[group >> 12 & 63];
		*out++ = left > 1 ? letters[group >> 6 & 63] : '=';
		*out++ = left > 2 ? letters[group & 63] : '=';
	}
	*out = '\0';
}

static bool read_letter(char c, uint32_t *group)
{
	const char *at = c ? strchr(letters, c) : NULL;

	*group <<= 6;
	if (at)
		*group |= (uint32_t)(at - letters);
	return at != NULL;
}

/* One group of four; returns its bytes, 1 to 3, or 0. */
static size_t read_group(const char *text, uint8_t out[3])
{
	size_t count = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
	uint32_t group = 0;

	for (size_t i = 0; i < count + 1; i++)
		if (!read_letter(text[i], &group))
			return 0;
	group <<= 6 * (3 - count);
	out[0] = (uint8_t)(group >> 16);
	out[1] = (uint8_t)(group >> 8);
	out[2] = (uint8_t)group;
	return group & 0xffffffu >> 8 * count ? 0 : count;
}

bool air_base64_read(const char *text, size_t len, uint8_t *out, size_t cap,
		     size_t *out_len)
{
	size_t used = 0;

	if (len % 4 != 0)
		return false;
	for (size_t i = 0; i < len; i += 4) {
		uint8_t bytes[3];
		size_t count = read_group(text + i, bytes);

		if (count == 0 || count > cap - used ||
		    (count < 3 && i + 4 < len))
			return false;
		memcpy(out + used, bytes, count);
		used += count;
	}
	*out_len = used;
	return true;
}
