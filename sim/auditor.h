/*
 * The judge of a siege. It sees what reaches the server and what leaves it, and
 * keeps books of its own: who was told that he has which allocation, permission
 * and channel, and for how long. It refuses a run at the first record that the
 * books do not allow.
 *
 * Once: every answer has its request, arrived just now (an Allocate may wait for
 * its port), and is the only one to it. Data that leaves, to a peer or to a
 * client, is what just came for it, unaltered, and leaves once.
 *
 * Gate: data leaves for a peer only from an open port of a live allocation, with
 * a permission for the peer, never for an address that is denied; for a client
 * only from such a peer. Who has no password gets nothing but refusals.
 *
 * Budget: an answer without proof has at most three times the bytes of what it
 * answers (a binding answer 1.5 times and what its address takes), and a source
 * gets so many a second.
 *
 * Limits: never more allocations, permissions and channels than the tables have,
 * in all, of a user and of an allocation.
 *
 * Room: nobody is refused for want of room, quota, an allocation or a right that
 * the books show: whatever leaks is missing there.
 *
 * End: when everybody is gone and every lifetime has passed nothing is left, and
 * as much can be had as at the beginning.
 */
#ifndef SIM_AUDITOR_H
#define SIM_AUDITOR_H

#include "sim/ask.h"
#include "sim/books.h"
#include "sim/budget.h"
#include "sim/set.h"
#include "sim/siege.h"
#include "sim/trace.h"

#define SIM_AUDITOR_OPENING 512
#define SIM_AUDITOR_ASKED 512
#define SIM_AUDITOR_CREDITS 256
#define SIM_AUDITOR_PORTS 32
#define SIM_AUDITOR_PEERS 4 /* in one request */

/* A request that came. */
struct sim_auditor_asked {
	struct sim_books_path path;
	uint8_t transaction[SIM_STUN_TRANSACTION];
	uint8_t ticket[SIM_BOOKS_TICKET];
	altair_time at, since; /* it came last, and first */
	altair_addr peers[SIM_AUDITOR_PEERS];
	size_t peers_count, len;
	unsigned method, user, channel;
	bool is_answered, is_special; /* it wants a certain port */
	bool has_ticket, is_stream;
};

/* Data that came at this instant: from a client, in a channel or for a peer; or
 * from a peer, for a relayed address. */
struct sim_auditor_credit {
	struct sim_books_path path; /* from a client */
	unsigned channel;	    /* 0: for `peer` */
	altair_addr peer, relayed;
	bool is_of_peer;
	uint64_t digest;
	size_t len;
};

struct sim_auditor {
	const struct sim_siege *siege;
	uint16_t server;     /* its lane */
	struct sim_set made; /* messages, and who made them */
	struct sim_books books;
	struct sim_auditor_asked asked[SIM_AUDITOR_ASKED]; /* a ring */
	uint64_t asked_count;
	struct sim_auditor_asked opening[SIM_AUDITOR_OPENING];
	size_t opening_count;
	struct sim_auditor_credit credits[SIM_AUDITOR_CREDITS];
	size_t credits_count;
	struct sim_budget budget;
	altair_addr ports[SIM_AUDITOR_PORTS]; /* that the driver has open */
	size_t ports_count;
	uint64_t allocated, moved, refused, to_peers_ever, to_clients_ever;
	uint64_t to_peers, to_clients; /* since everybody was gone */
	uint64_t over_quota, no_room;
	const char *violation; /* NULL: none */
	altair_time at;
};

void sim_auditor_init(struct sim_auditor *auditor,
		      const struct sim_siege *siege);
void sim_auditor_drop(struct sim_auditor *auditor);
/* This user is about to send this request from there. */
void sim_auditor_made(struct sim_auditor *auditor, unsigned user,
		      const altair_addr *from, altair_bytes message);
void sim_auditor_see(struct sim_auditor *auditor,
		     const struct sim_record *record);
/* A client's stream is gone. */
void sim_auditor_shut(struct sim_auditor *auditor, const altair_addr *client);
/* This port could not be bound. */
void sim_auditor_unbound(struct sim_auditor *auditor, const altair_addr *port);
/* The server has started again, and forgotten everything. */
void sim_auditor_restarted(struct sim_auditor *auditor);
/* What the server says that it has, now. */
void sim_auditor_count(struct sim_auditor *auditor, altair_time now,
		       uint64_t allocations);
/* Everybody has gone, and every lifetime has passed. */
void sim_auditor_all_gone(struct sim_auditor *auditor);
/* The rover has asked for all there is. */
void sim_auditor_all_taken(struct sim_auditor *auditor);

#endif
