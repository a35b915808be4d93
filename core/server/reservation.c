/*
 * Reservations. A token is random and good for its owner only, once. The table
 * is short, so it is searched from end to end.
 */
#include "server/reservation.h"

#include "base/cursor.h"
#include "base/time.h"
#include "server/common.h"

#include <string.h>

/* RFC 8656 7.2: at least 30 seconds. */
#define LIFE ALTAIR_SEC(60)

void air_reservation_init(struct air_reservations *r, struct air_arena *arena,
			  uint32_t count)
{
	r->all = air_arena_take(arena, count, sizeof *r->all);
	air_pool_init(&r->pool, arena, count);
}

bool air_reservation_add(struct air_reservations *r,
			 const altair_crypto *crypto, altair_time now,
			 struct air_reservation *what)
{
	uint32_t i = air_pool_take(&r->pool);

	if (i != AIR_POOL_NONE && crypto->random(crypto->user, what->token,
						 sizeof what->token) == 0) {
		what->token[0] =
			air_common_sign(r->worker, r->workers, what->token[0]);
		r->all[i] = *what;
		air_heap_set(r->timers, r->first_timer + i,
			     air_time_after(now, LIFE));
		return true;
	}
	if (i != AIR_POOL_NONE)
		air_pool_give(&r->pool, i);
	air_port_release(&r->ports[what->family], what->port);
	return false;
}

static void forget(struct air_reservations *r, uint32_t number)
{
	air_heap_set(r->timers, r->first_timer + number, ALTAIR_NEVER);
	memset(&r->all[number], 0, sizeof r->all[number]);
	air_pool_give(&r->pool, number);
}

bool air_reservation_take(struct air_reservations *r, altair_bytes token,
			  uint64_t owner, struct air_reservation *out)
{
	for (uint32_t i = 0; i < r->pool.count; i++) {
		altair_bytes known = {r->all[i].token, sizeof r->all[i].token};

		if (r->all[i].owner != owner ||
		    !air_bytes_equal_secret(known, token))
			continue;
		*out = r->all[i];
		forget(r, i);
		return true;
	}
	return false;
}

void air_reservation_end(struct air_reservations *r, uint32_t number)
{
	air_port_release(&r->ports[r->all[number].family], r->all[number].port);
	forget(r, number);
}
