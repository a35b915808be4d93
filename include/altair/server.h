/*
 * altair/server.h - a STUN and TURN server (RFC 8489, RFC 8656) as a machine.
 *
 * STUN. It answers well-formed Binding requests, without state, event or timer.
 * An answer holds XOR-MAPPED-ADDRESS only: 32 bytes for IPv4, 44 for IPv6, 8
 * more when the request carried FINGERPRINT. A request with unknown
 * comprehension-required attributes gets 420 and their list, at most 1.5 times
 * the request. Answers to a merged burst leave as one merged burst.
 *
 * NAT behaviour discovery, where the configuration has `alternates`, and only on
 * their sockets: answers name our other address (12 bytes more, 24 for IPv6) and
 * leave from another socket when CHANGE-REQUEST wants that. RESPONSE-PORT, to no
 * port below 1024, and PADDING make no answer longer than its request, but for
 * the 32 or 44 bytes that every request gets. Above `challenge_rate` answers a
 * second that are longer than their requests a source gets those only, and none at
 * another port.
 *
 * TURN, where the configuration has `allocations_max`: allocations of UDP ports
 * for users with long-term credentials, MD5 and SHA-1 as well as the profile of RFC
 * 8489 (SHA-256, USERHASH). Nobody who lacks a password costs memory: nonces are
 * not kept. All tables have the sizes of the configuration: the one more
 * allocation is refused with 508, a user over quota with 486. A source is
 * challenged `challenge_rate` times a second; after `guesses_max` wrong passwords
 * within a minute nobody new is let in from there for `guess_wait`, then for twice
 * as long each time, up to `guess_wait_max`. Who has been let in from there before
 * counts by himself, and what is allocated goes on.
 *
 * Where the relay may send is asked for each permission, channel and Send
 * indication. It is default-deny: nothing that is not globally reachable, in
 * whatever form it is written; not this host (`own`, the relay's own addresses, all
 * of loopback) unless `allow` has that single address; never an endpoint of `never`; no port
 * below 1024. The relayed address of a live allocation of this server is a peer
 * like any other: what is sent there is handed over inside, by way of the host
 * where another of several machines has it.
 *
 * Relayed transport addresses. The machine chooses their ports; the driver opens
 * a socket for each:
 *   ALTAIR_EV_RELAY_OPEN   bind a UDP socket to `addr`; `number` is the sock it
 *                          shall have (ALTAIR_SERVER_RELAY or more). Then call
 *                          altair_server_opened, at once, still while polling,
 *                          or later; the client waits for it
 *   ALTAIR_EV_RELAY_CLOSE  close the socket with the sock `number`
 * What arrives there goes into altair_input with that path.sock, merged or not;
 * what altair_poll gives with such a path.sock leaves there. An open is told
 * before what it is needed for, a close behind what still had to leave.
 *
 * Streams (RFC 8489 6.2.2, RFC 8656 3.1), where the configuration has
 * `connections_max`. The driver accepts connections, over TLS if it likes, gives
 * each a free number and says so to altair_server_accepted. What one brings goes
 * through altair_server_unframe, and the messages that come out of it into
 * altair_input. What altair_poll gives with its path.sock is written whole and in
 * order; `segment` does not matter there. What is relayed to a client that reads
 * too slowly (ChannelData, Data indications) may be left out, a message at a
 * time; when anything else has no room, the stream is closed.
 *   ALTAIR_EV_SHUT   close the stream with the sock `number`, behind what still
 *                    had to leave; then the number is free
 * A stream is shut that has brought no message `silence_max` after it was accepted,
 * or after `proof_max` none of a user who has proved it; later, when it has had no
 * allocation for `idle_max`. With the stream its allocation ends, but for one with
 * a mobility ticket (RFC 8016), which waits for its client until it expires.
 */
#ifndef ALTAIR_SERVER_H
#define ALTAIR_SERVER_H

#include <altair/crypto.h>
#include <altair/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_server altair_server;

/* What the machines of one server have in common; see altair_server_common_init. */
typedef struct altair_server_common altair_server_common;

/* Your sockets have lower numbers. Below ALTAIR_SERVER_RELAY + 131072. */
#define ALTAIR_SERVER_RELAY 65536u

/* Streams have the numbers from here to ALTAIR_SERVER_STREAM + connections_max:
 * one more than there may be, as a new one may push out another. */
