/*
 * Drives the machine as altair/machine.h says, on sockets of its own: what a NAT
 * does to a port depends on what the port was used for before.
 */
#define _GNU_SOURCE
#include "prober.h"

#include "sockaddr.h"

#include <altair/error.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 16

static void drain(struct prober *p);

static void on_timer(uv_timer_t *timer)
{
	struct prober *p = timer->data;

	altair_tick(altair_probe_machine(p->probe), altair_clock_now());
	drain(p);
}

static void send_one(struct prober *p, const altair_datagram *datagram)
{
	/* What cannot be sent is lost, and asked again. */
	altair_udp_send(p->socket[datagram->path.sock].udp, datagram, 1);
}

/* Does what the machine wants, and waits. */
static void drain(struct prober *p)
{
	altair_machine *machine = altair_probe_machine(p->probe);
	altair_output out;
	enum altair_step step;
	altair_time now, wait;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			send_one(p, &out.datagram);
		else
			p->is_done = true;
	}
	if (p->is_done) {
		uv_timer_stop(&p->timer);
		p->done(p->user);
		return;
	}
	now = altair_clock_now();
	wait = out.deadline > now ? out.deadline - now : 0;
	if (out.deadline != ALTAIR_NEVER)
		uv_timer_start(&p->timer, on_timer, wait / ALTAIR_MSEC(1) + 1,
			       0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct prober_socket *s = poll->data;
	struct prober *p = s->prober;
	altair_datagram batch[BATCH];
	altair_addr refused;
	int n = altair_udp_receive(s->udp, (uint32_t)(s - p->socket), batch,
				   BATCH);

	(void)events;
	while (altair_udp_error(s->udp, &refused) == 1)
		if (!p->is_done)
			altair_probe_refused(p->probe, altair_clock_now(),
					     &refused);
	/* libuv stops at an error of the socket. */
	if (status != 0)
		uv_poll_start(poll, UV_READABLE, on_readable);
	if (p->is_done)
		return;
	if (n > 0)
		altair_input(altair_probe_machine(p->probe), altair_clock_now(),
			     batch, (size_t)n);
	drain(p);
}

/* Datagrams are not cut, and not held back because of an ICMP message either. */
static void forbid_fragments(const altair_udp *udp, uint8_t family)
{
	int v4 = IP_PMTUDISC_PROBE, v6 = IPV6_PMTUDISC_PROBE;

	if (family == ALTAIR_IPV4)
		setsockopt(altair_udp_fd(udp), IPPROTO_IP, IP_MTU_DISCOVER, &v4,
			   sizeof v4);
	else
		setsockopt(altair_udp_fd(udp), IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			   &v6, sizeof v6);
}

static int open_socket(struct prober *p, uv_loop_t *loop,
		       const altair_addr *local)
{
	struct prober_socket *s = &p->socket[p->sockets];
	int rc = altair_udp_open(&s->udp, local, ALTAIR_UDP_ERRORS, BATCH);

	if (rc != 0)
		return rc;
	s->prober = p;
	s->poll.data = s;
	if (uv_poll_init(loop, &s->poll, altair_udp_fd(s->udp)) < 0) {
		altair_udp_close(s->udp);
		return ALTAIR_E_SYSTEM;
	}
	if (p->sockets++ == ALTAIR_PROBE_WHOLE)
		forbid_fragments(s->udp, local->family);
	uv_poll_start(&s->poll, UV_READABLE, on_readable);
	return 0;
}

static int make_probe(struct prober *p, const altair_addr *local,
		      altair_time lifetime_max)
{
	altair_time now = altair_clock_now();
	altair_probe_config config;
	size_t size;

	altair_probe_config_default(&config);
	config.crypto = altair_system_random();
	config.local = local;
	config.socks = p->sockets;
	config.lifetime_max = lifetime_max;
	size = altair_probe_size(&config);
	p->memory = malloc(size);
	if (!p->memory)
		return ALTAIR_E_MEMORY;
	return altair_probe_init(&p->probe, p->memory, size, &config, now);
}

int air_prober_open(struct prober *p, uv_loop_t *loop,
		    const altair_addr *server, altair_time lifetime_max)
{
	size_t wanted =
		lifetime_max ? ALTAIR_PROBE_SOCKS_MAX : ALTAIR_PROBE_LIFETIMES;
	altair_addr local[ALTAIR_PROBE_SOCKS_MAX];
	int rc = 0;

	if (!air_sockaddr_route(&local[0], server, 0))
		return ALTAIR_E_NETWORK;
	for (size_t i = 0; i < wanted && rc == 0; i++) {
		altair_addr any = local[0];

		any.port = 0;
		rc = open_socket(p, loop, &any);
		if (rc == 0)
			rc = altair_udp_local(p->socket[i].udp, &local[i]);
	}
	uv_timer_init(loop, &p->timer);
	p->timer.data = p;
	return rc == 0 ? make_probe(p, local, lifetime_max) : rc;
}

void air_prober_add(struct prober *p, const altair_addr *server)
{
	if (p->is_done)
		return;
	altair_probe_add(p->probe, altair_clock_now(), server);
	drain(p);
}

void air_prober_seal(struct prober *p)
{
	if (!p->probe || p->is_done)
		return;
	altair_probe_seal(p->probe, altair_clock_now());
	drain(p);
}

bool air_prober_get(const struct prober *p, altair_probe_facts *out)
{
	if (!p->probe)
		return false;
	altair_probe_get(p->probe, out);
	return true;
}

void air_prober_close(struct prober *p)
{
	if (p->sockets == 0)
		return;
	uv_close((uv_handle_t *)&p->timer, NULL);
	for (size_t i = 0; i < p->sockets; i++) {
		uv_close((uv_handle_t *)&p->socket[i].poll, NULL);
		altair_udp_close(p->socket[i].udp);
	}
	free(p->memory);
	p->memory = NULL;
	p->probe = NULL;
	p->sockets = 0;
}
