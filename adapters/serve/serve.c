/*
 * A STUN and TURN server on sockets of this system: one thread per CPU, and in
 * each its own sockets, its own altair_server and its own memory (worker.c), so
 * that a request touches nothing that another thread writes. The kernel spreads
 * clients over the sockets of one address (SO_REUSEPORT).
 *
 * Invariants: all memory is taken at start, but for the sockets of relay ports.
 * Threads share only the descriptor that stops them, the counters, which each
 * thread writes for itself alone, and what machines have in common, without locks
 * (altair_server_common_init).
 */
#define _GNU_SOURCE
#include "crew.h"
#include "spread.h"
#include "inherit.h"

#include <altair/error.h>

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* All clients share a listener's receive buffer, and the usual one holds five
 * merged bursts. */
#define RECEIVE_ROOM (4 << 20)

#define THREADS_MAX 128

/* What may wait for a client; the least holds a record of TLS (RFC 8446 5.1) and
 * what must not be left out. */
#define QUEUE_DEFAULT 65536
#define QUEUE_MIN 32768
#define QUEUE_MAX (1 << 20)

/* So many relay ports each thread that relays shall have at least. */
#define PORTS_EACH 64

/* For a port that is free for UDP and TCP. */
#define TRIES_MAX 16

/* --- starting and stopping ------------------------------------------------ */

/*
 * Opens one more socket for listener `index`. The first one of a listener must
 * fail where another program listens, even if that is another of ours: so it
 * binds alone, and only then lets the port be shared, with its siblings.
 */
static int open_socket(altair_serve *serve, struct worker *w,
		       const altair_addr *listen)
{
	unsigned flags = ALTAIR_UDP_PKTINFO | ALTAIR_UDP_MERGE;
	size_t index = w->listens;
	bool is_first = w == serve->workers;
	altair_addr local = *listen;
	int on = 1, room = RECEIVE_ROOM, fd, rc;

	if (!is_first) {
		rc = altair_udp_local(serve->workers->udp[index], &local);
		if (rc != 0)
			return rc;
		flags |= ALTAIR_UDP_REUSEPORT;
	}
	fd = is_first ? air_inherit_take(serve->config, SOCK_DGRAM, &local)
		      : -1;
	rc = fd >= 0 ? altair_udp_adopt(&w->udp[index], fd, flags, BATCH)
		     : altair_udp_open(&w->udp[index], &local, flags, BATCH);
	if (rc != 0)
		return rc;
	fd = altair_udp_fd(w->udp[index]);
	/* As much of it as the system's limit lets us have. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	w->watched[index] = (struct pollfd){.fd = fd, .events = POLLIN};
	w->listens++;
	if (is_first && serve->count > 1 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
		return ALTAIR_E_SYSTEM;
	return 0;
}

/* The threads have every signal blocked: signals are the program's. */
int altair_serve_run(altair_serve *serve)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < serve->count && rc == 0; i++) {
		struct worker *w = &serve->workers[i];

		w->watched[w->listens] =
			(struct pollfd){.fd = serve->stop, .events = POLLIN};
		if (pthread_create(&w->thread, NULL, air_worker_run, w) != 0)
			rc = ALTAIR_E_SYSTEM;
		else
			w->runs = true;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int open_listener(altair_serve *serve, const altair_addr *listen)
{
	int rc = 0;

	for (size_t i = 0; i < serve->count && rc == 0; i++)
		rc = open_socket(serve, &serve->workers[i], listen);
	return rc;
}

/* TCP at the address of the last socket that was opened. */
static int open_streams(altair_serve *serve)
{
	const struct streams *first;
	altair_addr local;
	int rc = 0, fd;

	for (size_t i = 0; i < serve->count && rc == 0; i++) {
		struct worker *w = &serve->workers[i];

		rc = altair_udp_local(w->udp[w->listens - 1], &local);
		fd = rc == 0 ? air_inherit_take(serve->config, SOCK_STREAM,
						&local)
			     : -1;
		if (fd >= 0)
			rc = air_streams_adopt(&w->streams, fd);
		else if (rc == 0)
			rc = air_streams_listen(&w->streams, &local,
						serve->count == 1
							? STREAMS_ALONE
						: i == 0 ? STREAMS_FIRST_OF_MORE
							 : STREAMS_ONE_MORE);
	}
	if (rc != 0 || serve->count == 1)
		return rc;
	first = &serve->workers->streams;
	return air_spread_by_source(first->listeners[first->listens - 1],
				    local.family, (unsigned)serve->count);
}

static bool has_streams(const altair_serve *serve)
{
	return serve->config->relay &&
	       serve->config->relay->connections_max > 0;
}

static void close_last(altair_serve *serve)
{
	for (size_t i = 0; i < serve->count; i++) {
		struct worker *w = &serve->workers[i];

		altair_udp_close(w->udp[--w->listens]);
		w->udp[w->listens] = NULL;
		while (w->streams.listens > w->listens)
			close(w->streams.listeners[--w->streams.listens]);
	}
}

/* UDP, and TCP where there are connections. */
static int open_both(altair_serve *serve, const altair_addr *listen)
{
	int rc = open_listener(serve, listen);

	return rc == 0 && has_streams(serve) ? open_streams(serve) : rc;
}

/* A port that the system chose for one may be taken for the other: then another
 * one. */
static int open_any(altair_serve *serve, const altair_addr *listen)
{
	int rc;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		rc = open_both(serve, listen);
		if (rc != ALTAIR_E_IN_USE || listen->port != 0)
			break;
		close_last(serve);
	}
	return rc;
}

