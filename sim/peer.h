/*
 * One side of a meeting: a host with an agent, and a program that signals for
 * it and talks over it.
 */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "sim/digest.h"
#include "sim/region.h"
#include "sim/signal.h"
#include "sim/stream.h"

struct sim_peer {
	/* Given. */
	const struct sim_meeting *meeting;
	unsigned side;
	struct sim_region *region;
	struct sim_signalling *signalling;
	struct sim_party_outcome *outcome;
	altair_time changed_at; /* the last change in the network        */

	/* Its own. */
	struct sim_host *host;
	altair_agent *agent;
	altair_machine *machine;
	void *memory;
	struct sim_rng secrets;
	altair_crypto crypto;
	bool has_begun, has_path, talks, is_closed;
	altair_time next_message;
	altair_time last_heard_at; /* with data                          */
	altair_time restarted_at;
	altair_time last_sent_at; /* of the message that was heard last */
	uint32_t said;
	struct sim_streams streams;
};

/* For sim_region_build; its user is the peer. */
extern const struct sim_app sim_peer_app;

/* Makes the agent. */
void sim_peer_open(struct sim_peer *peer);
/* What the side's signalling brings. */
void sim_peer_hear(struct sim_peer *peer, const struct sim_signal *signal);
/* Begins or stops to talk. */
void sim_peer_talk(struct sim_peer *peer, bool talks);
/* Its first interface is up again, or down, and it sees that. */
void sim_peer_plug(struct sim_peer *peer, bool is_up);
/* Restarts it through signalling. */
void sim_peer_restart(struct sim_peer *peer);
/* Ends the agent; its memory stays. */
void sim_peer_close(struct sim_peer *peer);
void sim_peer_drop(struct sim_peer *peer);

#endif
