/*
 * The signalling between two agents as a node: it carries credentials and
 * candidates to the other side in order and loses nothing, but takes its time.
 */
#ifndef SIM_SIGNAL_H
#define SIM_SIGNAL_H

#include "sim/world.h"

#include <altair/agent.h>

enum sim_signal_kind {
	SIM_SIGNAL_CREDENTIALS, /* text: the fragment; pwd                   */
	SIM_SIGNAL_CANDIDATE,	/* text: its line                            */
	SIM_SIGNAL_END		/* of the candidates                         */
};

struct sim_signal {
	altair_time at; /* when it arrives */
	uint64_t number;
	unsigned to; /* side */
	enum sim_signal_kind kind;
	char text[ALTAIR_CANDIDATE_TEXT];
	char pwd[ALTAIR_CANDIDATE_TEXT];
};

struct sim_signalling;

/* What arrives is given to `hear`. NULL: no memory. */
struct sim_signalling *
sim_signalling_new(void (*hear)(void *user, const struct sim_signal *signal),
		   void *user);
struct sim_node *sim_signalling_node(struct sim_signalling *signalling);

/* Carries a copy of the message; `at` is the time of arrival, never before that
 * of an earlier message to the same side. */
void sim_signalling_carry(struct sim_signalling *signalling,
			  const struct sim_signal *signal);

#endif
