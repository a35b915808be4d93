/*
 * What becomes of two agents in every pair of networks: how they meet, and how
 * many milliseconds until both have data of the other.
 */
#ifndef SIM_MEETING_MATRIX_H
#define SIM_MEETING_MATRIX_H

#include "sim/meeting.h"

#include <stdio.h>

/* Milliseconds that RFC 8445 needs with no waiting anywhere, with the delays of
 * sim_meeting_default; 0 where there is no way. */
unsigned sim_meeting_floor(const struct sim_meeting *meeting);

/* Runs all pairs, either side controlling, and writes one line each. Returns how
 * many runs the judges refused. */
size_t sim_meeting_matrix(FILE *out);

#endif
