/*
 * prompt.h - asks for one thing on a terminal, while the loop goes on (and holds
 * our mapping).
 */
#ifndef AIR_PROMPT_H
#define AIR_PROMPT_H

#include "input.h"
#include "line.h"

struct prompt {
	struct input *input;
	const char *question; /* with what stands before the answer */
	bool may_be_empty;    /* nothing is an answer, too          */
	/* Takes an answer, without the blanks around it; false: `why` says what
	 * is wrong with it ("is ..."), ask again. */
	bool (*take)(void *user, const char *text, char *why, size_t cap);
	/* As of struct line; may be NULL. */
	void (*complete)(void *user, char *text, char *choices, size_t cap);
	/* The terminal was closed (Ctrl+D). */
	void (*give_up)(void *user);
	void *user;
	struct line line;
};

/* True when there is somebody to ask. */
bool air_prompt_is_possible(void);

/* Asks until `take` accepts; `prompt` must live as long. */
void air_prompt_ask(struct prompt *prompt);

/* Asks no longer; the terminal is as before. Harmless when nothing is asked. */
void air_prompt_stop(struct prompt *prompt);

#endif
