/* Sides of mailboxes: found by their token, and by mailbox and seat. */
#ifndef AIR_RENDEZVOUS_SIDE_H
#define AIR_RENDEZVOUS_SIDE_H

#include "rendezvous/state.h"

/* The side with this token, or AIR_NONE. */
uint32_t air_side_find(const altair_rendezvous *r, const uint8_t *token);
/* The side of a mailbox with that seat, if it is here, or AIR_NONE. */
uint32_t air_side_in(const altair_rendezvous *r, const uint8_t *mailbox,
		     bool is_caller);
/* The other side, if it is here, or AIR_NONE. */
uint32_t air_side_other(const altair_rendezvous *r, uint32_t side);
/* The other side, if what is for it is to be handed over here: with several nodes
 * one that is away may have come back elsewhere. */
uint32_t air_side_near(const altair_rendezvous *r, uint32_t side);

/* A new side without mailbox and client, or AIR_NONE when there is no room. It
 * seeks, until it becomes something else. */
uint32_t air_side_make(altair_rendezvous *r, const uint8_t *token,
		       bool is_caller);
/* Says in which mailbox it is; nobody has that seat. */
void air_side_enter(altair_rendezvous *r, uint32_t side,
		    const uint8_t *mailbox);
/* Ties it to a connection, or to another one; it is told nothing. */
void air_side_bind(altair_rendezvous *r, altair_time now, uint32_t side,
		   uint32_t client);
/* Its connection is gone. */
void air_side_unbind(altair_rendezvous *r, altair_time now, uint32_t side);
/* It may be away until then. */
void air_side_away_until(altair_rendezvous *r, uint32_t side, altair_time at);
/* It counts as waiting at its client's source; false: there are too many. */
bool air_side_count(altair_rendezvous *r, uint32_t side);
/* A new state, in which it may be until `ends_at`. */
void air_side_become(altair_rendezvous *r, uint32_t side,
		     enum air_side_state state, altair_time ends_at);
/* Says again at its nodes' directory, from `at` on. */
void air_side_refresh_at(altair_rendezvous *r, uint32_t side, altair_time at);
/* The other side is there. Its nameplate, if any, is used up, by `by`. */
void air_side_pair(altair_rendezvous *r, altair_time now, uint32_t side,
		   const uint8_t *by);

/* Tells its client where it is: nameplate, joined, or gone. May drop it. */
void air_side_announce(altair_rendezvous *r, altair_time now, uint32_t side);
/* It is refused, and dropped. */
void air_side_refuse(altair_rendezvous *r, altair_time now, uint32_t side,
		     enum altair_refusal why, uint32_t seconds);
/* The other side has left: it is told so and dropped, or waits to be told. */
void air_side_end(altair_rendezvous *r, altair_time now, uint32_t side,
		  bool failed);
/* It leaves the mailbox: the other side is told, wherever it is. Dropped. */
void air_side_leave(altair_rendezvous *r, altair_time now, uint32_t side,
		    bool failed);
/* No trace of it is left, and nobody is told. */
void air_side_drop(altair_rendezvous *r, altair_time now, uint32_t side);
/* What is due for it. */
void air_side_due(altair_rendezvous *r, altair_time now, uint32_t side);

#endif
