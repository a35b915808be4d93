/* Any bytes as a note: what is accepted can be written, and is then read as the same
 * text again. */
#include "fuzz.h"

#include <altair/json.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t scratch[ALTAIR_NOTE_MAX];
	static char first[ALTAIR_NOTE_MAX], second[ALTAIR_NOTE_MAX];
	altair_note note;
	int wrote, again;

	if (altair_note_parse(&note, (altair_bytes){data, len}, scratch,
			      sizeof scratch) < 0)
		return 0;
	FUZZ_CHECK(len <= ALTAIR_NOTE_MAX);
	FUZZ_CHECK(note.body.len <= ALTAIR_NOTE_BODY_MAX);
	wrote = altair_note_format(&note, first, sizeof first);
	FUZZ_CHECK(wrote > 0);
	FUZZ_CHECK(altair_note_parse(
			   &note,
			   (altair_bytes){(uint8_t *)first, (size_t)wrote},
			   scratch, sizeof scratch) == 0);
	again = altair_note_format(&note, second, sizeof second);
	FUZZ_CHECK(again == wrote && memcmp(first, second, (size_t)wrote) == 0);
	return 0;
}
