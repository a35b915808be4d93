/*
 * server.h - a STUN server as a person names it: HOST[:PORT].
 */
#ifndef AIR_SERVER_H
#define AIR_SERVER_H

#include "options.h"

#include <altair/base.h>

/* A host name has at most 253 characters (RFC 1035 2.3.4). */
#define SERVER_HOST_MAX 254
#define SERVERS_MAX 8
#define SERVER_PORT 3478 /* STUN and TURN, RFC 8489 18.6 */

struct server {
	char host[SERVER_HOST_MAX]; /* without brackets                      */
	uint16_t port;
	char name[SERVER_HOST_MAX + 8]; /* "HOST:PORT", "[v6]:PORT"          */
};

struct server_list {
	struct server server[SERVERS_MAX];
	size_t count;
	bool is_default;
};

/* Reads "host", "host:port", "192.0.2.1:port", "[v6]", "[v6]:port" or a bare v6
 * address; `port` is the default. False: none of these. */
bool air_server_of(struct server *out, const char *text, uint16_t port);

/* Reads the servers of the option --stun into an empty list. 0, or EXIT_USAGE
 * after a complaint. */
int air_server_read(const struct command *command,
		    const struct option_list *given, struct server_list *out);

/*
 * The servers of the command line, else of the environment (ALTAIR_STUN, or
 * STUN_SERVER: names separated by commas), else the default ones. Returns 0 or
 * EXIT_USAGE after a complaint.
 */
int air_server_choose(const struct command *command,
		      const struct option_list *given, struct server_list *out);

/* All names, separated by ", "; the default list is named by its first. */
void air_server_names(const struct server_list *list, char *out, size_t cap);

#endif
