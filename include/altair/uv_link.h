/*
 * altair/uv_link.h - connects two programs, and all that it takes: a server that
 * introduces them (docs/rendezvous.md), proof of who the other is, the agent
 * (altair/agent.h), and encryption on whatever path it finds.
 *                                                     Library: libaltair-link.
 *
 *     altair_uv_link_config_default(&config);
 *     config.way = ALTAIR_UV_LINK_CODE, config.code = "7-acorn-river";
 *     config.server = "wss://example.net";
 *     altair_uv_link_open(&link, &loop, &config, &handlers, user);
 *
 * One object is one session with one peer. Who wants many peers opens another one
 * when ALTAIR_UV_LINK_INTRODUCED comes, with the same configuration: it has a
 * code of its own, and calls go to the newest that is there.
 *
 * It runs on the caller's libuv loop or, with loop NULL, on a private one, which
 * is a descriptor for poll(2), select(2) or epoll(7). There is no thread but those
 * in which libuv looks names up. All calls come from the loop's thread, also from
 * within handlers. libwebsockets makes the process ignore SIGPIPE.
 */
#ifndef ALTAIR_UV_LINK_H
#define ALTAIR_UV_LINK_H

#include <altair/secure.h>
#include <altair/uv_agent.h>
#include <altair/verdict.h>

#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_uv_link altair_uv_link;

/* The longest message. Messages are datagrams: each arrives whole or not at all,
 * once, perhaps in another order. */
#define ALTAIR_UV_LINK_MESSAGE_MAX ALTAIR_SECURE_MESSAGE_MAX

/* Room for a ticket, its NUL included; and the most that is looked at. */
#define ALTAIR_UV_LINK_TICKET_TEXT 4096

/* Peers that may call a listener. */
#define ALTAIR_UV_LINK_PEERS_MAX 256

/* How the two find each other. */
enum altair_uv_link_way {
	ALTAIR_UV_LINK_LISTEN, /* the other one comes: with the code that we
	                          show, or because it is one of `peers`      */
	ALTAIR_UV_LINK_CODE,   /* we have the code of one who listens        */
	ALTAIR_UV_LINK_CALL,   /* we have met before: peers[0] listens       */
	ALTAIR_UV_LINK_TICKET  /* the two people exchange texts, in any
	                          order; no server is needed                 */
};

/* Somebody we have met: what ALTAIR_UV_LINK_INTRODUCED told. */
typedef struct altair_uv_link_peer {
	uint8_t key[32];  /* SHA-256 of the public key (SubjectPublicKeyInfo,
	                     DER): who it is                                 */
	uint8_t pair[32]; /* a secret of the two, made when they met         */
} altair_uv_link_peer;

/* All pointers are borrowed for the call of altair_uv_link_open. */
typedef struct altair_uv_link_config {
	size_t size;
	enum altair_uv_link_way way;
	/* "wss://HOST[:PORT]", and "#SHA256" behind it for one server
	 * certificate (64 hexadecimal digits, those of its DER) instead of
	 * the system's authorities; or "ws://HOST[:PORT]", on loopback only
	 * unless `plain`. NULL with ALTAIR_UV_LINK_TICKET: no server. */
	const char *server;
	bool plain;
	const char *ca; /* PEM file of authorities; NULL: the system's       */
	/* Our private key, as altair_openssl_key_save writes it (PEM); no
	 * bytes: one for this session alone. */
	altair_bytes key;
	const char *code; /* of the other side, as altair/code.h reads it    */
	bool no_code;	  /* a listener for `peers` alone shows none         */
	const altair_uv_link_peer *peers; /* up to ALTAIR_UV_LINK_PEERS_MAX  */
	size_t peers_count;
	/* Interfaces, port, relay_only and so on; `crypto` and `controlling`
	 * are set here. `agent.relays_max` 0: no relay, also none that the
	 * server offers. */
	altair_uv_agent_config agent;
	/* Besides what the server offers: STUN servers, up to 3, and TURN
	 * servers, up to 2, over UDP or TCP. */
	const altair_addr *stun;
	size_t stun_count;
	const altair_agent_relay *turn;
	size_t turn_count;
} altair_uv_link_config;

