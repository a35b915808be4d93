/*
 * control.h - the socket at which operators ask a running `altair serve`: orders
 * and answers are JSON Lines, docs/json.md. It is open to its own user and to
 * root.
 */
#ifndef AIR_CONTROL_H
#define AIR_CONTROL_H

#include "service.h"

/* Makes the socket, as service->control. Returns -1 to go on, or the exit code. */
int air_control_open(struct service *service, const char *path);
/* Closes it with all who are there; they are gone after some turns of the loop.
 * Also NULL. */
void air_control_close(struct control *control);

#endif
