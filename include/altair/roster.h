/*
 * altair/roster.h - what a TURN server (altair/server.h) has going on, and what
 * its operator may change meanwhile: end an allocation, let no more begin, take
 * other users, secrets and peers.                    Library: libaltair.
 *
 * These calls belong to the machine's thread, like altair_input; what was polled
 * before them is used up. A server of altair/serve.h has them in its own way.
 */
#ifndef ALTAIR_ROSTER_H
#define ALTAIR_ROSTER_H

#include <altair/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/* So much of a longer name is kept. */
#define ALTAIR_SESSION_NAME_MAX 39

typedef struct altair_traffic {
	uint64_t packets;
	uint64_t bytes; /* of payload */
} altair_traffic;

/* One allocation. Nothing in it points anywhere. */
typedef struct altair_session {
	uint64_t id;	    /* of this one only; from 1 on                   */
	altair_path client; /* where it comes from, and to which sock        */
	bool is_secure;	    /* over TLS                                      */
	altair_addr relayed[2];	   /* as told to the client, IPv4 and IPv6; no
	                      family where it has none                       */
	altair_time began, expiry; /* as the machine counts time             */
	uint32_t permissions, channels;
	altair_traffic to_peers, from_peers;
	uint8_t name_len;
	char name[ALTAIR_SESSION_NAME_MAX]; /* of the user, as bytes; with
	                      time-limited credentials without the time      */
} altair_session;

/* Whom an allocation may talk to. */
typedef struct altair_session_peer {
	altair_addr addr; /* of a permission: port 0                         */
	uint16_t channel; /* 0: a permission                                 */
	altair_time expiry;
} altair_session_peer;

/*
 * Copies at most `cap` sessions from place *place on, which is 0 at first and
 * then where to go on. Returns how many; 0 at the end. What begins or ends
 * between two calls may be missed, nothing comes twice.
 */
ALTAIR_API size_t altair_server_list(const altair_server *server, size_t *place,
				     altair_session *out, size_t cap);

/* Returns 0, or ALTAIR_E_INVALID when there is no such session. */
ALTAIR_API int altair_server_find(const altair_server *server, uint64_t id,
				  altair_session *out);

/* Copies at most `cap` of a session's channels, then permissions; returns how
 * many, 0 also when there is no such session. */
ALTAIR_API size_t altair_server_peers(const altair_server *server, uint64_t id,
				      altair_session_peer *out, size_t cap);

/* Ends a session at once, and the stream that its client is on; poll afterwards.
 * Over UDP the client is not told: its next request gets 437. Returns 0, or ALTAIR_E_INVALID when there is none. */
ALTAIR_API int altair_server_end(altair_server *server, uint64_t id);

/* Whether allocations may begin, as they may at first. What there is goes on;
 * who asks for another gets 508. */
ALTAIR_API void altair_server_drain(altair_server *server, bool drains);

/* Bytes of memory for altair_server_renew; 0 if the configuration is invalid. */
ALTAIR_API size_t altair_server_renew_size(const altair_server_config *config);

/*
 * Takes over from `config`: users, rest_secrets with unix_time, allow, own,
 * low_ports, quota_user, quota_prefix, the bandwidths, challenge_rate, tls_rate, and
 * what it says of guesses. The rest must be as it was, or does not matter. Nobody
 * is dropped: what there is goes
 * on, also of a user who is gone, until it must be refreshed; so does what is relayed to a peer that is allowed
 * no more. `mem` must outlive the machine, or the next renewal: what the one
 * before was given is free then. Returns 0, ALTAIR_E_SPACE, or ALTAIR_E_INVALID:
 * the configuration is invalid, is one without TURN, or has another realm; then
 * nothing has changed.
 */
ALTAIR_API int altair_server_renew(altair_server *server, altair_time now,
				   void *mem, size_t len,
				   const altair_server_config *config);

#ifdef __cplusplus
}
#endif
#endif
