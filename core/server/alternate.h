/*
 * NAT behaviour discovery (RFC 5780 6): answers from another address and port of
 * ours, or to another port of the client.
 */
#ifndef AIR_SERVER_ALTERNATE_H
#define AIR_SERVER_ALTERNATE_H

#include "server/outbox.h"
#include "server/throttle.h"
#include "stun/message.h"

#include <altair/server.h>

#define AIR_ALTERNATES_MAX 2 /* one of each family */

struct air_alternates {
	altair_server_alternate all[AIR_ALTERNATES_MAX];
	size_t count;
	struct air_throttle throttle; /* of answers that are longer */
};

/* What a request gets: bytes in the room it was given, and their way. */
struct air_alternate_answer {
	struct air_server_room room;
	altair_path path; /* of the request, then of the answer */
	size_t len;	  /* 0: there was no room */
	bool is_error;
};

/* False when a part of the configuration makes no sense. */
bool air_alternate_is_valid(const altair_server_config *config);
void air_alternate_init(struct air_alternates *alternates,
			struct air_arena *arena,
			const altair_server_config *config,
			const uint8_t hash_key[16]);
/* True when the socket is one of four. */
bool air_alternate_has(const struct air_alternates *alternates, uint32_t sock);
/* Answers a Binding request, all of which is understood, that came from a
 * canonical address to a socket of four; `room` and `path` of *answer are set. */
void air_alternate_take(struct air_alternates *alternates, altair_time now,
			const struct air_stun_message *request,
			struct air_alternate_answer *answer);

#endif
