/*
 * hops.h - the first routers on the way to a server (IPv4), from what they answer
 * to datagrams whose time to live ends there.
 */
#ifndef AIR_HOPS_H
#define AIR_HOPS_H

#include <altair/base.h>

#include <uv.h>

#define HOPS_MAX 5

struct hops;

struct hop {
	struct hops *hops;
	int fd;
	uv_poll_t poll;
};

struct hops {
	altair_addr to;
	struct hop hop[HOPS_MAX];
	altair_addr addr[HOPS_MAX]; /* "no address" where none has answered */
	size_t count;		    /* how many are asked */
	uv_timer_t timer;
	unsigned rounds;
	bool is_done;
	/* Once: they have answered, or had a second for it. */
	void (*done)(void *user);
	void *user;
};

/* Begins; the handler is set. Without sockets it is done at once. */
void air_hops_start(struct hops *hops, uv_loop_t *loop, const altair_addr *to);
/* Harmless when never started. */
void air_hops_close(struct hops *hops);

#endif
