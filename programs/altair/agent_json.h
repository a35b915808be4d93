/*
 * agent_json.h - what `altair agent` says: JSON Lines, docs/json.md.
 */
#ifndef AIR_AGENT_JSON_H
#define AIR_AGENT_JSON_H

#include <altair/verdict.h>

/* All of them: `since` is the time since the start. */
void air_agent_json_credentials(altair_time since, const altair_agent *agent);
void air_agent_json_event(altair_time since, const altair_agent *agent,
			  const altair_output *out);
void air_agent_json_state(altair_time since, enum altair_agent_state state);
void air_agent_json_selected(altair_time since, const altair_agent *agent,
			     const altair_agent_pair *pair);
void air_agent_json_verdict(altair_time since,
			    const altair_agent_verdict *verdict);
void air_agent_json_data(altair_time since, altair_bytes message);
void air_agent_json_stats(altair_time since, const altair_agent *agent);

/* An order that was not obeyed: the library's error (ALTAIR_E_*), and a sentence
 * without full stop. The run goes on. */
void air_agent_json_refusal(altair_time since, int error, const char *message);

#endif
