/*
 * One socket for each relay port. The table is by number, so a packet costs no
 * search; it takes a pointer for every possible port, and pages of it that are
 * never touched cost nothing.
 */
#define _GNU_SOURCE
#include "relays.h"

#include <altair/error.h>
#include <altair/server.h>

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Ports of two families. */
#define SOCKS (2 * 65536u)
#define READY_MAX 64

int air_relays_open(struct relays *relays, altair_udp *sibling)
{
	relays->udp = calloc(SOCKS, sizeof(altair_udp *));
	if (!relays->udp)
		return ALTAIR_E_MEMORY;
	relays->sibling = sibling;
	relays->epoll = epoll_create1(EPOLL_CLOEXEC);
	return relays->epoll < 0 ? ALTAIR_E_SYSTEM : 0;
}

void air_relays_close(struct relays *relays)
{
	for (uint32_t i = 0; relays->udp && i < SOCKS; i++)
		altair_udp_close(relays->udp[i]);
	free(relays->udp);
	if (relays->epoll >= 0)
		close(relays->epoll);
}

int air_relays_add(struct relays *relays, uint32_t sock,
		   const altair_addr *addr)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = sock};
	altair_udp **udp = &relays->udp[sock - ALTAIR_SERVER_RELAY];
	int rc = altair_udp_open_beside(udp, relays->sibling, addr,
					ALTAIR_UDP_MERGE | ALTAIR_UDP_ERRORS |
						ALTAIR_UDP_FRAGMENTS);

	if (rc != 0)
		return rc;
	if (epoll_ctl(relays->epoll, EPOLL_CTL_ADD, altair_udp_fd(*udp),
		      &event) == 0)
		return 0;
	altair_udp_close(*udp);
	*udp = NULL;
	return ALTAIR_E_SYSTEM;
}

void air_relays_remove(struct relays *relays, uint32_t sock)
{
	altair_udp **udp = &relays->udp[sock - ALTAIR_SERVER_RELAY];

	/* A descriptor that is closed leaves the set. */
	altair_udp_close(*udp);
	*udp = NULL;
}

altair_udp *air_relays_get(const struct relays *relays, uint32_t sock)
{
	return relays->udp[sock - ALTAIR_SERVER_RELAY];
}

int air_relays_ready(const struct relays *relays, struct relays_ready *ready,
		     int cap)
{
	struct epoll_event events[READY_MAX];
	int n = epoll_wait(relays->epoll, events,
			   cap < READY_MAX ? cap : READY_MAX, 0);

	for (int i = 0; i < n; i++) {
		ready[i].sock = events[i].data.u32;
		ready[i].has_errors = events[i].events & EPOLLERR;
	}
	return n > 0 ? n : 0;
}
