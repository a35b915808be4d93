/*
 * The libuv driver of one agent: a UDP socket bound to each address that
 * hosts.c finds, so that every datagram's local address is known.
 *
 * One turn is: hand the agent what arrived, drain it (sends, then events), then
 * hand up the payload of this turn; so an event comes before the message that it
 * makes possible. A handler may send, kick and close at any point.
 *
 * Invariants: the bytes of a send belong to the agent, so they are given to the
 * kernel before any handler runs and before the next input. A socket's number is
 * never used again: what belongs to an address that is gone cannot be taken for
 * another's.
 */
#define _GNU_SOURCE
#include <altair/udp.h>
#include <altair/uv_agent.h>

#include "alarm.h"
#include "hosts.h"
#include "stream.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 16
/* Receives per wake-up, so that a flood cannot starve the rest of the loop. */
#define ROUNDS_MAX 8
/* One for each relay and some to peers (ICE-TCP); who is asked anew may open the
 * next one before the last one is shut. */
#define STREAMS_MAX (2 * ALTAIR_AGENT_RELAYS_MAX + 4)
/* Until our addresses are looked at again after the system failed to tell them, or
 * to open a socket: it may be short of descriptors or memory for a moment. */
#define LOOK_AGAIN ALTAIR_SEC(1)

struct sock {
	uv_poll_t poll;
	altair_uv_agent *driver;
	altair_udp *udp;
	altair_addr addr;
	uint32_t number;
};

struct altair_uv_agent {
	uv_loop_t *loop;
	struct air_alarm alarm;
	uv_poll_t news;	     /* of links and addresses */
	int news_fd;	     /* -1: there are none */
	altair_time look_at; /* our addresses again; mostly ALTAIR_NEVER */
	struct sock *socks[AIR_HOSTS_MAX];
	size_t socks_count;
	uint32_t next_number;
	struct air_stream *streams[STREAMS_MAX];
	size_t streams_count;
	const altair_tls *tls;
	char *tls_names[ALTAIR_AGENT_RELAYS_MAX]; /* NULL: no TLS */
	altair_agent *agent;
	altair_machine *machine;
	void *memory;		     /* the agent's */
	altair_datagram send[BATCH]; /* collected, all of one socket */
	size_t sends;
	uint16_t port;
	bool loopback;
	char interfaces[ALTAIR_UV_AGENT_INTERFACES_MAX][IF_NAMESIZE];
	size_t interfaces_count;
	altair_uv_agent_handlers handlers;
	void *user;
	void (*closed)(void *user);
	unsigned handles; /* not yet closed */
	bool closing;
	uint8_t room[ALTAIR_AGENT_HEADROOM + ALTAIR_AGENT_MESSAGE_MAX +
		     ALTAIR_AGENT_TAILROOM];
};

void altair_uv_agent_config_default(altair_uv_agent_config *config)
{
	*config = (altair_uv_agent_config){.size = sizeof *config};
	altair_agent_config_default(&config->agent);
}

altair_agent *altair_uv_agent_agent(altair_uv_agent *driver)
{
	return driver->agent;
}

size_t altair_uv_agent_hosts(const altair_uv_agent *driver)
{
	return driver->socks_count;
}

altair_time altair_uv_agent_now(const altair_uv_agent *driver)
{
	(void)driver;
	return altair_clock_now();
}

/* ---- sending ---- */

static struct sock *find_sock(const altair_uv_agent *d, uint32_t number)
{
	for (size_t i = 0; i < d->socks_count; i++)
		if (d->socks[i]->number == number)
			return d->socks[i];
	return NULL;
}

/* What the kernel refuses is lost, as the network loses it: the agent repeats. */
static void flush(altair_uv_agent *d)
{
	struct sock *sock =
		d->sends ? find_sock(d, d->send[0].path.sock) : NULL;

	if (sock)
		(void)altair_udp_send(sock->udp, d->send, d->sends);
	d->sends = 0;
}

static struct air_stream *find_stream(const altair_uv_agent *d, uint32_t number)
{
	for (size_t i = 0; i < d->streams_count; i++)
		if (d->streams[i]->number == number)
			return d->streams[i];
	return NULL;
}

/* What may wait of it in all is `most`. */
static int send_stream(const altair_uv_agent *d,
		       const altair_datagram *datagram, size_t most)
{
	struct air_stream *stream = find_stream(d, datagram->path.sock);

	return stream ? air_stream_send(stream, datagram->bytes, most)
		      : ALTAIR_E_NETWORK;
}

