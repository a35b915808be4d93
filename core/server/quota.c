/*
 * Quotas by owner, without locks. An entry is one word, changed by compare and
 * exchange: an owner has one entry as long as he has anything, and it is at most
 * WINDOW places from where his hash points. Owners are keyed hashes, so nobody
 * chooses his place, and in a table that is half full at most a window without a
 * free place is rarer than one in 10^10.
 *
 * Two threads may enter the same new owner at the same time, each at a place of its
 * own. So who has entered one looks for another, and leaves in its favour; both
 * may, and begin anew. That one of the two sees the other wants one order of all
 * they write and read (seq_cst): relaxed, each might look before the other's entry is
 * there for it. Where that happens TRIES_MAX times on end, and it never
 * does, the owner has two quotas until one of them is given back.
 */
#include "server/quota.h"

#include "base/assert.h"

#define WINDOW 128u
#define TRIES_MAX 16

void air_quota_init(struct air_quotas *quotas, struct air_arena *arena,
		    uint32_t count)
{
	quotas->places = 2 * count + WINDOW;
	quotas->words =
		air_arena_take(arena, quotas->places, sizeof *quotas->words);
	/* Whoever enters a place fills its meter. */
	quotas->meters = (void *)air_arena_reserve(
		arena, quotas->places * sizeof *quotas->meters);
}

static uint64_t load(const struct air_quotas *q, uint32_t number)
{
	return atomic_load_explicit(&q->words[number], memory_order_seq_cst);
}

static bool change(struct air_quotas *q, uint32_t number, uint64_t from,
		   uint64_t to)
{
	return atomic_compare_exchange_strong_explicit(&q->words[number], &from,
						       to, memory_order_seq_cst,
						       memory_order_relaxed);
}

static uint32_t place(const struct air_quotas *q, uint64_t owner, uint32_t step)
{
	return (uint32_t)(((owner >> AIR_QUOTA_BITS) + step) % q->places);
}

static bool is_free(uint64_t word)
{
	return (word & AIR_QUOTA_COUNT) == 0;
}

/* The entry of an owner but `except`; without one AIR_POOL_NONE, and a free place,
 * or AIR_POOL_NONE, in *free. */
static uint32_t find(const struct air_quotas *q, uint64_t owner,
		     uint32_t except, uint32_t *free)
{
	*free = AIR_POOL_NONE;
	for (uint32_t step = 0; step < WINDOW; step++) {
		uint32_t i = place(q, owner, step);
		uint64_t word = load(q, i);

		if (is_free(word)) {
			if (*free == AIR_POOL_NONE)
				*free = i;
		} else if (word >> AIR_QUOTA_BITS == owner >> AIR_QUOTA_BITS &&
			   i != except) {
			return i;
		}
	}
	return AIR_POOL_NONE;
}

/* One more in this entry; false when somebody else changed it. */
static bool add(struct air_quotas *q, uint32_t number, uint64_t owner,
		uint32_t max, bool *is_full)
{
	uint64_t word = load(q, number);

	if (is_free(word) || word >> AIR_QUOTA_BITS != owner >> AIR_QUOTA_BITS)
		return false;
	*is_full = (word & AIR_QUOTA_COUNT) >= max ||
		   (word & AIR_QUOTA_COUNT) == AIR_QUOTA_COUNT;
	return !*is_full && change(q, number, word, word + 1);
}

/* A new entry; false when somebody else was faster. */
static bool enter(struct air_quotas *q, uint32_t number, uint64_t owner)
{
	uint64_t word = load(q, number);
	uint64_t first = (owner >> AIR_QUOTA_BITS << AIR_QUOTA_BITS) + 1;

	if (!is_free(word) || !change(q, number, word, first))
		return false;
	air_bandwidth_fill(&q->meters[number]);
	return true;
}

uint32_t air_quota_take(struct air_quotas *quotas, uint64_t owner, uint32_t max)
{
	uint32_t found, free, ignored;
	bool is_full = max == 0;

	for (int tries = 0; !is_full; tries++) {
		found = find(quotas, owner, AIR_POOL_NONE, &free);
		if (found != AIR_POOL_NONE) {
			if (add(quotas, found, owner, max, &is_full))
				return found;
			continue;
		}
		if (free == AIR_POOL_NONE)
			break;
		if (!enter(quotas, free, owner))
			continue;
		if (tries >= TRIES_MAX ||
		    find(quotas, owner, free, &ignored) == AIR_POOL_NONE)
			return free;
		air_quota_give(quotas, free);
	}
	return AIR_POOL_NONE;
}

void air_quota_give(struct air_quotas *quotas, uint32_t number)
{
	uint64_t before = atomic_fetch_sub_explicit(&quotas->words[number], 1,
						    memory_order_relaxed);

	AIR_ASSERT(!is_free(before));
}
