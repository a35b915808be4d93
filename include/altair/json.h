/*
 * altair/json.h - libaltair-json: the notes of the rendezvous protocol
 * (altair/note.h) as JSON text and back, by jansson. docs/rendezvous.md has every
 * field.
 */
#ifndef ALTAIR_JSON_H
#define ALTAIR_JSON_H

#include <altair/note.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads one message. `scratch` is room for what the note then points to
 * (ALTAIR_NOTE_MAX bytes always suffice); the note is valid as long as it is.
 * Unknown keys are passed over. Refused are: more than ALTAIR_NOTE_MAX bytes, more
 * than 4 levels, a key that is there twice, numbers that are not integers or out
 * of range, fields that are missing or of another type or length, base64url with
 * padding, blanks or left-over bits, UTF-8 that is none, NUL, anything behind the
 * object.
 * Returns 0; ALTAIR_E_SYNTAX; ALTAIR_E_TOO_LONG; ALTAIR_E_SPACE (scratch); or
 * ALTAIR_E_MEMORY, which jansson may take for ALTAIR_E_SYNTAX. *out is untouched on error.
 */
ALTAIR_API int altair_note_parse(altair_note *out, altair_bytes text,
				 uint8_t *scratch, size_t scratch_len);

/*
 * Writes one message, without a NUL. Returns its length; ALTAIR_E_SPACE (an `out`
 * of ALTAIR_NOTE_MAX bytes has room for every note); ALTAIR_E_INVALID: a field is
 * out of range; or ALTAIR_E_MEMORY.
 */
ALTAIR_API int altair_note_format(const altair_note *note, char *out,
				  size_t cap);

#ifdef __cplusplus
}
#endif
#endif
