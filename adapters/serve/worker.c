/*
 * A worker does one thing in a round: take a batch from a listener, or one from
 * all relay ports together, hand it to its machine, do what the machine says. Its
 * relay ports are in an epoll set, its listeners are not: a socket in such a set
 * has a waiter all the time, which the kernel calls for every datagram that we
 * send.
 */
#define _GNU_SOURCE
#include "worker.h"

#include <altair/error.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A socket's receive buffer (some 200 KiB unless the administrator raised it)
 * full of merged 20-byte requests grows to at most this when answered. */
#define ANSWERS_LEN ((size_t)512 * 1024)
/* A batch of the longest bursts, relayed. */
#define RELAYED_LEN ((size_t)(BATCH + 4) * 65536)

/* After so many batches from one socket, the others get their turn. */
#define ROUNDS_MAX 4

/* What waits for streams is given back to the system by the page. */
#define QUEUE_PAGE 16384u

/* Relay ports that are looked at in one round. */
#define READY_MAX 64

/* --- output --------------------------------------------------------------- */

static void flush(struct worker *w)
{
	if (w->out_count > 0)
		altair_udp_send(w->out_udp, w->out, w->out_count);
	w->out_count = 0;
}

static altair_udp *socket_of(const struct worker *w, uint32_t sock)
{
	return sock < SOCKETS_MAX ? w->udp[sock]
				  : air_relays_get(&w->relays, sock);
}

static void collect(struct worker *w, const altair_datagram *datagram)
{
	altair_udp *udp;

	if (datagram->path.sock >= ALTAIR_SERVER_STREAM) {
		air_streams_send(&w->streams, datagram);
		return;
	}
	udp = socket_of(w, datagram->path.sock);
	if (udp != w->out_udp || w->out_count == BATCH)
		flush(w);
	w->out_udp = udp;
	w->out[w->out_count++] = *datagram;
}

static void obey(struct worker *w, const altair_output *output)
{
	int rc;

	/* What is collected may be for the port that is to be closed. */
	flush(w);
	if (output->event == ALTAIR_EV_SHUT) {
		air_streams_shut(&w->streams, output->number);
		return;
	}
	if (output->event == ALTAIR_EV_RELAY_OPEN) {
		rc = air_relays_add(&w->relays, output->number, &output->addr);
		altair_server_opened(w->server, altair_clock_now(),
				     output->number, rc);
	} else {
		air_relays_remove(&w->relays, output->number);
	}
}

/* Does what the machine has to say. */
static void answer(struct worker *w)
{
	altair_machine *machine = altair_server_machine(w->server);
	altair_output output;
	enum altair_step step;

	while ((step = altair_poll(machine, &output)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			collect(w, &output.datagram);
		else
			obey(w, &output);
	}
	flush(w);
	air_streams_flush(&w->streams);
	w->deadline = output.deadline;
}

/* Before the answers leave: who has one finds it counted. */
static void publish(struct worker *w)
{
	altair_server_stats now;
	uint64_t counters[COUNTERS];

	altair_server_get_stats(w->server, &now);
	memcpy(counters, &now.requests, sizeof counters);
	for (size_t i = 0; i < COUNTERS; i++)
		atomic_store_explicit(&w->counters[i], counters[i],
				      memory_order_relaxed);
}

void air_worker_count(const struct worker *w, altair_server_stats *out)
{
	uint64_t sum[COUNTERS];

	memcpy(sum, &out->requests, sizeof sum);
	for (size_t i = 0; i < COUNTERS; i++)
		sum[i] += atomic_load_explicit(&w->counters[i],
					       memory_order_relaxed);
	memcpy(&out->requests, sum, sizeof sum);
}

void air_worker_settle(struct worker *w)
{
	publish(w);
	w->streams.has_lost = false;
	answer(w);
	/* Who read too slowly is gone. */
	if (w->streams.has_lost)
		publish(w);
}

/* --- input ---------------------------------------------------------------- */

static void tell(struct worker *w, altair_datagram *batch, size_t count)
{
	altair_time now = altair_clock_now();

	/* The clock on the wall may have been set. */
	if (w->tells_time)
		altair_server_set_time(w->server, now, (uint64_t)time(NULL));
	altair_input(altair_server_machine(w->server), now, batch, count);
}

static void feed(void *worker, altair_datagram *batch, size_t count)
{
	tell(worker, batch, count);
	air_worker_settle(worker);
}

static void wake(void *worker, int number)
{
	struct worker *w = worker;

	air_desk_wake(&(w - w->number)[number].desk);
}

/* Serves what has been taken into the batch. */
static void take_in(struct worker *w)
{
	size_t count = w->in_count;

	w->in_count = 0;
	if (count > 0)
		feed(w, w->in, count);
}

/* Passes on what is for other threads; the rest is ours. */
static void sort_out(struct worker *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->in_count; i++)
		if (!air_post_pass(&w->post, w->server, &w->in[i]))
			w->in[kept++] = w->in[i];
	w->in_count = kept;
}

