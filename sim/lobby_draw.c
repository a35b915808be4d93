/* By a seed: what a lobby is like, and which faults there are, by swarm: each is on or
 * off, and then of any strength. */
#include "sim/lobby.h"

void sim_lobby_draw(uint64_t seed, struct sim_lobby_config *out)
{
	struct sim_rng rng;
	struct sim_lobby_faults *f = &out->faults;

	sim_rng_seed(&rng, seed, SIM_FOR_SCENARIO, 0);
	*out = (struct sim_lobby_config){
		.nodes = 1 + sim_rng_below(&rng, SIM_LOBBY_NODES),
		.pairs = 1 + sim_rng_below(&rng, SIM_LOBBY_PAIRS),
		.messages = 1 + sim_rng_below(&rng, 12),
		.has_strangers = sim_rng_below(&rng, 3) == 0,
	};
	if (sim_rng_below(&rng, 8) == 0)
		return; /* no trouble at all */
	out->trouble = ALTAIR_SEC(sim_rng_between(&rng, 10, 200));
	if (sim_rng_below(&rng, 2))
		f->connection = sim_rng_share(&rng, 10);
	if (sim_rng_below(&rng, 2))
		f->hang = sim_rng_share(&rng, 60);
	if (sim_rng_below(&rng, 4) == 0)
		f->refuse = sim_rng_share(&rng, 50);
	if (sim_rng_below(&rng, 3) == 0)
		f->death = sim_rng_share(&rng, 5);
	if (sim_rng_below(&rng, 3) == 0)
		f->outage = sim_rng_share(&rng, 5);
	if (sim_rng_below(&rng, 2))
		f->amnesia = sim_rng_share(&rng, 100);
	if (sim_rng_below(&rng, 2))
		f->post_lost = sim_rng_share(&rng, 30);
	if (sim_rng_below(&rng, 2))
		f->post_double = sim_rng_share(&rng, 50);
	if (sim_rng_below(&rng, 2))
		f->post_late = sim_rng_share(&rng, 30);
	if (sim_rng_below(&rng, 3) == 0)
		f->slow = sim_rng_share(&rng, 5);
}