#define ALTAIR_SERVER_STREAM (1u << 20)

/* Who may use the relay: a name and the keys of RFC 8489 18.5.1. */
typedef struct altair_server_user {
	altair_bytes name; /* at most 508 bytes (RFC 8489 14.3)           */
	uint8_t md5[16];   /* of "name:realm:password"                    */
	uint8_t sha256[32];
} altair_server_user;

/* Every address whose first `bits` bits are those of `ip`. */
typedef struct altair_server_prefix {
	altair_addr ip; /* its port does not matter                       */
	unsigned bits;	/* at most 32 or 128                              */
} altair_server_prefix;

/* Four sockets for NAT behaviour discovery (RFC 5780 6): two addresses with two
 * ports each. Of index i, bit 0 stands for the other port and bit 1 for the other
 * address. */
typedef struct altair_server_alternate {
	uint32_t sock[4];
	altair_addr addr[4]; /* where they are bound, and clients reach them */
} altair_server_alternate;

typedef struct altair_server_config {
	size_t size;
	size_t batch_max;  /* datagrams (bursts) per altair_input, default 32,
	                      at most 4096                                   */
	size_t buffer_len; /* bytes of output per altair_input, default
	                      128 KiB, at most 16 MiB; what does not fit is
	                      not answered, or lost                          */

	/* RFC 5780, copied; at most one of each family. It needs `random` of
	 * `crypto`, and `challenge_rate` holds for its longer answers. */
	const altair_server_alternate *alternates;
	size_t alternate_count;

	/* TURN. What is pointed to is copied, except `crypto`. */
	size_t allocations_max; /* default 0: STUN only; at most 1,000,000   */
	const altair_crypto *crypto; /* all of it; must outlive the machine  */
	altair_bytes realm;	     /* default "altair"; at most 127 bytes. A
	                           challenge has 80 bytes with up to 8       */
	const altair_server_user *users;
	size_t user_count; /* at most 1,000,000                         */
	/* Each lets in who has a name "time:user" (seconds of Unix) and the
	 * password that it makes of it (TURN REST). With any of them names are
	 * not hidden (USERHASH). */
	const altair_bytes *rest_secrets;
	size_t rest_secret_count; /* at most 8                               */
	uint64_t unix_time;	  /* seconds, now: for those names           */
	altair_addr relay_ipv4, relay_ipv6; /* bound for relaying; default no
	                           address: not this family; one is needed   */
	altair_addr external_ipv4, external_ipv6; /* told to clients instead:
	                           behind a 1:1 NAT; default no address      */
	uint16_t port_min, port_max; /* of relayed addresses, default 49152 to
	                           65535; not below 1024                     */
	size_t permissions_max;	     /* server-wide; default 0: 4 an allocation,
	                           and permissions_each more                 */
	size_t channels_max; /* the same for channels                     */
	unsigned permissions_each, channels_each; /* at most, of one
	                           allocation; default 64, 1 to 4096         */
	bool mobility; /* default true: an allocation may follow its client to
	                  another address (RFC 8016)                         */
	unsigned quota_user;   /* allocations of a user, default 10         */
	unsigned quota_prefix; /* allocations made from one source (IPv4 address
	                           or 64 bits of IPv6), default 32            */
	/* Bits a second that are relayed in each direction, IP and UDP headers on
	 * the peers' side counted: of one allocation, of all of a user, of all
	 * made from one source, in all. What is more is lost, but for bursts of a
	 * quarter of a second. 0: any number; else 1000 to 10^11. */
	uint64_t bandwidth_allocation; /* default 10,000,000 */
	uint64_t bandwidth_user, bandwidth_prefix, bandwidth_total; /* 0 */
	uint32_t lifetime;	 /* seconds, where a client asks for no more;
	                      default 600; 600 to lifetime_max               */
	uint32_t lifetime_max;	 /* seconds, default 3600; 600 to 86400       */
	unsigned challenge_rate; /* answers a second to a source (IPv4 address
	                           or 64 bits of IPv6) that has proved nothing;
	                           default 10, 0 for any number, at most 10000 */
	unsigned guesses_max;	 /* wrong passwords in a minute from one source,
	                      then nobody new is let in from there; default
	                      10, 1 to 60                                    */
	/* For so long: default 30 s, then twice as long each time, up to 10
	 * minutes; 1 s to 1 hour. */
	altair_time guess_wait, guess_wait_max;
	altair_time nonce_life; /* default 1 hour; 1 s to 1 day              */
	const altair_server_prefix *allow; /* peers that are denied by
	                           default, and yet may be                   */
	size_t allow_count;
	const altair_addr *own; /* addresses of this host; ports do not
	                           matter. Loopback, and what is relayed from,
	                           is so anyway. When they change call
	                           altair_server_renew                       */
	size_t own_count;
	const altair_addr *never; /* endpoints of this host that no peer is:
	                           listeners, control, metrics; 0.0.0.0 and ::
	                           stand for all of `own`                    */
	size_t never_count;
	bool dont_fragment; /* the driver heeds altair_datagram.whole, so
	                       DONT-FRAGMENT is offered; default false         */
	bool low_ports;	    /* peers may have ports below 1024           */

	/* Streams, with or without TURN. They need crypto->random. */
	size_t connections_max;	     /* default 0: none; at most 100,000    */
	unsigned connections_prefix; /* of those from one IPv4 address or 64
	                           bits of IPv6 whose users have not proved
	                           who they are; default 50, 0 for any
	                           number. With proof or without it there are
	                           so many and quota_prefix more at most     */
	unsigned tls_rate; /* handshakes of TLS in a second of one IPv4 address
	                      or 64 bits of IPv6; default 50, 0 for any number,
	                      at most 10000                                  */
	/* How long a stream may bring no message, no proof, and be without an
	 * allocation: default 5, 10, 60 s; 1 s to 1 day.                    */
	altair_time silence_max, proof_max, idle_max;
	size_t message_max; /* of a stream whose user has proved who they are;
	                       default 16 KiB, 2 KiB to 64 KiB               */
	/* Several machines as one server, a thread each; see below. */
	altair_server_common *common; /* default NULL: there is one machine  */
	unsigned worker, workers;     /* which one it is, from 0 on, of at most
	                           128, and of at most as many as ports      */
} altair_server_config;

