/*
 * The libuv driver: sockets of libaltair's udp adapter, watched by a poll
 * handle each, and one timer for the earliest deadline of all machines.
 *
 * One turn is: offer what arrived, then drain every machine (its sends and
 * events), then hand up the payload that arrived in this turn. So an event
 * comes before the payload that it makes possible. A handler may attach,
 * detach, send, kick and close at any point.
 *
 * Invariant: nothing is sent later than the call that produced it, because the
 * bytes of a send belong to the machine. They are given to the kernel in one
 * call, but always before any handler runs.
 */
#define _GNU_SOURCE
#include <altair/udp.h>
#include <altair/uv.h>

#include "alarm.h"

#include <stdlib.h>
#include <string.h>

#define SOCKS 2
#define MACHINES_MAX 4
#define BATCH 32
/* Receives per wake-up, so that a flood cannot starve the rest of the loop. */
#define ROUNDS_MAX 8

struct sock {
	uv_poll_t poll;
	altair_udp *udp; /* NULL: this family is not open */
};

struct altair_uv {
	uv_loop_t *loop;
	struct air_alarm alarm;
	struct sock sock[SOCKS];
	altair_machine *machine[MACHINES_MAX];
	size_t machines;
	altair_datagram send[BATCH]; /* collected */
	size_t sends;
	altair_uv_handlers handlers;
	void *user;
	void (*closed)(void *user);
	unsigned handles; /* not yet closed */
	bool closing;
};

void altair_uv_config_default(altair_uv_config *config)
{
	*config = (altair_uv_config){
		.size = sizeof *config,
		.ipv4 = true,
		.ipv6 = true,
	};
}

altair_time altair_uv_now(const altair_uv *driver)
{
	(void)driver;
	return altair_clock_now();
}

/* ---- sending ---- */

static void report_unsent(altair_uv *d, const altair_addr *remote, int error)
{
	if (d->handlers.unsent && !d->closing)
		d->handlers.unsent(d->user, remote, error);
}

/* How many datagrams from `first` on go where it goes, and from the same socket. */
static size_t run_length(const altair_uv *d, size_t first)
{
	size_t end = first + 1;

	while (end < d->sends &&
	       d->send[end].path.sock == d->send[first].path.sock &&
	       altair_addr_equal(&d->send[end].path.remote,
				 &d->send[first].path.remote))
		end++;
	return end - first;
}

static bool is_open(const altair_uv *d, uint32_t sock)
{
	return sock < SOCKS && d->sock[sock].udp != NULL;
}

/* How many were sent, or ALTAIR_E_*. */
static int send_run(const altair_uv *d, const altair_datagram *first,
		    size_t len)
{
	if (!is_open(d, first->path.sock))
		return ALTAIR_E_FAMILY;
	return altair_udp_send(d->sock[first->path.sock].udp, first, len);
}

/* Gives what was collected to the kernel, one call for each destination in a
 * row. What it refuses is lost, and reported when all is sent: a handler may
 * end the life of the remaining bytes. */
static void flush(altair_uv *d)
{
	altair_addr remote[BATCH];
	int error[BATCH];
	size_t failures = 0, len;

	for (size_t i = 0; i < d->sends; i += len) {
		const altair_datagram *next = &d->send[i];
		int sent;

		len = run_length(d, i);
		sent = send_run(d, next, len);
		if (sent >= 0 && (size_t)sent == len)
			continue;
		remote[failures] = next->path.remote;
		error[failures++] = sent < 0 ? sent : ALTAIR_E_AGAIN;
	}
	d->sends = 0;
	for (size_t i = 0; i < failures; i++)
		report_unsent(d, &remote[i], error[i]);
}

/* Nothing that is collected waits while a handler runs, this one neither. */
static void collect(altair_uv *d, const altair_datagram *datagram)
{
	d->send[d->sends++] = *datagram;
	if (d->sends == BATCH)
		flush(d);
}

int altair_uv_send(altair_uv *driver, const altair_datagram *datagram)
{
	int sent;

	if (driver->closing)
		return ALTAIR_E_STATE;
	if (!is_open(driver, datagram->path.sock))
		return ALTAIR_E_FAMILY;
	sent = altair_udp_send(driver->sock[datagram->path.sock].udp, datagram,
			       1);
	if (sent < 0)
		return sent;
	return sent == 1 ? 0 : ALTAIR_E_AGAIN;
}

