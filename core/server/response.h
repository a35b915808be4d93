/* What a client is told: success or error, signed as its request was. */
#ifndef AIR_SERVER_RESPONSE_H
#define AIR_SERVER_RESPONSE_H

#include "server/state.h"

struct air_response {
	struct altair_server *server;
	const altair_path *path;
	const struct air_server_key *key;
	struct air_stun_builder b;
};

/* What a response answers: its header, and who sent it. */
void air_response_begin(struct air_response *r, struct altair_server *server,
			const altair_path *path,
			const struct air_server_key *key,
			const struct air_stun_header *request);
/* Makes it an error instead of a success; at once after _begin. */
void air_response_fail(struct air_response *r, int code);
void air_response_add(struct air_response *r, uint16_t type,
		      const struct air_stun_value *value);
void air_response_add_number(struct air_response *r, uint16_t type,
			     uint64_t number);
/* Signs and queues it. Without room it is lost, and the client asks again. */
void air_response_end(struct air_response *r);

#endif
