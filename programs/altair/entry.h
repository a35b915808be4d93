/*
 * entry.h - whom to connect to, as a person says it: a code, or the name of a peer
 * we have met; from where it was said.
 */
#ifndef AIR_ENTRY_H
#define AIR_ENTRY_H

#include "contacts.h"
#include "options.h"

#include <altair/code.h>

struct entry {
	char code[ALTAIR_CODE_TEXT]; /* empty: it is the contact */
	struct contact contact;
};

/* Reads a code or a name. False: `why` says what is wrong with it, as the end of a
 * sentence about it. */
bool air_entry_read(struct entry *out, const struct contacts *contacts,
		    const char *text, char *why, size_t cap);

/* Where it may come from besides the environment's ALTAIR_CODE; either may be
 * NULL. `file` is a path or "-". */
struct entry_source {
	const char *word, *file;
};

/*
 * Takes what was said before the run: the word, the file, the environment. A code
 * that others could see there is wiped. Returns -1 when nothing was said, 0, or the
 * exit code after a complaint.
 */
int air_entry_choose(const struct command *command,
		     const struct entry_source *source,
		     const struct contacts *contacts, struct entry *out);

/* Completes a code, or a name; for struct line. */
void air_entry_complete(const struct contacts *contacts, char *text,
			char *choices, size_t cap);

#endif