/* ---- machines ---- */

static bool is_attached(const altair_uv *d, const altair_machine *machine)
{
	for (size_t i = 0; i < d->machines; i++)
		if (d->machine[i] == machine)
			return true;
	return false;
}

/* Polls one machine dry and returns its deadline. */
static altair_time drain(altair_uv *d, altair_machine *machine)
{
	altair_output out;
	enum altair_step step;

	while (!d->closing && is_attached(d, machine)) {
		step = altair_poll(machine, &out);
		if (step == ALTAIR_SEND) {
			collect(d, &out.datagram);
			continue;
		}
		flush(d);
		if (step == ALTAIR_WAIT)
			return out.deadline;
		if (!d->closing && is_attached(d, machine))
			d->handlers.event(d->user, machine, &out);
	}
	d->sends = 0;
	return ALTAIR_NEVER;
}

/* Drains every machine, also those attached meanwhile, and sets the timer. */
static void drain_all(altair_uv *d)
{
	altair_time deadline = ALTAIR_NEVER;

	air_alarm_begin(&d->alarm);
	for (size_t i = 0; i < d->machines && !d->closing;) {
		altair_machine *machine = d->machine[i];
		altair_time next = drain(d, machine);

		if (next < deadline)
			deadline = next;
		/* After a detachment another machine may stand here. */
		if (i < d->machines && d->machine[i] == machine)
			i++;
	}
	if (!d->closing)
		air_alarm_set(&d->alarm, deadline);
}

static void tick_all(altair_uv *d)
{
	altair_time now = altair_clock_now();

	for (size_t i = 0; i < d->machines; i++)
		altair_tick(d->machine[i], now);
}

static void wake(uv_timer_t *timer)
{
	altair_uv *d = timer->data;

	tick_all(d);
	drain_all(d);
}

int altair_uv_attach(altair_uv *driver, altair_machine *machine)
{
	if (driver->machines == MACHINES_MAX)
		return ALTAIR_E_FULL;
	driver->machine[driver->machines++] = machine;
	altair_uv_kick(driver);
	return 0;
}

void altair_uv_detach(altair_uv *driver, altair_machine *machine)
{
	size_t kept = 0;

	for (size_t i = 0; i < driver->machines; i++)
		if (driver->machine[i] != machine)
			driver->machine[kept++] = driver->machine[i];
	driver->machines = kept;
}

void altair_uv_kick(altair_uv *driver)
{
	if (!driver->closing)
		air_alarm_kick(&driver->alarm);
}

/* ---- receiving ---- */

/* Offers one datagram; returns who took it, NULL if nobody did. */
static altair_machine *offer(altair_uv *d, altair_time now,
			     altair_datagram *datagram)
{
	for (size_t i = 0; i < d->machines; i++) {
		datagram->verdict = ALTAIR_NOT_MINE;
		altair_input(d->machine[i], now, datagram, 1);
		if (datagram->verdict != ALTAIR_NOT_MINE)
			return d->machine[i];
	}
	return NULL;
}

static void hand_up(altair_uv *d, altair_machine *machine,
		    const altair_datagram *datagram)
{
	if (datagram->verdict != ALTAIR_PAYLOAD || d->closing)
		return;
	if (d->handlers.payload && is_attached(d, machine))
		d->handlers.payload(d->user, machine, datagram);
}

static void take_errors(altair_uv *d, altair_udp *udp)
{
	altair_addr remote;

	while (!d->closing && altair_udp_error(udp, &remote) == 1)
		if (d->handlers.refused)
			d->handlers.refused(d->user, &remote);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	altair_uv *d = poll->data;
	struct sock *sock = (struct sock *)poll;
	uint32_t number = (uint32_t)(sock - d->sock);
	altair_datagram batch[BATCH];
	altair_machine *owner[BATCH];
	int count = BATCH;

	(void)events;
	take_errors(d, sock->udp);
	for (int k = 0; k < ROUNDS_MAX && count == BATCH && !d->closing; k++) {
		altair_time now = altair_clock_now();

		count = altair_udp_receive(sock->udp, number, batch, BATCH);
		for (int i = 0; i < count; i++)
			owner[i] = offer(d, now, &batch[i]);
		drain_all(d);
		for (int i = 0; i < count; i++)
			hand_up(d, owner[i], &batch[i]);
	}
	/* libuv stops a handle whose socket has an ICMP error (POLLERR). */
	if (status < 0 && !d->closing)
		uv_poll_start(poll, UV_READABLE, readable);
}

