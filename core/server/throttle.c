/*
 * Challenges: two rows of counters, a source counts in one of each, and the
 * smaller one is believed. Sources share counters by chance, so a flood from
 * everywhere takes some answers from others; with as many counters as here, a
 * flood of 300,000 sources a second takes fewer than one in a thousand.
 *
 * The machines of one server share these tables, so that a source has no more of
 * them by coming to several: words that are changed at once, in no order.
 *
 * Wrong passwords: one entry for each hash of a source, or of a source and a user
 * who is known there. A nonce is bound to its address, so nobody can have others
 * punished who does not sit there; who does is told from those he sits beside.
 */
#include "server/throttle.h"

#include "base/cursor.h"
#include "server/prefix.h"

#include <string.h>

#define ROWS 2
#define GUESSERS (1u << 12)
#define TRUSTED (1u << 14)
#define TRIES_MAX 16 /* of threads that change a word at the same time */

/* So many wrong passwords in a minute, then some time without, then twice as long
 * each time, up to a limit. */
#define GUESSES_WINDOW 60

/* A bucket: a punishment stays while one of its places is there for others. */
#define PLACES 4

/* One word, so that threads change it at once. */
struct guesser {
	uint64_t who : 20;   /* more of the hash */
	uint64_t since : 23; /* second in which the count began, or it was
				punished */
	uint64_t last : 10;  /* of the hash of the last wrong request */
	uint64_t waits : 4;  /* how many punishments, each twice the last */
	uint64_t count : 6;
	uint64_t is_punished : 1;
};

_Static_assert(sizeof(struct guesser) == sizeof(uint64_t), "it is one word");

#define TAG(hash) ((hash) >> 44)
#define SECONDS ((1u << 23) - 1)
#define LAST ((1u << 10) - 1)
#define WAITS_MAX 13u /* a second, doubled up to an hour */

void air_throttle_init(struct air_throttle *t, struct air_arena *arena,
		       uint32_t row, const uint8_t hash_key[16],
		       const struct air_throttle *shared)
{
	if (shared) {
		*t = *shared;
	} else {
		t->row = row;
		t->counts = air_arena_take(arena, (size_t)ROWS * row,
					   sizeof *t->counts);
	}
	t->rate = 0;
	for (size_t i = 0; i < sizeof t->hash_key; i++)
		t->hash_key[i] = hash_key[i];
}

void air_throttle_init_guesses(struct air_throttle *t, struct air_arena *arena)
{
	t->guessers = air_arena_take(arena, GUESSERS, sizeof *t->guessers);
	t->trusted = air_arena_take(arena, TRUSTED, sizeof *t->trusted);
}

void air_throttle_set_guesses(struct air_throttle *t,
			      const altair_server_config *c)
{
	t->guesses_max = c->guesses_max;
	t->wait = (uint32_t)(c->guess_wait / ALTAIR_SEC(1));
	t->wait_max = (uint32_t)(c->guess_wait_max / ALTAIR_SEC(1));
}

/* How many have been answered in this second, of a word with the second and the
 * count. */
static unsigned count_of(uint32_t word, uint32_t second)
{
	return word >> 16 == second ? word & UINT16_MAX : 0;
}

/* Two threads at once may count as one, which gives a source one answer more. */
static void count_one(atomic_uint_least32_t *word, uint32_t second)
{
	uint32_t before = atomic_load_explicit(word, memory_order_relaxed);
	uint32_t after = (second << 16) + count_of(before, second) + 1;

	if (!atomic_compare_exchange_strong_explicit(word, &before, after,
						     memory_order_relaxed,
						     memory_order_relaxed) &&
	    before >> 16 == second)
		atomic_fetch_add_explicit(word, 1, memory_order_relaxed);
}

bool air_throttle_allows(struct air_throttle *t, altair_time now,
			 const altair_addr *source)
{
	uint16_t second = (uint16_t)(now / ALTAIR_SEC(1));
	atomic_uint_least32_t *of[ROWS];
	uint64_t hash;
	unsigned least = UINT16_MAX;

	if (t->rate == 0)
		return true;
	hash = air_prefix_hash(t->hash_key, source);
	for (size_t row = 0; row < ROWS; row++) {
		unsigned count;

		of[row] = &t->counts[row * t->row + hash % t->row];
		hash >>= 32;
		count = count_of(
			atomic_load_explicit(of[row], memory_order_relaxed),
			second);
		least = count < least ? count : least;
	}
	if (least >= t->rate)
		return false;
	for (size_t row = 0; row < ROWS; row++)
		count_one(of[row], second);
	return true;
}

static uint32_t second_of(altair_time now)
{
	return (uint32_t)(now / ALTAIR_SEC(1)) & SECONDS;
}

