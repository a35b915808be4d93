#include "punch/schedule.h"

#include <altair/punch.h>

static altair_time wait_after(const struct air_schedule *s)
{
	altair_time wait = s->interval / 4 * s->attempt;

	return wait < 2 * s->interval ? wait : 2 * s->interval;
}

static bool attempt_is_over(const struct air_schedule *s)
{
	return s->attempt == 0 || s->punches == ALTAIR_PUNCHES_PER_ATTEMPT;
}

static bool all_attempts_are_over(const struct air_schedule *s)
{
	return s->attempts > 0 && s->attempt == s->attempts &&
	       attempt_is_over(s);
}

/* When the next PUNCH is due, after one that was (or was not) the first behind
 * the last attempt or a later one. */
static altair_time next_after(const struct air_schedule *s, altair_time now,
			      bool behind_the_last)
{
	if (!attempt_is_over(s))
		return air_time_after(now, s->interval);
	if (!behind_the_last)
		return air_time_after(now, s->interval + wait_after(s));
	return s->keepalive ? air_time_after(now, s->keepalive) : ALTAIR_NEVER;
}

enum air_schedule_step air_schedule_due(struct air_schedule *s, altair_time now)
{
	bool behind_the_last = all_attempts_are_over(s);
	bool begins = attempt_is_over(s) && !behind_the_last;

	if (now < s->at)
		return SCHEDULE_NOTHING_DUE;
	if (begins) {
		s->attempt++;
		s->punches = 0;
	}
	if (!attempt_is_over(s))
		s->punches++;
	s->at = next_after(s, now, behind_the_last);
	return begins ? SCHEDULE_ATTEMPT_BEGINS : SCHEDULE_PUNCH_IS_DUE;
}
