/*
 * The search for another path, when the one in use is suspect, lost, or worse
 * than it was: all pairs that are not watched anyway are checked again, at the
 * pace of all checks, at once and then after 5, 10, 20 ... 60 seconds, until a
 * direct path is fresh again. A pair on which the peer was never heard is tried
 * twice more at most: it may be the address of somebody else. Before there was a
 * path only the servers are asked again.
 *
 * While a relay carries the data and there is no news, there is no hurry: only
 * direct pairs, a few in a round, in turn, and a round is paid for before the next.
 */
#include "ice/session.h"

#include "base/time.h"

#define WAIT_MIN ALTAIR_SEC(5)
#define WAIT_MAX ALTAIR_SEC(60)
#define IN_VAIN_MAX 2

/* Without hurry: a request each 2.5 seconds, and so no more than 36 in a minute, of
 * the 120 that an idle session may send in all. */
#define CALM_PAIRS 3
#define CALM_PACE (AIR_CHECK_SENDINGS * ALTAIR_MSEC(2500))

/* Events may come in bursts. */
#define HASTE ALTAIR_SEC(1)

void air_search_begin(struct altair_agent *a, altair_time now)
{
	altair_time at = air_time_after(a->searched_at, HASTE);

	a->search_wait = WAIT_MIN;
	a->search_at = at < now || a->searched_at == 0 ? now : at;
}

void air_search_later(struct altair_agent *a, altair_time now)
{
	a->search_wait = WAIT_MIN;
	a->search_at = air_time_after(now, a->search_wait);
}

bool air_search_is_lost(const struct altair_agent *a)
{
	return !a->path || a->path->is_suspect ||
	       !air_pair_is_fresh(a->path, a->now);
}

/* True while there is something better to be found. */
static bool is_wanting(const struct altair_agent *a)
{
	return air_search_is_lost(a) || air_path_is_relayed(a, a->path);
}

/* Nothing presses: a relay carries the data, and that for a while. */
static bool is_calm(const struct altair_agent *a)
{
	return !air_search_is_lost(a) && a->now >= a->busy_until;
}

/* False when it is not to be checked, now or later. */
static bool is_sought(const struct altair_agent *a, const struct air_pair *pair)
{
	bool is_known = pair->is_heard || pair->answered_at > 0;

	return a->nominate_at != ALTAIR_NEVER && !pair->is_kept &&
	       !a->list.locals[pair->local].is_gone &&
	       !(is_calm(a) && air_path_is_relayed(a, pair)) &&
	       (is_known || pair->searches < IN_VAIN_MAX);
}

/* The pair to check again: what was searched least, of these the best. */
static struct air_pair *next_sought(const struct altair_agent *a,
				    bool *has_more)
{
	struct air_pair *best = NULL;

	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (!is_sought(a, pair))
			continue;
		*has_more = true;
		if (air_pair_is_open(pair))
			continue;
		if (!best || pair->searches < best->searches ||
		    (pair->searches == best->searches &&
		     pair->priority > best->priority))
			best = pair;
	}
	return best;
}

/* One round; how many checks it will begin. */
static uint32_t search(struct altair_agent *a, uint32_t most, bool *has_more)
{
	struct air_pair *pair;
	uint32_t count = 0;

	while (count < most && (pair = next_sought(a, has_more))) {
		if (pair->searches < UINT16_MAX)
			pair->searches++;
		air_pair_set_state(pair, PAIR_WAITING);
		count++;
	}
	return count;
}

void air_search_run(struct altair_agent *a)
{
	bool has_more = false;
	uint32_t count;

	if (a->now < a->search_at)
		return;
	a->search_at = ALTAIR_NEVER;
	if (!is_wanting(a))
		return;
	count = search(a, is_calm(a) ? CALM_PAIRS : AIR_PAIRS_MAX, &has_more);
	a->searched_at = a->now;
	if (!has_more && !air_search_is_lost(a))
		return;
	a->search_at = air_time_after(
		a->now, air_time_later(a->search_wait,
				       is_calm(a) ? count * CALM_PACE : 0));
	a->search_wait =
		a->search_wait < WAIT_MAX / 2 ? 2 * a->search_wait : WAIT_MAX;
	/* Perhaps the servers do not know us any more, either. */
	if (air_search_is_lost(a) && !air_host_ask(a) && a->news_at > a->now &&
	    a->news_at < a->search_at)
		a->search_at = a->news_at;
}
