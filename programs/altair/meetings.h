/*
 * meetings.h - the rendezvous server within `altair serve`: clients over WebSocket
 * on the ports of the relay, who are told of STUN and the relay, with credentials
 * that end by themselves.
 */
#ifndef AIR_MEETINGS_H
#define AIR_MEETINGS_H

#include "options.h"

#include <altair/door.h>

#include <uv.h>

struct service;

struct meeting_options {
	const char *redis; /* HOST:PORT or unix:PATH, or NULL */
	unsigned clients_max;
	bool plain;
};

struct meetings {
	altair_door *door; /* NULL: none */
	/* What the last client was told. */
	char stun[160], urls[3][176], name[48], password[32];
};

/* How many clients there may be. */
size_t air_meetings_max(const struct meeting_options *given);
/* Says what is wrong with the options. Returns -1 to go on, or the exit code. */
int air_meetings_read(const struct command *self,
		      const struct meeting_options *given);
/* Opens the door; the server's threads do not run yet. Returns -1 to go on, or the
 * exit code. */
int air_meetings_open(struct service *service);
/* The `http` of altair_serve_config, with the service as its user. */
void air_meetings_admit(void *service, int fd, const altair_addr *from,
			enum altair_serve_guest as);
/* The lines that clients need: the URL of the server. */
void air_meetings_say(const struct service *service);
/* Ends them on the loop, and, when no thread runs any more, altogether. */
void air_meetings_close(struct service *service);
void air_meetings_free(struct service *service);

#endif
