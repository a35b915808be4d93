/*
 * state.h - what the last discoveries used, kept between commands: the local
 * port, when, and the public endpoint that was seen.
 */
#ifndef AIR_STATE_H
#define AIR_STATE_H

#include <altair/base.h>

#define STATE_ENTRIES 16

struct state_entry {
	altair_addr mapped; /* its family is the entry's                     */
	uint16_t local_port;
	long long seen_at; /* seconds since 1970                            */
	unsigned long long network; /* which network namespace it was in     */
	long session; /* which login session or terminal               */
};

struct state {
	struct state_entry entry[STATE_ENTRIES]; /* newest first             */
	size_t count;
};

/* Reads what was remembered within the last hour; older, unreadable and malformed
 * memories are none. */
void air_state_read(struct state *out);

/*
 * The entry of a family that is probably meant by a command that runs here and
 * now towards `peer` (no address: unknown); NULL if there is none.
 */
const struct state_entry *air_state_find(const struct state *state,
					 enum altair_family family,
					 const altair_addr *peer);

/*
 * The entry of a discovery here that showed the endpoint `mapped` in the last two
 * minutes, NULL if there was none. *is_only tells whether all discoveries here
 * did; otherwise two peers may share this home.
 */
const struct state_entry *air_state_showed(const struct state *state,
					   const altair_addr *mapped,
					   bool *is_only);

/* True within two minutes: the NAT still has the mapping. */
bool air_state_is_recent(const struct state_entry *entry);

/* Adds what was seen just now. Says on stderr why it cannot, and goes on. */
void air_state_add(uint16_t local_port, const altair_addr *mapped);

#endif
