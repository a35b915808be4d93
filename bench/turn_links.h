/*
 * turn_links.h - the clients of a load: allocations on a TURN server, made as any
 * client makes them (altair/turn.h), or links of bench-relay-floor.
 */
#ifndef BENCH_TURN_LINKS_H
#define BENCH_TURN_LINKS_H

#include <altair/base.h>

#include <netinet/in.h>

#define LINKS_PEERS_MAX 3
#define LINKS_UNDER_WAY_MAX 32

struct links_client {
	int fd;				   /* connected to the server */
	uint16_t channel[LINKS_PEERS_MAX]; /* of each peer            */
};

struct links {
	struct sockaddr_in server;
	bool is_floor;
	const struct sockaddr_in *peers; /* what channels are bound to */
	unsigned peer_count;
	struct links_client *clients;
	unsigned count;
	unsigned under_way; /* at the same time; 0: the most */
	bool are_brief;	    /* each is deleted as soon as it is made */
};

/* Opens the sockets; false: it could not. */
bool links_open(struct links *links);
/* Makes all allocations, with permissions and channels for all peers. False after
 * one line on stderr. */
bool links_make(struct links *links);

#endif
