/*
 * agent_side.h - one `altair agent` under test, and what it said that its peer
 * has to know: the test is the signalling between two of them.
 */
#ifndef CLI_AGENT_SIDE_H
#define CLI_AGENT_SIDE_H

#include "proc.h"

#define SIDE_CANDIDATES_MAX 4

struct side {
	struct proc proc;
	char ufrag[64], pwd[64], candidates[SIDE_CANDIDATES_MAX][256];
	size_t candidates_count;
};

/* All of them are false where what had to come did not come. */

/* Starts one on loopback alone, and reads its credentials. `more` are arguments
 * up to NULL. */
bool side_start(struct side *side, const char *role, const char *const more[]);

/* The same on another interface. */
bool side_start_on(struct side *side, const char *interface, const char *role,
		   const char *const more[]);

/* Reads credentials, other ones than before. */
bool side_read_credentials(struct side *side);

/* Reads its candidates up to the end of them, and keeps those of IPv4: so every
 * run has the same lines. */
bool side_read_candidates(struct side *side);

/* Tells `to` what `from` said. */
void side_introduce(const struct side *from, struct side *to);

/* The text of the next member `name`, without its quotes. */
bool side_text(struct side *side, const char *name, char *out, size_t cap);

#endif
