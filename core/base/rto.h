/*
 * The retransmission schedule of a STUN request over UDP (RFC 8489 6.2.1): sent
 * at 0, RTO, 3 RTO, 7 RTO, ... , `rc` times in all; given up `rm` first RTOs
 * after the last sending. With 500 ms, 7 and 16: at 39.5 s.
 */
#ifndef AIR_RTO_H
#define AIR_RTO_H

#include <altair/base.h>

struct air_rto {
	altair_time first; /* RTO                                    */
	altair_time next;  /* when the next sending or the end is due */
	unsigned rc, rm;
	unsigned sent;
};

enum air_rto_step { RTO_NOT_DUE, RTO_SEND, RTO_GIVE_UP };

/* The first sending is due at `now`. */
void air_rto_start(struct air_rto *rto, altair_time now, altair_time first,
		   unsigned rc, unsigned rm);
/* What is due at `now`; RTO_SEND counts as sent and moves `next`. */
enum air_rto_step air_rto_due(struct air_rto *rto, altair_time now);

#endif
