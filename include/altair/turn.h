/*
 * altair/turn.h - a TURN client (RFC 8656) as a machine: one allocation on one
 * server, over datagrams or over a stream (TCP, or TLS by the driver).
 *
 * One machine is one life of one allocation: it is made, held by refreshing it,
 * its permissions and its channels in time, and deleted by altair_turn_close.
 * Several servers are several machines. A machine that shares its socket with
 * altair_discover is asked before it: Binding is left to the others.
 *
 * What RFC 8656 7.1 leaves open and is not used: EVEN-PORT, RESERVATION-TOKEN,
 * DONT-FRAGMENT.
 *
 * Only answers from the server's address with our transaction id count, and
 * once we are authenticated only those whose MESSAGE-INTEGRITY is right.
 *
 * Payload. altair_input changes a datagram with the verdict ALTAIR_PAYLOAD:
 * `bytes` become what the peer sent (still in your buffer), path.remote the
 * peer, path.local our relayed address; path.sock stays.
 *
 * Streams. What the stream gave goes through altair_turn_unframe into
 * altair_input, a message at a time. What altair_poll and altair_turn_wrap give
 * is written to the stream whole and in order.
 *
 * Events
 *   ALTAIR_EV_RELAYED      once per address family that was asked for: addr =
 *                          our relayed address, rtt as in altair_discover. Or
 *                          reason: the server gave another family only (addr
 *                          has the missing family, total = its error code)
 *   ALTAIR_EV_PERMITTED    addr = the peer (its port is 0): it may send to us
 *                          and we to it; or reason: no longer, or never
 *   ALTAIR_EV_CHANNEL      addr = the peer, number = its channel: payload has 4
 *                          bytes of overhead; or reason: no longer, or never
 *   ALTAIR_EV_UNREACHABLE  an ICMP error about a peer: addr, number = type,
 *                          total = code; at most one per altair_input
 *   ALTAIR_EV_RELAY_MOVED  addr = the server that we were sent to. Streams:
 *                          open one to it, then call altair_turn_opened
 *   ALTAIR_EV_RELAY_ENDED  once, the last one: reason 0 (deleted as you asked),
 *                          or why; total = the server's error code or 0
 * Where a server's error is the reason, `total` is its code; which code gives
 * which ALTAIR_E_* stands in the manual.
 */
#ifndef ALTAIR_TURN_H
#define ALTAIR_TURN_H

#include <altair/crypto.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_turn altair_turn;

enum altair_turn_families {
	ALTAIR_TURN_IPV4 = 1,
	/* With the other one: both in one allocation, if the server can (coturn
	 * 4.6 cannot: there, two machines on two sockets). */
	ALTAIR_TURN_IPV6 = 2
};

typedef struct altair_turn_config {
	size_t size;
	const altair_crypto *crypto; /* all of it; must outlive the machine  */
	altair_addr server;
	uint32_t sock;		/* the caller's number for the socket       */
	altair_bytes name;	/* at most 508 bytes (RFC 8489 14.3)        */
	altair_bytes password;	/* at most 508 bytes; both are copied and as
	                           OpaqueString (RFC 8265) wants them       */
	unsigned families;	/* of the relayed address; default IPv4     */
	bool is_stream;		/* default false                            */
	bool is_early;		/* altair_turn_wrap goes from when a
	                           permission has been asked for, without
	                           waiting for the answer: what overtakes the
	                           request is lost. Default false           */
	bool takes_over;	/* an allocation that our 5-tuple has
	                           already is deleted first: it is one of our
	                           own, whose answer was lost. Default false */
	uint32_t lifetime;	/* seconds to ask for; default 0: what the
	                           server likes (RFC 8656 7.1)              */
	size_t permissions_max; /* 1 to 256, default 32                     */
	size_t channels_max;	/* 1 to 256, default 16                     */
	size_t requests_max;	/* at the same time, 1 to 32, default 8     */
	size_t message_max;	/* streams: longer messages are skipped; 64 to
	                           65556, default 2048                      */
	altair_time rto;	/* default 500 ms (RFC 8489 6.2.1), 1 ms to
	                           60 s                                     */
	unsigned rc, rm;	/* default 7 and 16 (RFC 8489 6.2.1)        */
	altair_time ti;		/* streams: how long a request may take, or the
	                           stream is dead and the machine ends;
	                           default 39.5 s (RFC 8489 6.2.2)          */
} altair_turn_config;

/* Fills in the defaults; `crypto`, `server`, `name`, `password` are yours. */
ALTAIR_API void altair_turn_config_default(altair_turn_config *config);

/* Bytes of memory for altair_turn_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_turn_size(const altair_turn_config *config);

/*
 * Builds a machine in `mem` (aligned as malloc does, `len` bytes). Over
 * datagrams it begins at once, over a stream with altair_turn_opened. Returns
 * 0, ALTAIR_E_INVALID, ALTAIR_E_ADDRESS (of the server), or ALTAIR_E_SPACE.
 */
