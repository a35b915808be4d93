/*
 * The local port decides which mapping of the NAT a socket uses. So `connect`
 * binds the port again that `discover` used: the endpoint that was given to the
 * peer is then still ours.
 */
#define _GNU_SOURCE
#include "port.h"

#include "print.h"

#include <stdio.h>

int air_port_open(altair_uv **out, uv_loop_t *loop,
		  const struct port_choice *choice,
		  const altair_uv_handlers *handlers, void *user)
{
	altair_uv_config config;
	int error;

	altair_uv_config_default(&config);
	config.ipv4 = choice->ipv4;
	config.ipv6 = choice->ipv6;
	config.local_port =
		(uint16_t)(choice->asked ? choice->asked : choice->again);
	error = altair_uv_open(out, loop, &config, handlers, user);
	if (error != ALTAIR_E_IN_USE || choice->asked || !choice->again)
		return error;
	air_print_note("local port %u, which discover used, is taken: another "
		       "one is used, and your public endpoint may differ from "
		       "the one you gave",
		       choice->again);
	config.local_port = 0;
	return altair_uv_open(out, loop, &config, handlers, user);
}

void air_port_explain(const struct port_choice *choice, int error, char *out,
		      size_t cap)
{
	if (error == ALTAIR_E_IN_USE)
		snprintf(out, cap,
			 "local port %u is taken: end the program that uses "
			 "it, or give another --local-port",
			 choice->asked);
	else if (error == ALTAIR_E_PERMISSION)
		snprintf(out, cap,
			 "local port %u may not be used: give a --local-port "
			 "from 1024 to 65535",
			 choice->asked);
	else if (error == ALTAIR_E_FAMILY)
		snprintf(out, cap,
			 "this host has no %s: use the other family, on both "
			 "sides",
			 choice->ipv4 ? "IPv4" : "IPv6");
	else
		snprintf(out, cap, "cannot open a UDP socket: %s",
			 altair_strerror(error));
}
