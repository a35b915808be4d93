/*
 * Which pair carries data, which are kept in reserve, and the vigil over them.
 *
 * Invariants: `path` is the pair that choose would choose now, worked out anew
 * in every run: fresh before suspect before merely heard before paused, then
 * direct before relayed, nominated before not, and by priority. A pair of an
 * older generation carries data only until one of the present is valid. Kept are
 * the path, the best pair of the other kind (direct or relayed), and the
 * nominated one that data has left for a while.
 */
#include "ice/session.h"

#include "base/time.h"

#include <string.h>

/* A path that was heard so lately is not doubted because of other news. */
#define HEARD_LATELY ALTAIR_SEC(1)

/* A check that came shows where the peer is for as long as an answer to ours would
 * let us send there (RFC 7675 5.1). */
#define HEARD_FOR ALTAIR_SEC(30)

/* --- the choice ---------------------------------------------------------- */

enum tier {
	TIER_NONE,
	TIER_PAUSED, /* valid, its consent has expired                       */
	TIER_HEARD,  /* a check came from there, ours is unanswered          */
	TIER_SUSPECT,
	TIER_PAST, /* as fresh, of the older generation                      */
	TIER_FRESH
};

static enum tier tier_of(const struct altair_agent *a,
			 const struct air_pair *pair)
{
	bool is_past = air_generation_is_past(a, pair);

	if (!air_path_is_open(pair, a->now) ||
	    (is_past && (a->past.is_retired || a->now >= air_pair_ends(pair))))
		return TIER_NONE;
	if (!pair->is_valid)
		return TIER_HEARD;
	if (!air_pair_is_fresh(pair, a->now))
		return TIER_PAUSED;
	if (pair->is_suspect)
		return TIER_SUSPECT;
	return is_past ? TIER_PAST : TIER_FRESH;
}

static altair_time ages_at(const struct air_pair *pair)
{
	return air_time_after(pair->heard_at, HEARD_FOR);
}

bool air_path_is_open(const struct air_pair *pair, altair_time now)
{
	return pair->is_valid || (pair->is_heard && now < ages_at(pair) &&
				  pair->state != PAIR_FAILED);
}

bool air_path_is_relayed(const struct altair_agent *a,
			 const struct air_pair *pair)
{
	return a->list.locals[pair->local].type == CANDIDATE_RELAY ||
	       a->list.remotes[pair->remote].type == CANDIDATE_RELAY;
}

static bool is_listed(const struct altair_agent *a, const struct air_pair *pair)
{
	return a->list.remotes[pair->remote].type != CANDIDATE_PRFLX;
}

/* A check that is replayed from elsewhere makes a pair that is heard, with the
 * priority of a peer-reflexive one, which is above a server-reflexive one: what
 * the peer has listed comes first until an answer shows where it is. */
static bool is_better(const struct altair_agent *a, const struct air_pair *one,
		      const struct air_pair *other)
{
	bool is_relayed = air_path_is_relayed(a, one);

	if (!other)
		return true;
	if (tier_of(a, one) != tier_of(a, other))
		return tier_of(a, one) > tier_of(a, other);
	if (tier_of(a, one) == TIER_HEARD &&
	    is_listed(a, one) != is_listed(a, other))
		return is_listed(a, one);
	if (is_relayed != air_path_is_relayed(a, other))
		return !is_relayed;
	if (one->is_nominated != other->is_nominated)
		return one->is_nominated;
	return one->priority > other->priority;
}

static struct air_pair *choose(struct altair_agent *a)
{
	struct air_pair *best = NULL;

	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (tier_of(a, pair) > TIER_NONE && is_better(a, pair, best))
			best = pair;
	}
	for (uint32_t i = 0; i < a->past.count; i++) {
		struct air_pair *pair = &a->list.pairs[AIR_PAIRS_MAX + i];

		if (tier_of(a, pair) > TIER_NONE && is_better(a, pair, best))
			best = pair;
	}
	return best;
}

/* --- what is kept -------------------------------------------------------- */

/* The best valid pair of the present that is not the path, of the other kind if
 * there is one. */
static struct air_pair *choose_reserve(struct altair_agent *a)
{
	struct air_pair *best = NULL;
	bool is_other = false;

	for (uint32_t i = 0; a->path && i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];
		bool differs = air_path_is_relayed(a, pair) !=
			       air_path_is_relayed(a, a->path);

		if (pair == a->path || !pair->is_valid || differs < is_other ||
		    (differs == is_other && !is_better(a, pair, best)))
			continue;
		best = pair;
		is_other = differs;
	}
	return best;
}

static struct air_pair *choose_nominated(struct altair_agent *a)
{
	struct air_pair *best = NULL;

	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		struct air_pair *pair = &a->list.pairs[i];

		if (pair->is_valid && pair->is_nominated &&
		    is_better(a, pair, best))
			best = pair;
	}
	return best;
}

struct air_vigil *air_path_vigil(struct altair_agent *a,
				 const struct air_pair *pair)
{
	for (size_t i = 0; i < AIR_KEPT_MAX; i++)
		if (a->kept[i].pair && a->kept[i].pair == pair)
			return &a->kept[i];
	return NULL;
}

