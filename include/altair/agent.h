/*
 * altair/agent.h - the connectivity agent: ICE (RFC 8445) with trickle (RFC
 * 8838), patience (RFC 8863) and consent (RFC 7675), for one component over UDP.
 * It connects two hosts that exchange credentials and candidates, as text, by
 * any signalling.
 *
 * The order of calls: altair_agent_init; altair_agent_add_host for each address,
 * altair_agent_add_server for each STUN server and altair_agent_add_relay for
 * each TURN server; altair_agent_gather; servers and relays that become known
 * later; altair_agent_seal. What the peer signals goes to
 * altair_agent_remote, altair_agent_add_remote and
 * altair_agent_end_of_candidates, at any time and in any order.
 *
 * A path carries data once an authenticated check came from the peer's address,
 * or ours to it was answered. Until ours is answered, at most three times the
 * bytes that came from it are sent there (RFC 9000 8.1).
 *
 * Events
 *   ALTAIR_EV_CANDIDATE          a local candidate for the peer: number = what
 *                                altair_agent_candidate takes, addr = its
 *                                address
 *   ALTAIR_EV_END_OF_CANDIDATES  no more of them, only after altair_agent_seal;
 *                                but those of addresses that come later
 *   ALTAIR_EV_STATE              number = enum altair_agent_state, which begins
 *                                as GATHERING; for FAILED reason = TIMEOUT
 *                                (nothing valid arrived, or no more) or ONE_WAY
 *                                (the peer was heard, we were not)
 *   ALTAIR_EV_CREDENTIALS        ours have changed: the session has restarted.
 *                                The candidates follow again; the peer has to
 *                                be told of both
 *   ALTAIR_EV_RELAY_ENDED        relay `number` gives no address, or no longer:
 *                                reason and total as in altair/turn.h. It will
 *                                be asked again
 *   ALTAIR_EV_OPEN               open a stream to addr, its `sock` is number;
 *                                total = number of the relay + 1,
 *                                0: directly to the peer (ICE-TCP)
 *   ALTAIR_EV_SHUT               close stream `number`
 *   ALTAIR_EV_SELECTED           data goes another way now: addr = the remote,
 *                                rtt = its round trip, 0 where unknown
 */
#ifndef ALTAIR_AGENT_H
#define ALTAIR_AGENT_H

#include <altair/crypto.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest message in one datagram, as for altair/punch.h. */
#define ALTAIR_AGENT_MESSAGE_MAX 1200

/* Room for any text that altair_agent_candidate writes, its NUL included. */
#define ALTAIR_CANDIDATE_TEXT 256

/* Sockets with an address each, and STUN servers, of one agent. */
#define ALTAIR_AGENT_HOSTS_MAX 8
#define ALTAIR_AGENT_SERVERS_MAX 4
#define ALTAIR_AGENT_RELAYS_MAX 4

/* The `sock` of a stream is from here on, that of a host below. What goes to a
 * stream is written to it whole and in order. */
#define ALTAIR_AGENT_STREAM (1u << 16)

typedef struct altair_agent altair_agent;

typedef struct altair_agent_config {
	size_t size;
	const altair_crypto *crypto; /* `random` and `hmac_sha1` are needed;
	                                must outlive it                      */
	bool controlling;	     /* our role (RFC 8445 6.1.1): by convention
	                                of who sent the first offer; if both
	                                have the same one it is repaired     */
	bool lite;		     /* ICE-lite, for a host that everybody can
	                                reach: no checks, no servers; always
	                                controlled                           */
	bool loopback;		     /* allow 127/8 and ::1, for tests       */
	altair_time ta;		     /* between two new transactions, gathering
	                                and checks together (RFC 8445 14.2),
	                                but for the first four questions to
	                                servers, and a check from relay to
	                                relay; default 20 ms, 5 ms to 1 s    */
	altair_time patience;	     /* no failure before this, from when both
	                                sides have credentials; default 39.5 s
	                                (RFC 8863 4). It counts anew from each
	                                candidate, until the peer says that
	                                there will be no more                */
	size_t relays_max;	     /* TURN servers, default 2, at most
	                                ALTAIR_AGENT_RELAYS_MAX; each takes
	                                about 12 KiB                         */
	bool relay_only;	     /* our own addresses are neither told nor
	                                used but to reach the relays         */
} altair_agent_config;

