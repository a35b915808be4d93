/*
 * The state of the agent. It follows from the path, its consent and the pairs
 * that are open, nothing else, and is worked out anew in every run.
 */
#include "ice/session.h"

#include "base/assert.h"

static void set_state(struct altair_agent *a, enum altair_agent_state next)
{
#define TO(state) (1u << ALTAIR_AGENT_##state)
	/* Where a path may be: it may come, go, fall silent and come back, and
	 * a restart may drop it. */
	const unsigned living = TO(GATHERING) | TO(CHECKING) | TO(CONNECTED) |
				TO(COMPLETED) | TO(SUSPECT) | TO(DISCONNECTED) |
				TO(FAILED) | TO(CLOSED);
	const unsigned edges[] = {
		[ALTAIR_AGENT_GATHERING] =
			TO(CHECKING) | TO(CONNECTED) | TO(FAILED) | TO(CLOSED),
		[ALTAIR_AGENT_CHECKING] = TO(GATHERING) | TO(CONNECTED) |
					  TO(COMPLETED) | TO(FAILED) |
					  TO(CLOSED),
		[ALTAIR_AGENT_CONNECTED] = living,
		[ALTAIR_AGENT_COMPLETED] = living,
		[ALTAIR_AGENT_SUSPECT] = living,
		[ALTAIR_AGENT_DISCONNECTED] = living,
		[ALTAIR_AGENT_FAILED] = TO(GATHERING) | TO(CLOSED),
		[ALTAIR_AGENT_CLOSED] = TO(CLOSED),
	};
#undef TO

	AIR_ASSERT(edges[a->state] & 1u << next);
	a->state = next;
}

/* A lite agent checks none of its pairs. */
static bool has_open_pair(const struct altair_agent *a)
{
	for (uint32_t i = 0; !a->config.lite && i < a->list.pairs_count; i++)
		if (air_pair_is_open(&a->list.pairs[i]))
			return true;
	return false;
}

/* RFC 8838 8.1 and RFC 8863 4: it began, nothing more can come, and we were
 * patient. Nor
 * are we patient for ever with who does not say that nothing more will come. */
static bool is_hopeless(const struct altair_agent *a)
{
	bool has_ended = a->is_local_ended && a->is_remote_ended;

	return a->discover && a->now >= a->patience_until &&
	       (has_ended || a->now >= a->fresh_until) && !has_open_pair(a);
}

static enum altair_agent_state find_state(const struct altair_agent *a)
{
	const struct air_pair *path = a->path;

	if (!path && is_hopeless(a))
		return ALTAIR_AGENT_FAILED;
	if (!path)
		return a->is_checking ? ALTAIR_AGENT_CHECKING
				      : ALTAIR_AGENT_GATHERING;
	if (!path->is_valid)
		return ALTAIR_AGENT_CONNECTED;
	if (a->now >= air_pair_ends(path))
		return ALTAIR_AGENT_FAILED;
	if (a->now >= air_pair_expires(path))
		return ALTAIR_AGENT_DISCONNECTED;
	if (path->is_suspect)
		return ALTAIR_AGENT_SUSPECT;
	return path->is_nominated && !air_generation_is_past(a, path)
		       ? ALTAIR_AGENT_COMPLETED
		       : ALTAIR_AGENT_CONNECTED;
}

static void enter(struct altair_agent *a, enum altair_agent_state state)
{
	altair_output out = {.event = ALTAIR_EV_STATE, .number = state};

	if (state == a->state)
		return;
	set_state(a, state);
	if (state == ALTAIR_AGENT_FAILED)
		out.reason = !a->path && a->is_heard ? ALTAIR_E_ONE_WAY
						     : ALTAIR_E_TIMEOUT;
	air_outbox_tell(&a->outbox, &out);
}

bool air_state_is_over(const struct altair_agent *a)
{
	return a->state == ALTAIR_AGENT_FAILED ||
	       a->state == ALTAIR_AGENT_CLOSED;
}

/* Whoever waits for the connection is told of it, also where the first valid
 * pair is nominated already. */
void air_state_update(struct altair_agent *a)
{
	enum altair_agent_state state = find_state(a);

	if (state == ALTAIR_AGENT_COMPLETED &&
	    a->state < ALTAIR_AGENT_CONNECTED)
		enter(a, ALTAIR_AGENT_CONNECTED);
	enter(a, state);
}

void air_state_renew(struct altair_agent *a)
{
	if (a->state == ALTAIR_AGENT_FAILED)
		enter(a, ALTAIR_AGENT_GATHERING);
}

void air_state_close(struct altair_agent *a)
{
	set_state(a, ALTAIR_AGENT_CLOSED);
}
