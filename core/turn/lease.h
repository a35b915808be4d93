/*
 * What the server holds for us for a while and we renew in time: the
 * allocation, a permission, a channel.
 */
#ifndef AIR_TURN_LEASE_H
#define AIR_TURN_LEASE_H

#include <altair/machine.h>

struct air_lease {
	bool is_wanted;	     /* held, or to be had                         */
	bool is_due;	     /* a request is to be made                    */
	uint8_t stale_count; /* answers 438 in a row                       */
	enum altair_event event; /* to be polled                            */
	int reason, code;	 /* of the event                            */
	altair_time duration;
	altair_time until; /* the server holds it so long; 0: it does not   */
	altair_time gone;  /* by then the server has surely forgotten it    */
};

/* Granted by the answer, come at `now`, to a request first sent at `asked_at`.
 */
void air_lease_grant(struct air_lease *lease, altair_time asked_at,
		     altair_time now, altair_time duration);
/* When to ask for it again. */
altair_time air_lease_renewal(const struct air_lease *lease);
/* Wanted no longer; `is_asked`: an unanswered request may still grant it. */
void air_lease_drop(struct air_lease *lease, altair_time now, bool is_asked);

#endif