/* Fills in the defaults, `crypto` excepted. */
ALTAIR_API void altair_agent_config_default(altair_agent_config *config);

/* Bytes of memory for altair_agent_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_agent_size(const altair_agent_config *config);

/*
 * Builds the machine in caller memory, with new credentials. Returns 0,
 * ALTAIR_E_INVALID, ALTAIR_E_SPACE, or ALTAIR_E_RANDOM.
 */
ALTAIR_API int altair_agent_init(altair_agent **out, void *mem, size_t len,
				 const altair_agent_config *config,
				 altair_time now);

/* What altair_input, altair_tick and altair_poll take. */
ALTAIR_API altair_machine *altair_agent_machine(altair_agent *agent);

/*
 * Adds one of our addresses, reached through the caller's socket `sock`; the one
 * added first is preferred. One that comes later is told as a candidate, checked
 * from at once, and servers are asked through it. Returns 0 (also for one that is
 * there), ALTAIR_E_ADDRESS (port 0, loopback, link-local, multicast, no address),
 * ALTAIR_E_INVALID (`sock` is a stream's), ALTAIR_E_FULL, or ALTAIR_E_STATE (it
 * was closed). After failure a restart makes use of it.
 */
ALTAIR_API int altair_agent_add_host(altair_agent *agent, altair_time now,
				     uint32_t sock, const altair_addr *addr);

/*
 * One of our addresses is gone: its pairs fail, its reflexive candidates are no
 * more, a relay that went through it begins anew through another, and so do
 * streams that came from its IP. Returns 0, ALTAIR_E_ADDRESS (there is no such), or
 * ALTAIR_E_STATE (it was closed).
 */
ALTAIR_API int altair_agent_remove_host(altair_agent *agent, altair_time now,
					uint32_t sock, const altair_addr *addr);

/* The host has slept, or its network has changed: the path, the relays and the
 * STUN servers are asked at once. A late altair_tick is understood so, too. */
ALTAIR_API void altair_agent_resumed(altair_agent *agent, altair_time now);

/*
 * Adds a STUN server, to be asked through every socket of its address family,
 * at any time before altair_agent_seal. Returns 0 (also for one that is there),
 * ALTAIR_E_ADDRESS (as altair_agent_add_host), ALTAIR_E_FULL, or ALTAIR_E_STATE
 * (also for a lite agent, which asks nobody).
 */
ALTAIR_API int altair_agent_add_server(altair_agent *agent, altair_time now,
				       const altair_addr *server);

typedef struct altair_agent_relay {
	size_t size;		     /* sizeof(altair_agent_relay)           */
	altair_addr server;	     /* TURN (RFC 8656)                      */
	altair_bytes name, password; /* copied; 512 bytes together, 508 each */
	unsigned families;	     /* enum altair_turn_families; 0: IPv4   */
	bool is_stream;		     /* over TCP, or TLS: see ALTAIR_EV_OPEN */
	bool is_tls;		     /* the stream is: this one is used after
	                                those over UDP and TCP               */
} altair_agent_relay;

/*
 * Adds a TURN server, at any time before altair_agent_seal. Over UDP it is
 * reached through a host of its family. Returns its number (from 0),
 * ALTAIR_E_ADDRESS (as altair_agent_add_host), ALTAIR_E_INVALID (size, families),
 * ALTAIR_E_SPACE (name and password are too long), ALTAIR_E_FULL,
 * ALTAIR_E_UNSUPPORTED (the crypto table lacks functions), or ALTAIR_E_STATE.
 */
ALTAIR_API int altair_agent_add_relay(altair_agent *agent, altair_time now,
				      const altair_agent_relay *relay);

/* Begins at once to gather candidates with what is there. 0, or ALTAIR_E_STATE
 * the second time. */
ALTAIR_API int altair_agent_gather(altair_agent *agent, altair_time now);

/* There will be no more servers and relays: local candidates end when those that
 * are known have answered. The second time it does nothing. */
ALTAIR_API void altair_agent_seal(altair_agent *agent, altair_time now);

/* Our credentials (RFC 8445 5.3), for the peer; valid until they change. */
ALTAIR_API const char *altair_agent_ufrag(const altair_agent *agent);
ALTAIR_API const char *altair_agent_pwd(const altair_agent *agent);

