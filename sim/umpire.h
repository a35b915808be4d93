/*
 * The judges of a meeting of agents: they see every record of a run and refuse
 * it at the first one that breaks a rule.
 *
 * Right peer: only datagrams from an address that the peer has proved are given
 * to the application, and the peer's messages among them are its own.
 *
 * Proof: a check of the peer came from that address, unaltered, or ours to it
 * was answered from there. Data goes to proved addresses only, and until ours
 * was answered at most three times the bytes that came from there. CONNECTED
 * and SELECTED want proof, too.
 *
 * Once: a message leaves once, and arrives at most once for every copy that the
 * network, or an intruder, made of it.
 *
 * Economy: at most SIM_UMPIRE_UNHEARD packets from one of our addresses to one
 * from which nothing ever arrived; in silence at most two packets a second.
 *
 * End: nothing leaves after FAILED and after the agent was closed; no failure
 * before the patience is over.
 *
 * Liveness, the expected way, and determinism are judged at the end of a run:
 * sim/meeting.h.
 */
#ifndef SIM_UMPIRE_H
#define SIM_UMPIRE_H

#include "sim/meeting.h"
#include "sim/set.h"
#include "sim/trace.h"

#define SIM_UMPIRE_CHANNELS 64

/* A check: eleven sendings and one triggered repeat (docs/decisions.md, 16 and
 * 17). Four of them: two where another path is searched, one where the roles
 * change on the way. */
#define SIM_UMPIRE_UNHEARD 48

/* A server is asked again and again, but so rarely. */
#define SIM_UMPIRE_SERVER_PACE ALTAIR_SEC(2)

/* In silence: packets of one side in a minute, because a search for a better
 * path comes in bursts. */
#define SIM_UMPIRE_QUIET 120
#define SIM_UMPIRE_QUIET_SPAN ALTAIR_SEC(60)

/* What one side knows of one remote address, through one of its own, or
 * through the relay that is reached from there. */
struct sim_umpire_leg {
	altair_addr local, remote;
	uint64_t bytes_in, bytes_out; /* before it was answered              */
	uint64_t change;	      /* from which `unheard` counts         */
	uint32_t unheard;	      /* packets, while nothing came from it */
	bool is_heard, is_checked, is_answered;
};

/* What became of a message. */
struct sim_umpire_message {
	uint32_t sent, copies, taken;
};

struct sim_umpire_channel {
	altair_addr local, peer;
	unsigned number;
};

struct sim_umpire_side {
	uint16_t lane;
	bool has_ended, is_connected;
	altair_time begun_at; /* its present generation                */
	struct sim_umpire_leg *legs;
	size_t legs_count, legs_cap;
	struct sim_umpire_message *messages; /* its own, by number      */
	size_t messages_cap;
	struct sim_umpire_channel channels[SIM_UMPIRE_CHANNELS];
	size_t channels_count;
	struct sim_set made;  /* STUN messages that it made              */
	struct sim_set asked; /* its transactions, and where they went   */
	struct sim_set seen;  /* its messages in packets that arrived    */
	altair_time sent[SIM_UMPIRE_QUIET]; /* the last packets, a ring  */
	uint64_t sent_count;
};

struct sim_umpire {
	const struct sim_meeting *meeting;
	struct sim_umpire_side side[2];
	uint16_t intruder; /* his lane */
	bool has_intruder;
	altair_addr servers[2];
	uint64_t changes;
	altair_time quiet_from; /* no data and no change since; or NEVER */
	const char *violation;	/* NULL: none                           */
	unsigned culprit;
	altair_time at;
};

void sim_umpire_init(struct sim_umpire *umpire,
		     const struct sim_meeting *meeting);
void sim_umpire_drop(struct sim_umpire *umpire);
void sim_umpire_see(struct sim_umpire *umpire, const struct sim_record *record);
/* Something changes in the network: what was known of addresses is old. */
void sim_umpire_changed(struct sim_umpire *umpire);
/* The silence begins (now), or ends (ALTAIR_NEVER). */
void sim_umpire_quiet(struct sim_umpire *umpire, altair_time from);
void sim_umpire_closed(struct sim_umpire *umpire, unsigned side);

#endif
