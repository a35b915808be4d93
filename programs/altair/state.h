/*
 * state.h - what the last discovery used, kept between two commands: the local
 * port of each family, when, and the public endpoint that was seen.
 */
#ifndef AIR_STATE_H
#define AIR_STATE_H

#include <altair/base.h>

struct state_entry {
	uint16_t local_port; /* 0: nothing is remembered                     */
	altair_addr mapped;
};

struct state {
	struct state_entry ipv4, ipv6;
};

/* Reads what was remembered within the last two minutes; older, unreadable and
 * malformed memories are none. */
void air_state_read(struct state *out);

/* Remembers it as of now. Says on stderr why it cannot, and goes on. */
void air_state_write(const struct state *state);

#endif
