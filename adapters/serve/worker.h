/*
 * worker.h - one thread of a server: its sockets, its machine, its memory.
 */
#ifndef AIR_WORKER_H
#define AIR_WORKER_H

#include "desk.h"
#include "post.h"
#include "relays.h"
#include "streams.h"

#include <altair/serve.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define LISTENS_MAX 16
#define ALTERNATES_MAX 2
/* A listener that has another address has three sockets more. */
#define SOCKETS_MAX (LISTENS_MAX + 3 * ALTERNATES_MAX)
#define BATCH 32
#define CACHE_LINE 64

/* How many counters an altair_server_stats holds. */
#define COUNTERS                                                               \
	((sizeof(altair_server_stats) -                                        \
	  offsetof(altair_server_stats, requests)) /                           \
	 sizeof(uint64_t))

struct worker {
	/* As in altair_server_stats, from `requests` on. */
	_Alignas(CACHE_LINE) atomic_uint_least64_t counters[COUNTERS];
	altair_udp *udp[SOCKETS_MAX];
	/* The sockets, `stop`, the set of the relay ports, the desk, the set of
	 * the streams, the post. */
	struct pollfd watched[SOCKETS_MAX + 5];
	size_t listens; /* how many sockets */
	altair_server_alternate alternates[ALTERNATES_MAX];
	size_t alternate_count;
	altair_server *server;
	void *server_memory;
	unsigned number; /* of those that lie side by side */
	void *renewed;	 /* what altair_server_renew was given */
	struct desk desk;
	struct post post; /* where several threads relay */
	bool has_post;
	struct relays relays;
	struct streams streams;
	bool tells_time; /* for time-limited credentials */
	altair_time deadline;
	pthread_t thread;
	bool runs;
	altair_datagram in[BATCH], out[BATCH];
	size_t in_count;
	altair_udp *out_udp; /* where `out` goes */
	size_t out_count;
};

/* Which of how many threads a worker is, and what their machines have in common. */
struct worker_place {
	unsigned worker, workers;
	altair_server_common *common;
};

/* Makes the machine, once the sockets are bound. */
int air_worker_init(struct worker *worker, const altair_serve_config *config,
		    const struct worker_place *place);
/* The thread's life, until `stop` is readable. */
void *air_worker_run(void *worker);
void air_worker_close(struct worker *worker);
/* In its thread: does what the machine has to say after a call of its own. */
void air_worker_settle(struct worker *worker);
/* Adds the worker's counters to those in `out`. */
void air_worker_count(const struct worker *worker, altair_server_stats *out);

#endif
