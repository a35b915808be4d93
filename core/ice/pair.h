/*
 * A candidate pair (RFC 8445 6.1.2): what we send from, what we send to, the
 * state of the check between them, and what we know of the path.
 */
#ifndef AIR_PAIR_H
#define AIR_PAIR_H

#include "ice/candidate.h"
#include "ice/check.h"

/* RFC 8445 6.1.2.6 */
enum air_pair_state {
	PAIR_FROZEN,
	PAIR_WAITING,
	PAIR_IN_PROGRESS,
	PAIR_SUCCEEDED,
	PAIR_FAILED
};

struct air_pair {
	uint8_t local, remote; /* places in the checklist's tables          */
	uint8_t seen; /* valid: the local candidate that the peer sees      */
	enum air_pair_state state : 8;
	uint32_t trigger; /* its turn in the triggered queue, 0: not in it  */
	uint64_t priority;
	struct air_check check;
	altair_time rtt;      /* 0: not known                                 */
	uint64_t bytes_in;    /* from the remote, authenticated or data       */
	uint64_t bytes_out;   /* answers and data, while not yet valid        */
	altair_time heard_at; /* a check, an answer or data came last     */
	altair_time answered_at; /* valid: the last answer to us, consent    */
	uint32_t sent, answered; /* requests, and those with an answer       */
	uint32_t consents, consented; /* of these for consent                */
	bool is_heard;	       /* an authenticated check came from there     */
	bool is_valid;	       /* ours to it was answered                    */
	bool wants_nomination; /* ours: to be sent; controlled: was asked   */
	bool is_nominated;
	bool is_suspect;   /* it was silent when it should have answered      */
	bool is_stopped;   /* not checked unless it is triggered              */
	bool is_kept;	   /* a vigil is over it                              */
	bool is_refused;   /* failed: the peer or our relay said so          */
	bool is_held;	   /* its relay does not let us speak to the remote   */
	uint16_t searches; /* in vain, since anything was heard             */
};

/* RFC 8445 6.1.2.3: G and D are the priorities of the candidates of the
 * controlling and the controlled agent. */
uint64_t air_pair_priority(uint32_t g, uint32_t d);

/* The only place where a pair changes its state. */
void air_pair_set_state(struct air_pair *pair, enum air_pair_state next);

/* Its check has failed: it carries no data of ours. */
void air_pair_fail(struct air_pair *pair);

/* So it has, because of an answer that was an error. */
void air_pair_refuse(struct air_pair *pair);

/* Its local candidate is gone: nothing is known of it any more. */
void air_pair_drop(struct air_pair *pair);

/* True while a check has not ended, or will still be made. */
bool air_pair_is_open(const struct air_pair *pair);

/* When consent to send on it ends (RFC 7675 5.1), and when nobody asks for it any
 * more. */
altair_time air_pair_expires(const struct air_pair *pair);
altair_time air_pair_ends(const struct air_pair *pair);
/* True while it is valid and has consent. */
bool air_pair_is_fresh(const struct air_pair *pair, altair_time now);

/* Bytes of data that may go there now: any number once the pair is valid, at
 * most three times those that came from it before (RFC 9000 8.1). */
uint64_t air_pair_allowance(const struct air_pair *pair);

#endif
