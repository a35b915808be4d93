/*
 * A STUN server on sockets of this system: one thread per CPU, and in each its
 * own sockets, its own altair_server and its own memory, so that a request
 * touches nothing that another thread writes. The kernel spreads clients over
 * the sockets of one address (SO_REUSEPORT).
 *
 * Invariants: all memory is taken at start. A thread does one thing in a round:
 * take a batch from one socket, hand it to its machine, send what the machine
 * answers on that socket. Threads share only the descriptor that stops them and
 * the counters, which each thread writes for itself alone.
 */
#define _GNU_SOURCE
#include <altair/error.h>
#include <altair/serve.h>
#include <altair/udp.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENS_MAX 16
#define BATCH 32

/* A socket's receive buffer (some 200 KiB unless the administrator raised it)
 * full of merged 20-byte requests grows to at most this when answered. */
#define ANSWERS_LEN ((size_t)512 * 1024)

/* After so many batches from one socket, the others get their turn. */
#define ROUNDS_MAX 16

#define CACHE_LINE 64

struct worker {
	_Alignas(CACHE_LINE) atomic_uint_least64_t requests;
	atomic_uint_least64_t errors;
	atomic_uint_least64_t ignored;
	altair_udp *udp[LISTENS_MAX];
	struct pollfd watched[LISTENS_MAX + 1]; /* the sockets, then `stop` */
	size_t listens;
	altair_server *server;
	void *server_memory;
	pthread_t thread;
	bool runs;
	altair_datagram in[BATCH], out[BATCH];
};

struct altair_serve {
	int stop; /* an eventfd; readable from altair_serve_stop on */
	size_t count;
	struct worker *workers;
};

/* --- a worker's life ------------------------------------------------------ */

/* Sends what the machine has to say to the batch it was given. */
static void answer(struct worker *w, altair_udp *udp)
{
	altair_machine *machine = altair_server_machine(w->server);
	altair_output output;
	size_t count = 0;

	while (altair_poll(machine, &output) == ALTAIR_SEND) {
		w->out[count++] = output.datagram;
		if (count == BATCH) {
			altair_udp_send(udp, w->out, count);
			count = 0;
		}
	}
	if (count > 0)
		altair_udp_send(udp, w->out, count);
}

/* Before the answers leave: who has one finds it counted. */
static void publish(struct worker *w)
{
	altair_server_stats now;

	altair_server_get_stats(w->server, &now);
	atomic_store_explicit(&w->requests, now.requests, memory_order_relaxed);
	atomic_store_explicit(&w->errors, now.errors, memory_order_relaxed);
	atomic_store_explicit(&w->ignored, now.ignored, memory_order_relaxed);
}

/* Answers what waits in one socket. */
static void drain(struct worker *w, uint32_t index)
{
	altair_machine *machine = altair_server_machine(w->server);
	altair_udp *udp = w->udp[index];

	for (int round = 0; round < ROUNDS_MAX; round++) {
		int n = altair_udp_receive(udp, index, w->in, BATCH);

		if (n <= 0)
			break;
		altair_input(machine, altair_clock_now(), w->in, (size_t)n);
		publish(w);
		answer(w, udp);
	}
}

/*
 * poll(2) on purpose: a socket in an epoll set has a waiter all the time, which
 * the kernel calls for every datagram that we send.
 */
static void *run(void *user)
{
	struct worker *w = user;
	struct pollfd *stop = &w->watched[w->listens];

	while (!stop->revents) {
		if (poll(w->watched, w->listens + 1, -1) <= 0)
			continue;
		for (uint32_t i = 0; i < w->listens; i++)
			if (w->watched[i].revents)
				drain(w, i);
	}
	return NULL;
}

/* --- starting and stopping ------------------------------------------------ */

static int init_server(struct worker *w)
{
	altair_server_config config;
	size_t len;

	altair_server_config_default(&config);
	config.batch_max = BATCH;
	config.buffer_len = ANSWERS_LEN;
	len = altair_server_size(&config);
	w->server_memory = malloc(len);
	if (!w->server_memory)
		return ALTAIR_E_MEMORY;
	return altair_server_init(&w->server, w->server_memory, len, &config,
				  altair_clock_now());
}

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
	int on = 1, fd, rc;

	if (!is_first) {
		rc = altair_udp_local(serve->workers->udp[index], &local);
		if (rc != 0)
			return rc;
		flags |= ALTAIR_UDP_REUSEPORT;
	}
	rc = altair_udp_open(&w->udp[index], &local, flags, BATCH);
	if (rc != 0)
		return rc;
	fd = altair_udp_fd(w->udp[index]);
	w->watched[index] = (struct pollfd){.fd = fd, .events = POLLIN};
	w->listens++;
	if (is_first && serve->count > 1 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
		return ALTAIR_E_SYSTEM;
	return 0;
}

/* Starts the threads with every signal blocked: signals are the program's. */
static int start_threads(altair_serve *serve)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < serve->count && rc == 0; i++) {
		struct worker *w = &serve->workers[i];

		w->watched[w->listens] =
			(struct pollfd){.fd = serve->stop, .events = POLLIN};
		if (pthread_create(&w->thread, NULL, run, w) != 0)
			rc = ALTAIR_E_SYSTEM;
		else
			w->runs = true;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int open_all(altair_serve *serve, const altair_serve_config *config,
		    size_t *failed)
{
	int rc = 0;

	for (size_t i = 0; i < serve->count && rc == 0; i++)
		rc = init_server(&serve->workers[i]);
	for (size_t k = 0; k < config->listens && rc == 0; k++) {
		if (failed)
			*failed = k;
		for (size_t i = 0; i < serve->count && rc == 0; i++)
			rc = open_socket(serve, &serve->workers[i],
					 &config->listen[k]);
	}
	return rc;
}

static size_t count_cpus(void)
{
	cpu_set_t set;

	/* It fails only where there are more CPUs than a cpu_set_t holds. */
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return CPU_SETSIZE;
	return (size_t)CPU_COUNT(&set);
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
	return serve;
}

void altair_serve_config_default(altair_serve_config *config)
{
	*config = (altair_serve_config){.size = sizeof *config};
}

int altair_serve_start(altair_serve **out, const altair_serve_config *config,
		       size_t *failed)
{
	altair_serve *serve;
	int rc;

	if (failed)
		*failed = 0;
	if (config->size != sizeof *config || config->listens < 1 ||
	    config->listens > LISTENS_MAX)
		return ALTAIR_E_INVALID;
	serve = allocate(config->threads > 0 ? config->threads : count_cpus());
	if (!serve)
		return ALTAIR_E_MEMORY;
	serve->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = serve->stop < 0 ? ALTAIR_E_SYSTEM : 0;
	if (rc == 0)
		rc = open_all(serve, config, failed);
	if (rc == 0)
		rc = start_threads(serve);
	if (rc != 0) {
		altair_serve_stop(serve);
		return rc;
	}
	*out = serve;
	return 0;
}

static void close_worker(struct worker *w)
{
	for (size_t i = 0; i < w->listens; i++)
		altair_udp_close(w->udp[i]);
	free(w->server_memory);
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
		close_worker(&serve->workers[i]);
	if (serve->stop >= 0)
		close(serve->stop);
	free(serve->workers);
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
	for (size_t i = 0; i < serve->count; i++) {
		const struct worker *w = &serve->workers[i];

		out->requests += atomic_load_explicit(&w->requests,
						      memory_order_relaxed);
		out->errors +=
			atomic_load_explicit(&w->errors, memory_order_relaxed);
		out->ignored +=
			atomic_load_explicit(&w->ignored, memory_order_relaxed);
	}
}
