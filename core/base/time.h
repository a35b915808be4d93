/* Arithmetic on altair_time. */
#ifndef AIR_TIME_H
#define AIR_TIME_H

#include <altair/base.h>

/* now + wait, but never past ALTAIR_NEVER. */
static inline altair_time air_time_after(altair_time now, altair_time wait)
{
	return wait > ALTAIR_NEVER - now ? ALTAIR_NEVER : now + wait;
}

static inline altair_time air_time_sooner(altair_time a, altair_time b)
{
	return a < b ? a : b;
}

static inline altair_time air_time_later(altair_time a, altair_time b)
{
	return a > b ? a : b;
}

#endif
