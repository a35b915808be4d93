/*
 * reach.h - does a server answer over TCP, or over TLS?
 */
#ifndef AIR_REACH_H
#define AIR_REACH_H

#include <altair/probe.h>
#include <altair/tls.h>

#include <uv.h>

#define REACH_MAX 32

struct reach;

struct reach_try {
	struct reach *reach;
	altair_addr to;
	bool is_tls;
	bool is_over, is_silent; /* ended; because nothing came */
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	uint8_t out[1024], in[64];
	size_t out_len;
};

struct reach {
	uv_loop_t *loop;
	const altair_tls *tls; /* NULL: TLS is not tried */
	struct reach_try list[REACH_MAX];
	size_t count, over;
	bool is_sealed, is_done;
	enum altair_known tcp, tls_known;
	/* Once: all has answered or failed. */
	void (*done)(void *user);
	void *user;
};

/* Tries an address: TCP on its port, TLS on its port and that of STUN over TLS.
 * `loop`, `tls` and the handler are set. */
void air_reach_add(struct reach *reach, const altair_addr *addr);
/* No more will be added. */
void air_reach_seal(struct reach *reach);
/* Ends it: what has not answered was silent. */
void air_reach_stop(struct reach *reach);

#endif