/* Of a source and a user. */
static uint64_t hash_of(const struct air_throttle *t, const altair_addr *source,
			uint64_t user)
{
	uint8_t bytes[16];
	struct air_writer w = air_writer(bytes, sizeof bytes);

	air_write_u64(&w, air_prefix_hash(t->hash_key, source));
	air_write_u64(&w, user);
	return air_siphash(t->hash_key, air_written(&w));
}

/* What is kept of a hash; never 0. */
static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

uint64_t air_throttle_who(const struct air_throttle *t,
			  const altair_addr *source, uint64_t user)
{
	uint64_t both = hash_of(t, source, user);

	return atomic_load_explicit(&t->trusted[both % TRUSTED],
				    memory_order_relaxed) == tag_of(both)
		       ? both
		       : air_prefix_hash(t->hash_key, source);
}

void air_throttle_trust(struct air_throttle *t, const altair_addr *source,
			uint64_t user)
{
	uint64_t both = hash_of(t, source, user);
	uint32_t tag = tag_of(both);

	atomic_store_explicit(&t->trusted[both % TRUSTED], tag,
			      memory_order_relaxed);
}

static uint64_t pack(struct guesser g)
{
	uint64_t word;

	memcpy(&word, &g, sizeof word);
	return word;
}

static struct guesser unpack(uint64_t word)
{
	struct guesser g;

	memcpy(&g, &word, sizeof g);
	return g;
}

static uint32_t age_of(struct guesser g, uint32_t second)
{
	return (second - (uint32_t)g.since) & SECONDS;
}

/* Seconds of the last punishment. */
static uint32_t wait_of(const struct air_throttle *t, struct guesser g)
{
	uint64_t wait = g.waits ? (uint64_t)t->wait << (g.waits - 1) : 0;

	return wait < t->wait_max ? (uint32_t)wait : t->wait_max;
}

static bool waits(const struct air_throttle *t, struct guesser g,
		  uint32_t second)
{
	return g.is_punished && age_of(g, second) < wait_of(t, g);
}

/* One that is missed less than another. */
static bool is_better(const struct air_throttle *t, struct guesser g,
		      struct guesser other, uint32_t second)
{
	if (waits(t, g, second) != waits(t, other, second))
		return waits(t, other, second);
	return age_of(g, second) > age_of(other, second);
}

/* The place of who is there, else the one of its bucket that is missed least. */
static atomic_uint_least64_t *find(const struct air_throttle *t, uint64_t who,
				   uint32_t second, struct guesser *out)
{
	atomic_uint_least64_t *bucket =
		&t->guessers[who % GUESSERS / PLACES * PLACES];
	atomic_uint_least64_t *best = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		struct guesser g = unpack(
			atomic_load_explicit(&bucket[i], memory_order_relaxed));

		if (g.who != TAG(who) && best && !is_better(t, g, *out, second))
			continue;
		best = &bucket[i];
		*out = g;
		if (g.who == TAG(who))
			break;
	}
	return best;
}

bool air_throttle_is_punished(const struct air_throttle *t, altair_time now,
			      uint64_t who)
{
	struct guesser g;

	find(t, who, second_of(now), &g);
	return g.who == TAG(who) && waits(t, g, second_of(now));
}

/* They are too many: the next wait is twice the last one. */
static void lock_out(struct guesser *g, uint32_t second)
{
	if (g->waits < WAITS_MAX)
		g->waits++;
	g->is_punished = true;
	g->since = second & SECONDS;
	g->count = 0;
}

static void count_guess(const struct air_throttle *t, struct guesser *g,
			uint64_t who, uint32_t second, uint32_t request)
{
	/* Who has been good for as long as the longest wait begins anew. */
	if (g->who != TAG(who) ||
	    age_of(*g, second) > wait_of(t, *g) + t->wait_max)
		*g = (struct guesser){.who = (uint32_t)TAG(who) & 0xfffff,
				      .since = second & SECONDS};
	if (g->is_punished || age_of(*g, second) >= GUESSES_WINDOW) {
		g->is_punished = false;
		g->since = second & SECONDS;
		g->count = 0;
	} else if (g->count > 0 && g->last == request) {
		return;
	}
	g->last = request & LAST;
	if (++g->count >= t->guesses_max)
		lock_out(g, second);
}

void air_throttle_punish(struct air_throttle *t, altair_time now, uint64_t who,
			 uint32_t request)
{
	uint32_t second = second_of(now);
	struct guesser before, after;
	atomic_uint_least64_t *place;
	uint64_t word;
	int tries = 0;

	do {
		place = find(t, who, second, &before);
		after = before;
		count_guess(t, &after, who, second, request & LAST);
		word = pack(before);
	} while (!atomic_compare_exchange_strong_explicit(
			 place, &word, pack(after), memory_order_relaxed,
			 memory_order_relaxed) &&
		 ++tries < TRIES_MAX);
}
