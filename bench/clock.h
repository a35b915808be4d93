/* clock.h - the time, for the programs of this folder. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <altair/base.h>

#include <time.h>

static inline altair_time now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ALTAIR_SEC(now.tv_sec) + (altair_time)now.tv_nsec;
}

static inline void sleep_until(altair_time when)
{
	struct timespec at = {
		.tv_sec = (time_t)(when / ALTAIR_SEC(1)),
		.tv_nsec = (long)(when % ALTAIR_SEC(1)),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

#endif
