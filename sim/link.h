/*
 * One direction of a line: delay, jitter, loss at random and in bursts,
 * duplication, reordering, corruption, MTU, and being cut. It knows nothing of
 * the simulated world: the lab drives it with real packets and the real clock.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "sim/packet.h"
#include "sim/rng.h"

/* Chances are in parts per million; all zero is a perfect line. */
struct sim_link_config {
	altair_time delay;
	altair_time jitter;	 /* up to this more, the order kept           */
	altair_time reorder_by;	 /* a reordered packet is this late           */
	altair_time from, until; /* when the chances below and `cut` apply;
				    until 0: always                          */
	uint32_t loss;
	uint32_t burst;	    /* a burst of loss begins                    */
	uint32_t burst_max; /* packets in a burst: 1 to this             */
	uint32_t duplicate;
	uint32_t reorder;
	uint32_t corrupt; /* one bit of the payload flips              */
	uint32_t mtu;	  /* bytes of the IP packet; 0: no limit       */
	bool cut;
};

struct sim_link {
	struct sim_link_config config;
	struct sim_rng rng;
	altair_time last; /* the latest arrival in order */
	uint32_t burst_left;
};

/* What the line does with one packet. */
struct sim_passage {
	enum sim_drop drop;
	size_t copies; /* 0 when dropped, else 1 or 2 */
	altair_time at[2];
	bool corrupted;
	uint32_t corrupt_at; /* any number: modulo the bits of the payload */
};

void sim_link_init(struct sim_link *link, const struct sim_link_config *config,
		   uint64_t seed, uint32_t index);

/* A packet of `size` bytes (IP headers included) enters the line now. */
void sim_link_pass(struct sim_link *link, altair_time now, size_t size,
		   struct sim_passage *out);

/* The same for a packet that the line's faults do not touch. */
void sim_link_carry(struct sim_link *link, altair_time now,
		    struct sim_passage *out);

/* Flips the bit that `corrupt_at` names; an empty payload stays as it is. */
void sim_link_corrupt(uint32_t corrupt_at, uint8_t *payload, size_t len);

#endif
