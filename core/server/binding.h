/* Binding requests (RFC 8489 6.3.1): answered at once, nothing kept. */
#ifndef AIR_SERVER_BINDING_H
#define AIR_SERVER_BINDING_H

#include "server/outbox.h"
#include "stun/message.h"

/* Header and XOR-MAPPED-ADDRESS: its port comes just before its IP. */
#define AIR_BINDING_MIN 32
#define AIR_BINDING_MAX 44

struct air_binding {
	uint8_t to_ipv4[AIR_BINDING_MIN]; /* answers to nobody */
	uint8_t to_ipv6[AIR_BINDING_MAX];
};

/* What all answers to one datagram have in common. */
struct air_binding_client {
	altair_addr from;
	uint8_t success[AIR_BINDING_MAX];
	size_t success_len;
};

void air_binding_init(struct air_binding *binding);
/* Prepares the answers to `from`, which is canonical and an address. */
void air_binding_prepare(const struct air_binding *binding,
			 const altair_addr *from,
			 struct air_binding_client *client);
/* True for a Binding request without attributes. */
bool air_binding_is_plain(altair_bytes request);
/* Write the answer to a plain one, or to any; its length, 0 when there is no
 * room for it. */
size_t air_binding_answer_plain(const struct air_binding_client *client,
				altair_bytes request,
				struct air_server_room room);
size_t air_binding_answer(const struct air_binding_client *client,
			  const struct air_stun_message *request,
			  struct air_server_room room);

#endif
