/*
 * The one line that replays a scenario: an altair-sim command.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "sim/scenario.h"

#define SIM_REPLAY_MAX 512

/* For a scenario that sim_swarm_draw drew from its seed. */
char *sim_replay_swarm(uint64_t seed, char out[SIM_REPLAY_MAX]);

/* For a meeting that sim_meeting_draw drew from its seed. */
char *sim_replay_agent(uint64_t seed, char out[SIM_REPLAY_MAX]);

/* For a siege that sim_siege_draw drew from its seed. */
char *sim_replay_server(uint64_t seed, char out[SIM_REPLAY_MAX]);

/* For a scenario that was made from sim_scenario_default and the settings that
 * altair-sim has an option for. */
char *sim_replay_plain(const struct sim_scenario *scenario,
		       char out[SIM_REPLAY_MAX]);

#endif
