/*
 * prober.h - runs an altair_probe of one family on a loop: its sockets, its timer.
 */
#ifndef AIR_PROBER_H
#define AIR_PROBER_H

#include <altair/probe.h>
#include <altair/udp.h>

#include <uv.h>

struct prober;

struct prober_socket {
	struct prober *prober;
	altair_udp *udp;
	uv_poll_t poll;
};

struct prober {
	altair_probe *probe; /* NULL: not open */
	void *memory;
	struct prober_socket socket[ALTAIR_PROBE_SOCKS_MAX];
	size_t sockets;
	uv_timer_t timer;
	bool is_done;
	/* Once: all is known. */
	void (*done)(void *user);
	void *user;
};

/* Opens sockets on the way to `server`, of its family; the handler is set. With
 * `lifetime_max` as in altair/probe.h. 0 or an ALTAIR_E_*. */
int air_prober_open(struct prober *prober, uv_loop_t *loop,
		    const altair_addr *server, altair_time lifetime_max);
/* Asks one more server; no more will follow. */
void air_prober_add(struct prober *prober, const altair_addr *server);
void air_prober_seal(struct prober *prober);
/* What is known; false: it was never opened. */
bool air_prober_get(const struct prober *prober, altair_probe_facts *out);
/* Harmless when never opened. */
void air_prober_close(struct prober *prober);

#endif