/* What other threads have passed on. They hear whose the client is before he has
 * his answer, and so before what he sends next. */
static void open_post(struct worker *w)
{
	bool was_guest, is_ours;
	altair_path client;
	unsigned from;

	for (int i = 0; i < BATCH && air_post_take(&w->post, &w->in[0], &from,
						   &was_guest) == 1;
	     i++) {
		client = w->in[0].path;
		tell(w, w->in, 1);
		is_ours = altair_server_knows(w->server, &client);
		if (is_ours != was_guest)
			air_post_answer(&w->post, &client, from, is_ours);
		air_worker_settle(w);
	}
}

/* Serves what waits in one socket. */
static void drain(struct worker *w, uint32_t sock)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		int n = altair_udp_receive(w->udp[sock], sock, w->in, BATCH);

		if (n <= 0)
			break;
		w->in_count = (size_t)n;
		if (w->has_post)
			sort_out(w);
		take_in(w);
		if (n < BATCH)
			break;
	}
}

/* What routers and hosts say of datagrams to peers. */
static void tell_errors(struct worker *w, uint32_t sock)
{
	altair_udp *udp = air_relays_get(&w->relays, sock);
	altair_icmp icmp;

	for (int i = 0; udp && i < BATCH && altair_udp_icmp(udp, &icmp) == 1;
	     i++)
		altair_server_unreachable(w->server, sock, &icmp);
	answer(w);
}

/* One datagram (or burst) more for the batch. Most ports have no other, and to ask
 * again costs as much as to take one; a port with more is ready again. */
static void gather(struct worker *w, uint32_t sock)
{
	altair_udp *udp = air_relays_get(&w->relays, sock);
	int n;

	/* It may have been closed by what came before. */
	if (!udp)
		return;
	n = altair_udp_receive_more(udp, sock, w->in, w->in_count,
				    w->in_count + 1);
	if (n > 0)
		w->in_count += (size_t)n;
	if (w->in_count == BATCH)
		take_in(w);
}

/* What peers sent. */
static void drain_relays(struct worker *w)
{
	struct relays_ready ready[READY_MAX];
	int n = air_relays_ready(&w->relays, ready, READY_MAX);

	for (int i = 0; i < n; i++) {
		uint32_t sock = ready[i].sock;

		if (ready[i].has_errors && air_relays_get(&w->relays, sock)) {
			take_in(w);
			tell_errors(w, sock);
		}
		gather(w, sock);
	}
	take_in(w);
}

/* Milliseconds until the deadline, as poll(2) wants them. */
static int patience(const struct worker *w)
{
	altair_time deadline = air_streams_deadline(&w->streams), now, left;

	if (w->deadline < deadline)
		deadline = w->deadline;
	if (deadline == ALTAIR_NEVER)
		return -1;
	now = altair_clock_now();
	left = deadline > now ? deadline - now : 0;
	return left < ALTAIR_SEC(60) ? (int)(left / ALTAIR_MSEC(1)) + 1 : 60000;
}

static void tick(struct worker *w)
{
	altair_time streams = air_streams_deadline(&w->streams), now;

	if (w->deadline == ALTAIR_NEVER && streams == ALTAIR_NEVER)
		return;
	now = altair_clock_now();
	if (now >= streams)
		air_streams_resume(&w->streams);
	if (now < w->deadline)
		return;
	altair_tick(altair_server_machine(w->server), now);
	air_worker_settle(w);
}

/* Somebody asked, or another machine wants something of ours. */
static void sit_down(struct worker *w)
{
	air_desk_serve(&w->desk, w);
	altair_tick(altair_server_machine(w->server), altair_clock_now());
	air_worker_settle(w);
}

