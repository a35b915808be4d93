/*
 * The timer of a driver: it rings at the earliest deadline of its machines, or
 * at once after a kick.
 */
#ifndef AIR_ALARM_H
#define AIR_ALARM_H

#include <altair/machine.h>

#include <uv.h>

struct air_alarm {
	uv_timer_t timer; /* its data and its closing are the driver's */
	uv_timer_cb ring;
	bool kicked; /* since the last air_alarm_begin */
};

void air_alarm_init(struct air_alarm *alarm, uv_loop_t *loop, uv_timer_cb ring,
		    void *user);

/* Forgets the kicks so far: all machines are drained now. A later one counts,
 * because the draining may have passed that machine already. */
void air_alarm_begin(struct air_alarm *alarm);

/* Rings at the deadline, ALTAIR_NEVER for not at all; at once if kicked. */
void air_alarm_set(struct air_alarm *alarm, altair_time deadline);

/* Rings at once. */
void air_alarm_kick(struct air_alarm *alarm);

#endif