/* ---- opening and closing ---- */

static int open_sock(altair_uv *d, uint32_t number, uint16_t port)
{
	altair_addr local = {
		.family = number == ALTAIR_UV_IPV4 ? ALTAIR_IPV4 : ALTAIR_IPV6,
		.port = port,
	};

	return altair_udp_open(&d->sock[number].udp, &local, ALTAIR_UDP_ERRORS,
			       BATCH);
}

int altair_uv_local(const altair_uv *driver, uint32_t sock, altair_addr *out)
{
	if (!is_open(driver, sock))
		return ALTAIR_E_FAMILY;
	return altair_udp_local(driver->sock[sock].udp, out);
}

/* Opens the sockets that are asked for; one port for both if possible. */
static int open_socks(altair_uv *d, const altair_uv_config *config)
{
	int error = ALTAIR_E_FAMILY;
	uint16_t port = config->local_port;
	altair_addr local;

	if (config->ipv4)
		error = open_sock(d, ALTAIR_UV_IPV4, port);
	if (error && error != ALTAIR_E_FAMILY)
		return error;
	if (!config->ipv6)
		return error;
	if (altair_uv_local(d, ALTAIR_UV_IPV4, &local) == 0)
		port = local.port;
	error = open_sock(d, ALTAIR_UV_IPV6, port);
	if (error == ALTAIR_E_IN_USE && config->local_port == 0)
		error = open_sock(d, ALTAIR_UV_IPV6, 0);
	if (error == ALTAIR_E_FAMILY && is_open(d, ALTAIR_UV_IPV4))
		error = 0;
	return error;
}

static void close_socks(altair_uv *d)
{
	for (size_t i = 0; i < SOCKS; i++) {
		altair_udp_close(d->sock[i].udp);
		d->sock[i].udp = NULL;
	}
}

static void on_closed(uv_handle_t *handle)
{
	altair_uv *d = handle->data;
	void (*closed)(void *user) = d->closed;
	void *user = d->user;

	if (--d->handles > 0)
		return;
	close_socks(d);
	free(d);
	if (closed)
		closed(user);
}

void altair_uv_close(altair_uv *driver, void (*closed)(void *user))
{
	if (driver->closing)
		return;
	driver->closing = true;
	driver->closed = closed;
	driver->machines = 0;
	uv_close((uv_handle_t *)&driver->alarm.timer, on_closed);
	for (size_t i = 0; i < SOCKS; i++)
		if (driver->sock[i].udp)
			uv_close((uv_handle_t *)&driver->sock[i].poll,
				 on_closed);
}

/* From here on only altair_uv_close gives the handles back. */
static int watch(altair_uv *d)
{
	int error = 0;

	air_alarm_init(&d->alarm, d->loop, wake, d);
	d->handles = 1;
	for (size_t i = 0; i < SOCKS; i++) {
		struct sock *sock = &d->sock[i];

		if (!sock->udp)
			continue;
		if (uv_poll_init(d->loop, &sock->poll,
				 altair_udp_fd(sock->udp)) < 0) {
			altair_udp_close(sock->udp);
			sock->udp = NULL;
			error = ALTAIR_E_SYSTEM;
			continue;
		}
		sock->poll.data = d;
		d->handles++;
		if (uv_poll_start(&sock->poll, UV_READABLE, readable) < 0)
			error = ALTAIR_E_SYSTEM;
	}
	return error;
}

int altair_uv_open(altair_uv **out, uv_loop_t *loop,
		   const altair_uv_config *config,
		   const altair_uv_handlers *handlers, void *user)
{
	altair_uv *d = calloc(1, sizeof *d);
	int error;

	if (!d)
		return ALTAIR_E_MEMORY;
	d->loop = loop;
	d->handlers = *handlers;
	d->user = user;
	error = open_socks(d, config);
	if (error) {
		close_socks(d);
		free(d);
		return error;
	}
	error = watch(d);
	if (error) {
		altair_uv_close(d, NULL);
		return error;
	}
	*out = d;
	return 0;
}
