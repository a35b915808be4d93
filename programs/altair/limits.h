/*
 * limits.h - how much the relay of `altair serve` gives to one user, to one
 * source and in all: from options to the server's configuration.
 */
#ifndef AIR_LIMITS_H
#define AIR_LIMITS_H

#include "relay.h"

/* Reads them into a configuration of defaults. Returns -1 to go on, or the exit
 * code. */
int air_limits_read(const struct command *self, altair_server_config *config,
		    const struct relay_options *given);

/* Reads how often a second something may be: 0 to 10000; NULL: *out stays. Returns
 * as above. */
int air_limits_read_rate(const struct command *self, const char *option,
			 unsigned *out, const char *text);

#endif
