/*
 * A model of the guide's own program as a peer. It knows only PUNCH, PING and
 * PONG. It punches until the first of these words arrives, from anyone: that is
 * success, and the end of punching. Then, as initiator, it sends one PING and
 * waits for PONG; as responder it waits for PING and sends one PONG. Any other
 * datagram while it waits makes it give up; after the round trip it ignores
 * everything. As it is really written, a thread goes on with the PUNCH of the
 * attempt that has begun (`trails`). It says CONNECTED, VERIFIED and FAILED as
 * our machine does.
 */
#ifndef SIM_GUIDE_PEER_H
#define SIM_GUIDE_PEER_H

#include "sim/host.h"

struct sim_guide_config {
	altair_addr peer;
	bool initiator;
	altair_time interval; /* 400 ms in the guide        */
	unsigned attempts;    /* 5                          */
	altair_time timeout;  /* of the punching, 10 s      */
	altair_time patience; /* of the PING-PONG test, 5 s */
	bool trails;	      /* punches on to the end of its attempt */
};

enum sim_guide_state {
	SIM_GUIDE_PUNCHES,
	SIM_GUIDE_WAITS_FOR_PING,
	SIM_GUIDE_WAITS_FOR_PONG,
	SIM_GUIDE_IS_DONE,
	SIM_GUIDE_GAVE_UP
};

struct sim_guide_peer {
	struct sim_guide_config config;
	struct sim_host *host;
	enum sim_guide_state state;
	unsigned attempt, punches;
	altair_time next, ends_at;
	altair_addr remote; /* whom it heard first */
};

void sim_guide_config_default(struct sim_guide_config *config);
/* Starts punching from the host, now. */
void sim_guide_start(struct sim_guide_peer *peer,
		     const struct sim_guide_config *config,
		     struct sim_host *host);
/* When to call sim_guide_run. */
altair_time sim_guide_next_at(const struct sim_guide_peer *peer);
void sim_guide_run(struct sim_guide_peer *peer);
void sim_guide_hear(struct sim_guide_peer *peer,
		    const altair_datagram *datagram);

#endif
