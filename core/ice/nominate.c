/*
 * Nomination (RFC 8445 8), which the controlling side does, and which pairs are
 * still checked beside the path.
 *
 * A second pair is nominated when the path has moved to it: to a better one at
 * once, which every peer allows since RFC 5245 had the best of several, away
 * from one that fell silent after a while, so that a peer that takes one
 * nomination only is not disturbed while its path lives.
 *
 * Invariant: at most one pair is nominated, the last one. The consent checks of
 * the controlling side nominate it again, so that the sides agree in the end
 * whatever was lost or overtaken (tests/model has it proved).
 */
#include "ice/session.h"

#include "base/time.h"

/* What the best pair may still come after the first valid one, before that one
 * is nominated: two of its round trips, as a better path is hardly slower. Our
 * data does not wait for it; that of peers that need a nomination does. */
#define NOMINATION_WAIT_MAX ALTAIR_MSEC(250)
#define NOMINATION_WAIT_RTTS 2

/* How long the nominated pair is silent before another one is nominated. */
#define SILENCE_MIN ALTAIR_SEC(5)

/* True when pair `other` stands against nominating `best` now. */
static bool hinders(const struct altair_agent *a, const struct air_pair *other,
		    const struct air_pair *best)
{
	if (other == best)
		return false;
	if (other->is_nominated && other->is_valid)
		return other->priority > best->priority &&
		       a->now < air_time_after(other->heard_at, SILENCE_MIN);
	return other->wants_nomination ||
	       (a->now < a->nominate_at && air_pair_is_open(other) &&
		other->priority > best->priority);
}

/* The pair to nominate (RFC 8445 8.1.1): the best valid one, at once if none
 * better may come. */
static struct air_pair *find_nominee(struct altair_agent *a)
{
	struct air_pair *best = a->path;

	if (!a->list.controlling || !best || !best->is_valid ||
	    best->is_suspect || best->is_nominated || best->wants_nomination ||
	    air_generation_is_past(a, best) || best->state != PAIR_SUCCEEDED)
		return NULL;
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (hinders(a, &a->list.pairs[i], best))
			return NULL;
	return best;
}

/* RFC 8445 8.1.2: one is nominated; the others need no more checks. But a direct
 * one is wanted beside a relayed one, and a relayed one in reserve. */
static bool is_needed(const struct altair_agent *a, const struct air_pair *pair)
{
	const struct air_pair *path = a->path;

	if (a->now < a->busy_until)
		return true;
	if (!path || !path->is_nominated || path->is_suspect ||
	    air_generation_is_past(a, path) ||
	    !air_pair_is_fresh(path, a->now) || pair->wants_nomination)
		return true;
	return air_path_is_relayed(a, pair) != air_path_is_relayed(a, path) &&
	       !a->has_reserve;
}

static void stop_or_resume(struct altair_agent *a, struct air_pair *pair)
{
	pair->is_stopped = !is_needed(a, pair);
	if (pair->state != PAIR_IN_PROGRESS)
		return;
	if (pair->is_stopped)
		pair->check.next = ALTAIR_NEVER;
	else if (pair->check.next == ALTAIR_NEVER)
		pair->check.next = a->now;
}

void air_nominate_want(struct altair_agent *a, struct air_pair *pair)
{
	if (pair->is_valid && pair->state == PAIR_SUCCEEDED) {
		air_nominate_conclude(a, pair);
		return;
	}
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		a->list.pairs[i].wants_nomination = false;
	pair->wants_nomination = true;
}

void air_nominate_conclude(struct altair_agent *a, struct air_pair *pair)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		a->list.pairs[i].wants_nomination = false;
		a->list.pairs[i].is_nominated = false;
	}
	pair->is_nominated = true;
}

static altair_time wait_for_better(const struct air_pair *valid)
{
	altair_time wait = NOMINATION_WAIT_RTTS * valid->rtt;

	/* Where the first request was lost the round trip is unknown, 0. */
	return wait == 0 || wait > NOMINATION_WAIT_MAX ? NOMINATION_WAIT_MAX
						       : wait;
}

void air_nominate_update(struct altair_agent *a)
{
	struct air_pair *nominee;

	if (a->nominate_at == ALTAIR_NEVER && a->path && a->path->is_valid)
		a->nominate_at =
			air_time_after(a->now, wait_for_better(a->path));
	nominee = find_nominee(a);
	if (nominee) {
		nominee->wants_nomination = true;
		air_checklist_trigger(&a->list, nominee);
	}
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		stop_or_resume(a, &a->list.pairs[i]);
}
