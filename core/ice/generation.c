/*
 * Generations: ICE restart (RFC 8445 9, RFC 8839 4.4).
 *
 * A restart makes new credentials, forgets the peer's candidates and all pairs,
 * and tells our candidates again; sockets, relays, roles stay. Either side may
 * begin, both at the same time, too: whoever has told new credentials takes the
 * next ones that come for the answer.
 *
 * The best pairs of the older generation lie behind the checklist, out of its
 * sight. They carry data, and answer with their own keys, until a pair of the
 * present is valid; then they only answer and receive, as long as a peer that is
 * not so far may hold consent for them. Invariant: never two older generations;
 * while the present one has no valid pair the older one is kept.
 */
#include "ice/session.h"

#include "base/cursor.h"
#include "base/time.h"

#include <string.h>

#define RETIRED_FOR ALTAIR_SEC(30) /* as long as consent: RFC 7675 5.1 */

bool air_generation_is_past(const struct altair_agent *a,
			    const struct air_pair *pair)
{
	return pair >= a->list.pairs + AIR_PAIRS_MAX;
}

const struct air_check_keys *air_generation_keys(const struct altair_agent *a,
						 const struct air_pair *pair)
{
	return air_generation_is_past(a, pair) ? &a->past.keys : &a->keys;
}

struct air_pair *air_generation_find(struct altair_agent *a, uint32_t base,
				     const altair_addr *remote)
{
	for (uint32_t i = 0; i < a->past.count; i++) {
		struct air_pair *pair = &a->list.pairs[AIR_PAIRS_MAX + i];

		if (pair->local == base &&
		    altair_addr_equal(&a->list.remotes[pair->remote].addr,
				      remote))
			return pair;
	}
	return NULL;
}

/* Moves a pair of the present, with its remote, behind the checklist. */
static void carry_over(struct altair_agent *a, const struct air_pair *old)
{
	uint32_t i = a->past.count++;
	struct air_pair *pair = &a->list.pairs[AIR_PAIRS_MAX + i];
	struct air_candidate *remote = &a->list.remotes[AIR_REMOTES_MAX + i];
	struct air_vigil *vigil = air_path_vigil(a, old);

	if (a->path == old)
		a->path = pair;
	if (vigil)
		vigil->pair = pair;
	*pair = *old;
	*remote = a->list.remotes[old->remote];
	pair->remote = (uint8_t)(AIR_REMOTES_MAX + i);
	pair->check.next = ALTAIR_NEVER;
	pair->trigger = 0;
	pair->wants_nomination = false;
}

/* What is kept of the present: unless there is nothing, or it is no better than
 * what is kept of the generation before. */
static void keep_pairs(struct altair_agent *a)
{
	if (!a->path || !a->path->is_valid ||
	    air_generation_is_past(a, a->path) || air_state_is_over(a))
		return;
	a->past.count = 0;
	a->past.is_retired = false;
	a->past.until = ALTAIR_NEVER;
	a->past.keys = a->keys;
	carry_over(a, a->path);
	for (size_t i = 0; i < AIR_KEPT_MAX && a->past.count < AIR_PAST_MAX;
	     i++)
		if (a->kept[i].pair && a->kept[i].pair != a->path &&
		    !air_generation_is_past(a, a->kept[i].pair))
			carry_over(a, a->kept[i].pair);
}

/* The kept pairs are places that other pairs will have. */
static void forget_pairs(struct altair_agent *a)
{
	for (size_t i = 0; i < AIR_KEPT_MAX; i++)
		if (a->kept[i].pair &&
		    !air_generation_is_past(a, a->kept[i].pair))
			a->kept[i].pair = NULL;
	if (a->path && !air_generation_is_past(a, a->path))
		a->path = NULL;
	air_checklist_restart(&a->list);
}

bool air_generation_knows(const struct altair_agent *a,
			  const struct air_credentials *c)
{
	return a->keys.has_remote &&
	       air_bytes_equal(air_text(a->keys.remote.ufrag),
			       air_text(c->ufrag)) &&
	       air_bytes_equal(air_text(a->keys.remote.pwd), air_text(c->pwd));
}

static void tell_again(struct altair_agent *a)
{
	static const altair_output out = {.event = ALTAIR_EV_CREDENTIALS};

	air_outbox_tell(&a->outbox, &out);
	air_gather_tell_all(a);
}

int air_generation_begin(struct altair_agent *a, altair_time now)
{
	struct air_credentials new;
	int error = air_credentials_make(&new, a->keys.crypto);

	if (error)
		return error;
	a->now = now;
	keep_pairs(a);
	forget_pairs(a);
	if (air_state_is_over(a))
		a->past.count = 0;
	a->keys.local = new;
	a->keys.has_remote = false;
	a->is_remote_ended = a->is_checking = false;
	a->is_heard = a->is_proved = false;
	a->nominate_at = a->patience_until = ALTAIR_NEVER;
	a->search_at = ALTAIR_NEVER;
	air_state_renew(a);
	tell_again(a);
	air_gather_again(a);
	return 0;
}

/*
 * Other credentials than the ones we have: the peer has restarted, and so must we,
 * unless nobody has used ours yet together with the peer's. Then the peer may
 * have changed its mind, or this is its second answer to two restarts of ours,
 * and ours are as good as new: they stay, and are told again. If ours changed
 * each time, two sides could answer each other for ever.
 */
int air_generation_remote(struct altair_agent *a, altair_time now,
			  const struct air_credentials *remote)
{
	int error;

	if (air_generation_knows(a, remote))
		return 0;
	if (a->keys.has_remote && (a->is_proved || air_state_is_over(a))) {
		error = air_generation_begin(a, now);
		if (error)
			return error;
	} else if (a->keys.has_remote) {
		forget_pairs(a);
		a->is_remote_ended = false;
		tell_again(a);
	}
	a->keys.remote = *remote;
	a->keys.has_remote = true;
	a->patience_until = air_time_after(now, a->config.patience);
	air_search_later(a, now);
	a->now = now;
	air_gather_renew(a);
	return 0;
}

void air_generation_leave(struct altair_agent *a, uint32_t local)
{
	for (uint32_t i = 0; i < a->past.count; i++)
		if (a->list.pairs[AIR_PAIRS_MAX + i].local == local)
			air_pair_drop(&a->list.pairs[AIR_PAIRS_MAX + i]);
}

void air_generation_retire(struct altair_agent *a)
{
	if (a->past.count == 0 || a->past.is_retired)
		return;
	a->past.is_retired = true;
	a->past.until = air_time_after(a->now, RETIRED_FOR);
}

void air_generation_run(struct altair_agent *a)
{
	if (a->now >= a->past.until)
		a->past.count = 0;
}
