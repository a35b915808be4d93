#include "sim/matrix.h"

#include "sim/replay.h"

void sim_matrix_scenario(struct sim_scenario *scenario,
			 const struct sim_kind *a, const struct sim_kind *b,
			 enum sim_variant variant)
{
	bool a_asks =
		variant == SIM_A_ASKS_A_FIRST || variant == SIM_A_ASKS_B_FIRST;
	bool a_first =
		variant == SIM_A_ASKS_A_FIRST || variant == SIM_B_ASKS_A_FIRST;

	sim_scenario_default(scenario, a, b);
	scenario->side[0].initiator = a_asks;
	scenario->side[1].initiator = !a_asks;
	scenario->side[a_first].start = ALTAIR_MSEC(500);
}

enum sim_pairing sim_matrix_result(const struct sim_scenario *scenario,
				   const struct sim_outcome *outcome)
{
	if (!sim_outcome_connected(scenario, outcome))
		return SIM_PAIR_FAILS;
	if (outcome->side[0].port_changed || outcome->side[1].port_changed)
		return SIM_PAIR_PORT_CHANGED;
	return SIM_PAIR_DIRECT;
}

static size_t write_pair(FILE *out, const struct sim_kind *a,
			 const struct sim_kind *b)
{
	size_t refused = 0;

	fprintf(out, "%-8s %-8s", a->name, b->name);
	if (sim_kind_family(a, b) == ALTAIR_NO_FAMILY) {
		fprintf(out, "  %s\n", sim_pairing_name(SIM_PAIR_NO_FAMILY));
		return 0;
	}
	for (enum sim_variant v = 0; v < SIM_VARIANTS; v++) {
		struct sim_scenario scenario;
		struct sim_outcome outcome;
		char line[SIM_REPLAY_MAX];

		sim_matrix_scenario(&scenario, a, b, v);
		sim_scenario_judge(&scenario, &outcome);
		fprintf(out, "  %-12s",
			sim_pairing_name(
				sim_matrix_result(&scenario, &outcome)));
		if (!outcome.violation)
			continue;
		refused++;
		fprintf(out, "\n%s: %s\n", outcome.violation,
			sim_replay_plain(&scenario, line));
	}
	fprintf(out, "\n");
	return refused;
}

size_t sim_matrix_write(FILE *out)
{
	size_t refused = 0;

	fprintf(out, "# A        B        "
		     "  A asks        A asks        B asks        B asks\n"
		     "#                  "
		     "  A first       B first       A first       B first\n");
	for (size_t a = 0; a < sim_kind_count(); a++)
		for (size_t b = 0; b < sim_kind_count(); b++)
			refused +=
				write_pair(out, sim_kind_at(a), sim_kind_at(b));
	return refused;
}
