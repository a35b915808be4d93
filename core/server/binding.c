/*
 * Answers to Binding requests (RFC 8489 6.3.1).
 *
 * The success to a plain request is built once, at init, for port 0, IP 0 and
 * transaction id 0. RFC 8489 14.2 XORs all of these into the answer, so those of
 * a client and of a request are XORed on top of it.
 */
#include "server/binding.h"

#include "base/addr.h"
#include "stun/auth.h"

#include <string.h>

#define IP_AT 28

/* A Binding request without attributes, up to its transaction id. */
static const uint8_t plain[] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};

static void begin(struct air_stun_builder *b, struct air_server_room room,
		  const struct air_stun_header *request,
		  enum air_stun_class class)
{
	struct air_stun_header header = *request;

	header.class = class;
	air_stun_build(b, room.at, room.len, &header);
}

/* The length of the finished answer, 0 when there is no room for it. */
static size_t end(struct air_stun_builder *b, bool with_fingerprint)
{
	if (with_fingerprint)
		air_stun_build_fingerprint(b);
	return air_stun_build_end(b).len;
}

static size_t write_success(struct air_server_room room,
			    const struct air_stun_header *request,
			    const altair_addr *from, bool with_fingerprint)
{
	struct air_stun_value mapped = {.addr = *from};
	struct air_stun_builder b;

	begin(&b, room, request, AIR_STUN_SUCCESS);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &mapped);
	return end(&b, with_fingerprint);
}

/* 420 and the attributes that were not understood (RFC 8489 6.3.1): at most one
 * and a half times the request, less than a success takes. */
static size_t write_refusal(struct air_server_room room,
			    const struct air_stun_message *m,
			    bool with_fingerprint)
{
	struct air_stun_value error = {.number = AIR_STUN_UNKNOWN_ATTRIBUTE};
	uint8_t list[2 * AIR_STUN_ATTRS_MAX];
	struct air_writer w = air_writer(list, sizeof list);
	struct air_stun_value types;
	struct air_stun_builder b;

	for (size_t i = 0; i < m->unknown_count; i++)
		air_write_u16(&w, m->unknown[i]);
	types.bytes = air_written(&w);
	begin(&b, room, &m->header, AIR_STUN_ERROR);
	air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &error);
	air_stun_build_attr(&b, AIR_STUN_UNKNOWN_ATTRIBUTES, &types);
	return end(&b, with_fingerprint);
}

static void prepare_success(uint8_t *out, size_t len, enum altair_family family)
{
	static const struct air_stun_header no_request = {
		.method = AIR_STUN_BINDING};
	altair_addr nobody = {.family = (uint8_t)family};

	write_success((struct air_server_room){out, len}, &no_request, &nobody,
		      false);
}

void air_binding_init(struct air_binding *binding)
{
	prepare_success(binding->to_ipv4, sizeof binding->to_ipv4, ALTAIR_IPV4);
	prepare_success(binding->to_ipv6, sizeof binding->to_ipv6, ALTAIR_IPV6);
}

void air_binding_prepare(const struct air_binding *binding,
			 const altair_addr *from,
			 struct air_binding_client *client)
{
	size_t ip_len = air_addr_ip_len(from);

	client->from = *from;
	client->success_len = IP_AT + ip_len;
	memcpy(client->success,
	       ip_len == 4 ? binding->to_ipv4 : binding->to_ipv6,
	       client->success_len);
	client->success[IP_AT - 2] ^= (uint8_t)(from->port >> 8);
	client->success[IP_AT - 1] ^= (uint8_t)from->port;
	for (size_t i = 0; i < ip_len; i++)
		client->success[IP_AT + i] ^= from->ip[i];
}

bool air_binding_is_plain(altair_bytes request)
{
	return request.len == AIR_STUN_HEADER_LEN &&
	       memcmp(request.data, plain, sizeof plain) == 0;
}

size_t air_binding_answer_plain(const struct air_binding_client *client,
				altair_bytes request,
				struct air_server_room room)
{
	const uint8_t *transaction = request.data + sizeof plain;

	if (room.len < client->success_len)
		return 0;
	memcpy(room.at, client->success, client->success_len);
	memcpy(room.at + sizeof plain, transaction, AIR_STUN_TRANSACTION_LEN);
	for (size_t i = AIR_BINDING_MIN; i < client->success_len; i++)
		room.at[i] ^= transaction[i - AIR_BINDING_MIN];
	return client->success_len;
}

size_t air_binding_answer(const struct air_binding_client *client,
			  const struct air_stun_message *m,
			  struct air_server_room room)
{
	bool fingerprint = air_stun_message_place(m, AIR_STUN_FINGERPRINT);

	if (m->unknown_count > 0)
		return write_refusal(room, m, fingerprint);
	return write_success(room, &m->header, &client->from, fingerprint);
}
