/*
 * What a seed makes of a siege: a server with small tables, and which faults.
 */
#ifndef SIM_SIEGE_SWARM_H
#define SIM_SIEGE_SWARM_H

#include "sim/siege.h"

#include <stdio.h>

/* Which rows are on: a bit for each. */
typedef uint64_t sim_siege_faults;

sim_siege_faults sim_siege_draw(struct sim_siege *siege, uint64_t seed);
/* Says it for a person. */
void sim_siege_explain(FILE *out, uint64_t seed);

#endif
