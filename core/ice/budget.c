/*
 * How many checks may go where nobody has proved to want them, so that a peer
 * cannot make us a hammer (RFC 8445 19.5.1).
 *
 * To an address that only a check has shown goes no more than three times what
 * came from it (RFC 9000 8.1), until it has answered: its source may be forged. To an IP that the peer
 * lists go at most a hundred requests, from all our sockets to all its ports,
 * until one of them is answered. A check that may not leave counts as lost.
 */
#include "ice/session.h"

#define UNPROVED_MAX 100

static bool has_room(const struct altair_agent *a, const altair_addr *ip)
{
	uint32_t sent = 0;

	for (uint32_t i = 0; i < a->list.pairs_count; i++) {
		const struct air_pair *pair = &a->list.pairs[i];

		if (!altair_addr_same_ip(&a->list.remotes[pair->remote].addr,
					 ip))
			continue;
		if (pair->answered > 0)
			return true;
		sent += pair->sent;
	}
	return sent < UNPROVED_MAX;
}

/* True when the peer has answered from there to another base of ours. */
static bool has_answered(const struct altair_agent *a, uint32_t remote)
{
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		if (a->list.pairs[i].remote == remote &&
		    a->list.pairs[i].answered > 0)
			return true;
	return false;
}

bool air_budget_allows(const struct altair_agent *a,
		       const struct air_pair *pair)
{
	const struct air_candidate *remote = &a->list.remotes[pair->remote];
	bool is_covered = air_pair_allowance(pair) >=
			  air_check_length(&pair->check, &a->keys);

	if (remote->type == CANDIDATE_PRFLX)
		return is_covered || has_answered(a, pair->remote);
	return (pair->is_heard && is_covered) || has_room(a, &remote->addr);
}

void air_budget_spend(const struct altair_agent *a, struct air_pair *pair,
		      size_t len)
{
	if (!pair->is_valid &&
	    a->list.remotes[pair->remote].type == CANDIDATE_PRFLX)
		pair->bytes_out += len;
}
