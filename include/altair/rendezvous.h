/*
 * altair/rendezvous.h - a rendezvous server as a machine: mailboxes for two,
 * found by a nameplate or by the public key of the one who is called, through
 * which opaque messages go. It opens no connection and reads no text: the driver
 * has WebSockets, JSON (altair/json.h) and, where several nodes share the load,
 * Redis. docs/rendezvous.md is the protocol.
 *
 *     altair_rendezvous_joined   a connection is there; it is welcomed
 *     altair_rendezvous_may_speak, then
 *     altair_rendezvous_take     a note came over it
 *     altair_rendezvous_left     it is gone, for what reason ever
 * and after each of them, and when the deadline has come (altair_rendezvous_tick):
 *     while ((step = altair_rendezvous_poll(r, &out)) != ALTAIR_RENDEZVOUS_WAIT)
 *             obey
 *
 * Nothing is kept of messages but what still has to leave here: sides number
 * them, repeat what was not acknowledged, and pass over what they have. What is
 * kept is fixed at init: when a client reads too slowly, messages to it are lost;
 * when it does not read what must not be lost, it is closed.
 *
 * Limits. They are those of the configuration; each refusal is counted. A source
 * is an IPv4 address or 64 bits of IPv6.
 *   a nameplate is good for one claim, right or wrong, and for ten minutes
 *   afterwards for nobody. Who has to guess nameplates has `rate_prefix` a minute.
 *   A mailbox ends a minute after the connection of one of its sides, or when one
 *   closes it. There is no way to list anything.
 */
#ifndef ALTAIR_RENDEZVOUS_H
#define ALTAIR_RENDEZVOUS_H

#include <altair/crypto.h>
#include <altair/note.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_rendezvous altair_rendezvous;

#define ALTAIR_RENDEZVOUS_NODE_LEN 16u
#define ALTAIR_RENDEZVOUS_KEY_MAX 48u	 /* bytes of a key of the directory   */
#define ALTAIR_RENDEZVOUS_VALUE_MAX 64u	 /* bytes of a value there            */
#define ALTAIR_RENDEZVOUS_POST_MAX 8448u /* bytes from one node to another    */

typedef struct altair_rendezvous_config {
	size_t size;
	const altair_crypto
		*crypto; /* random, sha256; must outlive the machine */
	/* True if `signature` is one of the key `spki` over `message`. NULL:
	 * nobody can be present. */
	bool (*verify)(void *user, altair_bytes spki, altair_bytes message,
		       altair_bytes signature);
	void *verify_user;

	size_t clients_max;	 /* default 20,000; at most 1,000,000         */
	unsigned clients_prefix; /* connections from one source, default 50,
	                            0 for any number                          */
	size_t mailboxes_max;	 /* default 100,000; at most 1,000,000        */
	unsigned open_prefix;	 /* mailboxes that wait for their second side,
	                            made from one source; default 20; 0 for any
	                            number of them, at any rate               */
	unsigned rate_prefix;	 /* claims and new mailboxes a minute from one
	                            source, default 60; above open_prefix;
	                            resumes and presences five times as many  */
	unsigned sides_client;	 /* mailboxes of one connection, default 32   */
	unsigned notes_rate;	 /* notes a second of one connection, default
	                            50, twice that at once; 0 for any number  */
	size_t queue_len;	 /* bytes that wait for one client, default
	                            64 KiB; from 32 KiB to 16 MiB             */
	size_t pool_len;	 /* bytes that wait for all, default 32 MiB;
	                            what was never used costs no memory       */
	altair_time unpaired;	 /* life of a nameplate, default 10 minutes   */
	altair_time away;	 /* life of a side without connection, default
	                            1 minute                                  */
	altair_time idle;	 /* a connection without mailbox and presence
	                            is closed, default 1 minute; ALTAIR_NEVER */

	/* Several nodes; see below. */
	bool has_directory;			  /* default false: one node */
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN]; /* random, drawn by the driver
	                            at each start                             */
} altair_rendezvous_config;

/* Fills in `size` and every default. */
ALTAIR_API void
altair_rendezvous_config_default(altair_rendezvous_config *config);

/* Bytes of memory for altair_rendezvous_init; 0 if the configuration is invalid. */
ALTAIR_API size_t
altair_rendezvous_size(const altair_rendezvous_config *config);

/* Returns 0, ALTAIR_E_INVALID, ALTAIR_E_SPACE, or ALTAIR_E_RANDOM. Fresh pages of
 * the system (mmap) keep untouched what is not used. */
ALTAIR_API int altair_rendezvous_init(altair_rendezvous **out, void *mem,
				      size_t len,
				      const altair_rendezvous_config *config,
				      altair_time now);

/*
 * A connection from `remote` is there; `client` is a free number of yours below
 * `clients_max`. It gets a welcome, to which the driver adds its STUN and TURN
 * servers. Returns 0; ALTAIR_E_FULL: close it, there are too many, in all or from
 * there; ALTAIR_E_INVALID: no such number, or not free; or ALTAIR_E_RANDOM.
 */
ALTAIR_API int altair_rendezvous_joined(altair_rendezvous *r, altair_time now,
					uint32_t client,
					const altair_addr *remote);

/* The connection is closed; its number is free. Not known: nothing happens. */
ALTAIR_API void altair_rendezvous_left(altair_rendezvous *r, altair_time now,
				       uint32_t client);

/* Something came over it: true: it may be read, and given to one of the next two.
 * False: it has sent too many notes, or is unknown or closing: drop this one
 * unread; it is told so, and closed when that goes on. */