enum altair_uv_link_kind {
	/* `text`: what the other one is to be given, a code or our ticket. A
	 * code that has grown old on the server is followed by a new one. */
	ALTAIR_UV_LINK_SHOW,
	/* The server: `reason` 0, it is reached; else why it is not (`text`: a
	 * sentence). It is tried again; a session goes on without it. */
	ALTAIR_UV_LINK_SERVER,
	/* The other one has proved that it has the code, or is `peer.key`; with
	 * `has_pair`, `peer` is worth keeping: it can be called from now on. */
	ALTAIR_UV_LINK_INTRODUCED,
	/* Once: the other one has proved to have the key `peer.key`, and
	 * protected messages go both ways, by `path`. */
	ALTAIR_UV_LINK_CONNECTED,
	/* After it: they go by `path` now. */
	ALTAIR_UV_LINK_PATH,
	/* The path is silent (`reason` ALTAIR_E_TIMEOUT), or works again (0). */
	ALTAIR_UV_LINK_SILENT,
	/* It is over: the other one has closed. */
	ALTAIR_UV_LINK_LEFT,
	/* It is over, and `text` says what happened and what may be done.
	 * `reason`:
	 *   NETWORK, RESOLVE, TLS, SERVER  the server was never reached
	 *   NO_PEER    nobody listens with this code or name, any longer or yet
	 *   AGAIN      the server has too much to do, or we come too often
	 *   FORBIDDEN  the server refuses us
	 *   SECRET     a wrong code, which is used up now; or by name: the two do
	 *              not know each other any more
	 *   TAMPERED   somebody between the two has changed something
	 *   IDENTITY   the peer has not the key that he must have
	 *   CLOSED     the peer went before there was a path
	 *   TIMEOUT, ONE_WAY  no path, or nobody answers on it */
	ALTAIR_UV_LINK_FAILED
};

typedef struct altair_uv_link_event {
	enum altair_uv_link_kind kind;
	int reason;	  /* 0 or an ALTAIR_E_*                              */
	const char *text; /* without full stop; NULL where there is none     */
	altair_uv_link_peer peer;
	bool has_pair;
	altair_agent_pair path; /* CONNECTED, PATH: with kind and round trip */
	altair_time since;	/* what has passed since altair_uv_link_open */
} altair_uv_link_event;

typedef struct altair_uv_link_handlers {
	/* What is in *event is valid for the call. After LEFT and FAILED only
	 * altair_uv_link_close is of use. */
	void (*event)(void *user, altair_uv_link *link,
		      const altair_uv_link_event *event);
	/* A message of the peer, never before CONNECTED; may be NULL. */
	void (*message)(void *user, altair_uv_link *link, altair_bytes message);
} altair_uv_link_handlers;

/* Fills in `size` and every default: ALTAIR_UV_LINK_LISTEN, no server. */
ALTAIR_API void altair_uv_link_config_default(altair_uv_link_config *config);

/*
 * Begins at once. Handlers are copied, and called from the loop alone. Returns 0,
 * ALTAIR_E_INVALID (configuration), ALTAIR_E_SYNTAX (`server`, `code`),
 * ALTAIR_E_FORBIDDEN (ws:// to another host without `plain`), ALTAIR_E_TLS (`ca`
 * or `key` cannot be used), ALTAIR_E_RANDOM, ALTAIR_E_MEMORY, or what
 * altair_uv_agent_open returns.
 */
ALTAIR_API int altair_uv_link_open(altair_uv_link **out, uv_loop_t *loop,
				   const altair_uv_link_config *config,
				   const altair_uv_link_handlers *handlers,
				   void *user);

/* ALTAIR_UV_LINK_TICKET: the other one's ticket; white space in it and around it
 * does not matter. 0, ALTAIR_E_SYNTAX (no whole ticket), ALTAIR_E_INVALID (it is
 * our own), or ALTAIR_E_STATE (there is one already, or it is over). */
ALTAIR_API int altair_uv_link_take(altair_uv_link *link, const char *ticket);

/*
 * Sends one message. 0, ALTAIR_E_STATE (before CONNECTED, or it is over),
 * ALTAIR_E_TOO_LONG (over ALTAIR_UV_LINK_MESSAGE_MAX), or an error of
 * altair_uv_agent_send: then it is lost, as on any path of datagrams.
 */
ALTAIR_API int altair_uv_link_send(altair_uv_link *link, altair_bytes message);

/* The path as it is now, with its latest round trip; 0, or ALTAIR_E_STATE. Fill in
 * `size` first. */
ALTAIR_API int altair_uv_link_path(const altair_uv_link *link,
				   altair_agent_pair *out);

/* The agent, to be looked at: altair/verdict.h, statistics, candidates. */
ALTAIR_API const altair_agent *altair_uv_link_agent(const altair_uv_link *link);

/*
 * The private loop: wait until the descriptor is readable or so many milliseconds
 * have passed (-1: for ever), as poll(2) does, then turn. Of another loop:
 * ALTAIR_E_STATE.
 */
ALTAIR_API int altair_uv_link_fd(const altair_uv_link *link);
ALTAIR_API int altair_uv_link_timeout(const altair_uv_link *link);

/* Does what is to be done now. False: it is closed, and the object is gone. */
ALTAIR_API bool altair_uv_link_turn(altair_uv_link *link);

/*
 * Tells the other one, and ends: no handler is called any more. libuv's rule: the
 * object lives until `closed` (may be NULL) is called, for about a second at most
 * unless a name is still being looked up. A private loop has to be turned until
 * then.
 */
ALTAIR_API void altair_uv_link_close(altair_uv_link *link,
				     void (*closed)(void *user));

#ifdef __cplusplus
}
#endif
#endif