static void collect(altair_uv_agent *d, const altair_datagram *datagram)
{
	if (datagram->path.sock >= ALTAIR_AGENT_STREAM) {
		(void)send_stream(d, datagram, AIR_STREAM_WAITING_MAX);
		return;
	}
	if (d->sends == BATCH ||
	    (d->sends > 0 && d->send[0].path.sock != datagram->path.sock))
		flush(d);
	d->send[d->sends++] = *datagram;
}

static int send_now(altair_uv_agent *d, const altair_datagram *datagram)
{
	struct sock *sock = find_sock(d, datagram->path.sock);
	int sent;

	if (datagram->path.sock >= ALTAIR_AGENT_STREAM)
		return send_stream(d, datagram, AIR_STREAM_PAYLOAD_MAX);
	sent = sock ? altair_udp_send(sock->udp, datagram, 1)
		    : ALTAIR_E_NETWORK;
	if (sent < 0)
		return sent;
	return sent == 1 ? 0 : ALTAIR_E_AGAIN;
}

int altair_uv_agent_send(altair_uv_agent *driver, altair_bytes message)
{
	uint8_t *payload = driver->room + ALTAIR_AGENT_HEADROOM;
	altair_datagram datagram;
	int error;

	if (message.len > ALTAIR_AGENT_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (message.len > 0)
		memcpy(payload, message.data, message.len);
	error = altair_agent_wrap(driver->agent, payload, message.len,
				  &datagram);
	if (error)
		return error;
	altair_uv_agent_kick(driver); /* data wants an answer */
	return send_now(driver, &datagram);
}

/* ---- the agent ---- */

static void open_stream(altair_uv_agent *d, const altair_output *out);
static void shut_stream(altair_uv_agent *d, uint32_t number);

/* Streams are ours to open, everything else is the user's to know. */
static void tell(altair_uv_agent *d, const altair_output *out)
{
	if (out->event == ALTAIR_EV_OPEN)
		open_stream(d, out);
	else if (out->event == ALTAIR_EV_SHUT)
		shut_stream(d, out->number);
	else
		d->handlers.event(d->user, out);
}

/* Polls the agent dry and returns its deadline. */
static altair_time drain(altair_uv_agent *d)
{
	altair_output out;
	enum altair_step step;

	while (!d->closing) {
		step = altair_poll(d->machine, &out);
		if (step == ALTAIR_SEND) {
			collect(d, &out.datagram);
			continue;
		}
		flush(d);
		if (step == ALTAIR_WAIT)
			return out.deadline;
		tell(d, &out);
	}
	return ALTAIR_NEVER;
}

static void run(altair_uv_agent *d)
{
	altair_time deadline;

	air_alarm_begin(&d->alarm);
	deadline = drain(d);
	if (!d->closing)
		air_alarm_set(&d->alarm,
			      deadline < d->look_at ? deadline : d->look_at);
}

static void look_at_hosts(altair_uv_agent *d);

static void wake(uv_timer_t *timer)
{
	altair_uv_agent *d = timer->data;
	altair_time now = altair_clock_now();

	if (now >= d->look_at)
		look_at_hosts(d);
	altair_tick(d->machine, now);
	run(d);
}

void altair_uv_agent_kick(altair_uv_agent *driver)
{
	if (!driver->closing)
		air_alarm_kick(&driver->alarm);
}

/* ---- receiving ---- */

static void hand_up(altair_uv_agent *d, const altair_datagram *datagram)
{
	if (datagram->verdict == ALTAIR_PAYLOAD && !d->closing &&
	    d->handlers.message)
		d->handlers.message(d->user, datagram->bytes);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct sock *sock = poll->data;
	altair_uv_agent *d = sock->driver;
	altair_datagram batch[BATCH];
	int count = BATCH;

	(void)events;
	/* libuv stops a handle whose socket has an error; reading takes it. */
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, readable);
	for (int k = 0; k < ROUNDS_MAX && count == BATCH && !d->closing; k++) {
		count = altair_udp_receive(sock->udp, sock->number, batch,
					   BATCH);
		if (count <= 0)
			return;
		altair_input(d->machine, altair_clock_now(), batch,
			     (size_t)count);
		run(d);
		for (int i = 0; i < count; i++)
			hand_up(d, &batch[i]);
	}
}

