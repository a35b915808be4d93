/*
 * What becomes of every pair of NATs, in both orders, with either side as the
 * initiator and either side first.
 */
#ifndef SIM_MATRIX_H
#define SIM_MATRIX_H

#include "sim/scenario.h"

#include <stdio.h>

/* Who is the initiator, and who starts half a second before the other. */
enum sim_variant {
	SIM_A_ASKS_A_FIRST,
	SIM_A_ASKS_B_FIRST,
	SIM_B_ASKS_A_FIRST,
	SIM_B_ASKS_B_FIRST,
	SIM_VARIANTS
};

void sim_matrix_scenario(struct sim_scenario *scenario,
			 const struct sim_kind *a, const struct sim_kind *b,
			 enum sim_variant variant);

/* What a run came to. */
enum sim_pairing sim_matrix_result(const struct sim_scenario *scenario,
				   const struct sim_outcome *outcome);

/* Runs all pairs and writes one line each. Returns how many runs the judges
 * refused; their replay lines go to `out`, too. */
size_t sim_matrix_write(FILE *out);

#endif
