/*
 * A scenario drawn from a seed: first the pair, its lines and its timing, then
 * every kind of fault is switched on or off by itself. The distribution is one
 * table, which sim_swarm_explain prints.
 */
#ifndef SIM_SWARM_H
#define SIM_SWARM_H

#include "sim/scenario.h"

#include <stdio.h>

/* One bit per row of the table. */
typedef uint32_t sim_swarm_faults;

sim_swarm_faults sim_swarm_draw(struct sim_scenario *scenario, uint64_t seed);

/* The distribution, and what this seed drew from it. */
void sim_swarm_explain(FILE *out, uint64_t seed);

#endif