/* ---- streams ---- */

static void free_driver(altair_uv_agent *d)
{
	for (size_t i = 0; i < ALTAIR_AGENT_RELAYS_MAX; i++)
		free(d->tls_names[i]);
	free(d->memory);
	free(d);
}

/* A handle is closed; the last one takes the driver with it. */
static void on_closed(altair_uv_agent *d)
{
	void (*closed)(void *user) = d->closed;
	void *user = d->user;

	if (--d->handles > 0)
		return;
	free_driver(d);
	if (closed)
		closed(user);
}

/* Forgets the stream and closes it. */
static void close_stream(altair_uv_agent *d, struct air_stream *stream)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->streams_count; i++)
		if (d->streams[i] != stream)
			d->streams[kept++] = d->streams[i];
	d->streams_count = kept;
	air_stream_close(stream);
}

static void lose_stream(struct air_stream *stream, int reason)
{
	altair_uv_agent *d = stream->user;

	close_stream(d, stream);
	altair_agent_lost(d->agent, altair_clock_now(), stream->number, reason);
	run(d);
}

static void stream_opened(struct air_stream *stream, const altair_addr *local)
{
	altair_uv_agent *d = stream->user;

	altair_agent_opened(d->agent, altair_clock_now(), stream->number,
			    local);
	run(d);
}

static void stream_received(struct air_stream *stream, altair_bytes bytes)
{
	altair_uv_agent *d = stream->user;
	altair_datagram datagram;
	int got = 1;

	while (!stream->is_over &&
	       (got = altair_agent_unframe(d->agent, stream->number, &bytes,
					   &datagram)) == 1) {
		altair_input(d->machine, altair_clock_now(), &datagram, 1);
		run(d);
		hand_up(d, &datagram);
	}
	if (got < 0)
		lose_stream(stream, got);
}

static void stream_closed(struct air_stream *stream)
{
	altair_uv_agent *d = stream->user;

	free(stream);
	on_closed(d);
}

static const struct air_stream_handlers stream_handlers = {
	.opened = stream_opened,
	.received = stream_received,
	.lost = lose_stream,
	.closed = stream_closed,
};

static int try_stream(altair_uv_agent *d, const altair_output *out)
{
	uint32_t relay = out->total - 1;
	const char *name = out->total > 0 && relay < ALTAIR_AGENT_RELAYS_MAX
				   ? d->tls_names[relay]
				   : NULL;
	struct air_stream *stream;
	int error;

	if (d->streams_count == STREAMS_MAX)
		return ALTAIR_E_FULL;
	stream = calloc(1, sizeof *stream);
	if (!stream)
		return ALTAIR_E_MEMORY;
	stream->handlers = &stream_handlers;
	stream->user = d;
	stream->number = out->number;
	error = air_stream_open(stream, d->loop, &out->addr,
				name ? d->tls : NULL, name);
	if (error) {
		free(stream);
		return error;
	}
	d->handles++;
	d->streams[d->streams_count++] = stream;
	return 0;
}

static void open_stream(altair_uv_agent *d, const altair_output *out)
{
	int error = try_stream(d, out);

	if (error)
		altair_agent_lost(d->agent, altair_clock_now(), out->number,
				  error);
}

static void shut_stream(altair_uv_agent *d, uint32_t number)
{
	struct air_stream *stream = find_stream(d, number);

	if (stream)
		close_stream(d, stream);
}

int altair_uv_agent_add_relay(altair_uv_agent *driver,
			      const altair_agent_relay *relay,
			      const char *tls_name)
{
	char *name = NULL;
	int number;

	if (relay->is_tls && (!driver->tls || !tls_name))
		return ALTAIR_E_UNSUPPORTED;
	if (relay->is_tls && !(name = strdup(tls_name)))
		return ALTAIR_E_MEMORY;
	number = altair_agent_add_relay(driver->agent, altair_clock_now(),
					relay);
	if (number < 0) {
		free(name);
		return number;
	}
	driver->tls_names[number] = name;
	altair_uv_agent_kick(driver);
	return number;
}

/* ---- hosts ---- */

static void on_sock_closed(uv_handle_t *handle)
{
	struct sock *sock = handle->data;
	altair_uv_agent *d = sock->driver;

	altair_udp_close(sock->udp);
	free(sock);
	on_closed(d);
}

