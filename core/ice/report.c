/*
 * What is told of the pairs. Nothing is kept for it but counters: the rest is
 * worked out from the checklist.
 */
#include "ice/session.h"

#include <altair/verdict.h>

#include <string.h>

static enum altair_agent_outcome find_outcome(const struct altair_agent *a,
					      const struct air_pair *pair)
{
	if (a->list.locals[pair->local].is_gone)
		return ALTAIR_PAIR_GONE;
	if (pair->is_valid)
		return ALTAIR_PAIR_WORKS;
	if (pair->state == PAIR_FAILED && pair->is_refused)
		return ALTAIR_PAIR_REFUSED;
	if (pair->state == PAIR_FAILED)
		return pair->is_heard ? ALTAIR_PAIR_ONE_WAY
				      : ALTAIR_PAIR_SILENT;
	if (pair->is_stopped && pair->trigger == 0)
		return ALTAIR_PAIR_SKIPPED;
	return pair->state == PAIR_IN_PROGRESS ? ALTAIR_PAIR_CHECKING
					       : ALTAIR_PAIR_WAITING;
}

static enum altair_candidate_type type_of(const struct air_candidate *c)
{
	static const enum altair_candidate_type types[] = {
		[CANDIDATE_HOST] = ALTAIR_CANDIDATE_HOST,
		[CANDIDATE_SRFLX] = ALTAIR_CANDIDATE_SRFLX,
		[CANDIDATE_PRFLX] = ALTAIR_CANDIDATE_PRFLX,
		[CANDIDATE_RELAY] = ALTAIR_CANDIDATE_RELAY,
		[CANDIDATE_TCP] = ALTAIR_CANDIDATE_HOST,
	};

	return types[c->type];
}

/* In thousandths. The last request may still be answered. */
static int find_loss(const struct air_pair *pair)
{
	uint64_t asked = pair->consents, lost;

	if (asked < 2)
		return -1;
	lost = asked - pair->consented;
	return (int)((lost > 0 ? lost - 1 : 0) * 1000 / (asked - 1));
}

static void report(const altair_agent *a, const struct air_pair *pair,
		   altair_agent_pair *out)
{
	const struct air_candidate *local, *remote;

	out->size = sizeof *out;
	/* The base until an answer has said more. */
	out->local = pair->is_valid ? pair->seen : pair->local;
	out->remote = pair->remote;
	local = &a->list.locals[out->local];
	remote = &a->list.remotes[out->remote];
	out->local_addr = local->addr;
	out->remote_addr = remote->addr;
	out->local_type = type_of(local);
	out->remote_type = type_of(remote);
	out->outcome = find_outcome(a, pair);
	if (air_path_is_relayed(a, pair))
		out->kind = ALTAIR_PATH_RELAY;
	else if (remote->type == CANDIDATE_TCP)
		out->kind = ALTAIR_PATH_TCP;
	out->rtt = pair->rtt;
	out->sent = pair->sent;
	out->answered = pair->answered;
	out->loss = find_loss(pair);
	out->is_selected = pair == a->path;
	out->is_nominated = pair->is_nominated;
}

int altair_agent_get_pair(const altair_agent *a, uint32_t index,
			  altair_agent_pair *out)
{
	memset(out, 0, sizeof *out);
	if (index >= a->list.pairs_count)
		return ALTAIR_E_INVALID;
	report(a, &a->list.pairs[index], out);
	return 0;
}

int altair_agent_selected(const altair_agent *a, altair_agent_pair *out)
{
	memset(out, 0, sizeof *out);
	if (!a->path)
		return ALTAIR_E_STATE;
	report(a, a->path, out);
	return 0;
}

int altair_agent_remote_candidate(const altair_agent *a, uint32_t number,
				  char *out, size_t cap)
{
	bool is_past = number >= AIR_REMOTES_MAX &&
		       number < AIR_REMOTES_MAX + a->past.count;

	if (number >= a->list.remotes_count && !is_past)
		return ALTAIR_E_INVALID;
	return air_candidate_format(&a->list.remotes[number], out, cap);
}
