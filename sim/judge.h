/*
 * The judges: they see every record of a run and refuse it at the first one that
 * breaks a rule.
 *
 * Safety: CONNECTED only after a word of ours reached the right peer and one of
 * his reached us, since both started, and at an endpoint from which he was
 * heard; connected once; payload only from the right peer. Two views do not tell
 * whether a word of ours arrived (see is_unproved): there it has to arrive
 * before the run ends.
 *
 * Economy: at most one answer per word that arrived from the peer's address;
 * five PUNCH per attempt until anything is heard; unasked words one per interval
 * (and per other port of the peer's address that speaks), and the first PING; a
 * keep-alive per its spacing; nothing for ever.
 *
 * Silence: nothing leaves after FAILED or after the machine was closed.
 *
 * Liveness and determinism are judged at the end of a run: sim/scenario.h.
 */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "sim/trace.h"

#define SIM_JUDGE_ENDPOINTS 8
#define SIM_JUDGE_PORTS 8

struct sim_judge_side {
	/* Given. */
	uint16_t lane;
	bool is_guide; /* the rules are not for him */
	altair_time interval;
	altair_time keepalive;
	/* Seen. */
	bool has_started, has_ended, is_connected;
	altair_time started_at, connected_at;
	altair_addr given;
	altair_addr heard_from[SIM_JUDGE_ENDPOINTS]; /* the right peer's */
	size_t heard_from_count;
	uint64_t reached; /* our words that reached the peer, both started */
	uint64_t words, punches, attempts; /* punches: before any answer */
	uint16_t ports[SIM_JUDGE_PORTS];   /* others of the peer's address */
	size_t ports_count;
	uint64_t asked;	       /* words that arrived from the peer's address  */
	altair_time pinged_at; /* the peer's last PING, 0: none */
	altair_time pinged_first_at;
	altair_time punched_at; /* the peer's last PUNCH */
	bool is_unproved;	/* connected, and nothing of ours had arrived */
};

struct sim_judge {
	struct sim_judge_side side[2];
	const char *violation; /* NULL: none */
	unsigned culprit;
	altair_time at;
};

/* The two hosts. Watches the trace of the world from then on. */
void sim_judge_init(struct sim_judge *judge, uint16_t lane_a, uint16_t lane_b);
void sim_judge_see(struct sim_judge *judge, const struct sim_record *record);
/* A side's machine starts, with the endpoint it was given; or was closed. */
void sim_judge_starts(struct sim_judge *judge, unsigned side, altair_time now,
		      const altair_addr *given);
void sim_judge_closed(struct sim_judge *judge, unsigned side);

#endif
