/*
 * tickets.h - connect --manual: two people exchange texts, and no server is needed
 * but one for STUN.
 */
#ifndef AIR_TICKETS_H
#define AIR_TICKETS_H

#include "chat.h"
#include "resolve.h"

#define TICKETS_STUN_MAX 3

struct tickets {
	bool is_wanted;
	struct server_list servers; /* STUN, set before the start */
	struct chat *chat;
	struct resolve resolve[TICKETS_STUN_MAX];
	size_t running;
	altair_addr stun[TICKETS_STUN_MAX];
	size_t stun_count;
	uv_timer_t patience;
	bool has_timer;
	char text[ALTAIR_UV_LINK_TICKET_TEXT]; /* of theirs, so far */
	size_t len;
};

/* Looks the STUN servers up, then opens the link and shows our ticket; theirs is
 * read from stdin. 0, or the exit code after a complaint. */
int air_tickets_start(struct tickets *tickets, struct chat *chat);

/* Harmless when not started. */
void air_tickets_stop(struct tickets *tickets);

#endif
