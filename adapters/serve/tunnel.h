/*
 * tunnel.h - HTTP within TLS, on its way to the program's door: what a connection
 * brings, decrypted, and what the program says to it, through a pair of sockets.
 */
#ifndef AIR_TUNNEL_H
#define AIR_TUNNEL_H

#include "connection.h"

#define TUNNEL_IN_MAX 65536u

struct tunnel {
	struct connection outer;
	int inner;   /* our end of the pair; -1: there is no tunnel */
	bool is_cut; /* the program has closed its end              */
	uint32_t in_len;
	uint8_t *in; /* TUNNEL_IN_MAX bytes that wait for the program */
	uint32_t outer_events, inner_events; /* watched             */
};

/*
 * Takes the connection over, with its session; what it has sent so far, decrypted,
 * is its `head` and then `said`. Returns the program's end of the pair, or -1 when
 * there is none; then the connection is as it was.
 */
int air_tunnel_open(struct tunnel *tunnel, struct connection *connection,
		    altair_bytes said);
/* The program has closed its end; `inner` is no longer to be waited for. */
void air_tunnel_cut(struct tunnel *tunnel);
void air_tunnel_close(struct tunnel *tunnel);
/* Moves what can be moved, with `chunk` to work in; false when it is over. */
bool air_tunnel_move(struct tunnel *tunnel, uint8_t *chunk, size_t len);
/* What to wait for on either side, as poll(2) has it. */
uint32_t air_tunnel_outer_events(const struct tunnel *tunnel);
uint32_t air_tunnel_inner_events(const struct tunnel *tunnel);

#endif
