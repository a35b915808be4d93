/*
 * altair/conn.h - the guide's operations as blocking calls on one socket, for
 * programs that want a connection and have nothing else to do meanwhile. One
 * socket serves discovery, punching and data from start to end.
 */
#ifndef ALTAIR_CONN_H
#define ALTAIR_CONN_H

#include <altair/discover.h>
#include <altair/punch.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_conn altair_conn;

/*
 * Prepare local endpoint: opens a UDP socket. `local` NULL: IPv4, any address,
 * a port of the system's choice; else as altair_udp_open. Closed and freed by
 * altair_conn_close. Errors: those of altair_udp_open.
 */
ALTAIR_API int altair_conn_prepare(altair_conn **out, const altair_addr *local);
ALTAIR_API void altair_conn_close(altair_conn *conn); /* NULL is allowed */

/* The local endpoint, and the descriptor (still owned by `conn`). */
ALTAIR_API int altair_conn_local(const altair_conn *conn, altair_addr *out);
ALTAIR_API int altair_conn_fd(const altair_conn *conn);

/* The peer's endpoint once connected; 0 or ALTAIR_E_STATE. */
ALTAIR_API int altair_conn_peer(const altair_conn *conn, altair_addr *out);

/*
 * Discovers the public endpoint of this very socket at `count` servers (1 to
 * 64), in parallel, for at most 5 s. Until the connection every waiting call
 * asks again each 15 s, which holds the mapping open. `mapping` may be NULL.
 * Returns 0, ALTAIR_E_NO_ANSWER, ALTAIR_E_FAMILY (no server of the socket's
 * family), ALTAIR_E_INVALID, ALTAIR_E_ADDRESS, ALTAIR_E_INTERRUPTED,
 * ALTAIR_E_MEMORY, ALTAIR_E_RANDOM, ALTAIR_E_SYSTEM, or, when not one datagram
 * could leave, an error of altair_udp_send.
 */
ALTAIR_API int altair_conn_discover(altair_conn *conn,
				    const altair_addr *servers, size_t count,
				    altair_addr *mapped,
				    enum altair_mapping *mapping);

/* Send punch: one PUNCH to `remote`. Returns 0, ALTAIR_E_FAMILY, or an error of
 * altair_udp_send. */
ALTAIR_API int altair_conn_send_punch(altair_conn *conn,
				      const altair_addr *remote);

/*
 * Listen for punch: waits for one PUNCH, PING or PONG from anyone, for `timeout`.
 * Fills *from, and `word` (at least 8 bytes, NUL-terminated). Returns 0,
 * ALTAIR_E_TIMEOUT, ALTAIR_E_STATE (connected), ALTAIR_E_INTERRUPTED, or
 * ALTAIR_E_SYSTEM.
 */
ALTAIR_API int altair_conn_listen_for_punch(altair_conn *conn,
					    altair_time timeout,
					    altair_addr *from, char word[8]);

/*
 * Simultaneous punch: punches towards config->peer and returns when both
 * directions are known to work. `config` from altair_punch_config_default (sock
 * is ignored). Returns 0, ALTAIR_E_TIMEOUT, ALTAIR_E_ONE_WAY, ALTAIR_E_NO_PEER,
 * ALTAIR_E_ADDRESS (nobody can be there, or it is our own endpoint),
 * ALTAIR_E_FAMILY, ALTAIR_E_INVALID, ALTAIR_E_STATE (already connected),
 * ALTAIR_E_INTERRUPTED, ALTAIR_E_MEMORY, ALTAIR_E_SYSTEM, or, when not one
 * datagram could leave, an error of altair_udp_send. After a failure it may be
 * called again.
 */
ALTAIR_API int
altair_conn_simultaneous_punch(altair_conn *conn,
			       const altair_punch_config *config);

/*
 * Establish connection: prepare and punch in one call, as responder, with the
 * default configuration; `local` may be NULL. The second form takes a
 * configuration, whose `peer` is replaced by `remote`. Errors: of both steps;
 * *out is set on success only. Without `local` the socket has the family of
 * `remote`.
 */
ALTAIR_API int altair_conn_establish(altair_conn **out,
				     const altair_addr *local,
				     const altair_addr *remote);
ALTAIR_API int altair_conn_establish_with(altair_conn **out,
					  const altair_addr *local,
					  const altair_addr *remote,
					  const altair_punch_config *config);

/*
 * Ping-pong: returns when the PING-PONG round trip of this connection is done,
 * or `timeout` has passed. `rtt` may be NULL; it is 0 where unknown (responder).
 * Returns 0, ALTAIR_E_STATE (not connected), ALTAIR_E_TIMEOUT,
 * ALTAIR_E_INTERRUPTED, or ALTAIR_E_SYSTEM.
 */
ALTAIR_API int altair_conn_ping_pong(altair_conn *conn, altair_time timeout,
				     altair_time *rtt);

/* Validate connection: altair_conn_ping_pong with the guide's 5 s. */
ALTAIR_API int altair_conn_validate(altair_conn *conn);

/*
 * Send message: one datagram. After the connection `remote` is NULL or the peer;
 * before, it names the destination. Returns 0, ALTAIR_E_TOO_LONG, ALTAIR_E_WORD,
 * ALTAIR_E_ADDRESS (connected to another), ALTAIR_E_STATE (NULL and not
 * connected), ALTAIR_E_FAMILY, or an error of altair_udp_send.
 */
ALTAIR_API int altair_conn_send(altair_conn *conn, altair_bytes message,
				const altair_addr *remote);

/*
 * Receive message: waits for one message for `timeout` (ALTAIR_NEVER: for ever),
 * holding the mapping open meanwhile. After the connection only the peer's
 * messages count, its words are swallowed; before, any datagram is given. At most
 * `cap` bytes are written, *len is the full length; `from` may be NULL. Returns
 * 0, ALTAIR_E_SPACE (cut), ALTAIR_E_TIMEOUT, ALTAIR_E_INTERRUPTED, or
 * ALTAIR_E_SYSTEM.
 */
ALTAIR_API int altair_conn_receive(altair_conn *conn, altair_time timeout,
				   void *buf, size_t cap, size_t *len,
				   altair_addr *from);

#ifdef __cplusplus
}
#endif
#endif
