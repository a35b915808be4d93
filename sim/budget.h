/*
 * How many answers a source was given in a second: an IPv4 address, or the first
 * 64 bits of an IPv6 one.
 */
#ifndef SIM_BUDGET_H
#define SIM_BUDGET_H

#include <altair/base.h>

#define SIM_BUDGET_SOURCES 256

struct sim_budget_source {
	uint64_t prefix, second;
	unsigned count;
};

struct sim_budget {
	struct sim_budget_source sources[SIM_BUDGET_SOURCES];
};

/* One answer more; how many there were in this second. */
unsigned sim_budget_spend(struct sim_budget *budget, altair_time now,
			  const altair_addr *source);

#endif
