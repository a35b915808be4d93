/*
 * ICE-lite (RFC 8445 2.5, appendix A): an agent with public addresses that never
 * checks. It is controlled, answers the checks of a full peer, and sends where
 * the peer's last nomination came from (8.2). Consent is what the peer's checks
 * give: none for thirty seconds, and sending pauses as for a full agent.
 *
 * Before the nomination three times the bytes received go out, as everywhere;
 * after it any number (RFC 8445 12.1.1): an agent that asks nothing can have no
 * better proof of an address.
 */
#include "ice/session.h"

void air_lite_hear(struct altair_agent *a, struct air_pair *pair,
		   altair_time now, bool nominates)
{
	pair->answered_at = now;
	if (!nominates)
		return;
	for (uint32_t i = 0; i < a->list.pairs_count; i++)
		a->list.pairs[i].is_valid = false;
	pair->is_valid = true;
	pair->seen = pair->local;
	air_nominate_conclude(a, pair);
}

altair_time air_lite_deadline(const struct altair_agent *a)
{
	const struct air_pair *path = a->config.lite ? a->path : NULL;

	if (!path || !path->is_valid)
		return ALTAIR_NEVER;
	if (a->now < air_pair_expires(path))
		return air_pair_expires(path);
	return air_pair_ends(path);
}

void air_lite_set_remote(struct altair_agent *a, bool is_lite)
{
	a->is_remote_lite = is_lite;
	if (is_lite && !a->list.controlling)
		air_checklist_set_role(&a->list, true);
}

int altair_agent_remote_is_lite(altair_agent *a)
{
	if (a->config.lite || a->state == ALTAIR_AGENT_CLOSED)
		return ALTAIR_E_STATE;
	air_lite_set_remote(a, true);
	return 0;
}
