/* Open addressing; an entry of an earlier second is free. */
#include "sim/budget.h"

#include "sim/digest.h"

static uint64_t prefix_of(const altair_addr *source)
{
	size_t len = source->family == ALTAIR_IPV6 ? 8 : 4;

	return sim_digest(source->family, source->ip, len);
}

unsigned sim_budget_spend(struct sim_budget *budget, altair_time now,
			  const altair_addr *source)
{
	uint64_t prefix = prefix_of(source), second = now / ALTAIR_SEC(1);
	struct sim_budget_source *s = NULL;

	for (size_t i = 0; i < SIM_BUDGET_SOURCES; i++) {
		s = &budget->sources[(prefix + i) % SIM_BUDGET_SOURCES];
		if (s->second != second || s->prefix == prefix)
			break;
	}
	if (s->second != second || s->prefix != prefix)
		*s = (struct sim_budget_source){prefix, second, 0};
	return ++s->count;
}
