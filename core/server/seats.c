/*
 * Seats of streams, without locks: single words, in no order.
 *
 * When all are taken a machine shuts its own oldest stranger for one who comes. That
 * is not enough where there are several: strangers of one machine could hold every
 * seat, and who comes to another would find none, or would only push out who came
 * there a moment ago. So an eighth of the seats is kept free: whoever takes one of
 * these asks the machine with the oldest stranger to shut it, which does so when it
 * is next awake, if seats are still few.
 *
 * What is exact: there are never more streams than seats.
 */
#include "server/seats.h"

#include "base/assert.h"

#define SPARE_PART 8

void air_seats_init(struct air_seats *seats, struct air_arena *arena,
		    uint32_t max, unsigned workers)
{
	seats->max = max;
	seats->workers = workers;
	seats->spare = workers > 1 ? max / SPARE_PART + 1 : 0;
	atomic_init(&seats->taken, 0);
	for (unsigned i = 0; i < AIR_WORKERS_MAX; i++) {
		atomic_init(&seats->benches[i].oldest, ALTAIR_NEVER);
		atomic_init(&seats->benches[i].asked, 0);
	}
	/* Each machine may count one who has not yet got a seat. */
	air_quota_init(&seats->strangers, arena, max + workers);
	air_quota_init(&seats->crowds, arena, max + workers);
}

bool air_seats_take(struct air_seats *seats)
{
	uint32_t before = atomic_fetch_add_explicit(&seats->taken, 1,
						    memory_order_relaxed);

	if (before < seats->max)
		return true;
	air_seats_give(seats);
	return false;
}

void air_seats_give(struct air_seats *seats)
{
	uint32_t before = atomic_fetch_sub_explicit(&seats->taken, 1,
						    memory_order_relaxed);

	AIR_ASSERT(before > 0);
}

void air_seats_tell(struct air_seats *seats, unsigned worker,
		    altair_time oldest)
{
	if (seats->workers > 1)
		atomic_store_explicit(&seats->benches[worker].oldest, oldest,
				      memory_order_relaxed);
}

static bool are_few(const struct air_seats *seats)
{
	uint32_t taken =
		atomic_load_explicit(&seats->taken, memory_order_relaxed);

	return seats->spare > 0 && taken + seats->spare > seats->max;
}

int air_seats_ask(struct air_seats *seats)
{
	altair_time oldest = ALTAIR_NEVER, since;
	unsigned whose = 0;

	if (!are_few(seats))
		return -1;
	for (unsigned i = 0; i < seats->workers; i++) {
		since = atomic_load_explicit(&seats->benches[i].oldest,
					     memory_order_relaxed);
		if (since < oldest)
			whose = i;
		oldest = since < oldest ? since : oldest;
	}
	if (oldest == ALTAIR_NEVER)
		return -1;
	atomic_fetch_add_explicit(&seats->benches[whose].asked, 1,
				  memory_order_relaxed);
	return (int)whose;
}

bool air_seats_wants(struct air_seats *seats, unsigned worker)
{
	atomic_uint_least32_t *asked = &seats->benches[worker].asked;

	if (atomic_load_explicit(asked, memory_order_relaxed) == 0)
		return false;
	if (are_few(seats)) {
		atomic_fetch_sub_explicit(asked, 1, memory_order_relaxed);
		return true;
	}
	atomic_store_explicit(asked, 0, memory_order_relaxed);
	return false;
}
