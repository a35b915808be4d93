/*
 * A meeting drawn from a seed, as sim/swarm.h draws a scenario.
 */
#ifndef SIM_MEETING_SWARM_H
#define SIM_MEETING_SWARM_H

#include "sim/meeting.h"

#include <stdio.h>

/* One bit per row of the table. */
typedef uint64_t sim_meeting_faults;

sim_meeting_faults sim_meeting_draw(struct sim_meeting *meeting, uint64_t seed);

/* The distribution, and what this seed drew from it. */
void sim_meeting_explain(FILE *out, uint64_t seed);

#endif
