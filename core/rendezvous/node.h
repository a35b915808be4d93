/*
 * What goes on between nodes: what the directory is asked and told, and what nodes post
 * to each other. With one node all of it does nothing.
 */
#ifndef AIR_RENDEZVOUS_NODE_H
#define AIR_RENDEZVOUS_NODE_H

#include "rendezvous/state.h"

/* True if the directory answers, and has had time to learn what is open. */
bool air_node_is_ready(const altair_rendezvous *r, altair_time now);

/* Asks for the side's `nameplate`; it becomes SIDE_ASKS_PLATE. */
void air_node_ask_plate(altair_rendezvous *r, altair_time now, uint32_t side);
/* Its nameplate is used up. */
void air_node_plate_used(altair_rendezvous *r, uint32_t side);
/* Looks for whom its claim or call is meant; the note is kept until then. */
void air_node_seek(altair_rendezvous *r, altair_time now, uint32_t side,
		   const altair_note *note);

/* This side is here. Says so again every minute. */
void air_node_register(altair_rendezvous *r, altair_time now, uint32_t side);
void air_node_refresh(altair_rendezvous *r, altair_time now, uint32_t side);
void air_node_unregister(altair_rendezvous *r, uint32_t side);
/* Asks where its other side is. */
void air_node_look_up(altair_rendezvous *r, uint32_t side);
/* This side has been away long enough. True if the directory is asked first whether
 * it has come back elsewhere. */
bool air_node_asks_after(altair_rendezvous *r, uint32_t side);
/* Tells the other side's node that this one is here (again). */
void air_node_here(altair_rendezvous *r, uint32_t side);
/* A message or acknowledgement for the other side, wherever it is. */
void air_node_forward(altair_rendezvous *r, uint32_t side,
		      const altair_note *note);
/* This side leaves. */
void air_node_gone(altair_rendezvous *r, uint32_t side, bool failed);

/* A client is present here: when to say so again. */
altair_time air_node_present(altair_rendezvous *r, altair_time now,
			     const uint8_t *key);
void air_node_absent(altair_rendezvous *r, const uint8_t *key);

#endif
