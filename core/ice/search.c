/*
 * The search for another path, when the one in use is suspect, lost, or worse
 * than it was: all pairs that are not watched anyway are checked again, at the
 * pace of all checks, at once and then after 5, 10, 20 ... 60 seconds, until a
 * direct path is fresh again. A pair on which the peer was never heard is tried
 * twice more at most: it may be the address of somebody else. Before there was a
 * path only the servers are asked again.
 */
#include "ice/session.h"

#include "base/time.h"

#define WAIT_MIN ALTAIR_SEC(5)
#define WAIT_MAX ALTAIR_SEC(60)
#define IN_VAIN_MAX 2

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

static bool is_lost(const struct altair_agent *a)
{
	return !a->path || a->path->is_suspect ||
	       !air_pair_is_fresh(a->path, a->now);
}

/* True while there is something better to be found. */
static bool is_wanting(const struct altair_agent *a)
{
	return is_lost(a) || air_path_is_relayed(a, a->path);
}

/* False when the pair is not one to be checked, now or later. */
static bool check_again(const struct altair_agent *a, struct air_pair *pair)
{
	bool is_known = pair->is_heard || pair->answered_at > 0;

	if (a->nominate_at == ALTAIR_NEVER || pair->is_kept ||
	    a->list.locals[pair->local].is_gone ||
	    (!is_known && pair->searches == IN_VAIN_MAX))
		return false;
	if (air_pair_is_open(pair))
		return true;
	pair->searches += !is_known;
	air_pair_set_state(pair, PAIR_WAITING);
	return true;
}

void air_search_run(struct altair_agent *a)
{
	bool has_more = false;

	if (a->now < a->search_at)
		return;
	a->search_at = ALTAIR_NEVER;
	if (!is_wanting(a))
		return;
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		has_more |= check_again(a, &a->list.pairs[i]);
	a->searched_at = a->now;
	if (!has_more && !is_lost(a))
		return;
	a->search_at = air_time_after(a->now, a->search_wait);
	a->search_wait =
		a->search_wait < WAIT_MAX / 2 ? 2 * a->search_wait : WAIT_MAX;
	/* Perhaps the servers do not know us any more, either. */
	if (is_lost(a) && !air_host_ask(a) && a->news_at > a->now &&
	    a->news_at < a->search_at)
		a->search_at = a->news_at;
}