/* Fills in `size` and every default. */
ALTAIR_API void altair_server_config_default(altair_server_config *config);

/* Makes the keys of a user. The name is borrowed as long as `out` is in use. */
ALTAIR_API void altair_server_make_user(altair_server_user *out,
					const altair_crypto *crypto,
					altair_bytes name, altair_bytes realm,
					altair_bytes password);

/* Bytes of memory for altair_server_init; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_server_size(const altair_server_config *config);

/* Returns 0, ALTAIR_E_INVALID, ALTAIR_E_SPACE, or ALTAIR_E_RANDOM. */
ALTAIR_API int altair_server_init(altair_server **out, void *mem, size_t len,
				  const altair_server_config *config,
				  altair_time now);

/*
 * Several threads as one server: all machines have the same configuration but for
 * `worker`, and the same `common`, made first of that configuration in `mem`
 * (aligned as malloc does), which must outlive them. What the configuration limits
 * holds for all together: allocations, streams, quotas, bandwidths, rates, guesses;
 * but for the pools of permissions and channels, which each has. When streams are
 * many, one who comes to a machine may cost the oldest stranger of another his
 * place (altair_server_wakes). Without TURN it is of use for
 * `connections_max` alone. Each has a part of the
 * relay ports and the same sockets otherwise. What a client sends to the relayed
 * address of one on another machine leaves like any other datagram, to
 * `relay_ipv4` or `relay_ipv6`, and comes in there.
 * altair_server_common_size is 0 if the configuration is invalid; _init returns as
 * altair_server_init.
 */
ALTAIR_API size_t altair_server_common_size(const altair_server_config *config);
ALTAIR_API int altair_server_common_init(altair_server_common **out, void *mem,
					 size_t len,
					 const altair_server_config *config);

/*
 * Whose a datagram of a client is that shows the ticket (RFC 8016) or the token of
 * a reserved port of another machine: the number of that one, to whose altair_input
 * it must go, as must whatever comes on the same path as long as that one knows it;
 * or -1: it is none. Not for streams, whose clients stay with their machine.
 */
ALTAIR_API int altair_server_worker(const altair_server *server,
				    const altair_datagram *datagram);

/* True while a client on this path has an allocation here. */
ALTAIR_API bool altair_server_knows(altair_server *server,
				    const altair_path *path);

