/*
 * servers.h - the STUN and TURN servers that a rendezvous server names, for an
 * agent.
 */
#ifndef AIR_SERVERS_H
#define AIR_SERVERS_H

#include "name.h"

#include <altair/note.h>
#include <altair/uv_agent.h>

#define AIR_SERVERS_MAX 8

struct air_server {
	struct air_name name;
	struct air_servers *list;
	char host[256];
	uint16_t port;
	bool is_turn, is_stream, is_tls, is_looking;
	char login[ALTAIR_NOTE_TEXT_MAX], password[ALTAIR_NOTE_TEXT_MAX];
};

struct air_servers {
	uv_loop_t *loop;
	altair_uv_agent *driver;
	struct air_server all[AIR_SERVERS_MAX];
	size_t count, looking;
	bool is_taken; /* a welcome was */
	void (*closed)(void *user);
	void *user;
};

/* Reads "stun:HOST[:PORT]" (RFC 7064) and "turn[s]:HOST[:PORT][?transport=...]"
 * (RFC 7065) into host, port and the flags. False: it is none, or of a transport
 * that we have not. */
bool air_server_parse(struct air_server *out, altair_bytes uri);

/* Gives the agent the servers of the first welcome; it is sealed when their names
 * are settled. Those of a later one are passed over. */
void air_servers_take(struct air_servers *servers, const altair_note *welcome);

/* There will be no welcome: the agent is sealed. */
void air_servers_skip(struct air_servers *servers);

/* Before the agent is closed. `closed` comes when no name is looked up any more,
 * perhaps at once. */
void air_servers_close(struct air_servers *servers, void (*closed)(void *user),
		       void *user);

#endif
