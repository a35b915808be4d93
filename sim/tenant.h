/*
 * One who holds an allocation with the client of altair/turn.h: over UDP or
 * TCP he begins, permits, binds, talks, asks again, closes, vanishes and begins anew, as his
 * random numbers say.
 */
#ifndef SIM_TENANT_H
#define SIM_TENANT_H

#include "sim/host.h"
#include "sim/rng.h"
#include "sim/siege.h"

#include <altair/turn.h>

struct sim_tenant {
	/* Given. */
	const struct sim_siege *siege;
	unsigned index;
	const struct sim_tenant *all; /* SIM_TENANTS of them */

	/* His own. */
	struct sim_host *host;
	unsigned port; /* of his node */
	altair_turn *turn;
	void *memory;
	struct sim_rng rng, secrets;
	altair_crypto crypto;
	altair_addr addr;
	uint32_t said;
	bool has_ended, is_over;
	bool is_stream, is_open; /* over TCP; the stream is there */
};

/* Makes his host; he begins when he is woken. */
void sim_tenant_init(struct sim_tenant *tenant, uint64_t seed);
void sim_tenant_drop(struct sim_tenant *tenant);
unsigned sim_tenant_user(const struct sim_tenant *tenant);
/* Puts him at his address, when his node is attached as `port`. */
void sim_tenant_settle(struct sim_tenant *tenant, unsigned port);
/* He does nothing more, and what he does not close lapses. */
void sim_tenant_leave(struct sim_tenant *tenant, bool closes);

#endif
