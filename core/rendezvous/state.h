/*
 * The server machine from inside: clients (connections), sides (of mailboxes),
 * plates (numbers that are in use, or were). Entries name each other by number,
 * AIR_NONE is none.
 */
#ifndef AIR_RENDEZVOUS_STATE_H
#define AIR_RENDEZVOUS_STATE_H

#include "base/heap.h"
#include "rendezvous/queue.h"
#include "rendezvous/source.h"

#include <altair/rendezvous.h>

#include <string.h>

#define AIR_ASKS 1024		 /* that wait for the driver */
#define AIR_POSTS_MAX (1u << 20) /* bytes of them */

struct air_client {
	bool is_there, is_ready, is_told; /* in the list of what to poll; the
	                                     driver knows of its notes */
	bool is_closing, is_shut;	  /* after its notes; CLOSE was said */
	bool is_present;
	uint32_t source;
	uint32_t next_ready;
	uint32_t first_side, sides;
	uint32_t next_present; /* link of the chain: + 1 */
	struct air_queue queue;
	altair_time notes_next; /* credit of notes, as in source.c */
	unsigned refusals;	/* of notes without credit */
	altair_time close_at, idle_at, refresh_at;
	uint8_t nonce[ALTAIR_NOTE_NONCE_LEN];
	uint8_t key[ALTAIR_NOTE_KEY_LEN]; /* where it is present */
};

enum air_side_state {
	SIDE_ASKS_PLATE, /* the directory is asked for a nameplate     */
	SIDE_IS_OPEN,	 /* has a nameplate that nobody has claimed    */
	SIDE_SEEKS,	 /* claim or call: where the other side may be */
	SIDE_WAITS,	 /* has resumed; the other side has not        */
	SIDE_IS_PAIRED,
	SIDE_IS_OVER /* the other side has closed; ours is away    */
};

struct air_side {
	uint8_t token[ALTAIR_NOTE_ID_LEN];
	uint8_t mailbox[ALTAIR_NOTE_ID_LEN];
	enum air_side_state state;
	bool is_caller;
	bool has_mailbox; /* is in the chain of mailboxes              */
	bool is_open;	  /* counts as waiting at `source`             */
	bool resumes;	  /* wants, or has, the same number again      */
	bool failed;	  /* OVER                                      */
	bool is_claimed;  /* SEEKS: the directory says so               */
	bool is_unsaid;	  /* the directory may know it elsewhere */
	bool has_node;	  /* `node` is where the other side was last   */
	uint32_t generation;
	uint32_t client, next_of_client;
	uint32_t by_token, by_mailbox; /* links of the chains: + 1     */
	uint32_t source;
	uint32_t plate, nameplate;
	uint32_t highest; /* number of ours that was sent              */
	unsigned asks;	  /* whether it has moved */
	unsigned misses;  /* how often the other side was not found     */
	uint32_t tries;	  /* of drawing a nameplate                    */
	altair_time ends_at, away_at, refresh_at;
	struct air_queue held; /* the claim or call that seeks         */
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN];
};

struct air_plate {
	uint32_t number, link; /* link: + 1                            */
	uint32_t side;	       /* while it is open                     */
	uint32_t next;	       /* in the order of `until`: + 1         */
	bool is_open, has_expired;
	altair_time until; /* when it is forgotten                     */
	uint8_t claimed_by[ALTAIR_NOTE_ID_LEN];
};

struct air_ask {
	enum altair_rendezvous_verb verb;
	uint8_t key[ALTAIR_RENDEZVOUS_KEY_MAX];
	uint8_t value[ALTAIR_RENDEZVOUS_VALUE_MAX];
	uint32_t key_len, value_len, seconds;
	uint64_t cookie;
};

struct altair_rendezvous {
	altair_rendezvous_config config;
	altair_rendezvous_stats stats;
	struct air_client *clients;
	struct air_store sides, plates, pool;
	struct air_sources sources;
	struct air_chain by_token, by_mailbox, by_number, by_key;
	struct air_heap timers; /* clients, sides, plates */
	uint32_t clients_max, sides_max, generations;
	uint32_t first_ready, last_ready;
	uint32_t oldest_plate, newest_plate; /* that are used: + 1 */
	struct air_ask *asks;
	uint32_t first_ask, ask_count;
	struct air_queue posts;
	struct air_ask asked; /* what poll gave */
	uint8_t body[ALTAIR_RENDEZVOUS_POST_MAX];
	uint8_t held[ALTAIR_RENDEZVOUS_POST_MAX];
	uint8_t post[ALTAIR_RENDEZVOUS_POST_MAX];
	bool is_up, is_draining;
	altair_time up_since;
};

static inline struct air_side *air_side_at(const altair_rendezvous *r,
					   uint32_t side)
{
	return air_store_at(&r->sides, side);
}

static inline struct air_plate *air_plate_at(const altair_rendezvous *r,
					     uint32_t plate)
{
	return air_store_at(&r->plates, plate);
}

static inline bool air_ids_equal(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, ALTAIR_NOTE_ID_LEN) == 0;
}

/* Random bytes; false when the source failed. */
static inline bool air_draw(const altair_rendezvous *r, void *out, size_t len)
{
	const altair_crypto *crypto = r->config.crypto;

	return crypto->random(crypto->user, out, len) == 0;
}

#endif