/* The first listener of that family, which must have a single address, and
 * another one. */
static int find_listener(const altair_serve_config *config,
			 const altair_addr *alternate)
{
	size_t k = 0;

	while (k < config->listens &&
	       config->listen[k].family != alternate->family)
		k++;
	if (k == config->listens ||
	    altair_addr_classify(&config->listen[k]) == ALTAIR_ADDR_NONE ||
	    altair_addr_same_ip(&config->listen[k], alternate))
		return ALTAIR_E_INVALID;
	return (int)k;
}

/* The other address, then our address with its port, then it with our port, which
 * is that of addr[0]; see altair_server_alternate. */
static int open_three(altair_serve *serve, const altair_addr *other,
		      altair_addr addr[4])
{
	struct worker *first = serve->workers;
	int rc = open_any(serve, other);

	if (rc != 0)
		return rc;
	altair_udp_local(first->udp[first->listens - 1], &addr[3]);
	addr[1] = addr[0];
	addr[1].port = addr[3].port;
	addr[2] = addr[3];
	addr[2].port = addr[0].port;
	rc = open_both(serve, &addr[1]);
	return rc == 0 ? open_both(serve, &addr[2]) : rc;
}

/* Three sockets that make four of a listener's; see altair_server_alternate. */
static int open_alternate(altair_serve *serve,
			  const altair_serve_config *config,
			  const altair_addr *other)
{
	struct worker *first = serve->workers;
	uint32_t next = (uint32_t)first->listens;
	int k = find_listener(config, other), rc;
	altair_server_alternate pair = {.sock = {0}};

	if (k < 0)
		return k;
	pair.sock[0] = (uint32_t)k;
	pair.sock[3] = next;
	pair.sock[1] = next + 1;
	pair.sock[2] = next + 2;
	altair_udp_local(first->udp[k], &pair.addr[0]);
	rc = open_three(serve, other, pair.addr);
	for (size_t i = 0; i < serve->count; i++) {
		struct worker *w = &serve->workers[i];

		w->alternates[w->alternate_count++] = pair;
	}
	return rc;
}

/* Where several threads relay, or take connections. */
static int init_common(altair_serve *serve, const altair_server_config *relay)
{
	altair_server_config c;
	size_t len;

	if (!relay || relay->allocations_max + relay->connections_max == 0 ||
	    serve->count == 1)
		return 0;
	c = *relay;
	c.workers = (unsigned)serve->count;
	if (!c.crypto)
		c.crypto = altair_system_random();
	len = altair_server_common_size(&c);
	if (len == 0)
		return ALTAIR_E_INVALID;
	serve->common_memory = malloc(len);
	return serve->common_memory
		       ? altair_server_common_init(
				 &serve->common, serve->common_memory, len, &c)
		       : ALTAIR_E_MEMORY;
}

static int open_post(altair_serve *serve, size_t worker)
{
	struct worker *w = &serve->workers[worker];

	w->post.worker = (unsigned)worker;
	w->post.all = &serve->workers->post;
	w->post.stride = sizeof *w;
	w->has_post = true;
	return air_post_open(&w->post);
}

static int init_workers(altair_serve *serve, const altair_serve_config *config)
{
	int rc = init_common(serve, config->relay);

	for (size_t i = 0; i < serve->count && rc == 0; i++) {
		const struct worker_place place = {
			(unsigned)i, (unsigned)serve->count, serve->common};

		rc = air_desk_open(&serve->workers[i].desk);
		if (rc == 0 && serve->common &&
		    config->relay->allocations_max > 0)
			rc = open_post(serve, i);
		if (rc == 0)
			rc = air_worker_init(&serve->workers[i], config,
					     &place);
	}
	return rc;
}