void *air_worker_run(void *user)
{
	struct worker *w = user;
	struct pollfd *stop = &w->watched[w->listens];
	struct pollfd *relays = &w->watched[w->listens + 1];
	struct pollfd *desk = &w->watched[w->listens + 2];
	struct pollfd *streams = &w->watched[w->listens + 3];
	struct pollfd *post = &w->watched[w->listens + 4];

	*relays = (struct pollfd){.fd = w->relays.epoll, .events = POLLIN};
	*post = (struct pollfd){.fd = w->post.box[0], .events = POLLIN};
	*desk = (struct pollfd){.fd = w->desk.asked, .events = POLLIN};
	*streams = (struct pollfd){.fd = w->streams.epoll, .events = POLLIN};
	while (!stop->revents) {
		int n = poll(w->watched, w->listens + 5, patience(w));

		tick(w);
		if (n <= 0)
			continue;
		if (post->revents)
			open_post(w);
		for (uint32_t i = 0; i < w->listens; i++)
			if (w->watched[i].revents)
				drain(w, i);
		if (relays->revents)
			drain_relays(w);
		if (streams->revents)
			air_streams_serve(&w->streams);
		if (desk->revents)
			sit_down(w);
	}
	return NULL;
}

/* --- its life ------------------------------------------------------------- */

static int init_server(struct worker *w, const altair_server_config *config)
{
	size_t len = altair_server_size(config);

	if (len == 0)
		return ALTAIR_E_INVALID;
	w->server_memory = malloc(len);
	if (!w->server_memory)
		return ALTAIR_E_MEMORY;
	return altair_server_init(&w->server, w->server_memory, len, config,
				  altair_clock_now());
}

/* Nobody reaches our listeners by way of the relay. */
static int init_relay(struct worker *w, altair_server_config *config)
{
	size_t count = config->never_count;
	altair_addr *never = malloc((count + w->listens) * sizeof *never);
	int rc;

	if (!never)
		return ALTAIR_E_MEMORY;
	if (count > 0)
		memcpy(never, config->never, count * sizeof *never);
	for (size_t i = 0; i < w->listens; i++)
		altair_udp_local(w->udp[i], &never[count++]);
	config->never = never;
	config->never_count = count;
	config->buffer_len = RELAYED_LEN;
	config->dont_fragment = true;
	rc = init_server(w, config);
	free(never);
	return rc == 0 ? air_relays_open(&w->relays, w->udp[0]) : rc;
}

static int init_streams(struct worker *w, const altair_serve_config *config,
			size_t max)
{
	w->streams.server = w->server;
	w->streams.tls = config->tls;
	w->streams.http = config->http;
	w->streams.http_user = config->http_user;
	w->streams.http_takes_tls =
		config->http_takes_tls && config->tls && config->tls->offers;
	w->streams.feed = feed;
	w->streams.wake = wake;
	w->streams.worker = w;
	w->streams.queue_max = config->queue_max / QUEUE_PAGE * QUEUE_PAGE;
	return air_streams_open(&w->streams, max);
}

int air_worker_init(struct worker *w, const altair_serve_config *serve,
		    const struct worker_place *place)
{
	altair_server_config config;
	int rc;

	altair_server_config_default(&config);
	if (serve->relay)
		config = *serve->relay;
	config.batch_max = BATCH;
	config.buffer_len = ANSWERS_LEN;
	config.alternates = w->alternates;
	config.alternate_count = w->alternate_count;
	config.common = place->common;
	config.worker = place->worker;
	config.workers = place->workers;
	if (!config.crypto)
		config.crypto = altair_system_random();
	w->number = place->worker;
	w->deadline = ALTAIR_NEVER;
	w->tells_time = config.rest_secret_count > 0;
	rc = config.allocations_max > 0 ? init_relay(w, &config)
					: init_server(w, &config);
	if (rc == 0 && config.connections_max > 0)
		rc = init_streams(w, serve, config.connections_max);
	return rc;
}

void air_worker_close(struct worker *w)
{
	air_desk_close(&w->desk);
	air_post_close(&w->post);
	air_relays_close(&w->relays);
	air_streams_close(&w->streams);
	for (size_t i = 0; i < w->listens; i++)
		altair_udp_close(w->udp[i]);
	free(w->server_memory);
	free(w->renewed);
}
