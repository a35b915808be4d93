/*
 * The checklist (RFC 8445 6.1.2 and 6.1.4, RFC 8838 10 to 12).
 *
 * The list is not kept in order: the best of at most a hundred pairs is found
 * by looking. Only bases are paired: RFC 8445 6.1.2.4 replaces a reflexive
 * candidate by its base and prunes the pair then, because that base, a host
 * candidate, has the higher priority in it. Invariant: a pair never changes
 * its place; one that is heard, valid or in progress is never replaced.
 */
#include "ice/checklist.h"

#include <altair/error.h>

#include <string.h>

#define LETTERS 26u
_Static_assert(AIR_LOCALS_MAX <= LETTERS, "each may need one of its own");

void air_checklist_init(struct air_checklist *list, struct air_arena *arena)
{
	memset(list, 0, sizeof *list);
	list->locals =
		air_arena_take(arena, AIR_LOCALS_MAX, sizeof *list->locals);
	list->remotes = air_arena_take(arena, AIR_REMOTES_MAX + AIR_PAST_MAX,
				       sizeof *list->remotes);
	list->pairs = air_arena_take(arena, AIR_PAIRS_MAX + AIR_PAST_MAX,
				     sizeof *list->pairs);
}

void air_checklist_restart(struct air_checklist *list)
{
	list->remotes_count = list->prflx_count = 0;
	list->pairs_count = 0;
	list->triggers = 0;
	list->changes++;
}

/* --- pairs --------------------------------------------------------------- */

static const struct air_candidate *local_of(const struct air_checklist *list,
					    const struct air_pair *pair)
{
	return &list->locals[pair->local];
}

static const struct air_candidate *remote_of(const struct air_checklist *list,
					     const struct air_pair *pair)
{
	return &list->remotes[pair->remote];
}

static uint64_t priority_of(const struct air_checklist *list,
			    const struct air_pair *pair)
{
	uint32_t ours = local_of(list, pair)->priority;
	uint32_t theirs = remote_of(list, pair)->priority;

	return list->controlling ? air_pair_priority(ours, theirs)
				 : air_pair_priority(theirs, ours);
}

static bool same_foundation(const struct air_checklist *list,
			    const struct air_pair *a, const struct air_pair *b)
{
	const size_t len = AIR_FOUNDATION_MAX + 1; /* zero behind the text */

	return !memcmp(local_of(list, a)->foundation,
		       local_of(list, b)->foundation, len) &&
	       !memcmp(remote_of(list, a)->foundation,
		       remote_of(list, b)->foundation, len);
}

/* RFC 8838 12: the best of its foundation waits, and whatever follows one that
 * has succeeded; the others are frozen. As good as another one is the address that
 * a NAT gives the peer in place of that one. */
static enum air_pair_state first_state(const struct air_checklist *list,
				       const struct air_pair *new)
{
	bool is_best = true;

	for (uint32_t i = 0; i < list->pairs_count; i++) {
		const struct air_pair *pair = &list->pairs[i];

		if (pair == new || !same_foundation(list, pair, new))
			continue;
		if (pair->state == PAIR_SUCCEEDED)
			return PAIR_WAITING;
		is_best &= pair->priority <= new->priority;
	}
	return is_best ? PAIR_WAITING : PAIR_FROZEN;
}

/* The place of a new pair: a free one, or that of the worst (RFC 8445 6.1.2.5)
 * of those that nothing is known of; NULL when the new one is worse still. */
static struct air_pair *find_room(struct air_checklist *list, uint64_t priority)
{
	struct air_pair *worst = NULL;

	if (list->pairs_count < AIR_PAIRS_MAX)
		return &list->pairs[list->pairs_count++];
	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *pair = &list->pairs[i];

		if (pair->is_heard || pair->is_valid ||
		    pair->state == PAIR_IN_PROGRESS)
			continue;
		if (!worst || pair->priority < worst->priority)
			worst = pair;
	}
	return worst && worst->priority < priority ? worst : NULL;
}

static bool is_base(const struct air_checklist *list,
		    const struct air_candidate *local)
{
	if (local->is_gone)
		return false;
	if (local->type == CANDIDATE_HOST || local->type == CANDIDATE_TCP)
		return !list->relay_only;
	return local->type == CANDIDATE_RELAY;
}