/* Opens a socket on the address and makes it one of our hosts. */
static int add_host(altair_uv_agent *d, const altair_addr *addr)
{
	struct sock *sock = calloc(1, sizeof *sock);
	altair_addr local = *addr;
	int error = sock ? 0 : ALTAIR_E_MEMORY;

	local.port = d->port;
	if (!error)
		error = altair_udp_open(&sock->udp, &local, 0, BATCH);
	if (!error)
		error = altair_udp_local(sock->udp, &sock->addr);
	if (!error &&
	    uv_poll_init(d->loop, &sock->poll, altair_udp_fd(sock->udp)) < 0)
		error = ALTAIR_E_SYSTEM;
	if (error) {
		if (sock)
			altair_udp_close(sock->udp);
		free(sock);
		return error;
	}
	sock->driver = d;
	sock->poll.data = sock;
	sock->number = d->next_number++;
	d->handles++;
	d->socks[d->socks_count++] = sock;
	uv_poll_start(&sock->poll, UV_READABLE, readable);
	error = altair_agent_add_host(d->agent, altair_clock_now(),
				      sock->number, &sock->addr);
	if (error) {
		d->socks_count--;
		uv_close((uv_handle_t *)&sock->poll, on_sock_closed);
	}
	return error;
}

static int read_hosts(altair_uv_agent *d, struct air_hosts *out)
{
	const char *names[ALTAIR_UV_AGENT_INTERFACES_MAX];
	const struct air_hosts_filter filter = {names, d->interfaces_count};

	for (size_t i = 0; i < d->interfaces_count; i++)
		names[i] = d->interfaces[i];
	return air_hosts_read(&filter, out);
}

static bool is_allowed(const altair_uv_agent *d, const altair_addr *addr)
{
	return d->loopback ||
	       altair_addr_classify(addr) != ALTAIR_ADDR_LOOPBACK;
}

static bool is_host(const altair_uv_agent *d, const altair_addr *addr)
{
	for (size_t i = 0; i < d->socks_count; i++)
		if (altair_addr_same_ip(&d->socks[i]->addr, addr))
			return true;
	return false;
}

/* Opens a socket on each address that is new. An address may go while we look at
 * it; other errors are the first one's. */
static int add_hosts(altair_uv_agent *d, const struct air_hosts *hosts)
{
	const altair_addr *found = hosts->all;
	int result = 0;

	for (size_t i = 0; i < hosts->fit; i++) {
		int error = 0;

		if (d->socks_count < AIR_HOSTS_MAX &&
		    is_allowed(d, &found[i]) && !is_host(d, &found[i]))
			error = add_host(d, &found[i]);
		if (error && error != ALTAIR_E_ADDRESS && !result)
			result = error;
	}
	return result;
}

static bool is_among(const altair_addr *addr, const struct air_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (altair_addr_same_ip(addr, &hosts->all[i]))
			return true;
	return false;
}

/* Closes the sockets of the addresses that are gone. One that is used goes on to be
 * when it is not fit any more: RFC 4862 5.5.4. */
static void remove_hosts(altair_uv_agent *d, const struct air_hosts *hosts)
{
	size_t kept = 0, before = d->socks_count;

	for (size_t i = 0; i < before; i++) {
		struct sock *sock = d->socks[i];

		if (is_among(&sock->addr, hosts)) {
			d->socks[kept++] = sock;
			continue;
		}
		altair_agent_remove_host(d->agent, altair_clock_now(),
					 sock->number, &sock->addr);
		uv_close((uv_handle_t *)&sock->poll, on_sock_closed);
	}
	d->socks_count = kept;
}

/* A failure of the system's own passes: nothing else would bring us back here. */
static void look_at_hosts(altair_uv_agent *d)
{
	struct air_hosts hosts;
	int error = read_hosts(d, &hosts);

	if (!error) {
		remove_hosts(d, &hosts);
		error = add_hosts(d, &hosts);
	}
	d->look_at = error == ALTAIR_E_SYSTEM || error == ALTAIR_E_MEMORY
			     ? altair_clock_now() + LOOK_AGAIN
			     : ALTAIR_NEVER;
}

static void on_news(uv_poll_t *poll, int status, int events)
{
	altair_uv_agent *d = poll->data;

	(void)events;
	air_hosts_drain(d->news_fd);
	/* libuv stops a handle whose socket has an error: news overflowed. */
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, on_news);
	look_at_hosts(d);
	run(d);
}

