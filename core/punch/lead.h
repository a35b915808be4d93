/*
 * A lead: an endpoint that may be the peer's, what was heard from it, and what
 * that proves. The first lead is the endpoint we were given; the others are
 * further ports of the same address.
 *
 * Proof that the peer hears us, by the word that arrives:
 *   PONG   always, once something of ours went to this endpoint: it is only ever
 *          sent as an answer.
 *   PING   during the first interval after our own start, unless a PUNCH came
 *          right before it: then we are the later side, and it is the answer to
 *          our first PUNCH. Otherwise it may be the one that an initiator sends
 *          unasked, right behind its very first PUNCH (docs/punch.md says why it
 *          must), and is only doubtful. A doubtful PING becomes proof when 1.6 s,
 *          or four of our intervals, pass without a PUNCH, at the latest behind
 *          the fourth one: a side that has not heard us sends more of them, the
 *          guide's own program at most to the end of its attempt.
 *   PUNCH  never.
 */
#ifndef AIR_LEAD_H
#define AIR_LEAD_H

#include "punch/word.h"

/* Two datagrams sent back to back arrive no further apart than this. */
#define AIR_LEAD_BACK_TO_BACK ALTAIR_MSEC(1)

struct air_lead {
	altair_addr remote;
	bool is_heard;
	altair_time answer_until;   /* a PING before then is an answer      */
	altair_time sent_at;	    /* our last word to it, or NEVER        */
	altair_time sent_before;    /* the time of one before that, or NEVER */
	altair_time punched_at;	    /* our last PUNCH to it, or NEVER       */
	altair_time punch_heard_at; /* its last PUNCH, or NEVER             */
	altair_time ping_heard_at;  /* its first PING, or NEVER             */
	altair_time doubt_until;    /* a doubtful PING waits, or NEVER      */
	unsigned doubt_punches;	    /* PUNCH heard since it waits           */
	altair_time answer_at;	    /* an answer of ours waits, or NEVER */
	altair_time check_at;	    /* the next repeated check, or NEVER    */
};

/* `answer_until`: the end of our first interval for the given endpoint, 0 for
 * another port, to which nothing of ours went before it spoke. */
struct air_lead air_lead(const altair_addr *remote, altair_time answer_until);
/* Takes note of a word that came from it at `now`. True: it is proof. */
bool air_lead_hears(struct air_lead *lead, altair_time now, enum air_word word,
		    altair_time interval);
/* Takes note of a word that leaves for it. */
void air_lead_sent(struct air_lead *lead, altair_time now, enum air_word word);
/* The round trip that a PONG at `now` closes; 0 where it may be the answer to
 * more than one of our words (Karn's rule, RFC 6298 3). */
altair_time air_lead_round_trip(const struct air_lead *lead, altair_time now,
				altair_time interval);
/* The earliest of its timers. */
altair_time air_lead_deadline(const struct air_lead *lead);

#endif
