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

#endif
