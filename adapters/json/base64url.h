/* Bytes as text without padding (RFC 4648 section 5). */
#ifndef AIR_BASE64URL_H
#define AIR_BASE64URL_H

#include <altair/base.h>

/* Characters for `len` bytes. */
static inline size_t air_base64url_len(size_t len)
{
	return len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0);
}

/* Writes air_base64url_len(bytes.len) characters. */
void air_base64url_write(altair_bytes bytes, char *out);

/* Writes at most `cap` bytes. Returns how many, or ALTAIR_E_SYNTAX: padding, other
 * characters, bits that are left over and not zero (section 3.5), too many. */
int air_base64url_read(altair_bytes text, uint8_t *out, size_t cap);

#endif
