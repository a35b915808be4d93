/*
 * altair/verdict.h - what an agent knows about its connection, at any time and
 * on both ends: every pair that was tried and what came of it, the pair that
 * carries data, and in one sentence why it is this one and what may be done.
 */
#ifndef ALTAIR_VERDICT_H
#define ALTAIR_VERDICT_H

#include <altair/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Types of candidates (RFC 8445 5.1.1). */
enum altair_candidate_type {
	ALTAIR_CANDIDATE_HOST,
	ALTAIR_CANDIDATE_SRFLX, /* as a STUN server sees it                  */
	ALTAIR_CANDIDATE_PRFLX, /* as the peer sees it                       */
	ALTAIR_CANDIDATE_RELAY
};

/* What came of a pair. */
enum altair_agent_outcome {
	ALTAIR_PAIR_WAITING,  /* no check has left yet                       */
	ALTAIR_PAIR_CHECKING, /* it is on its way                            */
	ALTAIR_PAIR_WORKS,    /* it was answered                             */
	ALTAIR_PAIR_SILENT,   /* neither an answer nor a check of the peer   */
	ALTAIR_PAIR_ONE_WAY,  /* the peer's checks arrive, ours do not, or
				 its answers do not                          */
	ALTAIR_PAIR_REFUSED,  /* answered with an error, or from elsewhere   */
	ALTAIR_PAIR_SKIPPED   /* it was not needed any more                  */
};

/* How data travels. */
enum altair_agent_kind {
	ALTAIR_PATH_DIRECT,
	ALTAIR_PATH_RELAY, /* a relay at one end at least, over whatever     */
	ALTAIR_PATH_TCP	   /* direct, over ICE-TCP                           */
};

typedef struct altair_agent_pair {
	size_t size;
	uint32_t local;	 /* what altair_agent_candidate takes: how the peer sees
			    us on this pair, as far as it is known           */
	uint32_t remote; /* what altair_agent_remote_candidate takes         */
	altair_addr local_addr, remote_addr; /* of these two                 */
	enum altair_candidate_type local_type, remote_type;
	enum altair_agent_outcome outcome;
	enum altair_agent_kind kind;
	altair_time rtt;   /* of the last answer; 0 where unknown            */
	uint64_t sent;	   /* requests, repeats included                     */
	uint64_t answered; /* of them, as far as the answer was waited for   */
	int loss;	   /* of the requests that hold the consent, in
			      thousandths; -1 before two of them             */
	bool is_selected;  /* it carries the data                            */
	bool is_nominated;
} altair_agent_pair;

/* Fills in pair `index`, from 0. 0, or ALTAIR_E_INVALID when there are no more. */
ALTAIR_API int altair_agent_get_pair(const altair_agent *agent, uint32_t index,
				     altair_agent_pair *out);

/* The pair that carries data, or did until consent expired. 0, or ALTAIR_E_STATE
 * when there is none. */
ALTAIR_API int altair_agent_selected(const altair_agent *agent,
				     altair_agent_pair *out);

/* As altair_agent_candidate, for a candidate of the peer. One that only its
 * checks have shown has a foundation of ours. */
ALTAIR_API int altair_agent_remote_candidate(const altair_agent *agent,
					     uint32_t number, char *out,
					     size_t cap);

#ifdef __cplusplus
}
#endif
#endif
