/*
 * turn_uri.h - a TURN server as a person names it, with the user's name and
 * password: turn:USER:PASS@HOST[:PORT][?transport=udp|tcp|tls].
 */
#ifndef AIR_TURN_URI_H
#define AIR_TURN_URI_H

#include "server.h"

/* RFC 8489 14.3; and of both together, as altair_agent_add_relay has it. */
#define TURN_NAME_MAX 508
#define TURN_LOGIN_MAX 512

enum turn_transport { TURN_UDP, TURN_TCP, TURN_TLS };

struct turn_uri {
	struct server server; /* port 3478, or 5349 for TLS */
	enum turn_transport transport;
	uint8_t name[TURN_NAME_MAX], password[TURN_NAME_MAX];
	size_t name_len, password_len;
};

/* False: it is none. */
bool air_turn_uri_parse(struct turn_uri *out, const char *text);

#endif
