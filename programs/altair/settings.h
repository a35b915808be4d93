/*
 * settings.h - everything that may be said to `altair serve`, on the command line
 * or in a file.
 */
#ifndef AIR_SETTINGS_H
#define AIR_SETTINGS_H

#include "relay.h"
#include "front.h"
#include "meetings.h"

struct settings {
	struct option_file file;
	bool check;
	struct option_list listen, alternates;
	const char *control; /* a socket, or NULL */
	const char *metrics; /* an endpoint, or NULL */
	const char *run_as;  /* a user, or NULL */
	altair_time drain_timeout;
	unsigned threads;
	struct relay_options relay;
	struct front_options front;
	struct meeting_options meetings;
};

extern const struct option_row air_settings[];

#endif