ALTAIR_API int altair_turn_init(altair_turn **out, void *mem, size_t len,
				const altair_turn_config *config,
				altair_time now);

/* The machine to drive with altair_input, altair_tick and altair_poll. */
ALTAIR_API altair_machine *altair_turn_machine(altair_turn *turn);

/* The relayed address of a family (ALTAIR_IPV4, ALTAIR_IPV6), the address that
 * the server saw us come from, the server that is asked now. 0, or
 * ALTAIR_E_STATE as long as there is none. */
ALTAIR_API int altair_turn_relayed(const altair_turn *turn,
				   enum altair_family family, altair_addr *out);
ALTAIR_API int altair_turn_mapped(const altair_turn *turn, altair_addr *out);
ALTAIR_API int altair_turn_server(const altair_turn *turn, altair_addr *out);

/*
 * Asks for a permission for the peer's IP (its port does not matter) and holds
 * it; also before there is an allocation. Returns 0, ALTAIR_E_ADDRESS,
 * ALTAIR_E_FAMILY (no relayed address of this family), ALTAIR_E_FULL, or
 * ALTAIR_E_STATE (it ended or was closed).
 */
ALTAIR_API int altair_turn_permit(altair_turn *turn, altair_time now,
				  const altair_addr *peer);

/* The same, and binds a channel to the peer and holds it. A place in the table
 * is free again 15 minutes after it was forgotten (RFC 8656 12). */
ALTAIR_API int altair_turn_bind(altair_turn *turn, altair_time now,
				const altair_addr *peer);

/* Holds the permission for the peer's IP and the channels to this IP no longer,
 * and takes no data from it. */
ALTAIR_API void altair_turn_forget(altair_turn *turn, altair_time now,
				   const altair_addr *peer);

/* True while altair_turn_wrap takes payload to this peer. */
ALTAIR_API bool altair_turn_allows(const altair_turn *turn,
				   const altair_addr *peer);

/* The IP that place `index` of the table of permissions holds. 0,
 * ALTAIR_E_STATE (the place is free), or ALTAIR_E_INVALID (there is no such). */
ALTAIR_API int altair_turn_permission(const altair_turn *turn, size_t index,
				      altair_addr *out);

/* What altair_turn_wrap writes in front of the payload, and behind it. */
#define ALTAIR_TURN_HEADROOM 48
#define ALTAIR_TURN_TAILROOM 4

/*
 * Makes a message to the server of a payload to the peer, in place: the caller
 * owns ALTAIR_TURN_HEADROOM bytes in front of `payload` and
 * ALTAIR_TURN_TAILROOM behind it. A ChannelData message where a channel is
 * bound, otherwise a Send indication. Returns 0, ALTAIR_E_STATE (no
 * permission), ALTAIR_E_TOO_LONG (65000 bytes go), ALTAIR_E_ADDRESS (`peer` is none
 * to send to), or ALTAIR_E_RANDOM.
 */
ALTAIR_API int altair_turn_wrap(altair_turn *turn, const altair_addr *peer,
				uint8_t *payload, size_t len,
				altair_datagram *out);

/* Refreshes the allocation now: after a change of the network, or a long silence,
 * the server may know us no longer, which ALTAIR_EV_RELAY_ENDED then tells. Does
 * nothing while there is no allocation. */
ALTAIR_API void altair_turn_probe(altair_turn *turn, altair_time now);

/* Deletes the allocation; ALTAIR_EV_RELAY_ENDED tells when that is done. Who
 * does not want to wait may stop driving the machine. */
ALTAIR_API void altair_turn_close(altair_turn *turn, altair_time now);

/* The stream to the server is open; it is lost (reason: an ALTAIR_E_*, told by
 * ALTAIR_EV_RELAY_ENDED). */
ALTAIR_API void altair_turn_opened(altair_turn *turn, altair_time now);
ALTAIR_API void altair_turn_lost(altair_turn *turn, int reason);

/*
 * Takes bytes of a stream, in any split. Returns 1 with a message in *out, to
 * be given to altair_input before the next call; 0 when `in` is used up; or
 * ALTAIR_E_INVALID: this is no stream of a TURN server, close it. Moves `in`
 * forward. The message is in your buffer where it came whole.
 */
ALTAIR_API int altair_turn_unframe(altair_turn *turn, altair_bytes *in,
				   altair_datagram *out);

typedef struct altair_turn_stats {
	size_t size;
	uint64_t sent;	   /* requests, repeats included                    */
	uint64_t answers;  /* that counted                                  */
	uint64_t ignored;  /* what came from the server or with our
	                      transaction and did not count                 */
	uint64_t payloads; /* from peers                                    */
	uint64_t wrapped;  /* to peers                                      */
} altair_turn_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_turn_get_stats(const altair_turn *turn,
				      altair_turn_stats *out);

#ifdef __cplusplus
}
#endif
#endif
