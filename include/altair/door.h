/*
 * altair/door.h - an altair_rendezvous for clients over WebSocket: HTTP and TLS by
 * libwebsockets on a libuv loop, JSON by libaltair-json, and Redis where several
 * nodes share the load. Connections come from altair_serve (its door for HTTP).
 * docs/rendezvous.md is the protocol.
 *
 * It belongs to `altair serve` and is not installed.
 */
#ifndef ALTAIR_DOOR_H
#define ALTAIR_DOOR_H

#include <altair/rendezvous.h>
#include <altair/serve.h>
#include <altair/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct altair_door altair_door;

#define ALTAIR_DOOR_HEAD ALTAIR_SEC(10) /* a request, a message: all of it   */
#define ALTAIR_DOOR_TLS ALTAIR_SEC(5)	/* the handshake before it           */
#define ALTAIR_DOOR_PING ALTAIR_SEC(15) /* a silent client is asked, up to   */
#define ALTAIR_DOOR_SPREAD ALTAIR_SEC(25) /* so much later                   */
#define ALTAIR_DOOR_IDLE ALTAIR_SEC(60) /* and closed                        */

typedef struct altair_door_config {
	size_t size;
	/* Its limits; what concerns several nodes is set here. Only its
	 * `crypto` and `verify_user` must outlive the call. */
	const altair_rendezvous_config *rendezvous;
	const altair_tls *tls; /* of altair_openssl_server_open; NULL: none */
	bool plain;	       /* WebSocket without TLS from everywhere, not
	                          from loopback alone                        */
	size_t descriptors;    /* the process has no more than these; 0:
	                          its soft limit                             */
	/* Adds STUN and TURN servers to a welcome, for a client that knows us
	 * as `host`: "name" or "name:port", of harmless characters, perhaps
	 * empty. Texts are valid until its next call. NULL: none. */
	void (*welcome)(void *user, const char *host, altair_note *note);
	void *user;
	const char *redis; /* "HOST:PORT", "unix:PATH"; NULL: one node       */
} altair_door_config;

/* Fills in `size` and every default. */
ALTAIR_API void altair_door_config_default(altair_door_config *config);

/* True if `at` is what `redis` may be. */
ALTAIR_API bool altair_door_is_redis(const char *at);

/* Opens it on `loop`, a uv_loop_t. Returns 0, ALTAIR_E_INVALID (also: `redis`
 * makes no sense), ALTAIR_E_MEMORY, ALTAIR_E_RANDOM, or ALTAIR_E_SYSTEM: no pipe,
 * or libwebsockets lacks its libuv part. */
ALTAIR_API int altair_door_open(altair_door **out, void *loop,
				const altair_door_config *config);

/* The `http` of altair_serve_config, with the door as its `http_user`: any thread,
 * never blocks. Closes what it has no room for. */
ALTAIR_API void altair_door_admit(void *door, int fd, const altair_addr *from,
				  enum altair_serve_guest as);

/* Says good-bye to all, and to those who come: again in about `seconds`. */
ALTAIR_API void altair_door_drain(altair_door *door, uint32_t seconds);

/* False: it drains, or has lost Redis. `/readyz` says the same. */
ALTAIR_API bool altair_door_is_ready(const altair_door *door);

typedef struct altair_door_stats {
	size_t size;
	altair_rendezvous_stats rendezvous;
	uint64_t guests;   /* connections there are, with those that have yet
	                     to say what they want                           */
	uint64_t clients;  /* of them WebSockets                              */
	uint64_t refused;  /* found no room                                   */
	uint64_t late;	   /* closed for slowness or silence                  */
	uint64_t denied;   /* answered 403, 404, 405 and the like             */
	bool is_connected; /* to Redis, or there is none                     */
} altair_door_stats;

/* Copies the counters as they are now. */
ALTAIR_API void altair_door_get_stats(const altair_door *door,
				      altair_door_stats *out);

/* Ends what is on the loop, which it turns; what is admitted from now on is closed.
 * Also NULL. */
ALTAIR_API void altair_door_close(altair_door *door);
/* After altair_door_close, when nobody admits any more. Also NULL. */
ALTAIR_API void altair_door_free(altair_door *door);

#ifdef __cplusplus
}
#endif
#endif