/*
 * Writes local candidate `number` as RFC 8839 5.1 has it, "candidate:...".
 * Returns the length without the NUL, ALTAIR_E_INVALID (there is no such one),
 * or ALTAIR_E_SPACE (ALTAIR_CANDIDATE_TEXT always suffices).
 */
ALTAIR_API int altair_agent_candidate(const altair_agent *agent,
				      uint32_t number, char *out, size_t cap);

/*
 * The peer's credentials. Others than the ones that are known mean that the peer
 * has restarted: then we do, too, and ALTAIR_EV_CREDENTIALS tells it. Returns 0
 * (also for those that are known), ALTAIR_E_SYNTAX (RFC 8839 5.4),
 * ALTAIR_E_RANDOM, or ALTAIR_E_STATE (it was closed). An error changes nothing.
 */
ALTAIR_API int altair_agent_remote(altair_agent *agent, altair_time now,
				   const char *ufrag, const char *pwd);

/*
 * ICE restart (RFC 8445 9): new credentials, which ALTAIR_EV_CREDENTIALS tells,
 * and all candidates again; the peer answers with new ones of its own. Data goes
 * on as before until a path of the new generation is valid. Also when it has
 * failed, and when the peer restarts at the same time. Sockets and role stay.
 * Returns 0, ALTAIR_E_RANDOM, or ALTAIR_E_STATE (before altair_agent_gather, or
 * it was closed). An error changes nothing.
 */
ALTAIR_API int altair_agent_restart(altair_agent *agent, altair_time now);

/* The peer is an ICE-lite implementation ("a=ice-lite"): we control. To be told
 * before its credentials. 0, or ALTAIR_E_STATE (we are lite, too, so that
 * nobody would check, or it is closed). */
ALTAIR_API int altair_agent_remote_is_lite(altair_agent *agent);

/*
 * One of the peer's candidates. Returns 0 (also for one we have),
 * ALTAIR_E_SYNTAX (no candidate), ALTAIR_E_ADDRESS (none that we can use: a name,
 * TCP that is not passive, loopback, link-local, multicast, port 0),
 * ALTAIR_E_FULL (more than 20 that its checks had not shown), or ALTAIR_E_STATE (it
 * is over). An error changes nothing.
 */
ALTAIR_API int altair_agent_add_remote(altair_agent *agent, altair_time now,
				       const char *text);

/* The peer has no more candidates. */
ALTAIR_API void altair_agent_end_of_candidates(altair_agent *agent,
					       altair_time now);

/* Room for any text that altair_agent_describe writes, its NUL included, and the
 * most that altair_agent_accept looks at. */
#define ALTAIR_AGENT_DESCRIPTION_TEXT 8192
#define ALTAIR_AGENT_DESCRIPTION_MAX 65536

/*
 * Writes what the peer has to know as the attribute lines of RFC 8839 5, each
 * with CRLF: ice-ufrag, ice-pwd, ice-options, ice-lite, our candidates up to now (none
 * before altair_agent_gather), and end-of-candidates once that is so. May be
 * written again at any time. Returns the length without the NUL, or
 * ALTAIR_E_SPACE.
 */
ALTAIR_API int altair_agent_describe(const altair_agent *agent, char *out,
				     size_t cap);

/*
 * Takes such a text of the peer, whole or a part of it, with CRLF or LF; what is
 * known already is harmless. Unknown lines are skipped, and candidates that
 * altair_agent_add_remote refuses for another reason than their syntax. Without
 * the option "trickle" the candidates are complete (RFC 8838 5).
 * Returns 0, ALTAIR_E_SYNTAX (a line is wrong, or nothing is there for us),
 * ALTAIR_E_TOO_LONG (over ALTAIR_AGENT_DESCRIPTION_MAX), or what
 * altair_agent_remote returns. An error changes nothing.
 */
ALTAIR_API int altair_agent_accept(altair_agent *agent, altair_time now,
				   const char *text);