static int open_all(altair_serve *serve, const altair_serve_config *config,
		    size_t *failed)
{
	size_t count = config->listens + config->alternate_count, unused;
	int rc = 0;

	if (!failed)
		failed = &unused;
	for (*failed = 0; *failed < count && rc == 0; ++*failed) {
		if (*failed < config->listens)
			rc = open_any(serve, &config->listen[*failed]);
		else
			rc = open_alternate(
				serve, config,
				&config->alternates[*failed - config->listens]);
	}
	if (rc != 0)
		--*failed;
	return rc == 0 ? init_workers(serve, config) : rc;
}

static size_t count_cpus(void)
{
	cpu_set_t set;

	/* It fails only where there are more CPUs than a cpu_set_t holds. */
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return CPU_SETSIZE;
	return (size_t)CPU_COUNT(&set);
}

static size_t count_threads(const altair_serve_config *config)
{
	size_t count = config->threads > 0 ? config->threads : count_cpus();
	size_t most = THREADS_MAX;

	/* Nobody can bind beside a socket that does not share. */
	if (config->socket_count > 0)
		return 1;

	if (config->relay && config->relay->allocations_max > 0 &&
	    config->relay->port_max >= config->relay->port_min)
		most = (size_t)(config->relay->port_max -
				config->relay->port_min + 1) /
		       PORTS_EACH;
	if (most > THREADS_MAX)
		most = THREADS_MAX;
	if (count > most)
		count = most;
	return count > 0 ? count : 1;
}

static altair_serve *allocate(size_t count)
{
	altair_serve *serve = calloc(1, sizeof *serve);
	size_t len = count * sizeof *serve->workers;

	if (!serve)
		return NULL;
	serve->count = count;
	serve->stop = -1;
	serve->workers = aligned_alloc(CACHE_LINE, len);
	if (!serve->workers) {
		free(serve);
		return NULL;
	}
	memset(serve->workers, 0, len);
	for (size_t i = 0; i < count; i++) {
		serve->workers[i].relays.epoll = -1;
		serve->workers[i].streams.epoll = -1;
		serve->workers[i].desk.asked = -1;
		serve->workers[i].desk.done = -1;
		serve->workers[i].post.box[0] = -1;
		serve->workers[i].post.box[1] = -1;
	}
	return serve;
}

void altair_serve_config_default(altair_serve_config *config)
{
	*config = (altair_serve_config){.size = sizeof *config,
					.queue_max = QUEUE_DEFAULT};
}

int altair_serve_open(altair_serve **out, const altair_serve_config *config,
		      size_t *failed)
{
	altair_serve *serve;
	int rc;

	if (failed)
		*failed = 0;
	if (config->size != sizeof *config || config->listens < 1 ||
	    config->listens > LISTENS_MAX ||
	    config->alternate_count > ALTERNATES_MAX ||
	    config->queue_max < QUEUE_MIN || config->queue_max > QUEUE_MAX)
		return ALTAIR_E_INVALID;
	serve = allocate(count_threads(config));
	if (!serve)
		return ALTAIR_E_MEMORY;
	serve->config = config;
	serve->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = serve->stop < 0 ? ALTAIR_E_SYSTEM : 0;
	if (rc == 0)
		rc = open_all(serve, config, failed);
	if (rc != 0) {
		altair_serve_stop(serve);
		return rc;
	}
	*out = serve;
	return 0;
}

int altair_serve_start(altair_serve **out, const altair_serve_config *config,
		       size_t *failed)
{
	altair_serve *serve;
	int rc = altair_serve_open(&serve, config, failed);

	if (rc != 0)
		return rc;
	rc = altair_serve_run(serve);
	if (rc != 0)
		altair_serve_stop(serve);
	else
		*out = serve;
	return rc;
}

void altair_serve_stop(altair_serve *serve)
{
	if (!serve)
		return;
	/* Nobody reads it: it stays readable until every thread has seen it. */
	if (serve->stop >= 0)
		eventfd_write(serve->stop, 1);
	for (size_t i = 0; i < serve->count; i++)
		if (serve->workers[i].runs)
			pthread_join(serve->workers[i].thread, NULL);
	for (size_t i = 0; i < serve->count; i++)
		air_worker_close(&serve->workers[i]);
	if (serve->stop >= 0)
		close(serve->stop);
	free(serve->workers);
	free(serve->common_memory);
	free(serve);
}

/* --- what it says about itself -------------------------------------------- */

int altair_serve_local(const altair_serve *serve, size_t index,
		       altair_addr *out)
{
	if (index >= serve->workers->listens)
		return ALTAIR_E_INVALID;
	return altair_udp_local(serve->workers->udp[index], out);
}

void altair_serve_get_stats(const altair_serve *serve, altair_server_stats *out)
{
	*out = (altair_server_stats){.size = sizeof *out};
	for (size_t i = 0; i < serve->count; i++)
		air_worker_count(&serve->workers[i], out);
}
