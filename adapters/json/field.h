/* The fields of a note: what each is called, where it is, what it may hold. */
#ifndef AIR_JSON_FIELD_H
#define AIR_JSON_FIELD_H

#include <altair/note.h>

enum air_field {
	FIELD_TOKEN,
	FIELD_MAILBOX,
	FIELD_PAIR,
	FIELD_KEY,
	FIELD_NONCE,
	FIELD_BODY,
	FIELD_SPKI,
	FIELD_SIGNATURE,
	FIELD_NAMEPLATE,
	FIELD_NUMBER,
	FIELD_SECONDS,
	FIELD_CALLER,
	FIELD_FAILED,
	FIELD_CODE,
	FIELD_STUN,
	FIELD_TURN,
	FIELDS
};

enum air_field_kind {
	FIELD_IS_ID,	 /* exactly `max` bytes, in the note      */
	FIELD_IS_BYTES,	 /* `min` to `max` bytes, an altair_bytes */
	FIELD_IS_NUMBER, /* `min` to `max`                        */
	FIELD_IS_BOOL,
	FIELD_IS_CODE, /* enum altair_refusal                   */
	FIELD_IS_STUN,
	FIELD_IS_TURN
};

struct air_field_row {
	const char *key;
	enum air_field_kind kind;
	size_t offset;
	uint32_t min, max;
};

extern const struct air_field_row air_fields[FIELDS];

/* A type: what it is called, and which fields (bits) it must and may have. */
struct air_type_row {
	const char *name;
	uint32_t must, may;
};

/* The row of a type, or NULL. */
const struct air_type_row *air_type_row(enum altair_note_type type);
/* The type with this name, or ALTAIR_NOTE_NONE. */
enum altair_note_type air_type_named(const char *name);
/* True for what a text of a welcome may be. */
bool air_text_is_plain(altair_bytes text);

#endif
