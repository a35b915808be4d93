/* Requests of TURN: what a client asks of the server. */
#ifndef AIR_SERVER_REQUEST_H
#define AIR_SERVER_REQUEST_H

#include "server/guard.h"

/* A request that is being served. */
struct air_call {
	struct altair_server *server;
	altair_time now;
	const altair_path *path;
	altair_addr from; /* canonical */
	const struct air_stun_message *m;
	struct air_guest guest;
	struct air_allocation *allocation; /* the client's, or NULL */
};

/* Serves a request of any TURN method; false when it is none. */
bool air_server_request_take(struct altair_server *server, altair_time now,
			     const altair_path *path,
			     const struct air_stun_message *m);
/* Begins the response to a call. */
void air_call_begin(const struct air_call *call, struct air_response *r);
/* The value of the call's attribute; false when there is none. */
bool air_call_get(const struct air_call *call, uint16_t type,
		  struct air_stun_value *out);
bool air_call_has(const struct air_call *call, uint16_t type);
/* What the client asks for and may have, in seconds (RFC 8656 7.2, 8.2). */
uint32_t air_call_lifetime(const struct air_call *call);

#endif
