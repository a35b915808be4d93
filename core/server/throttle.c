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
#define COUNTS (1u << 17) /* of a row */
#define GUESSERS (1u << 12)
#define TRUSTED (1u << 14)
#define TRIES_MAX 16 /* of threads that change a word at the same time */

/* Our own limits: ten wrong passwords in a minute, then half a minute without,
 * then twice as long each time, up to ten minutes. */
#define GUESSES_MAX 10
#define GUESSES_WINDOW 60
#define PUNISHED_MIN 30u
#define PUNISHED_MAX 600u

/* A bucket: a punishment stays while one of its places is there for others. */
#define PLACES 4

/* One word, so that threads change it at once. */
struct guesser {
	uint64_t who : 20;   /* more of the hash */
	uint64_t since : 26; /* second in which the count began, or it was
				punished */
	uint64_t last : 10;  /* of the hash of the last wrong request */
	uint64_t waits : 3;  /* how many punishments: 30 s, twice that ... */
	uint64_t count : 4;
	uint64_t is_punished : 1;
};

_Static_assert(sizeof(struct guesser) == sizeof(uint64_t), "it is one word");

#define TAG(hash) ((hash) >> 44)
#define SECONDS ((1u << 26) - 1)
#define LAST ((1u << 10) - 1)
#define WAITS_MAX 7u

void air_throttle_init(struct air_throttle *t, struct air_arena *arena,
		       unsigned rate, const uint8_t hash_key[16],
		       const struct air_throttle *shared)
{
	if (shared) {
		*t = *shared;
	} else {
		t->counts = air_arena_take(arena, (size_t)ROWS * COUNTS,
					   sizeof *t->counts);
		t->guessers =
			air_arena_take(arena, GUESSERS, sizeof *t->guessers);
		t->trusted = air_arena_take(arena, TRUSTED, sizeof *t->trusted);
	}
	t->rate = rate;
	for (size_t i = 0; i < sizeof t->hash_key; i++)
		t->hash_key[i] = hash_key[i];
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

		of[row] = &t->counts[row * COUNTS + hash % COUNTS];
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
static uint32_t wait_of(struct guesser g)
{
	uint32_t wait = g.waits ? PUNISHED_MIN << (g.waits - 1) : 0;

	return wait < PUNISHED_MAX ? wait : PUNISHED_MAX;
}

static bool waits(struct guesser g, uint32_t second)
{
	return g.is_punished && age_of(g, second) < wait_of(g);
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
		bool is_better = !best ||
				 waits(*out, second) > waits(g, second) ||
				 (waits(*out, second) == waits(g, second) &&
				  age_of(g, second) > age_of(*out, second));

		if (g.who != TAG(who) && !is_better)
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
	return g.who == TAG(who) && waits(g, second_of(now));
}

/* Ten are too many: the next wait is twice the last one. */
static void lock_out(struct guesser *g, uint32_t second)
{
	if (g->waits < WAITS_MAX)
		g->waits++;
	g->is_punished = true;
	g->since = second & SECONDS;
	g->count = 0;
}

static void count_guess(struct guesser *g, uint64_t who, uint32_t second,
			uint32_t request)
{
	/* Who has been good for as long as the longest wait begins anew. */
	if (g->who != TAG(who) ||
	    age_of(*g, second) > wait_of(*g) + PUNISHED_MAX)
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
	if (++g->count >= GUESSES_MAX)
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
		count_guess(&after, who, second, request & LAST);
		word = pack(before);
	} while (!atomic_compare_exchange_strong_explicit(
			 place, &word, pack(after), memory_order_relaxed,
			 memory_order_relaxed) &&
		 ++tries < TRIES_MAX);
}
