/*
 * prompt.h - asks for the peer's endpoint on a terminal, while the loop goes on
 * and holds our mapping.
 */
#ifndef AIR_PROMPT_H
#define AIR_PROMPT_H

#include "input.h"

struct prompt {
	struct input *input;
	/* Takes an endpoint; false: `why` says what is wrong, ask again. */
	bool (*take)(void *user, const altair_addr *peer, char *why,
		     size_t cap);
	/* The terminal was closed (Ctrl+D). */
	void (*give_up)(void *user);
	void *user;
};

/* True when there is somebody to ask. */
bool air_prompt_is_possible(void);

/* Asks until `take` accepts; `prompt` must live as long. */
void air_prompt_ask(struct prompt *prompt);

#endif
