/*
 * The agent's own state, for the files that it is made of: gather.c (our
 * candidates), answer.c (what the peer sends), agent.c (paths, states, time).
 */
#ifndef AIR_SESSION_H
#define AIR_SESSION_H

#include "base/machine.h"
#include "ice/checklist.h"
#include "ice/consent.h"
#include "ice/outbox.h"

#include <altair/agent.h>
#include <altair/discover.h>

/* Places in the gathering's order: each server through each host. */
#define AIR_ASKS_MAX (ALTAIR_AGENT_SERVERS_MAX * ALTAIR_AGENT_HOSTS_MAX)

struct altair_agent {
	struct altair_machine machine;
	altair_agent_config config;
	struct air_check_keys keys;
	struct air_checklist list;
	struct air_outbox outbox;
	struct air_consent consent; /* to send on `path`                     */
	struct air_pair *path;	    /* carries data, or NULL                 */
	altair_discover *discover;  /* asks the STUN servers; NULL before
				       altair_agent_gather                   */
	void *discover_memory;
	altair_addr servers[ALTAIR_AGENT_SERVERS_MAX];
	uint32_t servers_count, hosts_count;
	uint64_t asked;		     /* a bit for each ask that was made     */
	altair_time gather_deadline; /* what `discover` wants                */
	altair_time now;	     /* of the last run                      */
	altair_time slot_at;	     /* the next new transaction (Ta)        */
	altair_time patience_until;
	altair_time nominate_at; /* at the latest, once a pair is valid      */
	uint64_t tie_breaker;
	enum altair_agent_state state;
	bool is_checking; /* a check has left                          */
	bool is_heard;	  /* an authenticated check arrived            */
	bool is_sealed;	  /* no more servers will come                   */
	bool is_local_ended, is_remote_ended; /* candidates                  */
	bool checks_next; /* the next slot is not for gathering              */
	altair_agent_stats stats;
};

/* --- gather.c --- */

/* Takes the memory that gathering needs. */
void air_gather_init(struct altair_agent *a, const altair_crypto *crypto,
		     struct air_arena *arena);
/* Begins: tells our host candidates. 0 or ALTAIR_E_RANDOM. */
int air_gather_begin(struct altair_agent *a, altair_time now);
/* Tells it the time that the agent has, and passes on what it says. */
void air_gather_run(struct altair_agent *a);
/* True when a server has still to be asked. */
bool air_gather_has_work(const struct altair_agent *a);
/* Asks the next one. */
void air_gather_ask(struct altair_agent *a, altair_time now);

/* --- answer.c --- */

/* A datagram that is recognised as STUN. */
enum altair_verdict air_answer_take(struct altair_agent *a, altair_time now,
				    const altair_datagram *datagram);

/* --- agent.c --- */

/* Sends, and counts what there is no room for. */
void air_session_send(struct altair_agent *a, const altair_path *path,
		      altair_bytes bytes);

#endif
