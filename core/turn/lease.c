/*
 * Leases (RFC 8656 7.3, 9, 12). The server starts its clock somewhere between
 * our first sending and its answer: `until` counts from the former, so that we
 * are never late, `gone` from the latter, so that we are never early. Renewal
 * begins a minute before the end: one whole transaction of 39.5 s (RFC 8489
 * 6.2.1) and a second chance; of short leases it begins at half time.
 */
#include "turn/lease.h"

#include "base/time.h"

#define MARGIN ALTAIR_SEC(60)

void air_lease_grant(struct air_lease *lease, altair_time asked_at,
		     altair_time now, altair_time duration)
{
	lease->duration = duration;
	lease->until = air_time_after(asked_at, duration);
	lease->gone = air_time_after(now, duration);
	lease->stale_count = 0;
}

altair_time air_lease_renewal(const struct air_lease *lease)
{
	altair_time half = lease->duration / 2;

	return lease->until - (half < MARGIN ? half : MARGIN);
}

void air_lease_drop(struct air_lease *lease, altair_time now, bool is_asked)
{
	lease->is_wanted = false;
	lease->is_due = false;
	lease->stale_count = 0;
	lease->until = 0;
	if (is_asked)
		lease->gone = air_time_after(now, lease->duration);
}
