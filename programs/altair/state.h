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
	long long seen_at; /* seconds since 1970                             */
};

struct state {
	struct state_entry ipv4, ipv6;
};

/* Reads what was remembered within the last hour; older, unreadable and malformed
 * memories are none. */
void air_state_read(struct state *out);

/* An entry as of now. */
struct state_entry air_state_entry(uint16_t local_port,
				   const altair_addr *mapped);

/* True within two minutes: the NAT still has the mapping. */
bool air_state_is_recent(const struct state_entry *entry);

/* Remembers it. Says on stderr why it cannot, and goes on. */
void air_state_write(const struct state *state);

#endif
