/*
 * listeners.h - the addresses that `altair serve` listens on.
 */
#ifndef AIR_LISTENERS_H
#define AIR_LISTENERS_H

#include "options.h"

#include <altair/base.h>

/*
 * Reads the values of option `name`, of which no two may be one address, into
 * `out`. Returns -1 to go on, or the exit code.
 */
int air_listeners_read(const struct command *self, const char *name,
		       const struct option_list *list, altair_addr *out);
/* True when nobody can listen on both: one may be every address. */
bool air_listeners_clash(const altair_addr *a, const altair_addr *b);

#endif