/* RFC 6544 5.2: ours is active, theirs is passive. */
static bool is_same_transport(const struct air_candidate *one,
			      const struct air_candidate *other)
{
	return (one->type == CANDIDATE_TCP) == (other->type == CANDIDATE_TCP);
}

struct air_pair *air_checklist_pair(struct air_checklist *list, uint32_t local,
				    uint32_t remote)
{
	struct air_pair new = {.local = (uint8_t)local,
			       .remote = (uint8_t)remote},
			*pair;
	const altair_addr *addr = &list->remotes[remote].addr;

	if (!is_same_transport(&list->locals[local], &list->remotes[remote]))
		return NULL;
	pair = air_checklist_find(list, local, addr);
	if (pair || !is_base(list, &list->locals[local]) ||
	    list->locals[local].addr.family != addr->family)
		return pair;
	new.priority = priority_of(list, &new);
	new.check.next = ALTAIR_NEVER;
	pair = find_room(list, new.priority);
	if (!pair)
		return NULL;
	*pair = new;
	pair->state = first_state(list, pair);
	return pair;
}

struct air_pair *air_checklist_find(const struct air_checklist *list,
				    uint32_t base, const altair_addr *remote)
{
	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *pair = &list->pairs[i];

		if (pair->local == base &&
		    altair_addr_equal(&remote_of(list, pair)->addr, remote))
			return pair;
	}
	return NULL;
}

altair_path air_checklist_path(const struct air_checklist *list,
			       const struct air_pair *pair)
{
	return (altair_path){.sock = local_of(list, pair)->sock,
			     .local = *air_candidate_base(local_of(list, pair)),
			     .remote = remote_of(list, pair)->addr};
}

void air_checklist_set_role(struct air_checklist *list, bool controlling)
{
	list->controlling = controlling;
	for (uint32_t i = 0; i < list->pairs_count; i++)
		list->pairs[i].priority = priority_of(list, &list->pairs[i]);
}

/* --- candidates ---------------------------------------------------------- */

/* RFC 8445 5.1.3: the same address through the same base. */
static int find_local(const struct air_checklist *list,
		      const struct air_candidate *c)
{
	for (uint32_t i = 0; i < list->locals_count; i++) {
		const struct air_candidate *old = &list->locals[i];

		if (!old->is_gone && altair_addr_equal(&old->addr, &c->addr) &&
		    altair_addr_equal(air_candidate_base(old),
				      air_candidate_base(c)))
			return (int)i;
	}
	return ALTAIR_E_ADDRESS;
}

/* RFC 8445 5.1.1.3: equal for the same type, base IP and server. One letter: that
 * of such a candidate, or one that no other has; places are used again, letters
 * must not come to stand for two things. */
static void name_foundation(struct air_checklist *list, uint32_t place)
{
	struct air_candidate *new = &list->locals[place];
	uint32_t used = 0, letter = place;

	for (uint32_t i = 0; i < list->locals_count; i++) {
		const struct air_candidate *other = &list->locals[i];

		if (i == place)
			continue;
		if (other->type == new->type &&
		    other->server == new->server &&altair_addr_same_ip(
					     &other->base, &new->base)) {
			new->foundation[0] = other->foundation[0];
			return;
		}
		used |= UINT32_C(1) << (other->foundation[0] - 'A');
	}
	while (used & UINT32_C(1) << letter)
		letter = (letter + 1) % LETTERS;
	new->foundation[0] = (char)('A' + letter);
}

/* The peer has answered from there. */
static bool has_answered(const struct air_checklist *list, uint32_t remote)
{
	for (uint32_t i = 0; i < list->pairs_count; i++)
		if (list->pairs[i].remote == remote && list->pairs[i].is_valid)
			return true;
	return false;
}

/* Pairs it with what the peer has listed, and where it has been since. */
static void pair_local(struct air_checklist *list, uint32_t local)
{
	for (uint32_t i = 0; i < list->remotes_count; i++)
		if (list->remotes[i].type != CANDIDATE_PRFLX ||
		    has_answered(list, i))
			air_checklist_pair(list, local, i);
}

/* The place of one that is gone and no base of a pair. */
static int find_gone(const struct air_checklist *list)
{
	for (uint32_t i = 0; i < list->locals_count; i++)
		if (list->locals[i].is_gone &&
		    (list->locals[i].type == CANDIDATE_SRFLX ||
		     list->locals[i].type == CANDIDATE_PRFLX))
			return (int)i;
	return ALTAIR_E_FULL;
}

