/*
 * Times are whole seconds: how long ago, or how long from now. A user's name is
 * somebody else's bytes: what is no UTF-8 is shown as question marks.
 */
#include "sessions.h"

#include "json.h"

#include <string.h>

static uint64_t seconds(altair_time from, altair_time to)
{
	return to > from ? (to - from) / ALTAIR_SEC(1) : 0;
}

static void add_name(json_t *object, const altair_session *s)
{
	char name[ALTAIR_SESSION_NAME_MAX + 1];
	json_t *text = json_stringn(s->name, s->name_len);

	/* A name that was cut may end within a sign. */
	for (size_t less = 1; !text && less < 4 && less < s->name_len; less++)
		text = json_stringn(s->name, s->name_len - less);
	for (size_t i = 0; !text && i < s->name_len; i++)
		name[i] = s->name[i] > 0 ? s->name[i] : '?';
	if (!text)
		text = json_stringn(name, s->name_len);
	json_object_set_new(object, "user", text);
}

static void add_traffic(json_t *object, const char *key,
			const altair_traffic *traffic)
{
	json_t *part = json_object();

	air_json_number(part, "packets", traffic->packets);
	air_json_number(part, "bytes", traffic->bytes);
	json_object_set_new(object, key, part);
}

static void add_relayed(json_t *object, const altair_session *s)
{
	json_t *list = json_array();

	for (size_t f = 0; f < 2; f++) {
		char text[ALTAIR_ADDR_TEXT];

		if (s->relayed[f].family == ALTAIR_NO_FAMILY)
			continue;
		altair_addr_format(&s->relayed[f], text, sizeof text);
		json_array_append_new(list, json_string(text));
	}
	json_object_set_new(object, "relayed", list);
}

void air_sessions_describe(json_t *object, const altair_session *s,
			   altair_time now)
{
	const char *transport = s->is_secure ? "tls"
				: s->client.sock >= ALTAIR_SERVER_STREAM
					? "tcp"
					: "udp";

	air_json_number(object, "id", s->id);
	add_name(object, s);
	air_json_text(object, "transport", transport);
	air_json_addr(object, "client", &s->client.remote);
	add_relayed(object, s);
	air_json_number(object, "age_s", seconds(s->began, now));
	air_json_number(object, "expires_s", seconds(now, s->expiry));
	air_json_number(object, "permissions", s->permissions);
	air_json_number(object, "channels", s->channels);
	add_traffic(object, "to_peers", &s->to_peers);
	add_traffic(object, "from_peers", &s->from_peers);
}

void air_sessions_describe_peers(json_t *object,
				 const altair_session_peer *peers, size_t count,
				 altair_time now)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *peer = json_object();
		char text[ALTAIR_ADDR_TEXT];

		if (peers[i].channel) {
			air_json_addr(peer, "peer", &peers[i].addr);
			air_json_number(peer, "channel", peers[i].channel);
		} else {
			altair_addr_format_ip(&peers[i].addr, text,
					      sizeof text);
			air_json_text(peer, "peer", text);
		}
		air_json_number(peer, "expires_s",
				seconds(now, peers[i].expiry));
		json_array_append_new(list, peer);
	}
	json_object_set_new(object, "peers", list);
}

void air_sessions_count(json_t *object, const altair_server_stats *stats)
{
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
		{"requests", stats->requests},
		{"errors", stats->errors},
		{"ignored", stats->ignored},
		{"sessions", stats->allocations},
		{"sessions_ever", stats->allocated},
		{"to_peers", stats->to_peers},
		{"from_peers", stats->from_peers},
		{"to_peers_bytes", stats->to_peers_bytes},
		{"from_peers_bytes", stats->from_peers_bytes},
		{"dropped", stats->dropped},
		{"limited", stats->limited},
		{"denied", stats->denied},
		{"throttled", stats->throttled},
		{"streams", stats->streams},
		{"streams_refused", stats->streams_refused},
		{"streams_shut", stats->streams_shut},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		air_json_number(object, all[i].name, all[i].value);
}
