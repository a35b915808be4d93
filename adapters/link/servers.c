/*
 * What a welcome names goes to the agent as it is: addresses at once, names when
 * they are found. The credentials are those of the first welcome: an agent keeps
 * the relay that it has got.
 */
#define _GNU_SOURCE
#include "servers.h"

#include <altair/turn.h>
#include <altair/udp.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 8489 18.6. */
#define PORT 3478
#define PORT_TLS 5349

/* ---- their names ---- */

/* HOST[:PORT], the host perhaps in brackets; ends where `text` does. */
static bool read_host(struct air_server *out, const char *text)
{
	bool is_bracketed = *text == '[';
	const char *begin = text + is_bracketed;
	size_t len = strcspn(begin, is_bracketed ? "]" : ":");
	const char *behind = begin + len + (is_bracketed && begin[len] == ']');
	unsigned long port = out->port;

	if (len == 0 || len >= sizeof out->host ||
	    (is_bracketed && begin[len] != ']'))
		return false;
	memcpy(out->host, begin, len);
	out->host[len] = '\0';
	if (*behind == '\0')
		return true;
	if (*behind != ':' || strspn(behind + 1, "0123456789") == 0 ||
	    strlen(behind + 1) > 5 ||
	    behind[1 + strspn(behind + 1, "0123456789")] != '\0')
		return false;
	port = strtoul(behind + 1, NULL, 10);
	out->port = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

static bool read_scheme(struct air_server *out, const char **text)
{
	static const struct {
		const char *scheme;
		bool is_turn, is_tls;
	} schemes[] = {
		{"stun:", false, false},
		{"turn:", true, false},
		{"turns:", true, true},
	};

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t len = strlen(schemes[i].scheme);

		if (strncasecmp(*text, schemes[i].scheme, len) != 0)
			continue;
		out->is_turn = schemes[i].is_turn;
		out->is_tls = out->is_stream = schemes[i].is_tls;
		out->port = out->is_tls ? PORT_TLS : PORT;
		*text += len;
		return true;
	}
	return false;
}

/* Over UDP with TLS there is DTLS, which we have not for relays. */
static bool read_transport(struct air_server *out, const char *query)
{
	if (!out->is_turn)
		return false;
	if (strcmp(query, "transport=udp") == 0)
		return !out->is_tls;
	out->is_stream = true;
	return strcmp(query, "transport=tcp") == 0;
}

bool air_server_parse(struct air_server *out, altair_bytes uri)
{
	char text[ALTAIR_NOTE_TEXT_MAX + 1];
	const char *at = text;
	char *query;

	if (uri.len >= sizeof text || memchr(uri.data, 0, uri.len))
		return false;
	memcpy(text, uri.data, uri.len);
	text[uri.len] = '\0';
	query = strchr(text, '?');
	if (query)
		*query++ = '\0';
	return read_scheme(out, &at) && read_host(out, at) &&
	       (!query || read_transport(out, query));
}

/* ---- to the agent ---- */

static void add(struct air_server *server, const altair_addr *addr)
{
	altair_uv_agent *driver = server->list->driver;
	const altair_agent_relay relay = {
		.size = sizeof relay,
		.server = *addr,
		.name = {(const uint8_t *)server->login, strlen(server->login)},
		.password = {(const uint8_t *)server->password,
			     strlen(server->password)},
		.families = ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6,
		.is_stream = server->is_stream,
		.is_tls = server->is_tls,
	};

	/* What is one too many, or not to be reached from here, is left out. */
	if (server->is_turn)
		(void)altair_uv_agent_add_relay(driver, &relay, server->host);
	else
		(void)altair_agent_add_server(altair_uv_agent_agent(driver),
					      altair_clock_now(), addr);
}

static void settle(struct air_servers *servers)
{
	if (servers->looking > 0)
		return;
	altair_agent_seal(altair_uv_agent_agent(servers->driver),
			  altair_clock_now());
	altair_uv_agent_kick(servers->driver);
}

static void on_found(void *user)
{
	struct air_server *server = user;
	bool has[2] = {false, false};

	for (size_t i = 0; i < server->name.count; i++) {
		const altair_addr *addr = &server->name.addrs[i];
		bool *has_it = &has[addr->family == ALTAIR_IPV6];

		if (!*has_it)
			add(server, addr);
		*has_it = true;
	}
	if (server->is_looking)
		server->list->looking--;
	server->is_looking = false;
	settle(server->list);
}

static void look(struct air_server *server)
{
	server->name.user = server;
	server->name.found = on_found;
	server->is_looking = true;
	server->list->looking++;
	air_name_find(&server->name, server->list->loop, server->host,
		      server->port);
}

static bool copy(char out[ALTAIR_NOTE_TEXT_MAX], altair_bytes text)
{
	if (text.len >= ALTAIR_NOTE_TEXT_MAX || memchr(text.data, 0, text.len))
		return false;
	memcpy(out, text.data, text.len);
	out[text.len] = '\0';
	return true;
}

void air_servers_take(struct air_servers *servers, const altair_note *welcome)
{
	struct air_server *next;

	if (servers->is_taken)
		return;
	servers->is_taken = true;
	for (size_t i = 0; i < welcome->turn_count; i++) {
		const altair_note_turn *turn = &welcome->turn[i];

		next = &servers->all[servers->count];
		if (servers->count < AIR_SERVERS_MAX &&
		    air_server_parse(next, turn->url) && next->is_turn &&
		    copy(next->login, turn->username) &&
		    copy(next->password, turn->password))
			servers->count++;
	}
	for (size_t i = 0; i < welcome->stun_count; i++) {
		next = &servers->all[servers->count];
		if (servers->count < AIR_SERVERS_MAX &&
		    air_server_parse(next, welcome->stun[i]) && !next->is_turn)
			servers->count++;
	}
	servers->looking = 1; /* not before all are begun */
	for (size_t i = 0; i < servers->count; i++) {
		servers->all[i].list = servers;
		look(&servers->all[i]);
	}
	servers->looking--;
	settle(servers);
}

void air_servers_skip(struct air_servers *servers)
{
	servers->is_taken = true;
	settle(servers);
}

/* ---- the end ---- */

static void on_over(void *user)
{
	struct air_server *server = user;

	if (--server->list->looking == 0)
		server->list->closed(server->list->user);
}

void air_servers_close(struct air_servers *servers, void (*closed)(void *user),
		       void *user)
{
	servers->closed = closed;
	servers->user = user;
	servers->looking = 1;
	for (size_t i = 0; i < servers->count; i++)
		if (air_name_forget(&servers->all[i].name, on_over))
			servers->looking++;
	if (--servers->looking == 0)
		closed(user);
}
