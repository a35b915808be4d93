/*
 * altair/serve.h - runs an altair_server on sockets of this system: one thread
 * per CPU of the process's affinity, each with its own sockets (SO_REUSEPORT),
 * batched and merged input and output, over UDP, TCP and TLS. No thread waits for
 * another one; a client over UDP that moves (RFC 8016) or shows a reservation token
 * is passed on to the thread that knows it.             Library: libaltair.
 */
#ifndef ALTAIR_SERVE_H
#define ALTAIR_SERVE_H

#include <altair/roster.h>
#include <altair/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_serve altair_serve;

/* What comes through the door for HTTP. */
enum altair_serve_guest {
	ALTAIR_SERVE_PLAIN, /* HTTP as it came                              */
	ALTAIR_SERVE_DECRYPTED, /* one of a pair: its TLS ends in the server    */
	ALTAIR_SERVE_TLS /* TLS of which nothing has been read yet       */
};

typedef struct altair_serve_config {
	size_t size;
	const altair_addr *listen; /* `listens` addresses with ports (port 0:
	                              any; see altair_serve_local)           */
	size_t listens;		   /* 1 to 16                                */
	unsigned threads;	   /* 0: the CPUs of the affinity. Fewer run
	                              where each relaying one would have fewer
	                              than 64 relay ports; at most 128       */
	const altair_server_config *relay; /* NULL: STUN only. TURN as it says;
	                              `batch_max` and `buffer_len` are ours,
	                              and the listeners are added to `never`.
	                              Only its `crypto` must outlive the call */
	/* RFC 5780: another address with another port, at most one of a family,
	 * for the first listener of its family, which has a single address,
	 * too. Three sockets more: that address with both ports, and the
	 * listener's with the other port; port 0: any                       */
	const altair_addr *alternates;
	size_t alternate_count;
	/* Streams, where `relay` has `connections_max`: TCP at every listener's
	 * address and port, and at the three of each alternate. What one is, its first bytes tell: STUN, TLS (then
	 * the first bytes within), or an HTTP request with GET. The table is
	 * one for servers (altair_openssl_server_open); NULL: no TLS. */
	const altair_tls *tls; /* its calls come from every thread          */
	size_t queue_max;      /* bytes that may wait for a client on a stream;
	                     default 64 KiB, 32 KiB to 1 MiB, in steps of
	                     16 KiB                                         */
	/* The door for HTTP: has the connection, a non-blocking socket whose
	 * request nobody has read yet, and closes it; `from` is its client. It
	 * is called from every thread, and must not block. NULL: GET /health
	 * is answered with 200, all else with 404. */
	void (*http)(void *user, int fd, const altair_addr *from,
		     enum altair_serve_guest as);
	void *http_user;
	/* The door does TLS itself: one whose ClientHello offers "http/1.1"
	 * (RFC 7301), and not "stun.turn" as well (RFC 7443), goes there
	 * before anything of it is read. Others, and
	 * all where this is not set or `tls` cannot tell (altair/tls.h), end
	 * their TLS here, and the door has one of a pair. */
	bool http_takes_tls;
	/* Sockets that were bound elsewhere (socket activation): for a listener
	 * the UDP socket and the listening TCP socket that have its very
	 * address are used, as copies. With any one thread runs.            */
	const int *sockets;
	size_t socket_count;
} altair_serve_config;

/* Fills in `size` and every default. */
ALTAIR_API void altair_serve_config_default(altair_serve_config *config);

/*
 * Binds every address and takes all memory; no thread runs yet, so that a program
 * may give its privileges away first. Until altair_serve_run nothing else may be
 * asked of it but altair_serve_local, altair_serve_get_stats and
 * altair_serve_stop. Returns 0, an error of altair_udp_open, with *failed (if not
 * NULL) the index of the listener that it is about, or `listens` and more for an
 * alternate, or one of altair_server_init; then there is no server.
 */
ALTAIR_API int altair_serve_open(altair_serve **out,
				 const altair_serve_config *config,
				 size_t *failed);

/* Starts the threads, once. Returns 0, or ALTAIR_E_SYSTEM when the system lets one
 * of them not start; then only altair_serve_stop is left. */
ALTAIR_API int altair_serve_run(altair_serve *serve);

/* The two together; what fails leaves no server. */
ALTAIR_API int altair_serve_start(altair_serve **out,
				  const altair_serve_config *config,
				  size_t *failed);

/* The bound address of listener `index`; behind the listeners there are three for
 * each alternate: its address and port, then its port with the listener's address,
 * then its address with the listener's port. 0, or ALTAIR_E_INVALID. */
ALTAIR_API int altair_serve_local(const altair_serve *serve, size_t index,
				  altair_addr *out);

/* The sum over all threads, as of a moment ago. */
ALTAIR_API void altair_serve_get_stats(const altair_serve *serve,
				       altair_server_stats *out);

/*
 * The calls of altair/roster.h for a running server: the threads do them, in
 * turn with their work, and the call waits for it, a moment. They may come from
 * any thread, but not from two at the same time. Ids are of all threads together;
 * *place is 0 at first, as there.
 */
ALTAIR_API size_t altair_serve_list(altair_serve *serve, uint64_t *place,
				    altair_session *out, size_t cap);
ALTAIR_API int altair_serve_find(altair_serve *serve, uint64_t id,
				 altair_session *out);
ALTAIR_API size_t altair_serve_peers(altair_serve *serve, uint64_t id,
				     altair_session_peer *out, size_t cap);
ALTAIR_API int altair_serve_end(altair_serve *serve, uint64_t id);
ALTAIR_API void altair_serve_drain(altair_serve *serve, bool drains);

/* As altair_server_renew, in memory of its own; also ALTAIR_E_MEMORY. */
ALTAIR_API int altair_serve_renew(altair_serve *serve,
				  const altair_server_config *relay);

/* Stops the threads, closes the sockets, frees the object. NULL is allowed. */
ALTAIR_API void altair_serve_stop(altair_serve *serve);

#ifdef __cplusplus
}
#endif
#endif
