/*
 * altair/discover.h - asks STUN servers for our public endpoint (RFC 8489,
 * Binding) over a socket that is used for the connection afterwards.
 *
 * All servers are asked in parallel; addresses of one `group` (one name) on one
 * socket are asked one after the other, the next when the one before has been
 * silent for one RTO or has failed, until one of them answers. Retransmission
 * follows RFC 8489 6.2.1 (RTO, Rc, Rm), cut by `timeout`. Only an answer from
 * the address that was asked, with the transaction id that was sent, counts.
 *
 * Events
 *   ALTAIR_EV_ANSWER           number = server index, addr = mapped address,
 *                              rtt = its round trip (Karn: 0 if the request
 *                              had been repeated)
 *   ALTAIR_EV_SERVER_FAILED    number = server index, reason = TIMEOUT, SERVER
 *                              (`total` = the STUN error code) or INVALID (an
 *                              answer without an address)
 *   ALTAIR_EV_DISCOVERED       once: every server is settled, or `grace` has
 *                              passed since the first answer, or `timeout` has
 *                              passed; reason 0, or NO_ANSWER if none answered.
 *                              Nothing is repeated then, but an answer under
 *                              way still counts and gives ALTAIR_EV_ANSWER
 *   ALTAIR_EV_MAPPING_CHANGED  addr = the new mapped address (keep-alive)
 */
#ifndef ALTAIR_DISCOVER_H
#define ALTAIR_DISCOVER_H

#include <altair/crypto.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_discover altair_discover;

typedef struct altair_discover_config {
	size_t size;
	const altair_crypto *crypto; /* `random` is needed; must outlive it  */
	size_t servers_max;	     /* 1 to 64, default 16                  */
	altair_time rto;	     /* first retransmission, default 500 ms
	                                (RFC 8489 6.2.1), 1 ms to 60 s       */
	unsigned rc, rm;	     /* default 7 and 16 (RFC 8489 6.2.1)    */
	altair_time timeout;	     /* of the whole, default 5 s            */
	altair_time grace_min;	     /* after the first answer the others get
	                                twice its round trip, at least this
	                                (default 50 ms) and at most          */
	altair_time grace_max;	     /* this (default 250 ms)                */
	altair_time keepalive;	     /* 0, or: ask again this often after the
	                                discovery to hold the mapping open   */
} altair_discover_config;

/* Fills in the defaults, `crypto` excepted. */
ALTAIR_API void altair_discover_config_default(altair_discover_config *config);

/* Bytes of memory that altair_discover_init needs for this configuration, 0 if
 * the configuration is invalid. */
ALTAIR_API size_t altair_discover_size(const altair_discover_config *config);

/*
 * Builds a machine in `mem` (aligned as malloc does, `len` bytes), which the
 * caller owns and keeps. Returns 0, ALTAIR_E_INVALID, ALTAIR_E_SPACE, or
 * ALTAIR_E_RANDOM.
 */
ALTAIR_API int altair_discover_init(altair_discover **out, void *mem,
				    size_t len,
				    const altair_discover_config *config,
				    altair_time now);

/* The machine to drive with altair_input, altair_tick and altair_poll. */
ALTAIR_API altair_machine *altair_discover_machine(altair_discover *discover);

/*
 * Adds a server to ask through the caller's socket `sock`, at any time before
 * altair_discover_seal. Returns its index (from 0), or ALTAIR_E_FULL,
 * ALTAIR_E_ADDRESS (port 0, multicast, broadcast, no address), ALTAIR_E_RANDOM,
 * ALTAIR_E_STATE (sealed).
 */
ALTAIR_API int altair_discover_add(altair_discover *discover, altair_time now,
				   uint32_t sock, const altair_addr *server,
				   uint32_t group);

/* No more servers will come: the discovery may end when all are settled. */
ALTAIR_API void altair_discover_seal(altair_discover *discover,
				     altair_time now);

enum altair_answer_state {
	ALTAIR_ANSWER_WAITING, /* its turn in the group has not come        */
	ALTAIR_ANSWER_ASKED,
	ALTAIR_ANSWER_GIVEN,
	ALTAIR_ANSWER_FAILED
};

typedef struct altair_answer {
	altair_addr server;
	altair_addr mapped; /* GIVEN: our address as the server saw it   */
	uint32_t sock, group;
	altair_time rtt; /* GIVEN: 0 when a repeat makes it ambiguous */
	enum altair_answer_state state;
	int reason; /* FAILED: ALTAIR_E_*                        */
	int code;   /* FAILED by the server: its error code      */
} altair_answer;

/* How many servers were added. */
ALTAIR_API size_t altair_discover_count(const altair_discover *discover);

/* The state of server `index`. 0, or ALTAIR_E_INVALID. */
ALTAIR_API int altair_discover_answer(const altair_discover *discover,
				      size_t index, altair_answer *out);

/* How the NAT maps one socket towards several destinations (RFC 4787 4.1). */
enum altair_mapping {
	ALTAIR_MAPPING_UNKNOWN, /* fewer than two servers answered          */
	ALTAIR_MAPPING_STABLE,	/* every server saw the same endpoint       */
	ALTAIR_MAPPING_VARIES	/* per destination: a "symmetric" NAT       */
};

/* What the answers through socket `sock` say about the mapping. */
ALTAIR_API enum altair_mapping
altair_discover_mapping(const altair_discover *discover, uint32_t sock);

typedef struct altair_discover_stats {
	size_t size;
	uint64_t sent, answers;
	uint64_t ignored; /* STUN that is no answer to us: malformed, wrong
	                     transaction, wrong source, late                 */
} altair_discover_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_discover_get_stats(const altair_discover *discover,
					  altair_discover_stats *out);

#ifdef __cplusplus
}
#endif
#endif
