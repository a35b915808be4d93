/*
 * ctl_text.h - what `altair ctl` shows to people.
 */
#ifndef AIR_CTL_TEXT_H
#define AIR_CTL_TEXT_H

#include <jansson.h>
#include <stdint.h>

/* A session as a line of a table; before the first one, what the columns are. */
void air_ctl_say_row(json_t *session);
/* Behind the table. */
void air_ctl_say_rows(uint64_t count);
/* A session with its peers. */
void air_ctl_say_session(json_t *session);
void air_ctl_say_stats(json_t *stats);

#endif
