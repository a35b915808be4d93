/*
 * The packet sequence of one run for a person: lanes from peer A to peer B,
 * time downwards. One row is what happens at one instant in one direction.
 */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include "sim/world.h"

#include <stdio.h>

struct sim_draw {
	struct sim_world *world; /* of sim_scenario_run, with its trace kept */
	altair_time zero;	 /* is 0 ms                                  */
	altair_time from;	 /* nothing before this                      */
	bool is_ascii;		 /* no character beyond ASCII                */
};

void sim_draw_text(FILE *out, const struct sim_draw *draw);
void sim_draw_svg(FILE *out, const struct sim_draw *draw, const char *title);

#endif
