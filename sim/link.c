/*
 * A line keeps the order of what it carries, jitter included, except for the
 * packets it chooses to reorder: those arrive `reorder_by` later and let the
 * others pass. Every decision is drawn from the line's own stream.
 */
#include "sim/link.h"

void sim_link_init(struct sim_link *link, const struct sim_link_config *config,
		   uint64_t seed, uint32_t index)
{
	*link = (struct sim_link){.config = *config};
	sim_rng_seed(&link->rng, seed, SIM_FOR_LINK, index);
}

static bool faults_apply(const struct sim_link_config *config, altair_time now)
{
	return config->until == 0 ||
	       (now >= config->from && now < config->until);
}

static enum sim_drop fate(struct sim_link *link)
{
	const struct sim_link_config *config = &link->config;

	if (config->cut)
		return SIM_CUT_OFF;
	if (link->burst_left == 0 && sim_rng_chance(&link->rng, config->burst))
		link->burst_left =
			1 + sim_rng_below(&link->rng, config->burst_max);
	if (link->burst_left > 0) {
		link->burst_left--;
		return SIM_LOST_IN_BURST;
	}
	return sim_rng_chance(&link->rng, config->loss) ? SIM_LOST : SIM_PASSED;
}

static altair_time arrival(struct sim_link *link, altair_time now, bool faults)
{
	const struct sim_link_config *config = &link->config;
	altair_time at = now + config->delay;

	if (config->jitter > 0)
		at += sim_rng_between(&link->rng, 0, config->jitter);
	if (faults && sim_rng_chance(&link->rng, config->reorder))
		return at + config->reorder_by;
	if (at < link->last)
		at = link->last;
	link->last = at;
	return at;
}

void sim_link_pass(struct sim_link *link, altair_time now, size_t size,
		   struct sim_passage *out)
{
	const struct sim_link_config *config = &link->config;
	bool faults = faults_apply(config, now);

	*out = (struct sim_passage){.drop = SIM_PASSED};
	if (config->mtu > 0 && size > config->mtu)
		out->drop = SIM_TOO_BIG;
	else if (faults)
		out->drop = fate(link);
	if (out->drop != SIM_PASSED)
		return;
	out->at[out->copies++] = arrival(link, now, faults);
	if (!faults)
		return;
	if (sim_rng_chance(&link->rng, config->duplicate))
		out->at[out->copies++] = arrival(link, now, faults);
	out->corrupted = sim_rng_chance(&link->rng, config->corrupt);
	if (out->corrupted)
		out->corrupt_at = sim_rng_u32(&link->rng);
}

void sim_link_carry(struct sim_link *link, altair_time now,
		    struct sim_passage *out)
{
	*out = (struct sim_passage){.drop = SIM_PASSED, .copies = 1};
	out->at[0] = arrival(link, now, false);
}

void sim_link_corrupt(uint32_t corrupt_at, uint8_t *payload, size_t len)
{
	size_t bit;

	if (len == 0)
		return;
	bit = corrupt_at % (len * 8);
	payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
}