ALTAIR_API bool altair_rendezvous_may_speak(altair_rendezvous *r,
					    altair_time now, uint32_t client);

/* A note came over it. Whatever it holds, it is no error of the caller's. */
ALTAIR_API void altair_rendezvous_take(altair_rendezvous *r, altair_time now,
				       uint32_t client,
				       const altair_note *note);

/* Something came over it that is no note: it is told so and closed. */
ALTAIR_API void altair_rendezvous_garbled(altair_rendezvous *r, altair_time now,
					  uint32_t client);

/* Tells the time. Early, late and repeated calls are harmless. */
ALTAIR_API void altair_rendezvous_tick(altair_rendezvous *r, altair_time now);

/* Says good-bye to all, who may come again in about `seconds` (1 to
 * ALTAIR_NOTE_SECONDS_MAX), and refuses new connections from now on. Each is
 * closed when it has read that, or after 5 s. */
ALTAIR_API void altair_rendezvous_drain(altair_rendezvous *r, altair_time now,
					uint32_t seconds);

enum altair_rendezvous_step {
	ALTAIR_RENDEZVOUS_WAIT, /* call altair_rendezvous_tick at `deadline`  */
	ALTAIR_RENDEZVOUS_NOTES, /* `client` has notes: fetch them with
	                            altair_rendezvous_next as it can be written
	                            to. Said once, until all are fetched       */
	ALTAIR_RENDEZVOUS_CLOSE, /* close `client`, and say so by
	                            altair_rendezvous_left                     */
	ALTAIR_RENDEZVOUS_ASK, /* of the directory: `ask`                    */
	ALTAIR_RENDEZVOUS_POST /* `bytes` to the node `node`                 */
};

/* What is asked of the directory that the nodes share. Each entry has a key, a
 * value, and a life. */
enum altair_rendezvous_verb {
	ALTAIR_DIRECTORY_TAKE, /* if there is no such key, or it has this value:
	                          set it, and answer it; else answer the value */
	ALTAIR_DIRECTORY_PUT,  /* set it, whatever it was; no answer          */
	ALTAIR_DIRECTORY_GET,  /* answer the value, empty if there is none    */
	ALTAIR_DIRECTORY_FORGET /* remove it if it has this value; no answer   */
};

typedef struct altair_rendezvous_ask {
	enum altair_rendezvous_verb verb;
	altair_bytes key, value; /* any bytes                                 */
	uint32_t seconds;	 /* life of what is set                       */
	uint64_t cookie;	 /* for the answer                            */
} altair_rendezvous_ask;

/* Bytes are valid until the next call of any function of this machine. */
typedef struct altair_rendezvous_output {
	uint32_t client;
	altair_time deadline; /* ALTAIR_NEVER: nothing is to come            */
	altair_rendezvous_ask ask;
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN];
	altair_bytes bytes;
} altair_rendezvous_output;

ALTAIR_API enum altair_rendezvous_step /* What to do next, until it is WAIT. */
altair_rendezvous_poll(altair_rendezvous *r, altair_rendezvous_output *out);

/* The next note for a client: true, and *out valid until the next call of any
 * function of this machine; false: no more for now. */
ALTAIR_API bool altair_rendezvous_next(altair_rendezvous *r, uint32_t client,
				       altair_note *out);

/*
 * Several nodes (`has_directory`). Each keeps the sides of mailboxes whose
 * clients are connected there. The directory says where a nameplate, a key and
 * the other side of a mailbox are; nodes send each other bytes that only they
 * read. All of it may be lost, late or double: what matters is asked again.
 *
 * With Redis: TAKE, FORGET are scripts (EVAL), PUT is SET with EX, GET is GET; a
 * post is PUBLISH on a channel that the node named so has subscribed to.
 */

/* The answer to TAKE or GET: `is_known` false when the directory did not answer,
 * else its value, or empty. */
ALTAIR_API void altair_rendezvous_answer(altair_rendezvous *r, altair_time now,
					 uint64_t cookie, bool is_known,
					 altair_bytes value);

/* Another node, `from`, has posted this to us. */
ALTAIR_API void altair_rendezvous_posted(altair_rendezvous *r, altair_time now,
					 const uint8_t *from,
					 altair_bytes bytes);

/* The directory can be reached from now on, or no longer; at init it cannot. When
 * it is back it may have forgotten all: it is told everything again, within two
 * seconds. Without it local mailboxes go on, and new listeners are told to come
 * again. */
ALTAIR_API void altair_rendezvous_directory(altair_rendezvous *r,
					    altair_time now, bool is_up);

typedef struct altair_rendezvous_stats {
	size_t size;
	uint64_t clients; /* there are now                            */
	uint64_t sides, nameplates, present; /* there are now                */
	uint64_t waiting; /* bytes for clients, of pool_len                  */
	uint64_t notes;	  /* taken                                    */
	uint64_t forwarded;	/* messages, to a client or a node          */
	uint64_t dropped;	/* messages: nobody there, or no room       */
	uint64_t joined;	/* mailboxes that got their second side here */
	uint64_t burned;	/* mailboxes that a side called failed      */
	uint64_t refused;	/* errors told, of which                    */
	uint64_t refused_limit; /*   limits                                 */
	uint64_t refused_clients; /* connections, by altair_rendezvous_joined */
	uint64_t garbled;	  /* what was no note                         */
	uint64_t closed;	  /* by us                                    */
	uint64_t posts, asks;	  /* to nodes, of the directory               */
} altair_rendezvous_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_rendezvous_get_stats(const altair_rendezvous *r,
					    altair_rendezvous_stats *out);

#ifdef __cplusplus
}
#endif
#endif