int air_checklist_add_local(struct air_checklist *list,
			    const struct air_candidate *candidate, bool *is_new)
{
	int place = find_local(list, candidate);

	*is_new = place < 0;
	if (place >= 0)
		return place;
	place = find_gone(list);
	if (place < 0 && list->locals_count == AIR_LOCALS_MAX)
		return ALTAIR_E_FULL;
	if (place < 0)
		place = (int)list->locals_count++;
	list->locals[place] = *candidate;
	name_foundation(list, (uint32_t)place);
	pair_local(list, (uint32_t)place);
	return place;
}

void air_checklist_retire(struct air_checklist *list, uint32_t local)
{
	list->locals[local].is_gone = true;
	for (uint32_t i = 0; i < list->pairs_count; i++)
		if (list->pairs[i].local == local)
			air_pair_drop(&list->pairs[i]);
}

void air_checklist_replace(struct air_checklist *list, uint32_t local,
			   const struct air_candidate *candidate)
{
	list->locals[local] = *candidate;
	name_foundation(list, local);
	pair_local(list, local);
	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *pair = &list->pairs[i];

		if (pair->local != local)
			continue;
		pair->priority = priority_of(list, pair);
		if (pair->state == PAIR_FAILED)
			air_pair_set_state(pair, PAIR_WAITING);
	}
}

static struct air_candidate *find_remote(const struct air_checklist *list,
					 const struct air_candidate *c)
{
	for (uint32_t i = 0; i < list->remotes_count; i++)
		if (altair_addr_equal(&list->remotes[i].addr, &c->addr) &&
		    is_same_transport(&list->remotes[i], c))
			return &list->remotes[i];
	return NULL;
}

/* Pairs a candidate that the peer has listed with every base of its family. */
static void pair_all(struct air_checklist *list, uint32_t remote)
{
	for (uint32_t i = 0; i < list->locals_count; i++)
		air_checklist_pair(list, i, remote);
}

/* The peer lists what its checks had shown before: name and priority are right
 * now, so that the order is the same whichever came first (RFC 8838 11). Checks
 * from a relayed address claimed (RFC 8445 7.1.1) to be above all that is
 * direct. */
static void name_prflx(struct air_checklist *list, struct air_candidate *old,
		       const struct air_candidate *candidate)
{
	if (old->type != CANDIDATE_PRFLX || candidate->type == CANDIDATE_PRFLX)
		return;
	list->prflx_count--;
	list->changes++;
	*old = *candidate;
	air_checklist_set_role(list, list->controlling);
	pair_all(list, (uint32_t)(old - list->remotes));
}

static bool is_full(const struct air_checklist *list, bool is_prflx)
{
	uint32_t signalled = list->remotes_count - list->prflx_count;

	return is_prflx ? list->prflx_count >= AIR_PRFLX_MAX
			: signalled >= AIR_SIGNALLED_MAX;
}

int air_checklist_add_remote(struct air_checklist *list,
			     const struct air_candidate *candidate,
			     bool *is_new)
{
	struct air_candidate *old = find_remote(list, candidate);
	bool is_prflx = candidate->type == CANDIDATE_PRFLX;
	uint32_t place = list->remotes_count;

	*is_new = !old;
	if (old) {
		name_prflx(list, old, candidate);
		return (int)(old - list->remotes);
	}
	if (place == AIR_REMOTES_MAX || is_full(list, is_prflx))
		return ALTAIR_E_FULL;
	list->remotes[place] = *candidate;
	list->remotes_count++;
	list->changes++;
	list->prflx_count += is_prflx;
	if (!is_prflx)
		pair_all(list, place);
	return (int)place;
}

/* When a remote was heard last; ALTAIR_NEVER while it is still of use. */
static altair_time last_heard(const struct air_checklist *list, uint32_t remote,
			      const struct air_pair *path)
{
	altair_time at = 0;

	for (uint32_t i = 0; i < list->pairs_count; i++) {
		const struct air_pair *pair = &list->pairs[i];

		if (pair->remote != remote)
			continue;
		/* A lite agent keeps none, but the nominated one. */
		if (pair == path || pair->is_kept ||
		    (pair->is_valid && pair->is_nominated))
			return ALTAIR_NEVER;
		if (pair->heard_at > at)
			at = pair->heard_at;
	}
	return at;
}

