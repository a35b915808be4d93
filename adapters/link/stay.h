/*
 * stay.h - our stay at a rendezvous server: its name, the WebSocket, notes as JSON,
 * and altair/visit.h, which says what to do with them.
 */
#ifndef AIR_STAY_H
#define AIR_STAY_H

#include "name.h"
#include "socket.h"

#include <altair/openssl.h>
#include <altair/visit.h>

/* Mailboxes at a time. */
#define AIR_STAY_MAILBOXES 4

struct air_stay_handlers {
	/* One of the server's addresses, before it is connected to. */
	void (*found)(void *user, const altair_addr *addr);
	/* It is reached (0), or not: ALTAIR_E_RESOLVE, or as of socket.h. */
	void (*online)(void *user, int reason);
	/* STUN and TURN servers, and what is to be known of a mailbox. */
	void (*servers)(void *user, const altair_note *welcome);
	void (*event)(void *user, enum altair_visit_step step,
		      const altair_visit_output *out);
	/* The next message in a mailbox; the bytes may be written to. */
	void (*body)(void *user, uint32_t mailbox, altair_bytes body);
	/* air_stay_run is wanted soon. */
	void (*kick)(void *user);
};

struct air_stay {
	uv_loop_t *loop;
	struct air_url url;
	const altair_openssl_key *key;
	struct air_stay_handlers handlers;
	void *user;
	struct air_name name;
	size_t next;	     /* of the name's addresses */
	altair_time next_at; /* when it is tried at the latest */
	bool is_connecting;
	struct air_socket *socket;
	altair_visit *visit;
	void *memory; /* of `visit` */
	int reason;   /* why the last connection was lost */
	bool is_closing;
	unsigned open_parts; /* while closing */
	void (*closed)(void *user);
	char text[ALTAIR_NOTE_MAX];
	uint8_t scratch[ALTAIR_NOTE_MAX];
};

/* `stay` is all zero but `loop`, `url`, `key`, `handlers` and `user`. 0,
 * ALTAIR_E_TLS (`ca`), ALTAIR_E_RANDOM, or ALTAIR_E_MEMORY. */
int air_stay_open(struct air_stay *stay, const char *ca);

/* Does what is due; returns when to be called again. */
altair_time air_stay_run(struct air_stay *stay, altair_time now);

/* True when all that was said has been given to the kernel. */
bool air_stay_is_idle(const struct air_stay *stay);

/* No handler is called any more; `closed` comes when nothing is left of it. */
void air_stay_close(struct air_stay *stay, void (*closed)(void *user));

#endif
