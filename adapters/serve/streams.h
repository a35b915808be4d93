/*
 * streams.h - the TCP side of a worker: its listeners and the connections that
 * it has accepted, all in one epoll set.
 */
#ifndef AIR_STREAMS_H
#define AIR_STREAMS_H

#include "tunnel.h"

#include <altair/serve.h>

#define STREAMS_LISTENS_MAX 22 /* as many as UDP sockets */
#define STREAMS_BATCH 32
#define STREAMS_CHUNK 16384

struct streams {
	int epoll; /* -1: there are no streams */
	altair_server *server;
	const altair_tls *tls; /* NULL: none */
	void (*http)(void *user, int fd, const altair_addr *from,
		     enum altair_serve_guest as);
	void *http_user;
	bool http_takes_tls;
	/* Has the machine take a batch, and does what it says. */
	void (*feed)(void *worker, altair_datagram *batch, size_t count);
	/* Has the machine of that number look at what is asked of it. */
	void (*wake)(void *worker, int number);
	void *worker;
	int listeners[STREAMS_LISTENS_MAX];
	size_t listens;
	bool has_lost;	    /* a connection was closed for what was sent */
	altair_time resume; /* when listeners are watched again; 0: they are */
	struct connection *all; /* by sock - ALTAIR_SERVER_STREAM */
	uint32_t *free;
	uint32_t count, free_count;
	size_t queue_max; /* bytes that may wait for one, whole pages */
	uint32_t *dirty;  /* those to be flushed */
	uint32_t dirty_count;
	uint8_t *buffers;	/* their output */
	struct tunnel *tunnels; /* as many; NULL: there is no door */
	uint32_t next_tunnel;
	uint8_t *tunnel_buffers;
	altair_datagram batch[STREAMS_BATCH];
	uint8_t chunk[STREAMS_CHUNK], plain[STREAMS_CHUNK];
};

/* How a listener stands to other sockets of ours at its address. */
enum streams_share { STREAMS_ALONE, STREAMS_FIRST_OF_MORE, STREAMS_ONE_MORE };

/* Listens at `local`, which has a port. Returns 0, or as altair_udp_open. */
int air_streams_listen(struct streams *streams, const altair_addr *local,
		       enum streams_share share);
/* The same with a socket that listens already; closes it when that fails. */
int air_streams_adopt(struct streams *streams, int fd);
/* Takes the memory for `max` connections and begins to accept. Returns 0,
 * ALTAIR_E_MEMORY or ALTAIR_E_SYSTEM. */
int air_streams_open(struct streams *streams, size_t max);
/* Closes everything. Harmless when all zero but `epoll`, which is -1. */
void air_streams_close(struct streams *streams);

/* Does what is to be done for the ready ones of the set. */
void air_streams_serve(struct streams *streams);
/* What the machine sends to a stream, and the end of all it had to send. */
void air_streams_send(struct streams *streams, const altair_datagram *datagram);
void air_streams_flush(struct streams *streams);
/* ALTAIR_EV_SHUT. */
void air_streams_shut(struct streams *streams, uint32_t sock);
/* When air_streams_resume is to be called, or ALTAIR_NEVER. */
altair_time air_streams_deadline(const struct streams *streams);
/* Accepts again. */
void air_streams_resume(struct streams *streams);

#endif
