/*
 * Threads share what is here without locks: single words, each changed at once. No
 * order between two of them matters, so the atomics are relaxed, but for those of
 * the quotas (server/quota.c). What is exact:
 * there are never more allocations than may be, nor more of an owner.
 */
#include "server/common.h"

#include "base/assert.h"

#include <altair/error.h>

#include <string.h>

static void init_throttles(struct altair_server_common *common,
			   struct air_arena *arena)
{
	static const uint32_t rows[THROTTLED] = {
		[OF_RELAY] = AIR_THROTTLE_FORGED,
		[OF_PROBES] = AIR_THROTTLE_FORGED,
		[OF_HANDSHAKES] = AIR_THROTTLE_TRUE};

	for (unsigned i = 0; i < THROTTLED; i++)
		air_throttle_init(&common->throttles[i], arena, rows[i],
				  common->hash_key, NULL);
	air_throttle_init_guesses(&common->throttles[OF_RELAY], arena);
}

void air_common_init(struct altair_server_common *common,
		     struct air_arena *arena, const altair_server_config *c,
		     bool is_shared)
{
	uint32_t count = (uint32_t)(c->port_max - c->port_min) + 1;

	common->allocations_max = (uint32_t)c->allocations_max;
	common->port_min = c->port_min;
	common->port_max = c->port_max;
	atomic_init(&common->allocations, 0);
	air_bandwidth_fill(&common->total);
	for (unsigned i = 0; i < OWNERS; i++)
		air_quota_init(&common->quotas[i], arena,
			       common->allocations_max);
	if (is_shared && c->connections_max > 0)
		air_seats_init(&common->seats, arena,
			       (uint32_t)c->connections_max, c->workers);
	if (is_shared)
		init_throttles(common, arena);
	for (unsigned f = 0; f < 2; f++)
		common->open[f] =
			is_shared ? air_arena_take(arena, count,
						   sizeof *common->open[f])
				  : NULL;
}

bool air_common_take(struct altair_server_common *common)
{
	uint32_t before = atomic_fetch_add_explicit(&common->allocations, 1,
						    memory_order_relaxed);

	if (before < common->allocations_max)
		return true;
	air_common_give(common);
	return false;
}

void air_common_give(struct altair_server_common *common)
{
	uint32_t before = atomic_fetch_sub_explicit(&common->allocations, 1,
						    memory_order_relaxed);

	AIR_ASSERT(before > 0);
}

bool air_common_is_full(const struct altair_server_common *common)
{
	return atomic_load_explicit(&common->allocations,
				    memory_order_relaxed) >=
	       common->allocations_max;
}

uint8_t air_common_sign(unsigned worker, unsigned workers, uint8_t random)
{
	unsigned byte = random | 0x80;

	byte = byte - byte % workers + worker;
	if (byte > UINT8_MAX)
		byte -= workers;
	return (uint8_t)(byte < 0x80 ? byte + workers : byte);
}

unsigned air_common_signer(unsigned workers, uint8_t byte)
{
	return byte % workers;
}

/* The kernel spreads clients by chance, so one machine gets more than another: of
 * n clients on two, one is 8 sqrt(n) / 2 ahead less than once in 10^14 times. */
static uint32_t fair_share(uint32_t all, uint32_t workers)
{
	uint32_t more = 16;

	while (more * more < 16 * all)
		more++;
	more += all / workers;
	return more < all ? more : all;
}

struct air_share air_common_share(const altair_server_config *c)
{
	uint32_t ports = (uint32_t)(c->port_max - c->port_min) + 1;
	uint32_t all = (uint32_t)c->allocations_max;
	struct air_share share = {all, c->port_min, ports};
	uint32_t each;

	if (!c->common)
		return share;
	/* Pairs of ports begin with an even one: none is cut in two. */
	each = ports / c->workers;
	if (each > 2 && each % 2 != 0)
		each--;
	share.allocations = fair_share(all, c->workers);
	share.port_first = (uint16_t)(c->port_min + c->worker * each);
	share.port_count = c->worker + 1 < c->workers
				   ? each
				   : ports - (c->workers - 1) * each;
	return share;
}

static struct altair_server_common *
lay_out(struct air_arena *arena, const altair_server_config *config,
	struct altair_server_common *scratch)
{
	struct altair_server_common *common =
		air_arena_take(arena, 1, sizeof *common);

	if (!common)
		common = scratch;
	air_common_init(common, arena, config, true);
	return common;
}

size_t altair_server_common_size(const altair_server_config *config)
{
	struct air_arena arena = {0};
	struct altair_server_common scratch;

	if (altair_server_size(config) == 0 || config->workers < 1 ||
	    config->workers > AIR_WORKERS_MAX ||
	    config->allocations_max + config->connections_max == 0)
		return 0;
	lay_out(&arena, config, &scratch);
	return arena.used;
}

int altair_server_common_init(altair_server_common **out, void *mem, size_t len,
			      const altair_server_config *config)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_server_common scratch, *common;

	if (altair_server_common_size(config) == 0)
		return ALTAIR_E_INVALID;
	common = lay_out(&arena, config, &scratch);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	if (config->crypto->random(config->crypto->user, common->hash_key,
				   sizeof common->hash_key) != 0)
		return ALTAIR_E_RANDOM;
	*out = common;
	return 0;
}
