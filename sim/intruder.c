#include "sim/intruder.h"

#include "sim/stun.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_MAX 16
#define PAYLOAD_MAX 256

struct seen {
	altair_addr src, dst;
	uint8_t payload[PAYLOAD_MAX];
	size_t len;
};

struct sim_intruder {
	struct sim_node node;
	struct sim_intruder_config config;
	struct sim_rng rng;
	altair_time next;
	struct seen seen[SEEN_MAX]; /* the latest */
	uint64_t seen_count;
};

static void intruder_deliver(struct sim_node *node, unsigned port,
			     const struct sim_packet *batch, size_t count)
{
	(void)port;
	for (size_t i = 0; i < count; i++)
		sim_world_drop(node, &batch[i], SIM_NOBODY_LISTENS);
}

static altair_time intruder_next_at(const struct sim_node *node)
{
	const struct sim_intruder *intruder = (const struct sim_intruder *)node;

	return intruder->next < intruder->config.until ? intruder->next
						       : ALTAIR_NEVER;
}

void sim_intruder_see(struct sim_intruder *intruder,
		      const struct sim_packet *packet)
{
	struct seen *seen = &intruder->seen[intruder->seen_count % SEEN_MAX];

	if (packet->origin == intruder->node.lane || packet->kind != SIM_UDP ||
	    packet->payload.len > PAYLOAD_MAX || packet->payload.len == 0)
		return;
	intruder->seen_count++;
	seen->src = packet->src;
	seen->dst = packet->dst;
	seen->len = packet->payload.len;
	memcpy(seen->payload, packet->payload.data, seen->len);
}

static uint32_t below(struct sim_intruder *intruder, uint32_t n)
{
	return sim_rng_below(&intruder->rng, n);
}

/* --- what he says -------------------------------------------------------- */

static size_t write_garbage(struct sim_intruder *intruder, uint8_t *out)
{
	size_t len = below(intruder, 120);

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)below(intruder, 256);
	return len;
}

static size_t alter(struct sim_intruder *intruder, uint8_t *payload, size_t len)
{
	struct sim_stun stun;

	payload[below(intruder, (uint32_t)len)] ^=
		(uint8_t)(1u << below(intruder, 8));
	if (len > 28 && sim_stun_read((altair_bytes){payload, len}, &stun))
		return sim_stun_seal(payload, len - 8);
	return len;
}

/* A success with a mapped address, or an error, as if the one that was asked
 * had said it; what should be an integrity is none. */
static size_t answer(struct sim_intruder *intruder, uint8_t *payload,
		     size_t len)
{
	static const uint8_t mapped[] = {0,    0x20, 0, 8, 0, 1,
					 0x34, 0x12, 1, 2, 3, 4};
	static const uint8_t conflict[] = {0, 9, 0, 4, 0, 0, 4, 87};
	bool succeeds = below(intruder, 2);
	size_t at = SIM_STUN_HEADER;
	struct sim_stun stun;

	if (!sim_stun_read((altair_bytes){payload, len}, &stun) ||
	    stun.class != SIM_STUN_REQUEST)
		return 0;
	payload[0] = 1;
	payload[1] = (uint8_t)(stun.method | (succeeds ? 0x00 : 0x10));
	memcpy(payload + at, succeeds ? mapped : conflict,
	       succeeds ? sizeof mapped : sizeof conflict);
	at += succeeds ? sizeof mapped : sizeof conflict;
	if (below(intruder, 2)) {
		memcpy(payload + at, (uint8_t[]){0, 8, 0, 20}, 4);
		memset(payload + at + 4, 0xa5, 20);
		at += 24;
	}
	return sim_stun_seal(payload, at);
}

/* --- from where ---------------------------------------------------------- */

static altair_addr pick_source(struct sim_intruder *intruder,
			       const altair_addr *peer)
{
	bool spoofs = (intruder->config.skills & SIM_INTRUDER_SPOOFS) &&
		      below(intruder, 2);
	altair_addr source = *peer;

	if (spoofs && below(intruder, 2))
		return source;
	if (!spoofs)
		source =
			intruder->config.addresses[peer->family == ALTAIR_IPV6];
	source.port =
		below(intruder, 2)
			? peer->port
			: (uint16_t)sim_rng_between(&intruder->rng, 1, 65535);
	return source;
}

static void send(struct sim_intruder *intruder, const altair_addr *src,
		 const altair_addr *dst, altair_bytes payload)
{
	if (payload.len > 0 && src->port != 0)
		sim_world_send(&intruder->node, 0,
			       &(struct sim_packet){.kind = SIM_UDP,
						    .src = *src,
						    .dst = *dst,
						    .payload = payload});
}

static enum sim_intruder_skill pick_skill(struct sim_intruder *intruder)
{
	unsigned skill;

	do
		skill = 1u << below(intruder, 5);
	while (!(intruder->config.skills & skill));
	return (enum sim_intruder_skill)skill;
}

static void act(struct sim_intruder *intruder)
{
	uint64_t most = intruder->seen_count < SEEN_MAX ? intruder->seen_count
							: SEEN_MAX;
	struct seen seen = intruder->seen[below(intruder, (uint32_t)most)];
	enum sim_intruder_skill skill = pick_skill(intruder);
	altair_addr src = pick_source(intruder, &seen.src);

	if (skill == SIM_INTRUDER_SPRAYS) {
		seen.len = write_garbage(intruder, seen.payload);
	} else if (skill == SIM_INTRUDER_SPEAKS) {
		memset(seen.payload, 'm', 40);
		seen.len = 40;
	} else if (skill == SIM_INTRUDER_ALTERS) {
		seen.len = alter(intruder, seen.payload, seen.len);
	} else if (skill == SIM_INTRUDER_ANSWERS) {
		src = seen.dst;
		seen.dst = seen.src;
		seen.len = answer(intruder, seen.payload, seen.len);
	}
	send(intruder, &src, &seen.dst, (altair_bytes){seen.payload, seen.len});
}

static void intruder_run(struct sim_node *node)
{
	struct sim_intruder *intruder = (struct sim_intruder *)node;

	intruder->next += ALTAIR_SEC(1) / intruder->config.per_second;
	if (intruder->seen_count > 0)
		act(intruder);
}

static void intruder_free(struct sim_node *node)
{
	free(node);
}

static const struct sim_node_ops intruder_ops = {
	.deliver = intruder_deliver,
	.next_at = intruder_next_at,
	.run = intruder_run,
	.free = intruder_free,
};

struct sim_intruder *sim_intruder_new(const char *name,
				      const struct sim_intruder_config *config)
{
	struct sim_intruder *intruder = calloc(1, sizeof *intruder);

	if (!intruder)
		return NULL;
	intruder->node = (struct sim_node){.ops = &intruder_ops, .name = name};
	intruder->config = *config;
	if (!(config->skills & ~(unsigned)SIM_INTRUDER_SPOOFS))
		intruder->config.until = 0; /* he can do nothing */
	intruder->next = config->from;
	sim_rng_seed(&intruder->rng, config->seed, SIM_FOR_ATTACKER, 1);
	return intruder;
}

struct sim_node *sim_intruder_node(struct sim_intruder *intruder)
{
	return &intruder->node;
}
