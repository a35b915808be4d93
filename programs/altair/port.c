/*
 * The local port decides which mapping of the NAT a socket uses. So `connect`
 * binds the port again that `discover` used: the endpoint that was given to the
 * peer is then still ours.
 */
#define _GNU_SOURCE
#include "port.h"

#include "print.h"

#include <stdio.h>

static uint16_t remembered(const struct port_choice *choice)
{
	const struct state *state = choice->state;

	if (!state || choice->asked)
		return 0;
	if (choice->ipv4 && air_state_is_recent(&state->ipv4))
		return state->ipv4.local_port;
	if (choice->ipv6 && air_state_is_recent(&state->ipv6))
		return state->ipv6.local_port;
	return 0;
}

int air_port_open(altair_uv **out, uv_loop_t *loop,
		  const struct port_choice *choice,
		  const altair_uv_handlers *handlers, void *user)
{
	altair_uv_config config;
	uint16_t again = remembered(choice);
	int error;

	altair_uv_config_default(&config);
	config.ipv4 = choice->ipv4;
	config.ipv6 = choice->ipv6;
	config.local_port = again ? again : (uint16_t)choice->asked;
	error = altair_uv_open(out, loop, &config, handlers, user);
	if (error != ALTAIR_E_IN_USE || !again)
		return error;
	air_print_note("local port %u, which discover used, is taken: another "
		       "one is used, and your public endpoint may differ from "
		       "the one you gave",
		       again);
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
