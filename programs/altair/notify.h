/*
 * notify.h - what a service tells the one that started it, sd_notify(3).
 */
#ifndef AIR_NOTIFY_H
#define AIR_NOTIFY_H

#include <altair/base.h>

/* Sends lines such as READY=1 to the socket that NOTIFY_SOCKET names; without it
 * nothing. What cannot be sent is lost: nobody waits for it. */
void air_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often WATCHDOG=1 is waited for, half of it; 0: not at all. */
altair_time air_notify_watchdog(void);

#endif
