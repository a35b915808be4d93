/*
 * escape.h - text that somebody else wrote, made safe for a terminal.
 */
#ifndef AIR_ESCAPE_H
#define AIR_ESCAPE_H

#include <altair/base.h>

#include <stdio.h>

/*
 * Writes `text` so that it can do nothing to a terminal but show itself:
 * control characters, characters that turn the writing direction, line
 * separators, and bytes that are no UTF-8 come out as \xNN, one for each byte.
 */
void air_escape_write(altair_bytes text, FILE *out);

/* True when air_escape_write would write it as it is. */
bool air_escape_is_harmless(altair_bytes text);

#endif
