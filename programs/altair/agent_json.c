/*
 * The names of events and states are those of altair/agent.h.
 */
#include "agent_json.h"

#include "json.h"

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

static void say_selected(altair_time since, const altair_output *out)
{
	json_t *event = air_json_event(since, "selected");

	air_json_text(event, "kind", "direct");
	if (out->rtt > 0)
		air_json_ms(event, "rtt_ms", out->rtt);
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
	case ALTAIR_EV_SELECTED:
		say_selected(since, out);
		break;
	default:
		break;
	}
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
	air_json_write(event);
}
