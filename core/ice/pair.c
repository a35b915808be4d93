/*
 * Pairs (RFC 8445 6.1.2). Beyond the RFC's figure 7 a pair that has succeeded
 * is checked again to nominate it, one that has failed when the peer's check
 * arrives on it (RFC 8445 7.3.1.4), and any when the path is lost.
 */
#include "ice/pair.h"

#include "base/assert.h"
#include "base/time.h"

#define UNVALIDATED_FACTOR 3	      /* RFC 9000 8.1 */
#define CONSENT_EXPIRY ALTAIR_SEC(30) /* RFC 7675 5.1 */
#define PAUSE_MAX ALTAIR_SEC(600)

uint64_t air_pair_priority(uint32_t g, uint32_t d)
{
	uint64_t least = g < d ? g : d, most = g < d ? d : g;

	return (least << 32) + 2 * most + (g > d);
}

void air_pair_set_state(struct air_pair *pair, enum air_pair_state next)
{
	static const bool edges[5][5] = {
		[PAIR_FROZEN] = {[PAIR_WAITING] = true, [PAIR_FAILED] = true},
		[PAIR_WAITING] =
			{[PAIR_IN_PROGRESS] = true, [PAIR_FAILED] = true},
		[PAIR_IN_PROGRESS] = {[PAIR_WAITING] = true,
				      [PAIR_SUCCEEDED] = true,
				      [PAIR_FAILED] = true},
		[PAIR_SUCCEEDED] = {[PAIR_WAITING] = true,
				    [PAIR_IN_PROGRESS] = true,
				    [PAIR_FAILED] = true},
		[PAIR_FAILED] = {[PAIR_WAITING] = true},
	};

	AIR_ASSERT(edges[pair->state][next]);
	pair->state = next;
	if (next != PAIR_IN_PROGRESS)
		pair->check.next = ALTAIR_NEVER;
}

void air_pair_fail(struct air_pair *pair)
{
	air_pair_set_state(pair, PAIR_FAILED);
	pair->is_valid = false;
	pair->wants_nomination = false;
}

void air_pair_refuse(struct air_pair *pair)
{
	air_pair_fail(pair);
	pair->is_refused = true;
}

void air_pair_drop(struct air_pair *pair)
{
	if (pair->state != PAIR_FAILED)
		air_pair_fail(pair);
	pair->trigger = 0;
	pair->bytes_in = pair->bytes_out = 0;
	pair->is_heard = pair->is_nominated = pair->is_refused = false;
}

bool air_pair_is_open(const struct air_pair *pair)
{
	return pair->state < PAIR_SUCCEEDED || pair->trigger != 0;
}

altair_time air_pair_expires(const struct air_pair *pair)
{
	return air_time_after(pair->answered_at, CONSENT_EXPIRY);
}

altair_time air_pair_ends(const struct air_pair *pair)
{
	return air_time_after(air_pair_expires(pair), PAUSE_MAX);
}

bool air_pair_is_fresh(const struct air_pair *pair, altair_time now)
{
	return pair->is_valid && now < air_pair_expires(pair);
}

uint64_t air_pair_allowance(const struct air_pair *pair)
{
	uint64_t most = UNVALIDATED_FACTOR * pair->bytes_in;

	if (pair->is_valid)
		return UINT64_MAX;
	return most > pair->bytes_out ? most - pair->bytes_out : 0;
}
