/*
 * line.h - one line as it is typed: a key goes in, what is to be shown comes out.
 */
#ifndef AIR_LINE_H
#define AIR_LINE_H

#include <altair/base.h>

#include <stdio.h>

#define LINE_TEXT_MAX 256

enum line_state {
	LINE_TYPING,
	LINE_ENTERED,  /* `text` is the line                              */
	LINE_ABANDONED /* Ctrl+D where nothing stands                     */
};

struct line {
	char text[LINE_TEXT_MAX];
	size_t len;
	const char *question; /* shown again in front of the text       */
	int escape; /* how far we are in an escape sequence            */
	/* Tab: extends the text, whose room is LINE_TEXT_MAX, and writes what
	 * there is to choose from to `choices`, if anything. May be NULL. */
	void (*complete)(void *user, char *text, char *choices, size_t cap);
	void *user;
};

/* Takes a key; writes the echo to `out`. */
enum line_state air_line_take(struct line *line, char key, FILE *out);

/* Begins again with nothing. */
void air_line_clear(struct line *line);

#endif
