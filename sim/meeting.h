/*
 * One run of two agents: they gather, signal, check, talk, and live through what
 * happens to their networks. Everything a run does follows from its meeting;
 * the judges (sim/umpire.h) watch it. What sim/scenario.h is for the punch.
 */
#ifndef SIM_MEETING_H
#define SIM_MEETING_H

#include "sim/intruder.h"
#include "sim/kind.h"
#include "sim/link.h"
#include "sim/world.h"

#include <altair/verdict.h>

#define SIM_CHANGES_MAX 8

struct sim_host;

/* What happens to a network, or to one who lives in it. */
#define SIM_CHANGES(X)                                                         \
	X(FLUSH, "its NATs forget their mappings")                             \
	X(REBIND, "its NATs give every endpoint another port")                 \
	X(MOVE, "its NAT gets another public address")                         \
	X(FLAP, "its first interface is down for a while")                     \
	X(SLEEP, "the host sleeps for a while")                                \
	X(CUT, "no packet passes between the two peers for a while")           \
	X(SERVER, "the server forgets everything and is deaf for a while")     \
	X(RESTART, "the agent restarts through signalling")

enum sim_change_kind {
#define SIM_CHANGE_ENUM(name, text) SIM_CHANGE_##name,
	SIM_CHANGES(SIM_CHANGE_ENUM)
#undef SIM_CHANGE_ENUM
};

struct sim_change {
	enum sim_change_kind kind;
	unsigned side;
	altair_time at;	   /* after the epoch                            */
	altair_time lasts; /* of those that end: FLAP, SLEEP, CUT, SERVER */
	altair_time every; /* again and again, 0: once                   */
};

struct sim_party {
	const struct sim_kind *kind;
	const struct sim_kind *mobile; /* of a second interface, or NULL */
	bool has_ipv6;		       /* also an address behind a firewall */
	bool controlling;
	altair_time start;    /* when it begins to gather, after the epoch */
	altair_time trickles; /* its candidates are so late in signalling */
	struct sim_link_config up, down; /* `from`, `until`: after the epoch */
	altair_time nat_lifetime;
	enum sim_nat_refresh nat_refresh;
};

struct sim_meeting {
	uint64_t seed;
	struct sim_party party[2];
	bool same_lan;	   /* both behind the one NAT of A               */
	bool same_carrier; /* each behind a NAT of its own, both behind
			      one carrier's                              */
	bool no_hairpin;
	bool two_servers;  /* a second STUN server, for IPv4             */
	bool no_server;	   /* neither STUN nor TURN                        */
	bool no_relay;	   /* no TURN                                      */
	bool relay_only;   /* of both agents                               */
	altair_time epoch; /* the clock's first value              */
	altair_time signalling;	 /* one way                              */
	altair_time credentials; /* each hears the other's so late; they
				    know them at the epoch when 0        */
	altair_time
		signals_until; /* what is signalled later is lost; 0: never */
	altair_time ta;
	struct sim_change change[SIM_CHANGES_MAX];
	size_t changes;
	altair_time calm; /* no fault and no change after this; NEVER: they
			     last, and nothing has to connect            */
	altair_time gap;  /* between two messages of one side            */
	altair_time talk; /* they talk so long after the first data      */
	altair_time restart_after; /* without data: the last resort of A's
				      program is a restart; 0: never     */
	altair_time quiet; /* silence then, and last messages after it   */
	unsigned intruder_skills; /* enum sim_intruder_skill; 0: nobody  */
	uint32_t intruder_rate;	  /* datagrams a second                  */
	altair_time limit;	  /* the run ends at the latest          */
	uint64_t steps_max;
	bool keep_trace;

	/* For tests: a machine that stands in front of the real one, and who
	 * sends a message. */
	altair_machine *(*wrap)(void *user, unsigned side,
				altair_machine *real);
	void (*say)(void *user, unsigned side, struct sim_host *host,
		    const altair_datagram *datagram);
	void *user;
};

struct sim_party_outcome {
	altair_time connected_at; /* after the epoch, or NEVER           */
	altair_time heard_at;	  /* the first data, the same            */
	altair_time back_at;	  /* the first data that was sent after the last
				change, the same                         */
	altair_time gap; /* the longest without data, while they talk */
	enum altair_agent_state state;
	int reason;
	bool is_relayed; /* the last data came through a relay */
	unsigned messages_out, messages_in;
	uint32_t packets_quiet; /* sent in the silence                */
	altair_agent_stats stats;
	altair_agent_verdict verdict; /* before it is closed */
};

struct sim_meeting_outcome {
	struct sim_party_outcome party[2];
	const char *violation; /* NULL: the judges agree                 */
	unsigned culprit;      /* of the two sides                       */
	uint64_t hash;
	altair_time violated_at, ended_at; /* after the epoch            */
	bool is_done; /* they heard each other's last messages           */
};

/* "its NATs forget their mappings" */
const char *sim_change_text(enum sim_change_kind kind);
/* By its name in small letters: "flush". */
bool sim_change_find(const char *name, enum sim_change_kind *kind);

/* What the two networks allow. */
enum sim_meeting_way { SIM_MEET_DIRECTLY, SIM_MEET_BY_RELAY, SIM_MEET_NEVER };

/* Two sides with the defaults of altair/agent.h, the delays of the issue's
 * bars (peer to peer 50 ms round trip, peer to server 40, signalling 20 one
 * way), A controlling, one server, no faults, a second of talk. */
void sim_meeting_default(struct sim_meeting *meeting, const struct sim_kind *a,
			 const struct sim_kind *b);

enum sim_meeting_way sim_meeting_way(const struct sim_meeting *meeting);
const char *sim_meeting_way_name(enum sim_meeting_way way);

/* Runs it once. With `keep_trace` and a `world`, the caller gets the world with
 * its trace, and frees it. */
void sim_meeting_run(const struct sim_meeting *meeting,
		     struct sim_meeting_outcome *outcome,
		     struct sim_world **world);

/* Runs it twice; unequal traces are a violation of determinism. */
void sim_meeting_judge(const struct sim_meeting *meeting,
		       struct sim_meeting_outcome *outcome);

#endif
