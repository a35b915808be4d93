/*
 * Names of STUN servers. Nothing is resolved here.
 *
 * The default list is the guide's server and a second one of another operator:
 * two answers show whether the NAT maps per destination.
 */
#define _GNU_SOURCE
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const defaults[] = {"stun.l.google.com:19302",
				       "stun.cloudflare.com:3478"};

static bool parse_port(const char *text, uint16_t *out)
{
	unsigned long value = 0;

	if (*text == '\0' || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned long)(*text - '0');
	}
	*out = (uint16_t)value;
	return value >= 1 && value <= UINT16_MAX;
}

static bool is_host(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

	return len > 0 && text[len] == '\0' && text[0] != '-';
}

/* Takes `host` apart in place: the bare name stays there, *port is NULL where
 * there is none. False if the text makes no sense. */
static bool split(char *host, char **port)
{
	char *colon = strchr(host, ':');
	char *end = strchr(host, ']');

	*port = NULL;
	if (host[0] == '[') {
		if (!end || (end[1] != ':' && end[1] != '\0'))
			return false;
		*port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
		memmove(host, host + 1, strlen(host));
	} else if (colon && !strchr(colon + 1, ':')) {
		*port = colon + 1;
		*colon = '\0';
	}
	return true;
}

bool air_server_of(struct server *out, const char *text, uint16_t port)
{
	char work[SERVER_HOST_MAX] = "";
	char *digits;
	altair_addr addr;
	bool is_v6;

	if (strlen(text) >= sizeof work)
		return false;
	memcpy(work, text, strlen(text) + 1);
	out->port = port;
	if (!split(work, &digits) ||
	    (digits && !parse_port(digits, &out->port)))
		return false;
	is_v6 = text[0] == '[' || strchr(work, ':');
	if (is_v6 ? altair_addr_parse_ip(&addr, work, 1) != 0 : !is_host(work))
		return false;
	memcpy(out->host, work, sizeof work);
	snprintf(out->name, sizeof out->name, is_v6 ? "[%s]:%u" : "%s:%u",
		 out->host, out->port);
	return true;
}

static int add(const struct command *command, struct server_list *list,
	       const char *text, const char *source)
{
	if (list->count == SERVERS_MAX)
		return air_options_complain(command,
					    "%s names more than %d servers",
					    source, SERVERS_MAX);
	if (!air_server_of(&list->server[list->count], text, SERVER_PORT))
		return air_options_complain(
			command,
			"%s wants HOST or HOST:PORT, such as "
			"stun.example.org:3478, not '%s'",
			source, text);
	list->count++;
	return 0;
}

static int add_environment(const struct command *command,
			   struct server_list *list, const char *name,
			   const char *value)
{
	char *names = strdup(value), *rest = names, *item;
	int error = names ? 0 : EXIT_INTERNAL;

	while (!error && (item = strsep(&rest, ",")))
		error = add(command, list, item, name);
	free(names);
	return error;
}

int air_server_read(const struct command *command,
		    const struct option_list *given, struct server_list *out)
{
	int error = 0;

	*out = (struct server_list){0};
	for (size_t i = 0; !error && i < given->count; i++)
		error = add(command, out, given->item[i], "--stun");
	return error;
}

int air_server_choose(const struct command *command,
		      const struct option_list *given, struct server_list *out)
{
	static const char *const variables[] = {"ALTAIR_STUN", "STUN_SERVER"};
	int error = air_server_read(command, given, out);

	for (size_t i = 0; !error && out->count == 0 && i < 2; i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			error = add_environment(command, out, variables[i],
						value);
	}
	if (error || out->count > 0)
		return error;
	out->is_default = true;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		add(command, out, defaults[i], "the default");
	return 0;
}

void air_server_names(const struct server_list *list, char *out, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < list->count && used < cap; i++) {
		used += (size_t)snprintf(out + used, cap - used, "%s%s",
					 i ? ", " : "", list->server[i].name);
		if (list->is_default)
			break;
	}
}
