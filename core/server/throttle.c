/*
 * Challenges: two rows of counters, a source counts in one of each, and the
 * smaller one is believed. Sources share counters by chance, so a flood from
 * everywhere takes some answers from others; with as many counters as here, a
 * flood of 300,000 sources a second takes fewer than one in a thousand.
 *
 * Wrong passwords: one entry for each hash of a source, or of a source and a user
 * who is known there. A nonce is bound to its address, so nobody can have others
 * punished who does not sit there; who does is told from those he sits beside.
 */
#include "server/throttle.h"

#include "base/cursor.h"
#include "server/prefix.h"

#define ROWS 2
#define COUNTS (1u << 17) /* of a row */
#define GUESSERS (1u << 12)
#define TRUSTED (1u << 14)

/* Our own limits: ten wrong passwords in a minute, then half a minute without,
 * then twice as long each time, up to ten minutes. */
#define GUESSES_MAX 10
#define GUESSES_WINDOW 60
#define PUNISHED_MIN 30u
#define PUNISHED_MAX 600u

struct air_throttle_count {
	uint16_t second; /* of which the count is */
	uint16_t count;
};

struct air_throttle_guesser {
	uint32_t who; /* more of the hash */
	uint32_t
		since; /* second in which the count began, or it was punished */
	uint32_t last; /* the hash of the last wrong request */
	uint16_t wait; /* seconds of the last punishment */
	uint8_t count;
	bool is_punished;
};

void air_throttle_init(struct air_throttle *t, struct air_arena *arena,
		       unsigned rate, const uint8_t hash_key[16])
{
	t->rate = rate;
	t->counts =
		air_arena_take(arena, (size_t)ROWS * COUNTS, sizeof *t->counts);
	t->guessers = air_arena_take(arena, GUESSERS, sizeof *t->guessers);
	t->trusted = air_arena_take(arena, TRUSTED, sizeof *t->trusted);
	for (size_t i = 0; i < sizeof t->hash_key; i++)
		t->hash_key[i] = hash_key[i];
}

bool air_throttle_allows(struct air_throttle *t, altair_time now,
			 const altair_addr *source)
{
	uint16_t second = (uint16_t)(now / ALTAIR_SEC(1));
	struct air_throttle_count *of[ROWS];
	uint64_t hash;
	unsigned least = UINT16_MAX;

	if (t->rate == 0)
		return true;
	hash = air_prefix_hash(t->hash_key, source);
	for (size_t row = 0; row < ROWS; row++) {
		of[row] = &t->counts[row * COUNTS + hash % COUNTS];
		hash >>= 32;
		if (of[row]->second != second)
			*of[row] = (struct air_throttle_count){second, 0};
		least = of[row]->count < least ? of[row]->count : least;
	}
	if (least >= t->rate)
		return false;
	for (size_t row = 0; row < ROWS; row++)
		of[row]->count++;
	return true;
}

static uint32_t second_of(altair_time now)
{
	return (uint32_t)(now / ALTAIR_SEC(1));
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

	return t->trusted[both % TRUSTED] == tag_of(both)
		       ? both
		       : air_prefix_hash(t->hash_key, source);
}

void air_throttle_trust(struct air_throttle *t, const altair_addr *source,
			uint64_t user)
{
	uint64_t both = hash_of(t, source, user);

	t->trusted[both % TRUSTED] = tag_of(both);
}

bool air_throttle_is_punished(const struct air_throttle *t, altair_time now,
			      uint64_t who)
{
	const struct air_throttle_guesser *g = &t->guessers[who % GUESSERS];

	return g->is_punished && g->who == (uint32_t)(who >> 32) &&
	       second_of(now) - g->since < g->wait;
}

/* Ten are too many: the next wait is twice the last one. */
static void lock_out(struct air_throttle_guesser *g, uint32_t second)
{
	unsigned wait = g->wait ? 2u * g->wait : PUNISHED_MIN;

	g->wait = (uint16_t)(wait < PUNISHED_MAX ? wait : PUNISHED_MAX);
	g->is_punished = true;
	g->since = second;
	g->count = 0;
}

void air_throttle_punish(struct air_throttle *t, altair_time now, uint64_t who,
			 uint32_t request)
{
	struct air_throttle_guesser *g = &t->guessers[who % GUESSERS];
	uint32_t tag = (uint32_t)(who >> 32), second = second_of(now);

	/* Who has been good for as long as the longest wait begins anew. */
	if (g->who != tag || second - g->since > g->wait + PUNISHED_MAX)
		*g = (struct air_throttle_guesser){.who = tag, .since = second};
	if (g->is_punished || second - g->since >= GUESSES_WINDOW) {
		g->is_punished = false;
		g->since = second;
		g->count = 0;
	} else if (g->count > 0 && g->last == request) {
		return;
	}
	g->last = request;
	if (++g->count >= GUESSES_MAX)
		lock_out(g, second);
}
