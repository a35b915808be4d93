/*
 * The one timer of a driver, see alarm.h.
 *
 * Invariant: a kick is never lost. While machines are being drained it outlives
 * the deadline that the draining ends with.
 */
#define _GNU_SOURCE
#include "alarm.h"

#include <altair/udp.h>

static void start(struct air_alarm *alarm, altair_time deadline)
{
	altair_time now = altair_clock_now();
	uint64_t wait = 0;

	if (deadline == ALTAIR_NEVER) {
		uv_timer_stop(&alarm->timer);
		return;
	}
	if (deadline > now) /* rounded up: a tick too early helps nobody */
		wait = (deadline - now + ALTAIR_MSEC(1) - 1) / ALTAIR_MSEC(1);
	uv_update_time(alarm->timer.loop);
	uv_timer_start(&alarm->timer, alarm->ring, wait, 0);
}

void air_alarm_init(struct air_alarm *alarm, uv_loop_t *loop, uv_timer_cb ring,
		    void *user)
{
	uv_timer_init(loop, &alarm->timer);
	alarm->timer.data = user;
	alarm->ring = ring;
}

void air_alarm_begin(struct air_alarm *alarm)
{
	alarm->kicked = false;
}

void air_alarm_set(struct air_alarm *alarm, altair_time deadline)
{
	start(alarm, alarm->kicked ? 0 : deadline);
}

void air_alarm_kick(struct air_alarm *alarm)
{
	alarm->kicked = true;
	start(alarm, 0);
}