static void watch(struct altair_agent *a, struct air_pair *pair)
{
	struct air_vigil *vigil = air_path_vigil(a, pair);

	pair->is_kept = true;
	for (size_t i = 0; !vigil && i < AIR_KEPT_MAX; i++) {
		if (a->kept[i].pair)
			continue;
		vigil = &a->kept[i];
		vigil->is_slow = pair != a->path;
		air_vigil_begin(vigil, pair, a->now, a->keys.crypto);
	}
	vigil->is_slow = pair != a->path;
}

static void keep(struct altair_agent *a)
{
	struct air_pair *wanted[AIR_KEPT_MAX] = {
		a->path && a->path->is_valid ? a->path : NULL,
		choose_reserve(a), choose_nominated(a)};

	for (size_t i = 0; i < AIR_KEPT_MAX; i++) {
		bool is_wanted = false;

		for (size_t k = 0; k < AIR_KEPT_MAX; k++)
			is_wanted |= a->kept[i].pair == wanted[k];
		if (is_wanted || !a->kept[i].pair)
			continue;
		a->kept[i].pair->is_kept = false;
		a->kept[i].pair = NULL;
	}
	for (size_t k = 0; k < AIR_KEPT_MAX; k++)
		if (wanted[k])
			watch(a, wanted[k]);
	a->has_reserve = wanted[1] && tier_of(a, wanted[1]) == TIER_FRESH &&
			 air_path_is_relayed(a, wanted[1]) !=
				 air_path_is_relayed(a, a->path);
}

/* --- the public part ----------------------------------------------------- */

static void suspect(struct altair_agent *a)
{
	for (size_t i = 0; i < AIR_KEPT_MAX; i++) {
		struct air_pair *pair = a->kept[i].pair;

		if (!pair || pair->is_suspect ||
		    a->now < air_vigil_limit(&a->kept[i]))
			continue;
		pair->is_suspect = true;
		air_host_news(a, a->now);
	}
}

void air_path_update(struct altair_agent *a)
{
	altair_output out = {.event = ALTAIR_EV_SELECTED};
	struct air_pair *path;

	suspect(a);
	path = choose(a);
	if (!path && a->path && a->path->answered_at > 0) {
		air_search_begin(a, a->now);
		a->patience_until = air_time_later(a->patience_until,
						   air_pair_ends(a->path));
	}
	if (path && path != a->path) {
		out.addr = a->list.remotes[path->remote].addr;
		out.rtt = path->rtt;
		air_outbox_tell(&a->outbox, &out);
	}
	a->path = path;
	if (path && path->is_valid && !air_generation_is_past(a, path))
		air_generation_retire(a);
	if (!a->config.lite)
		keep(a);
}

void air_path_hear(struct altair_agent *a, struct air_pair *pair,
		   altair_time now)
{
	struct air_vigil *vigil = air_path_vigil(a, pair);

	pair->heard_at = now;
	pair->searches = 0;
	if (vigil)
		air_vigil_hear(vigil);
	if (a->path && a->path->is_nominated && pair != a->path &&
	    now >= air_time_after(a->path->heard_at, HEARD_LATELY))
		air_path_doubt(a, now);
}

void air_path_listen(struct altair_agent *a, struct air_pair *pair,
		     altair_time now)
{
	struct air_vigil *vigil = air_path_vigil(a, pair);
	altair_time heard_at = pair->heard_at;

	air_path_hear(a, pair, now);
	if (!pair->is_valid) /* nothing has proved that it is the peer's */
		pair->heard_at = heard_at;
	if (vigil)
		air_vigil_listen(vigil, now);
}

void air_path_doubt(struct altair_agent *a, altair_time now)
{
	struct air_vigil *vigil = air_path_vigil(a, a->path);

	if (vigil)
		air_vigil_doubt(vigil, now);
}

void air_path_speak(struct altair_agent *a)
{
	struct air_vigil *vigil = air_path_vigil(a, a->path);

	if (vigil && vigil->data_at == ALTAIR_NEVER)
		a->has_spoken = true;
}

/* altair_agent_wrap knows no time: data counts from the next run. */
static void note_data(struct altair_agent *a)
{
	struct air_vigil *vigil = air_path_vigil(a, a->path);

	if (a->has_spoken && vigil)
		air_vigil_speak(vigil, a->now);
	a->has_spoken = false;
}

void air_path_run(struct altair_agent *a)
{
	note_data(a);
	for (size_t i = 0; i < AIR_KEPT_MAX; i++) {
		struct air_vigil *vigil = &a->kept[i];
		struct air_check check;

		if (!vigil->pair)
			continue;
		check = air_session_new_check(a, vigil->pair);
		if (!air_vigil_due(vigil, a->now, a->keys.crypto,
				   check.transaction))
			continue;
		a->stats.consents++;
		vigil->pair->consents++;
		air_session_request(a, vigil->pair, &check);
	}
}

altair_time air_path_deadline(const struct altair_agent *a)
{
	altair_time at = a->has_spoken ? a->now : ALTAIR_NEVER;

	if (a->path && !a->path->is_valid && ages_at(a->path) < at)
		at = ages_at(a->path);
	for (size_t i = 0; i < AIR_KEPT_MAX; i++) {
		altair_time other;

		if (!a->kept[i].pair)
			continue;
		other = air_vigil_deadline(&a->kept[i], a->now);
		if (other < at)
			at = other;
	}
	return at;
}
