/*
 * link.h - what the parts of a link share.
 */
#ifndef AIR_LINK_H
#define AIR_LINK_H

#include "meeting.h"
#include "servers.h"
#include "stay.h"
#include "talk.h"
#include "ticket.h"

#include <altair/code.h>
#include <altair/uv_link.h>

/* Somebody who may call us, or whom we call. */
struct air_known {
	altair_uv_link_peer peer;
	uint8_t id[ALTAIR_NOTE_ID_LEN];
};

struct altair_uv_link {
	uv_loop_t *loop, own; /* `own` is used where the caller has none    */
	enum altair_uv_link_way way;
	altair_uv_link_handlers handlers;
	void *user;
	altair_time opened_at;

	altair_openssl_key *key;
	uint8_t hash[32]; /* of our public key */
	altair_dtls dtls;
	altair_tls tls; /* for relays over TLS */
	bool has_dtls, has_tls;
	char *ca; /* NULL: the system's */

	struct air_talk talk;
	struct air_stay stay; /* not with `has_no_server` */
	struct air_servers servers;
	bool has_no_server;

	/* Meeting 0 is that of the code, of the call. */
	struct air_meeting meetings[AIR_STAY_MAILBOXES];
	struct air_meeting *met; /* it is decided: this one              */
	altair_code code;
	bool no_code;
	struct air_known *known;
	size_t known_count;
	altair_uv_link_peer peer; /* whom we have met                    */
	bool has_pair, is_introduced;
	bool has_more; /* lines that came before it was decided          */
	struct air_ticket ticket; /* ours                                */
	struct air_ticket *theirs;
	bool is_shown;

	uv_timer_t timer; /* of the loop's next turn for us             */
	unsigned turns;	  /* of the beginning: up to 2 */
	bool was_online, is_offline_told, is_gone;
	bool is_connected, is_over, is_closing;
	unsigned open_parts;
	altair_time patience; /* of closing */
	void (*closed)(void *user);
};

/* Does soon what is to be done. */
void air_link_kick(altair_uv_link *link);

/* It is over, `text` says why. */
void air_link_fail(altair_uv_link *link, int reason, const char *text);

/* Shows the other one's way to us. */
void air_link_show(altair_uv_link *link, const char *text);

/* It is known who the peer is: the protected session may begin. */
void air_link_introduce(altair_uv_link *link, const altair_uv_link_peer *peer,
			bool has_pair, bool is_client);

/* ---- a link's beginning: open.c; the rest of it is in link.c ---- */

/* Frees what has no handles on the loop. */
void air_link_free_things(altair_uv_link *link);

/* Makes the timer; from here on the link ends by altair_uv_link_close. */
void air_link_begin(altair_uv_link *link);

extern const struct air_stay_handlers air_link_stay_handlers;
extern const struct air_talk_handlers air_link_talk_handlers;

/* ---- introductions by a server: introduce.c ---- */

/* Begins with the first meeting. 0, ALTAIR_E_RANDOM, or ALTAIR_E_MEMORY. */
int air_introduce_begin(altair_uv_link *link);
void air_introduce_event(altair_uv_link *link, enum altair_visit_step step,
			 const altair_visit_output *out);
void air_introduce_body(altair_uv_link *link, uint32_t mailbox,
			altair_bytes body);
/* Returns when to be called again. */
altair_time air_introduce_run(altair_uv_link *link, altair_time now);
/* More attribute lines for the peer. */
void air_introduce_tell(altair_uv_link *link, const char *lines);
/* Closes all mailboxes. */
void air_introduce_end(altair_uv_link *link);

#endif
