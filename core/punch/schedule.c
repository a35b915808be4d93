#include "punch/schedule.h"

#include <altair/punch.h>

altair_time air_time_after(altair_time now, altair_time wait)
{
	return wait > ALTAIR_NEVER - now ? ALTAIR_NEVER : now + wait;
}

static altair_time wait_after(const struct air_schedule *s)
{
	altair_time wait = s->interval / 4 * s->attempt;

	return wait < 2 * s->interval ? wait : 2 * s->interval;
}

static bool all_attempts_made(const struct air_schedule *s)
{
	return s->attempts > 0 && s->attempt == s->attempts;
}

enum air_schedule_step air_schedule_due(struct air_schedule *s, altair_time now)
{
	bool begins =
		s->attempt == 0 || s->punches == ALTAIR_PUNCHES_PER_ATTEMPT;

	if (now < s->at)
		return SCHEDULE_NOTHING_DUE;
	if (begins && all_attempts_made(s)) {
		s->at = s->keepalive ? air_time_after(now, s->keepalive)
				     : ALTAIR_NEVER;
		return s->keepalive ? SCHEDULE_PUNCH_IS_DUE
				    : SCHEDULE_NOTHING_DUE;
	}
	if (begins) {
		s->attempt++;
		s->punches = 0;
	}
	s->punches++;
	s->at = air_time_after(now, s->interval);
	if (s->punches == ALTAIR_PUNCHES_PER_ATTEMPT)
		s->at = air_time_after(s->at, wait_after(s));
	return begins ? SCHEDULE_ATTEMPT_BEGINS : SCHEDULE_PUNCH_IS_DUE;
}