/* Its pairs keep their places, and know nothing any more. */
static void renew_remote(struct air_checklist *list, uint32_t remote)
{
	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *pair = &list->pairs[i];
		struct air_pair new = {.local = pair->local,
				       .remote = (uint8_t)remote};

		if (pair->remote != remote)
			continue;
		new.priority = priority_of(list, &new);
		new.check.next = ALTAIR_NEVER;
		*pair = new;
	}
}

int air_checklist_reuse_remote(struct air_checklist *list,
			       const struct air_candidate *candidate,
			       altair_time before, const struct air_pair *path)
{
	struct air_candidate *oldest = NULL;

	for (uint32_t i = 0; i < list->remotes_count; i++) {
		altair_time at = last_heard(list, i, path);

		if (list->remotes[i].type != CANDIDATE_PRFLX || at >= before)
			continue;
		oldest = &list->remotes[i];
		before = at;
	}
	if (!oldest)
		return ALTAIR_E_FULL;
	oldest->addr = candidate->addr;
	oldest->priority = candidate->priority;
	renew_remote(list, (uint32_t)(oldest - list->remotes));
	list->changes++;
	return (int)(oldest - list->remotes);
}

int air_checklist_find_base(const struct air_checklist *list,
			    const altair_path *path)
{
	for (uint32_t i = 0; i < list->locals_count; i++) {
		const struct air_candidate *local = &list->locals[i];

		if (is_base(list, local) && local->sock == path->sock &&
		    local->addr.family == path->remote.family &&
		    (path->local.family == ALTAIR_NO_FAMILY ||
		     altair_addr_equal(&local->addr, &path->local)))
			return (int)i;
	}
	return ALTAIR_E_ADDRESS;
}

/* --- the order of checks ------------------------------------------------- */

void air_checklist_trigger(struct air_checklist *list, struct air_pair *pair)
{
	if (pair->trigger == 0)
		pair->trigger = ++list->triggers;
	if (pair->state == PAIR_FROZEN || pair->state == PAIR_FAILED)
		air_pair_set_state(pair, PAIR_WAITING);
}

/* RFC 8445 6.1.4.2: may begin although it is frozen, because no check of its
 * foundation is on its way or to come. */
static bool is_idle(const struct air_checklist *list,
		    const struct air_pair *pair)
{
	for (uint32_t i = 0; i < list->pairs_count; i++) {
		const struct air_pair *other = &list->pairs[i];

		if ((other->state == PAIR_WAITING ||
		     other->state == PAIR_IN_PROGRESS) &&
		    same_foundation(list, pair, other))
			return false;
	}
	return true;
}

static struct air_pair *first_triggered(const struct air_checklist *list)
{
	struct air_pair *first = NULL;

	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *pair = &list->pairs[i];

		if (pair->trigger && !pair->is_held &&
		    (!first || pair->trigger < first->trigger))
			first = pair;
	}
	return first;
}

static struct air_pair *best_in(const struct air_checklist *list,
				enum air_pair_state state)
{
	struct air_pair *best = NULL;

	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *pair = &list->pairs[i];

		if (pair->state == state && !pair->is_stopped &&
		    !pair->is_held &&
		    (!best || pair->priority > best->priority) &&
		    (state != PAIR_FROZEN || is_idle(list, pair)))
			best = pair;
	}
	return best;
}

struct air_pair *air_checklist_next(const struct air_checklist *list)
{
	struct air_pair *pair = first_triggered(list);

	if (!pair)
		pair = best_in(list, PAIR_WAITING);
	return pair ? pair : best_in(list, PAIR_FROZEN);
}

void air_checklist_begin(struct air_pair *pair)
{
	pair->trigger = 0;
	if (pair->state == PAIR_FROZEN)
		air_pair_set_state(pair, PAIR_WAITING);
	air_pair_set_state(pair, PAIR_IN_PROGRESS);
}

void air_checklist_succeed(struct air_checklist *list, struct air_pair *pair)
{
	air_pair_set_state(pair, PAIR_SUCCEEDED);
	for (uint32_t i = 0; i < list->pairs_count; i++) {
		struct air_pair *other = &list->pairs[i];

		if (other->state == PAIR_FROZEN &&
		    same_foundation(list, pair, other))
			air_pair_set_state(other, PAIR_WAITING);
	}
}
