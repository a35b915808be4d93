/*
 * When the next PUNCH of an unanswered side leaves: attempts of five,
 * `interval` apart, with waits between the attempts that grow by a quarter of
 * the interval each, up to two intervals. By default that is 0, 2.1, 4.3, 6.6
 * and 9.0 s for the five attempts. One PUNCH more follows, so that nobody takes
 * the end of the attempts for satisfaction (lead.h); then only what holds the
 * hole open.
 */
#ifndef AIR_SCHEDULE_H
#define AIR_SCHEDULE_H

#include "base/time.h"

struct air_schedule {
	altair_time interval;
	altair_time keepalive; /* 0: nothing after the last attempt */
	unsigned attempts;     /* 0: no end                         */
	unsigned attempt;      /* the one that runs, from 1         */
	unsigned punches;      /* sent in it                        */
	altair_time at;	       /* the next PUNCH                    */
};

enum air_schedule_step {
	SCHEDULE_NOTHING_DUE,
	SCHEDULE_ATTEMPT_BEGINS, /* and its first PUNCH is due */
	SCHEDULE_PUNCH_IS_DUE
};

enum air_schedule_step air_schedule_due(struct air_schedule *s,
					altair_time now);

#endif
