/*
 * base64.h - bytes as text (RFC 4648 4, with padding).
 */
#ifndef AIR_BASE64_H
#define AIR_BASE64_H

#include <altair/base.h>

/* Room for the text of `len` bytes, its NUL included. */
#define AIR_BASE64_TEXT(len) (((len) + 2) / 3 * 4 + 1)

/* Writes the text and a NUL to `out`, which has room for it. */
void air_base64_write(altair_bytes bytes, char *out);

/* Reads a text; false when it is none, or more than `cap` bytes. */
bool air_base64_read(const char *text, size_t len, uint8_t *out, size_t cap,
		     size_t *out_len);

#endif
