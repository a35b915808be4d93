/*
 * The names of events and states are those of altair/agent.h.
 */
#include "agent_json.h"

#include "json.h"

#include <string.h>

static const char *state_name(enum altair_agent_state state)
{
	static const char *const names[] = {
		[ALTAIR_AGENT_GATHERING] = "gathering",
		[ALTAIR_AGENT_CHECKING] = "checking",
		[ALTAIR_AGENT_CONNECTED] = "connected",
		[ALTAIR_AGENT_COMPLETED] = "completed",
		[ALTAIR_AGENT_SUSPECT] = "suspect",
		[ALTAIR_AGENT_DISCONNECTED] = "disconnected",
		[ALTAIR_AGENT_FAILED] = "failed",
		[ALTAIR_AGENT_CLOSED] = "closed",
	};

	return names[state];
}

void air_agent_json_credentials(altair_time since, const altair_agent *agent)
{
	json_t *event = air_json_event(since, "credentials");

	air_json_text(event, "ufrag", altair_agent_ufrag(agent));
	air_json_text(event, "pwd", altair_agent_pwd(agent));
	air_json_write(event);
}

void air_agent_json_state(altair_time since, enum altair_agent_state state)
{
	json_t *event = air_json_event(since, "state");

	air_json_text(event, "state", state_name(state));
	air_json_write(event);
}

static void say_candidate(altair_time since, const altair_agent *agent,
			  uint32_t number)
{
	json_t *event = air_json_event(since, "candidate");
	char text[ALTAIR_CANDIDATE_TEXT];

	if (altair_agent_candidate(agent, number, text, sizeof text) > 0)
		air_json_text(event, "candidate", text);
	air_json_write(event);
}

/* A candidate line, ours or the peer's. */
static void add_line(json_t *object, const char *key, const altair_agent *agent,
		     uint32_t number)
{
	char text[ALTAIR_CANDIDATE_TEXT];
	int len = strcmp(key, "local") == 0
			  ? altair_agent_candidate(agent, number, text,
						   sizeof text)
			  : altair_agent_remote_candidate(agent, number, text,
							  sizeof text);

	if (len > 0)
		air_json_text(object, key, text);
}

/* What is said of a pair, the selected one or any. */
static void add_pair(json_t *object, const altair_agent *agent,
		     const altair_agent_pair *pair)
{
	static const char *const kinds[] = {
		[ALTAIR_PATH_DIRECT] = "direct",
		[ALTAIR_PATH_RELAY] = "relay",
		[ALTAIR_PATH_TCP] = "tcp",
	};

	add_line(object, "local", agent, pair->local);
	add_line(object, "remote", agent, pair->remote);
	air_json_text(object, "kind", kinds[pair->kind]);
	if (pair->rtt > 0)
		air_json_ms(object, "rtt_ms", pair->rtt);
}

void air_agent_json_selected(altair_time since, const altair_agent *agent,
			     const altair_agent_pair *pair)
{
	json_t *event = air_json_event(since, "selected");

	add_pair(event, agent, pair);
	air_json_write(event);
}

void air_agent_json_event(altair_time since, const altair_agent *agent,
			  const altair_output *out)
{
	switch (out->event) {
	case ALTAIR_EV_CANDIDATE:
		say_candidate(since, agent, out->number);
		break;
	case ALTAIR_EV_END_OF_CANDIDATES:
		air_json_write(air_json_event(since, "end-of-candidates"));
		break;
	case ALTAIR_EV_STATE:
		air_agent_json_state(since,
				     (enum altair_agent_state)out->number);
		break;
	case ALTAIR_EV_CREDENTIALS:
		air_agent_json_credentials(since, agent);
		break;
	default:
		break;
	}
}

void air_agent_json_verdict(altair_time since,
			    const altair_agent_verdict *verdict)
{
	json_t *event = air_json_event(since, "verdict");

	air_json_text(event, "code", verdict->name);
	air_json_text(event, "sentence", verdict->sentence);
	air_json_text(event, "advice", verdict->advice);
	if (verdict->reason)
		air_json_text(event, "reason", altair_errname(verdict->reason));
	air_json_write(event);
}

void air_agent_json_data(altair_time since, altair_bytes message)
{
	json_t *event = air_json_event(since, "data");

	air_json_base64(event, message);
	air_json_write(event);
}

void air_agent_json_refusal(altair_time since, int error, const char *message)
{
	json_t *event = air_json_event(since, "error");

	json_object_set_new(event, "code", json_integer(error));
	air_json_text(event, "name", altair_errname(error));
	air_json_text(event, "message", message);
	air_json_write(event);
}

static json_t *tried_pair(const altair_agent *agent,
			  const altair_agent_pair *pair)
{
	static const char *const outcomes[] = {
		[ALTAIR_PAIR_WAITING] = "waiting",
		[ALTAIR_PAIR_CHECKING] = "checking",
		[ALTAIR_PAIR_WORKS] = "works",
		[ALTAIR_PAIR_SILENT] = "silent",
		[ALTAIR_PAIR_ONE_WAY] = "one-way",
		[ALTAIR_PAIR_REFUSED] = "refused",
		[ALTAIR_PAIR_SKIPPED] = "skipped",
		[ALTAIR_PAIR_GONE] = "gone",
	};
	json_t *object = json_object();

	add_pair(object, agent, pair);
	air_json_text(object, "outcome", outcomes[pair->outcome]);
	json_object_set_new(object, "selected",
			    json_boolean(pair->is_selected));
	json_object_set_new(object, "nominated",
			    json_boolean(pair->is_nominated));
	air_json_number(object, "sent", pair->sent);
	air_json_number(object, "answered", pair->answered);
	if (pair->loss >= 0)
		json_object_set_new(object, "loss",
				    json_real(pair->loss / 1000.0));
	return object;
}

static void add_pairs(json_t *event, const altair_agent *agent)
{
	json_t *pairs = json_array();
	altair_agent_pair pair = {.size = sizeof pair};

	for (uint32_t i = 0; altair_agent_get_pair(agent, i, &pair) == 0; i++)
		json_array_append_new(pairs, tried_pair(agent, &pair));
	json_object_set_new(event, "pairs", pairs);
}

void air_agent_json_stats(altair_time since, const altair_agent *agent)
{
	json_t *event = air_json_event(since, "stats");
	altair_agent_stats s = {.size = sizeof s};

	altair_agent_get_stats(agent, &s);
	air_json_text(event, "state", state_name(altair_agent_state(agent)));
	json_object_set_new(event, "controlling",
			    json_boolean(altair_agent_is_controlling(agent)));
	air_json_number(event, "messages_out", s.messages_out);
	air_json_number(event, "bytes_out", s.bytes_out);
	air_json_number(event, "messages_in", s.messages_in);
	air_json_number(event, "bytes_in", s.bytes_in);
	air_json_number(event, "checks", s.checks);
	air_json_number(event, "consents", s.consents);
	air_json_number(event, "answers", s.answers);
	air_json_number(event, "requests", s.requests);
	air_json_number(event, "refused", s.refused);
	air_json_number(event, "ignored", s.ignored);
	air_json_number(event, "strangers", s.strangers);
	air_json_number(event, "role_switches", s.role_switches);
	air_json_number(event, "unsent", s.unsent);
	air_json_number(event, "unusable", s.unusable);
	air_json_number(event, "names", s.names);
	add_pairs(event, agent);
	air_json_write(event);
}
