/*
 * altair/punch.h - UDP hole punching with the words PUNCH, PING and PONG, and
 * the keep-alive of the path that it opens. docs/punch.md has the protocol.
 *
 * Events, in the order in which they can come
 *   ALTAIR_EV_ATTEMPT       an attempt begins: number of total (total 0: as many
 *                           as the timeout allows); addr = the peer
 *   ALTAIR_EV_HEARD         the first valid word: addr = where it came from
 *   ALTAIR_EV_PORT_CHANGED  the peer answers from another port than the one we
 *                           were given: addr = the real one. Its NAT maps per
 *                           destination.
 *   ALTAIR_EV_CONNECTED     both directions are known to work: addr = the peer
 *   ALTAIR_EV_VERIFIED      the PING-PONG round trip is done: rtt = its time
 *                           (initiator: PING to PONG, 0 where the
 *                           PONG may answer several words; responder: 0);
 *                           reason = TIMEOUT when no PONG came
 *   ALTAIR_EV_ROLES         number 2: both sides are initiators; 0: neither is
 *   ALTAIR_EV_FAILED        reason = TIMEOUT (nothing valid arrived), ONE_WAY
 *                           (the peer was heard, we were not), NO_PEER (nothing
 *                           arrived, and the peer's host refused our datagrams)
 */
#ifndef ALTAIR_PUNCH_H
#define ALTAIR_PUNCH_H

#include <altair/crypto.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest message in one datagram: fits every path MTU in use, with room
 * for IPv6 and tunnels. */
#define ALTAIR_MESSAGE_MAX 1200

/* PUNCH per attempt (the guide: 5, 400 ms apart, about 2 s). */
#define ALTAIR_PUNCHES_PER_ATTEMPT 5

typedef struct altair_punch altair_punch;

typedef struct altair_punch_config {
	size_t size;
	altair_addr peer;      /* the endpoint we were given                 */
	uint32_t sock;	       /* the caller's number for the socket         */
	bool initiator;	       /* this side sends PING                       */
	unsigned attempts;     /* default 5; 0: as many as `timeout` allows  */
	altair_time interval;  /* between two PUNCH, default 400 ms,
	                          10 ms to 60 s                              */
	altair_time timeout;   /* overall, default 10 s; ALTAIR_NEVER is
	                          allowed                                    */
	altair_time keepalive; /* of silence on our side after which a PUNCH
	                          holds the mapping; default 15 s (RFC 8085
	                          3.5: no more often), 0: none, else at
				  least 10 ms                                */
} altair_punch_config;

/* Fills in `size` and every default. */
ALTAIR_API void altair_punch_config_default(altair_punch_config *config);

/* Bytes of memory for altair_punch_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_punch_size(const altair_punch_config *config);

/*
 * Builds the machine in caller memory and starts it: the first PUNCH is ready
 * to be polled. Returns 0, ALTAIR_E_INVALID (interval, timeout, keepalive), ALTAIR_E_ADDRESS
 * (a peer nobody can be: port 0, multicast, broadcast, unspecified), or
 * ALTAIR_E_SPACE.
 */
ALTAIR_API int altair_punch_init(altair_punch **out, void *mem, size_t len,
				 const altair_punch_config *config,
				 altair_time now);

/* What altair_input, altair_tick and altair_poll take. */
ALTAIR_API altair_machine *altair_punch_machine(altair_punch *punch);

enum altair_punch_state {
	ALTAIR_PUNCH_PUNCHING,
	ALTAIR_PUNCH_CONNECTED,
	ALTAIR_PUNCH_FAILED,
	ALTAIR_PUNCH_CLOSED
};

/* Where the attempt stands now. */
ALTAIR_API enum altair_punch_state
altair_punch_state(const altair_punch *punch);

/* The path that carries data; 0, or ALTAIR_E_STATE before the connection. */
ALTAIR_API int altair_punch_path(const altair_punch *punch, altair_path *out);

/*
 * Prepares one message for the peer: fills *out with the path and `message`
 * itself (not copied) and counts it as traffic that holds the mapping. Returns
 * 0, ALTAIR_E_STATE (not connected), ALTAIR_E_TOO_LONG (over ALTAIR_MESSAGE_MAX),
 * or ALTAIR_E_WORD (it equals PUNCH, PING or PONG).
 */
ALTAIR_API int altair_punch_wrap(altair_punch *punch, altair_time now,
				 altair_bytes message, altair_datagram *out);

/* The system reported that `remote` refuses our datagrams (an ICMP error). It
 * changes nothing but the reason of a failure before the next attempt begins. */
ALTAIR_API void altair_punch_refused(altair_punch *punch,
				     const altair_addr *remote);

/* Ends it: nothing is sent any more. */
ALTAIR_API void altair_punch_close(altair_punch *punch, altair_time now);

typedef struct altair_punch_stats {
	size_t size;
	uint64_t sent;	     /* words sent, keep-alives included            */
	uint64_t keepalives; /* PUNCH sent to hold the mapping              */
	uint64_t heard;	     /* words from the peer                         */
	uint64_t late;	     /* words after the connection, swallowed       */
	uint64_t strangers;  /* datagrams from any other address or port    */
	uint64_t garbage;    /* the peer's address, but no word, too early  */
	uint64_t messages_in, messages_out, bytes_in, bytes_out;
} altair_punch_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_punch_get_stats(const altair_punch *punch,
				       altair_punch_stats *out);

#ifdef __cplusplus
}
#endif
#endif
