/*
 * door.h - what the parts of the door share.
 */
#ifndef AIR_DOOR_H
#define AIR_DOOR_H

#include <altair/door.h>

#include <libwebsockets.h>
#include <stdatomic.h>
#include <uv.h>

#define DOOR_PROTOCOL "altair.v1"
#define DOOR_HOST_MAX 96
#define DOOR_LOOKS 50 /* a second, each at its part of the guests */

enum guest_state {
	GUEST_IS_FREE,
	GUEST_ASKS,  /* TLS and a request, until `deadline` */
	GUEST_TALKS, /* notes, by WebSocket */
	GUEST_LEAVES /* is closed when it has read what it was told, or then */
};

/* One connection. Its index is the number of the client in the machine. */
struct guest {
	struct lws *wsi;
	altair_time
		deadline; /* also of a message that is not whole; or NEVER */
	altair_time tls_deadline;
	altair_time heard;
	uint32_t part_len; /* of a message, in its part of door.parts */
	uint32_t next;	   /* of the free ones */
	uint8_t state, as;
	bool is_loopback;
	bool has_notes; /* the machine has some for it */
	bool has_part;	/* a message has begun */
	bool is_asked;	/* by a ping, and has not answered */
	bool wants_ping;
	bool is_deaf; /* said nonsense */
	char host[DOOR_HOST_MAX];
};

struct directory;

struct altair_door {
	altair_door_config config;
	uv_loop_t *loop;
	altair_rendezvous *machine;
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN];
	void *memory; /* the machine's */
	size_t memory_len;
	struct guest *guests;
	uint32_t count, next_look;
	uint32_t first_free; /* UINT32_MAX: none */
	uint8_t *parts; /* ALTAIR_NOTE_MAX for each guest; pages that are never
	                   used cost nothing */
	struct lws_context *context;
	struct lws_vhost *plain, *secure; /* secure: NULL without TLS */
	struct directory *directory;	  /* NULL: one node */
	uv_timer_t timer, looks;
	uv_poll_t knocks;
	int pipe[2];
	_Atomic bool is_closed;
	bool drains;
	uint64_t guests_now, clients_now, late, denied;
	_Atomic uint64_t refused;
	uint8_t scratch[ALTAIR_NOTE_MAX];
	uint8_t out[LWS_PRE + ALTAIR_NOTE_MAX];
};

/* Does what the machine says, until it waits: after whatever it was told. */
void air_door_run(struct altair_door *door);

/* --- guests ---------------------------------------------------------------- */

/* The pages for `count` guests. False: no memory. */
bool air_guests_open(struct altair_door *door);
void air_guests_close(struct altair_door *door);
/* Takes those in who knock. */
void air_guests_take(struct altair_door *door);
/* Closes it as soon as it has been told everything, or after a while. */
void air_guest_dismiss(struct altair_door *door, struct guest *guest);
/* Its connection is over. */
void air_guest_forget(struct altair_door *door, struct guest *guest);

/* --- libwebsockets' callbacks ---------------------------------------------- */

/* HTTP: pages, and who may have a WebSocket. */
int air_request_event(struct lws *wsi, enum lws_callback_reasons reason,
		      void *user, void *in, size_t len);
/* A WebSocket: text to notes, notes to text. */
int air_wire_event(struct lws *wsi, enum lws_callback_reasons reason,
		   void *user, void *in, size_t len);

#endif
