/*
 * The books of the auditor (sim/auditor.h): who was told that he has which
 * allocation, permission and channel, until when.
 */
#ifndef SIM_BOOKS_H
#define SIM_BOOKS_H

#include "sim/stun.h"

#define SIM_BOOKS_ALLOCATIONS 8
#define SIM_BOOKS_NONE SIM_BOOKS_ALLOCATIONS
#define SIM_BOOKS_EACH 16
#define SIM_BOOKS_TICKET 16
#define SIM_BOOKS_ANYBODY UINT32_MAX

/* A client's 5-tuple. */
struct sim_books_path {
	altair_addr client, server;
};

struct sim_books_permission {
	altair_addr peer;
	altair_time until;
};

struct sim_books_channel {
	altair_addr peer;
	unsigned number;
	altair_time until;
};

struct sim_books_allocation {
	bool is_live, is_moving;
	unsigned user;
	struct sim_books_path path, next;
	struct sim_books_path was; /* until it moved there, at that instant */
	altair_time moved_at;
	altair_time until;
	altair_addr relayed[2]; /* by family */
	uint8_t transaction[SIM_STUN_TRANSACTION];
	uint8_t tickets[2][SIM_BOOKS_TICKET]; /* now, before */
	struct sim_books_permission permissions[SIM_BOOKS_EACH];
	struct sim_books_channel channels[SIM_BOOKS_EACH];
	size_t permissions_count, channels_count;
};

struct sim_books {
	struct sim_books_allocation all[SIM_BOOKS_ALLOCATIONS];
	altair_time now;
};

bool sim_books_is_same(const struct sim_books_path *one,
		       const struct sim_books_path *other);
/* It is now; what ends then is over. */
void sim_books_expire(struct sim_books *books, altair_time now);

/* The number of a client's allocation, or NONE; `lately` also where it was at
 * this instant; that of a relayed address; that of a ticket, the present one or
 * the one before. */
unsigned sim_books_find(const struct sim_books *books,
			const struct sim_books_path *path);
unsigned sim_books_find_lately(const struct sim_books *books,
			       const struct sim_books_path *path);
unsigned sim_books_find_relayed(const struct sim_books *books,
				const altair_addr *relayed);
unsigned sim_books_find_ticket(const struct sim_books *books,
			       const uint8_t ticket[SIM_BOOKS_TICKET]);

/* An allocation's permission for the peer's IP, its channel of this number or to
 * this peer; or NULL. */
struct sim_books_permission *
sim_books_permission(struct sim_books_allocation *one, const altair_addr *peer);
struct sim_books_channel *sim_books_channel(struct sim_books_allocation *one,
					    unsigned number);
struct sim_books_channel *sim_books_channel_to(struct sim_books_allocation *one,
					       const altair_addr *peer);

/* Data came from where the allocation goes to: it is there. */
void sim_books_settle(struct sim_books *books, unsigned number,
		      const struct sim_books_path *path);

/* How many allocations a user has, or all; of these that end at this instant;
 * how many permissions and channels there are. */
unsigned sim_books_live(const struct sim_books *books, unsigned user);
unsigned sim_books_ending(const struct sim_books *books);
size_t sim_books_permissions(const struct sim_books *books);
size_t sim_books_channels(const struct sim_books *books);

#endif