enum altair_agent_state {
	ALTAIR_AGENT_GATHERING,	   /* no check has left yet                  */
	ALTAIR_AGENT_CHECKING,	   /* and no path carries data yet           */
	ALTAIR_AGENT_CONNECTED,	   /* a path carries data                    */
	ALTAIR_AGENT_COMPLETED,	   /* and it has been nominated              */
	ALTAIR_AGENT_SUSPECT,	   /* the path is silent, and no better one is
				      there yet                              */
	ALTAIR_AGENT_DISCONNECTED, /* consent has expired: sending pauses,
				      checks go on for ten minutes           */
	ALTAIR_AGENT_FAILED,	   /* it ended without a path                */
	ALTAIR_AGENT_CLOSED
};

/* Where the agent stands now. */
ALTAIR_API enum altair_agent_state
altair_agent_state(const altair_agent *agent);

/* Our role at present. */
ALTAIR_API bool altair_agent_is_controlling(const altair_agent *agent);

/* The path that carries data; 0, or ALTAIR_E_STATE when there is none. Where our
 * end is relayed, `local` is the relayed address and `sock` leads to the relay. */
ALTAIR_API int altair_agent_path(const altair_agent *agent, altair_path *out);

/* What altair_agent_wrap may write in front of the payload, and behind it. */
#define ALTAIR_AGENT_HEADROOM 48
#define ALTAIR_AGENT_TAILROOM 4

/*
 * Prepares one message for the peer, in place: the caller owns
 * ALTAIR_AGENT_HEADROOM bytes in front of `payload` and ALTAIR_AGENT_TAILROOM
 * behind it, and *out is a view of them. Returns 0, ALTAIR_E_STATE (no path
 * carries data), ALTAIR_E_TOO_LONG (`len` is over ALTAIR_AGENT_MESSAGE_MAX),
 * ALTAIR_E_WORD (the payload looks like STUN), ALTAIR_E_RANDOM (through a relay), or
 * ALTAIR_E_AGAIN (three times the bytes received: wait for the answer to our check).
 * Call altair_poll
 * afterwards: the deadline may be earlier, because data wants an answer.
 */
ALTAIR_API int altair_agent_wrap(altair_agent *agent, uint8_t *payload,
				 size_t len, altair_datagram *out);

/* Streams: stream `sock` is open, from `local` (when that goes with
 * altair_agent_remove_host the stream is given up; NULL where it is unknown); or it
 * is lost or could not be opened (reason: an ALTAIR_E_*). */
ALTAIR_API void altair_agent_opened(altair_agent *agent, altair_time now,
				    uint32_t sock, const altair_addr *local);
ALTAIR_API void altair_agent_lost(altair_agent *agent, altair_time now,
				  uint32_t sock, int reason);

/*
 * Takes bytes of stream `sock`, in any split. Returns 1 with a message in *out, to
 * be given to altair_input before the next call; 0 when `in` is used up; or
 * ALTAIR_E_INVALID: this is none of ours, close it and call altair_agent_lost.
 * Moves `in` forward. The message is in your buffer or in the agent's.
 */
ALTAIR_API int altair_agent_unframe(altair_agent *agent, uint32_t sock,
				    altair_bytes *in, altair_datagram *out);

/* Ends it: relayed addresses are given back with one message each, then nothing
 * is sent any more. Streams are to be closed when that is written. */
ALTAIR_API void altair_agent_close(altair_agent *agent);

typedef struct altair_agent_stats {
	size_t size;
	uint64_t checks;	/* requests sent, each sending               */
	uint64_t consents;	/* requests sent to hold the consent         */
	uint64_t answers;	/* success responses to either               */
	uint64_t requests;	/* the peer's, answered                      */
	uint64_t refused;	/* requests answered with an error           */
	uint64_t ignored;	/* STUN that is malformed, forged, late      */
	uint64_t strangers;	/* datagrams from where no path is           */
	uint64_t role_switches; /* after a role conflict                     */
	uint64_t unsent;	/* for want of room: poll more often         */
	uint64_t messages_in, messages_out, bytes_in, bytes_out;
	uint64_t unusable; /* candidates of the peer that were refused   */
	uint64_t unauthenticated; /* of refused and ignored: credentials that
	                             do not fit                            */
	uint64_t names; /* of these: with a name (mDNS), not an IP    */
} altair_agent_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_agent_get_stats(const altair_agent *agent,
				       altair_agent_stats *out);

#ifdef __cplusplus
}
#endif
#endif
