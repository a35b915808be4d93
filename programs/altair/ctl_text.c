/*
 * The server's JSON as text. A user's name comes from outside: nothing of it
 * reaches the terminal but what can be printed.
 */
#define _GNU_SOURCE
#include "ctl_text.h"

#include "print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* "12.3 MB": three digits or so, decimal units. */
static const char *size_of(const json_t *object, const char *key, char out[24])
{
	static const char units[] = " kMGTPE";
	double bytes = (double)number_of(json_object_get(object, key), "bytes");
	size_t unit = 0;

	while (bytes >= 1000 && units[unit + 1]) {
		bytes /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(out, 24, "%.0f B", bytes);
	else
		snprintf(out, 24, "%.1f %cB", bytes, units[unit]);
	return out;
}

static const char *name_of(const json_t *session, char out[64])
{
	snprintf(out, 64, "%s", text_of(session, "user"));
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return out;
}

static const char *relayed_of(const json_t *session)
{
	const char *first = json_string_value(
		json_array_get(json_object_get(session, "relayed"), 0));

	return first ? first : "-";
}

static bool has_head;

void air_ctl_say_row(json_t *session)
{
	char name[64], to[24], from[24];

	if (!has_head)
		air_print("%6s  %-16s  %-4s  %-24s  %-24s  %7s  %9s  %9s\n",
			  "ID", "USER", "OVER", "CLIENT", "RELAYED", "AGE s",
			  "TO PEERS", "FROM");
	has_head = true;
	air_print("%6lld  %-16s  %-4s  %-24s  %-24s  %7lld  %9s  %9s\n",
		  number_of(session, "id"), name_of(session, name),
		  text_of(session, "transport"), text_of(session, "client"),
		  relayed_of(session), number_of(session, "age_s"),
		  size_of(session, "to_peers", to),
		  size_of(session, "from_peers", from));
}

void air_ctl_say_rows(uint64_t count)
{
	if (count == 0)
		air_print("no sessions\n");
}

static void say_traffic(const json_t *session, const char *key,
			const char *label)
{
	char size[24];

	air_print("%-12s %s in %lld datagrams\n", label,
		  size_of(session, key, size),
		  number_of(json_object_get(session, key), "packets"));
}

static void say_peer(const json_t *peer)
{
	const json_t *channel = json_object_get(peer, "channel");

	if (channel)
		air_print("channel      0x%04llx to %s, for %lld s\n",
			  (long long)json_integer_value(channel),
			  text_of(peer, "peer"), number_of(peer, "expires_s"));
	else
		air_print("permission   %s, for %lld s\n",
			  text_of(peer, "peer"), number_of(peer, "expires_s"));
}

void air_ctl_say_session(json_t *session)
{
	const json_t *relayed = json_object_get(session, "relayed");
	const json_t *peers = json_object_get(session, "peers");
	json_int_t more = json_integer_value(json_object_get(session, "more"));
	char name[64];

	air_print("session      %lld\n", number_of(session, "id"));
	air_print("user         %s\n", name_of(session, name));
	air_print("client       %s, over %s\n", text_of(session, "client"),
		  text_of(session, "transport"));
	for (size_t i = 0; i < json_array_size(relayed); i++)
		air_print("relayed      %s\n",
			  json_string_value(json_array_get(relayed, i)));
	air_print("age          %lld s, for %lld s more\n",
		  number_of(session, "age_s"), number_of(session, "expires_s"));
	say_traffic(session, "to_peers", "to peers");
	say_traffic(session, "from_peers", "from peers");
	for (size_t i = 0; i < json_array_size(peers); i++)
		say_peer(json_array_get(peers, i));
	if (more > 0)
		air_print("and %lld more\n", (long long)more);
}

void air_ctl_say_stats(json_t *stats)
{
	const char *key;
	json_t *value;

	json_object_foreach(stats, key, value)
	{
		if (strcmp(key, "v") == 0)
			continue;
		if (json_is_integer(value))
			air_print("%-18s %lld\n", key,
				  (long long)json_integer_value(value));
		else if (json_is_boolean(value))
			air_print("%-18s %s\n", key,
				  json_is_true(value) ? "yes" : "no");
	}
}