/* What altair_input, altair_tick and altair_poll take. */
ALTAIR_API altair_machine *altair_server_machine(altair_server *server);

/*
 * The answer to ALTAIR_EV_RELAY_OPEN: `error` is 0, or an ALTAIR_E_* when the
 * address could not be bound; another one is then chosen. What was polled stays
 * valid; poll again afterwards. A sock that is no longer waited for is passed
 * over: its close is told, too.
 */
ALTAIR_API void altair_server_opened(altair_server *server, altair_time now,
				     uint32_t sock, int error);

/*
 * An ICMP error about what left from relay port `sock`: its client is told, if
 * the peer is permitted and the type is one of RFC 8656 11.5. Like
 * altair_server_opened it leaves valid what was polled.
 */
ALTAIR_API void altair_server_unreachable(altair_server *server, uint32_t sock,
					  const altair_icmp *icmp);

/*
 * A stream was accepted; `sock` is a free number of yours, from
 * ALTAIR_SERVER_STREAM on, and `path` has its two addresses. When there are
 * `connections_max`, the oldest here whose user has not proved who they are is shut.
 * Poll afterwards; what was polled stays valid. Returns 0; ALTAIR_E_FULL: close
 * it, there is no room for it or for one more from there; ALTAIR_E_INVALID: no
 * such number, or not free.
 */
ALTAIR_API int altair_server_accepted(altair_server *server, altair_time now,
				      uint32_t sock, const altair_path *path);

/*
 * After altair_server_accepted, where there are several machines: the number of the
 * one that has to shut a stream for this one, and wants altair_tick for it, at once
 * or when it is next called; or -1: there is none.
 */
ALTAIR_API int altair_server_wakes(altair_server *server);

/*
 * A stream begins a handshake of TLS, which is the driver's; whose time is worth a
 * limit. Returns 0; ALTAIR_E_FULL: close it and call altair_server_lost, there were
 * `tls_rate` from there in this second; ALTAIR_E_INVALID: there is no such stream.
 */
ALTAIR_API int altair_server_secured(altair_server *server, altair_time now,
				     uint32_t sock);

/*
 * Takes bytes of a stream from the front of *in. Returns 1 and a whole message
 * for altair_input in *out, whose bytes are part of *in or stay valid until the
 * next call for this stream; 0 when all of *in is taken; ALTAIR_E_INVALID when
 * what came is neither STUN nor ChannelData, a message is longer than `message_max`
 * (2 KiB, and STUN, until the user is proved), or there is no such stream: then
 * close it and call altair_server_lost.
 */
ALTAIR_API int altair_server_unframe(altair_server *server, uint32_t sock,
				     altair_bytes *in, altair_datagram *out);

/* The driver has closed a stream, for what reason ever; not needed after
 * ALTAIR_EV_SHUT. What was polled stays valid; poll again afterwards. */
ALTAIR_API void altair_server_lost(altair_server *server, uint32_t sock);

/* Says again what time it is, where time-limited credentials are used: the
 * machine counts on from the last time it was told. */
ALTAIR_API void altair_server_set_time(altair_server *server, altair_time now,
				       uint64_t unix_time);

typedef struct altair_server_stats {
	size_t size;
	uint64_t requests; /* answered with success                          */
	uint64_t errors;   /* answered with an error                         */
	uint64_t ignored;  /* everything else                                */
	uint64_t allocations; /* there are now                               */
	uint64_t allocated;   /* there ever were                             */
	uint64_t to_peers;    /* datagrams relayed                           */
	uint64_t from_peers;  /* datagrams relayed                           */
	uint64_t dropped;     /* data without permission or channel, or without
	                     room in the output                              */
	uint64_t denied; /* asked for a peer that is none                   */
	uint64_t throttled; /* not answered, or passwords not looked at */
	uint64_t streams;   /* there are now                               */
	uint64_t streams_refused; /* for want of room, or above `tls_rate` */
	uint64_t streams_shut;	  /* by us: too late, nonsense, pushed out    */
	uint64_t limited;	  /* data beyond a bandwidth */
	uint64_t to_peers_bytes, from_peers_bytes; /* of payload         */
} altair_server_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_server_get_stats(const altair_server *server,
					altair_server_stats *out);

#ifdef __cplusplus
}
#endif
#endif