static void on_news_closed(uv_handle_t *handle)
{
	altair_uv_agent *d = handle->data;

	close(d->news_fd);
	on_closed(d);
}

/* Without news the addresses stay those of the beginning. */
static void watch_hosts(altair_uv_agent *d)
{
	d->news_fd = air_hosts_watch();
	if (d->news_fd >= 0 &&
	    uv_poll_init(d->loop, &d->news, d->news_fd) < 0) {
		close(d->news_fd);
		d->news_fd = -1;
	}
	if (d->news_fd < 0)
		return;
	d->news.data = d;
	d->handles++;
	uv_poll_start(&d->news, UV_READABLE, on_news);
}

/* Watched before they are read: no change between the two is missed. */
static int begin_hosts(altair_uv_agent *d)
{
	struct air_hosts hosts;
	int error;

	d->look_at = ALTAIR_NEVER;
	watch_hosts(d);
	error = read_hosts(d, &hosts);
	return error ? error : add_hosts(d, &hosts);
}

/* ---- opening and closing ---- */

static void on_timer_closed(uv_handle_t *handle)
{
	on_closed(handle->data);
}

/* The agent gives its relayed addresses back. */
static void say_goodbye(altair_uv_agent *d)
{
	enum altair_step step;
	altair_output out;

	altair_agent_close(d->agent);
	while ((step = altair_poll(d->machine, &out)) != ALTAIR_WAIT)
		if (step == ALTAIR_SEND)
			collect(d, &out.datagram);
	flush(d);
}

void altair_uv_agent_close(altair_uv_agent *driver, void (*closed)(void *user))
{
	if (driver->closing)
		return;
	driver->closing = true;
	driver->closed = closed;
	say_goodbye(driver);
	while (driver->streams_count > 0)
		close_stream(driver, driver->streams[0]);
	for (size_t i = 0; i < driver->socks_count; i++)
		uv_close((uv_handle_t *)&driver->socks[i]->poll,
			 on_sock_closed);
	if (driver->news_fd >= 0)
		uv_close((uv_handle_t *)&driver->news, on_news_closed);
	uv_close((uv_handle_t *)&driver->alarm.timer, on_timer_closed);
}

static int make_agent(altair_uv_agent *d, const altair_agent_config *config)
{
	size_t size = altair_agent_size(config);

	if (size == 0)
		return ALTAIR_E_INVALID;
	d->memory = malloc(size);
	if (!d->memory)
		return ALTAIR_E_MEMORY;
	return altair_agent_init(&d->agent, d->memory, size, config,
				 altair_clock_now());
}

static int take_interfaces(altair_uv_agent *d,
			   const altair_uv_agent_config *config)
{
	if (config->interfaces_count > ALTAIR_UV_AGENT_INTERFACES_MAX)
		return ALTAIR_E_INVALID;
	for (size_t i = 0; i < config->interfaces_count; i++) {
		size_t len = strlen(config->interfaces[i]);

		if (len >= IF_NAMESIZE)
			return ALTAIR_E_INVALID;
		memcpy(d->interfaces[i], config->interfaces[i], len + 1);
	}
	d->interfaces_count = config->interfaces_count;
	return 0;
}

int altair_uv_agent_open(altair_uv_agent **out, uv_loop_t *loop,
			 const altair_uv_agent_config *config,
			 const altair_uv_agent_handlers *handlers, void *user)
{
	altair_uv_agent *d;
	int error;

	if (config->size != sizeof *config)
		return ALTAIR_E_INVALID;
	d = calloc(1, sizeof *d);
	if (!d)
		return ALTAIR_E_MEMORY;
	d->loop = loop;
	d->handlers = *handlers;
	d->user = user;
	d->port = config->port;
	d->loopback = config->agent.loopback;
	d->tls = config->tls;
	error = take_interfaces(d, config);
	if (!error)
		error = make_agent(d, &config->agent);
	if (error) {
		free_driver(d);
		return error;
	}
	d->machine = altair_agent_machine(d->agent);
	air_alarm_init(&d->alarm, loop, wake, d);
	d->handles = 1;
	error = begin_hosts(d);
	if (error) {
		altair_uv_agent_close(d, NULL);
		return error;
	}
	*out = d;
	return 0;
}
