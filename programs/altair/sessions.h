/*
 * sessions.h - the relay's sessions and counters as JSON, docs/json.md.
 */
#ifndef AIR_SESSIONS_H
#define AIR_SESSIONS_H

#include <altair/roster.h>

#include <jansson.h>

/* Adds what is to be known of a session at time `now`. */
void air_sessions_describe(json_t *object, const altair_session *session,
			   altair_time now);
/* Adds its peers. */
void air_sessions_describe_peers(json_t *object,
				 const altair_session_peer *peers, size_t count,
				 altair_time now);
/* Adds the counters of a server. */
void air_sessions_count(json_t *object, const altair_server_stats *stats);

#endif
