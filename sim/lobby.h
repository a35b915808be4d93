/*
 * A lobby: rendezvous servers (one, or several with a directory), clients in pairs and
 * strangers among them, in virtual time, with faults: connections that are lost at
 * any point, on one side first; servers that die and forget; a directory that is
 * away, slow, or empty again; posts between nodes that are lost, late or double.
 *
 * Judged is, at every step: that every message arrives once, in order, whole, from the
 * one partner of its mailbox; that what was acknowledged had arrived; that servers keep
 * to their memory. When the faults have ended, everybody has exchanged everything
 * or was told; and when all have left, nothing is left.
 */
#ifndef SIM_LOBBY_H
#define SIM_LOBBY_H

#include "sim/rng.h"

#define SIM_LOBBY_NODES 3
#define SIM_LOBBY_PAIRS 6

/* What may happen; each in parts per million, or 0. */
struct sim_lobby_faults {
	uint32_t connection; /* of a connection, each second                 */
	uint32_t hang;	     /* of those: one side learns of it much later   */
	uint32_t refuse;     /* of opening one                               */
	uint32_t death;	     /* of a node, each second                       */
	uint32_t outage;     /* of the directory, each second                */
	uint32_t amnesia;    /* of those: it is empty afterwards             */
	uint32_t post_lost, post_double, post_late;
	uint32_t slow; /* of a client, not to read for a while         */
};

struct sim_lobby_config {
	unsigned nodes, pairs;
	unsigned messages;   /* of each side                                 */
	bool has_strangers;  /* who claim the same codes, or any             */
	altair_time trouble; /* faults end then                              */
	struct sim_lobby_faults faults;
};

struct sim_lobby_report {
	const char *fault; /* NULL, or what was broken                     */
	unsigned met, refused, gone; /* pairs, users                         */
	uint64_t messages; /* that arrived                                 */
	uint64_t repeats;  /* resent, or doubled on the way                */
	uint64_t deaths, losses, outages;
	uint64_t hash; /* of all that happened                         */
};

/* Draws which of the faults there are, and how many of all. */
void sim_lobby_draw(uint64_t seed, struct sim_lobby_config *out);
/* Runs it to its end. */
void sim_lobby_run(uint64_t seed, const struct sim_lobby_config *config,
		   struct sim_lobby_report *out);

#endif
