#include "base/rto.h"

#include "base/assert.h"

void air_rto_start(struct air_rto *rto, altair_time now, altair_time first,
		   unsigned rc, unsigned rm)
{
	AIR_ASSERT(first > 0 && rc > 0 && rc <= 16 && rm > 0);
	*rto = (struct air_rto){first, now, rc, rm, 0};
}

enum air_rto_step air_rto_due(struct air_rto *rto, altair_time now)
{
	altair_time wait;

	if (now < rto->next)
		return RTO_NOT_DUE;
	if (rto->sent == rto->rc)
		return RTO_GIVE_UP;
	wait = rto->sent + 1 == rto->rc ? rto->first * rto->rm
					: rto->first << rto->sent;
	rto->sent++;
	/* From `now`, not from `next`: after a long sleep the requests keep
	 * their distance instead of leaving in a burst. */
	rto->next = now + wait;
	return RTO_SEND;
}
