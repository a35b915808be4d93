/*
 * connect_options.h - the options of `altair connect`.
 */
#ifndef AIR_CONNECT_OPTIONS_H
#define AIR_CONNECT_OPTIONS_H

#include "dial.h"
#include "options.h"

struct connect_options {
	const char *peer;
	struct option_list stun;
	unsigned local_port, attempts;
	const char *secret_file;
	bool initiator, skip_test, only_ipv4, only_ipv6, json, raw, secret;
	altair_time interval, timeout;
	struct dial_options dial;
};

/* The table of them, for struct command. */
extern const struct option_row air_connect_rows[];

#endif
