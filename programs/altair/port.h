/*
 * port.h - opens the sockets of a command on the local port that was asked for
 * or that is remembered from the last discovery.
 */
#ifndef AIR_PORT_H
#define AIR_PORT_H

#include <altair/uv.h>

struct port_choice {
	bool ipv4, ipv6;
	unsigned asked; /* --local-port, 0: not given                        */
	unsigned again; /* the one that is remembered, 0: none               */
};

/*
 * Opens the driver. A remembered port that is taken is replaced by another,
 * with a note. Returns 0 or the error of altair_uv_open.
 */
int air_port_open(altair_uv **out, uv_loop_t *loop,
		  const struct port_choice *choice,
		  const altair_uv_handlers *handlers, void *user);

/* One sentence for an error of air_port_open. */
void air_port_explain(const struct port_choice *choice, int error, char *out,
		      size_t cap);

#endif
