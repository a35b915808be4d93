/*
 * One who has passwords and asks whatever can be asked, from many seats: even
 * and reserved ports, both families, tickets shown elsewhere, other users'
 * allocations, denied peers, channels of all numbers. In the end he takes, in
 * order, all that the server has, and asks for each address that it must deny.
 */
#ifndef SIM_ROVER_H
#define SIM_ROVER_H

#include "sim/ask.h"
#include "sim/auditor.h"
#include "sim/host.h"

#define SIM_ROVER_SEATS 8
#define SIM_ROVER_KEPT 4
#define SIM_ROVER_NONCE_MAX 64

struct sim_rover_seat {
	altair_addr addr;
	uint8_t nonce[SIM_ROVER_NONCE_MAX];
	size_t nonce_len;
	unsigned user;
};

/* A ticket or a reservation token. */
struct sim_rover_kept {
	uint8_t bytes[SIM_BOOKS_TICKET];
	size_t len;
	unsigned user;
};

struct sim_rover {
	/* Given. */
	const struct sim_siege *siege;
	struct sim_auditor *auditor;

	/* His own. */
	struct sim_host *host;
	struct sim_rng rng;
	altair_crypto crypto;
	struct sim_rover_seat seats[SIM_ROVER_SEATS];
	struct sim_rover_kept tickets[SIM_ROVER_KEPT], tokens[SIM_ROVER_KEPT];
	unsigned tickets_count, tokens_count, said;
	struct sim_ask ask;
	bool is_over, takes_all;
	unsigned step; /* while he takes all */
};

void sim_rover_init(struct sim_rover *rover, uint64_t seed);
/* Puts him at his addresses, when his node is attached as `port`. */
void sim_rover_settle(struct sim_rover *rover, unsigned port);
void sim_rover_leave(struct sim_rover *rover);
/* Takes all there is; how long that lasts. */
altair_time sim_rover_take_all(struct sim_rover *rover);

#endif
