/*
 * The rendezvous server: its configuration, its memory, and what the driver asks of it.
 * What belongs to one noun is in the noun's file: source (limits), client, side,
 * plate, take (what clients ask), node, directory and post (other nodes).
 */
#include <altair/rendezvous.h>

#include "base/assert.h"
#include "base/time.h"
#include "rendezvous/client.h"
#include "rendezvous/plate.h"
#include "rendezvous/side.h"

#define CLIENTS_MAX 1000000
#define MAILBOXES_MAX 1000000
#define QUEUE_MIN (32u << 10)
#define QUEUE_MAX (16u << 20)
#define POOL_MAX ((size_t)1 << 36)
#define DAY ALTAIR_SEC(86400)

void altair_rendezvous_config_default(altair_rendezvous_config *config)
{
	*config = (altair_rendezvous_config){
		.size = sizeof *config,
		.clients_max = 20000,
		.clients_prefix = 50,
		.mailboxes_max = 100000,
		.open_prefix = 20,
		.rate_prefix = 60,
		.sides_client = 32,
		.notes_rate = 50,
		.queue_len = 64 << 10,
		.pool_len = 32 << 20,
		.unpaired = ALTAIR_SEC(600),
		.away = ALTAIR_SEC(60),
		.idle = ALTAIR_SEC(60),
	};
}

static bool is_life(altair_time life)
{
	return life >= ALTAIR_SEC(1) && life <= DAY;
}

static bool is_valid(const altair_rendezvous_config *c)
{
	if (c->size != sizeof *c || !c->crypto || !c->crypto->random ||
	    !c->crypto->sha256)
		return false;
	if (c->clients_max < 1 || c->clients_max > CLIENTS_MAX ||
	    c->mailboxes_max < 1 || c->mailboxes_max > MAILBOXES_MAX)
		return false;
	if (c->open_prefix &&
	    (c->rate_prefix <= c->open_prefix || c->rate_prefix > 1000000))
		return false;
	if (c->sides_client < 1 || c->notes_rate > 1000000)
		return false;
	if (c->queue_len < QUEUE_MIN || c->queue_len > QUEUE_MAX ||
	    c->pool_len < c->queue_len || c->pool_len > POOL_MAX)
		return false;
	return is_life(c->unpaired) && is_life(c->away) &&
	       (is_life(c->idle) || c->idle == ALTAIR_NEVER);
}

/* Measures, or carves. */
static altair_rendezvous *lay_out(struct air_arena *arena,
				  const altair_rendezvous_config *config,
				  const uint8_t hash_key[16])
{
	altair_rendezvous measured;
	altair_rendezvous *r = air_arena_take(arena, 1, sizeof *r);
	altair_rendezvous *to = r ? r : &measured;
	uint32_t clients = (uint32_t)config->clients_max;
	uint32_t sides = 2 * (uint32_t)config->mailboxes_max;

	to->clients = air_arena_take(arena, clients, sizeof *to->clients);
	air_store_init(&to->sides, arena, sides, sizeof(struct air_side));
	air_store_init(&to->plates, arena, sides, sizeof(struct air_plate));
	air_queue_pool_init(&to->pool, arena, config->pool_len);
	air_sources_init(&to->sources, arena, 2 * clients, hash_key);
	air_chain_init(&to->by_token, arena, sides, hash_key);
	air_chain_init(&to->by_mailbox, arena, sides, hash_key);
	air_chain_init(&to->by_number, arena, sides, hash_key);
	air_chain_init(&to->by_key, arena, clients, hash_key);
	air_heap_init(&to->timers, arena, clients + sides + 1);
	to->asks = air_arena_take(arena, config->has_directory ? AIR_ASKS : 0,
				  sizeof *to->asks);
	return r;
}

size_t altair_rendezvous_size(const altair_rendezvous_config *config)
{
	static const uint8_t no_key[16];
	struct air_arena arena = {0};

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config, no_key);
	return arena.failed ? 0 : arena.used;
}

int altair_rendezvous_init(altair_rendezvous **out, void *mem, size_t len,
			   const altair_rendezvous_config *config,
			   altair_time now)
{
	struct air_arena arena = {.mem = mem, .cap = len};
	uint8_t hash_key[16];
	altair_rendezvous *r;

	(void)now;
	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	if (config->crypto->random(config->crypto->user, hash_key,
				   sizeof hash_key) != 0)
		return ALTAIR_E_RANDOM;
	r = lay_out(&arena, config, hash_key);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	r->config = *config;
	r->clients_max = (uint32_t)config->clients_max;
	r->sides_max = 2 * (uint32_t)config->mailboxes_max;
	r->sources.connections_max = config->clients_prefix;
	r->sources.burst = config->open_prefix;
	if (config->open_prefix)
		r->sources.interval = ALTAIR_SEC(60) / (config->rate_prefix -
							config->open_prefix);
	r->first_ready = r->last_ready = AIR_NONE;
	*out = r;
	return 0;
}

void altair_rendezvous_tick(altair_rendezvous *r, altair_time now)
{
	uint32_t timer;

	while (air_heap_pop(&r->timers, now, &timer)) {
		if (timer < r->clients_max)
			air_client_due(r, now, timer);
		else if (timer < r->clients_max + r->sides_max)
			air_side_due(r, now, timer - r->clients_max);
		else
			air_plate_due(r, now);
	}
}

static void give_ask(altair_rendezvous *r, altair_rendezvous_output *out)
{
	struct air_ask *ask = &r->asked;

	*ask = r->asks[r->first_ask];
	r->first_ask = (r->first_ask + 1) % AIR_ASKS;
	r->ask_count--;
	out->ask = (altair_rendezvous_ask){
		.verb = ask->verb,
		.key = {ask->key, ask->key_len},
		.value = {ask->value, ask->value_len},
		.seconds = ask->seconds,
		.cookie = ask->cookie,
	};
}

enum altair_rendezvous_step
altair_rendezvous_poll(altair_rendezvous *r, altair_rendezvous_output *out)
{
	bool is_close;
	altair_note post;

	*out = (altair_rendezvous_output){0};
	if (air_client_poll(r, &out->client, &is_close))
		return is_close ? ALTAIR_RENDEZVOUS_CLOSE
				: ALTAIR_RENDEZVOUS_NOTES;
	if (r->ask_count > 0) {
		give_ask(r, out);
		return ALTAIR_RENDEZVOUS_ASK;
	}
	if (air_queue_pop(&r->pool, &r->posts, &post, r->body)) {
		memcpy(out->node, post.mailbox, sizeof out->node);
		out->bytes = post.body;
		return ALTAIR_RENDEZVOUS_POST;
	}
	out->deadline = air_heap_next(&r->timers);
	return ALTAIR_RENDEZVOUS_WAIT;
}

void altair_rendezvous_get_stats(const altair_rendezvous *r,
				 altair_rendezvous_stats *out)
{
	*out = r->stats;
	out->size = sizeof *out;
	out->waiting = (uint64_t)r->pool.used * 256;
}
