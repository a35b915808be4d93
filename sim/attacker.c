#include "sim/attacker.h"

#include <stdlib.h>
#include <string.h>

struct sim_attacker {
	struct sim_node node;
	struct sim_attacker_config config;
	struct sim_rng rng;
	altair_time next;
};

static void attacker_deliver(struct sim_node *node, unsigned port,
			     const struct sim_packet *batch, size_t count)
{
	(void)port;
	for (size_t i = 0; i < count; i++)
		sim_world_drop(node, &batch[i], SIM_NOBODY_LISTENS);
}

static altair_time attacker_next_at(const struct sim_node *node)
{
	const struct sim_attacker *attacker = (const struct sim_attacker *)node;

	return attacker->next < attacker->config.until ? attacker->next
						       : ALTAIR_NEVER;
}

static altair_bytes pick_payload(struct sim_rng *rng, uint8_t *garbage,
				 size_t cap)
{
	static const char *const words[] = {"PUNCH", "PING", "PONG"};
	uint32_t pick = sim_rng_below(rng, 4);
	size_t len;

	if (pick < 3)
		return (altair_bytes){(const uint8_t *)words[pick],
				      strlen(words[pick])};
	len = sim_rng_below(rng, (uint32_t)cap + 1);
	for (size_t i = 0; i < len; i++)
		garbage[i] = (uint8_t)sim_rng_u32(rng);
	return (altair_bytes){garbage, len};
}

static altair_addr pick_source(struct sim_attacker *attacker,
			       const altair_addr *peer)
{
	struct sim_rng *rng = &attacker->rng;
	uint32_t own = sim_rng_below(rng, SIM_ATTACKER_ADDRESSES);
	altair_addr source = attacker->config.forges
				     ? *peer
				     : attacker->config.addresses[own];

	if (!attacker->config.forges && sim_rng_below(rng, 2) == 0)
		source.port = peer->port;
	else
		do
			source.port = (uint16_t)sim_rng_between(rng, 1, 65535);
		while (source.port == peer->port);
	return source;
}

static void attacker_run(struct sim_node *node)
{
	struct sim_attacker *attacker = (struct sim_attacker *)node;
	const struct sim_attacker_config *config = &attacker->config;
	unsigned aim = sim_rng_below(&attacker->rng, 2);
	uint8_t garbage[24];

	attacker->next += ALTAIR_SEC(1) / config->per_second;
	if (config->targets[0].family == 0 || config->targets[1].family == 0)
		return;
	sim_world_send(
		node, 0,
		&(struct sim_packet){
			.kind = SIM_UDP,
			.src = pick_source(attacker, &config->targets[!aim]),
			.dst = config->targets[aim],
			.payload = pick_payload(&attacker->rng, garbage,
						sizeof garbage),
		});
}

static void attacker_free(struct sim_node *node)
{
	free(node);
}

static const struct sim_node_ops attacker_ops = {
	.deliver = attacker_deliver,
	.next_at = attacker_next_at,
	.run = attacker_run,
	.free = attacker_free,
};

struct sim_attacker *sim_attacker_new(const char *name,
				      const struct sim_attacker_config *config)
{
	struct sim_attacker *attacker = calloc(1, sizeof *attacker);

	if (!attacker)
		return NULL;
	attacker->node = (struct sim_node){.ops = &attacker_ops, .name = name};
	attacker->config = *config;
	attacker->next = config->from;
	sim_rng_seed(&attacker->rng, config->seed, SIM_FOR_ATTACKER, 0);
	return attacker;
}

struct sim_node *sim_attacker_node(struct sim_attacker *attacker)
{
	return &attacker->node;
}

void sim_attacker_aim(struct sim_attacker *attacker, unsigned index,
		      const altair_addr *target)
{
	attacker->config.targets[index] = *target;
}
