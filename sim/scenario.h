/*
 * One run: two peers discover their endpoints, tell each other out of band,
 * punch, exchange messages and close. Everything a run does follows from its
 * scenario; the judges watch it.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "sim/judge.h"
#include "sim/kind.h"
#include "sim/link.h"
#include "sim/world.h"

struct sim_side {
	const struct sim_kind *kind;
	bool initiator;
	bool is_guide;	   /* the guide's own program                */
	bool trails;	   /* ... which punches on, as really written */
	altair_time start; /* after the exchange                     */
	altair_time interval, timeout, keepalive;
	unsigned attempts;
	struct sim_link_config up, down; /* its line to the internet; `from`
					    and `until` count from the
					    exchange                      */
	altair_time nat_lifetime;
	enum sim_nat_refresh nat_refresh;
	altair_time reboot_at; /* of its NAT, after the exchange, or NEVER */
};

struct sim_scenario {
	uint64_t seed;
	struct sim_side side[2];
	bool same_lan;
	unsigned servers;     /* STUN servers: 1 or 2                   */
	altair_time epoch;    /* the clock's first value                */
	altair_time exchange; /* after the epoch                        */
	bool early_faults;    /* the lines have their faults before it, too */
	altair_time calm;     /* no fault this long after the exchange;
				   NEVER: the faults last, and nothing has
				   to connect                            */
	unsigned messages;    /* from each side, once both are connected */
	altair_time message_gap;
	altair_time quiet;	/* silence before them                    */
	uint32_t stranger_rate; /* datagrams a second; 0: no stranger     */
	bool stranger_forges;
	uint64_t steps_max; /* of the world; more is endless */
	bool keep_trace;

	/* For tests: a machine that stands in front of the real one. */
	altair_machine *(*wrap)(void *user, unsigned side,
				altair_machine *real);
	void *user;
};

struct sim_side_outcome {
	altair_addr mapped; /* the endpoint the other one is told      */
	bool is_discovered, mapping_varies;
	altair_time started_at, connected_at, verified_at; /* or NEVER    */
	altair_addr connected_to;
	int reason; /* why it failed, 0 when it did not        */
	bool port_changed;
	int roles;	      /* what ALTAIR_EV_ROLES said, or -1        */
	bool is_unproved;     /* connected on evidence that does not tell     */
	unsigned messages_in; /* of the right peer                       */
	bool last_message_in;
};

struct sim_outcome {
	struct sim_side_outcome side[2];
	const char *violation; /* NULL: the judges agree                  */
	unsigned culprit;      /* of the two sides                        */
	uint64_t hash;
	altair_time exchanged_at, violated_at, ended_at;
};

/* Two sides with the defaults of altair/punch.h, 50 ms round trip, no faults, A
 * the initiator, both start at the exchange. */
void sim_scenario_default(struct sim_scenario *scenario,
			  const struct sim_kind *a, const struct sim_kind *b);
/* The round trip between the peers, a quarter on each of the four lines. */
void sim_scenario_set_rtt(struct sim_scenario *scenario, altair_time rtt);
altair_time sim_scenario_rtt(const struct sim_scenario *scenario);

/* Whether the pair has to connect, and then by when after the exchange. */
bool sim_scenario_must_connect(const struct sim_scenario *scenario,
			       altair_time *by);

/* Runs it once. With `keep_trace` and a `world`, the caller gets the world with
 * its trace, and frees it. */
void sim_scenario_run(const struct sim_scenario *scenario,
		      struct sim_outcome *outcome, struct sim_world **world);

/* Runs it twice; unequal traces are a violation of determinism. */
void sim_scenario_judge(const struct sim_scenario *scenario,
			struct sim_outcome *outcome);

/* True when both sides are connected; the guide's program, when its round trip
 * is done. */
bool sim_outcome_connected(const struct sim_scenario *scenario,
			   const struct sim_outcome *outcome);

#endif
