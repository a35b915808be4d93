/* hex.h - bytes as hexadecimal digits. */
#ifndef AIR_HEX_H
#define AIR_HEX_H

#include <altair/base.h>

/* Reads `len` bytes; false when the text is anything but two digits for each. */
bool air_hex_read(uint8_t *out, size_t len, const char *text);
/* Writes them in small letters, and a NUL. */
void air_hex_write(altair_bytes bytes, char *out);

#endif
