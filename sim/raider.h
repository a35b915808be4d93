/*
 * One without a password who has a server's address: he floods it with requests,
 * guesses, forged data, noise, from addresses of his own and from others'.
 */
#ifndef SIM_RAIDER_H
#define SIM_RAIDER_H

#include "sim/ask.h"
#include "sim/host.h"
#include "sim/siege.h"

#define SIM_RAIDER_SEATS 4
#define SIM_RAIDER_NONCE_MAX 64

struct sim_raider {
	const struct sim_siege *siege; /* given */
	struct sim_host *host;
	unsigned port; /* of his node */
	struct sim_rng rng;
	altair_crypto crypto;
	altair_addr seats[SIM_RAIDER_SEATS];
	uint8_t nonce[SIM_RAIDER_SEATS][SIM_RAIDER_NONCE_MAX];
	size_t nonce_len[SIM_RAIDER_SEATS];
	struct sim_ask ask;
};

void sim_raider_init(struct sim_raider *raider, uint64_t seed);
/* Puts him at his addresses; whatever has no other route comes to him. */
void sim_raider_settle(struct sim_raider *raider, unsigned port);

#endif
