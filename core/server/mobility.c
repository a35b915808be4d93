/*
 * Mobility. A ticket is the allocation's number and twelve random bytes; only
 * the user who made the allocation may show it (RFC 8016 5). Seven bits of each byte
 * count and the eighth is 1: clients that take it for text, such as coturn's,
 * would lose all from a zero on.
 *
 * Between the Refresh from the new address and the first data from there both
 * 5-tuples are the client's, and data goes to the old one (RFC 8016 3.2.2). Where
 * the old one was a stream that is gone there is nothing to wait for.
 */
#include "server/mobility.h"

#include <string.h>

#define NUMBER_LEN 4 /* 28 bits; allocations are fewer */
#define TICKET_LEN (NUMBER_LEN + AIR_ALLOCATION_TICKET_LEN)

bool air_mobility_grant(struct altair_server *s, struct air_allocation *a)
{
	uint8_t fresh[AIR_ALLOCATION_TICKET_LEN];

	if (s->crypto->random(s->crypto->user, fresh, sizeof fresh) != 0)
		return false;
	for (size_t i = 0; i < sizeof fresh; i++)
		fresh[i] |= 0x80;
	fresh[0] = air_common_sign(s->worker, s->workers, fresh[0]);
	memcpy(a->old_ticket, a->ticket, sizeof a->old_ticket);
	memcpy(a->ticket, fresh, sizeof a->ticket);
	a->is_mobile = true;
	return true;
}

void air_mobility_add(struct air_response *r, const struct air_allocation *a)
{
	uint8_t bytes[TICKET_LEN];
	struct air_writer w = air_writer(bytes, sizeof bytes);
	struct air_stun_value v = {.bytes = {bytes, sizeof bytes}};
	uint32_t number;

	if (!a->is_mobile)
		return;
	number = air_allocation_number(&r->server->allocations, a);
	for (unsigned i = NUMBER_LEN; i-- > 0;)
		air_write_u8(&w, (uint8_t)(0x80 | (number >> 7 * i)));
	air_write_bytes(&w, (altair_bytes){a->ticket, sizeof a->ticket});
	air_response_add(r, AIR_STUN_MOBILITY_TICKET, &v);
}

bool air_mobility_signer(const struct altair_server *s, altair_bytes ticket,
			 unsigned *worker)
{
	if (ticket.len != TICKET_LEN)
		return false;
	*worker = air_common_signer(s->workers, ticket.data[NUMBER_LEN]);
	return true;
}

static bool is_ticket(const uint8_t ours[AIR_ALLOCATION_TICKET_LEN],
		      altair_bytes shown)
{
	return air_bytes_equal_secret(
		(altair_bytes){ours, AIR_ALLOCATION_TICKET_LEN}, shown);
}

/* A new place: under the present ticket, and nobody else's. */
static int move(struct air_call *call, struct air_allocation *a)
{
	if (call->allocation)
		return call->allocation == a ? AIR_STUN_BAD_REQUEST
					     : AIR_STUN_ALLOCATION_MISMATCH;
	if (!air_mobility_grant(call->server, a))
		return AIR_STUN_SERVER_ERROR;
	air_allocation_move(&call->server->allocations, a, call->path);
	if (a->path.sock == AIR_ALLOCATION_NOWHERE)
		air_allocation_settle(&call->server->allocations, a,
				      call->path);
	return 0;
}

int air_mobility_follow(struct air_call *call)
{
	struct air_allocations *all = &call->server->allocations;
	struct air_stun_value v;
	struct air_allocation *a;
	struct air_reader r;
	altair_bytes shown;
	uint32_t number = 0;
	int code = 0;

	if (!call->server->is_mobile)
		return AIR_STUN_MOBILITY_FORBIDDEN;
	air_call_get(call, AIR_STUN_MOBILITY_TICKET, &v);
	r = air_reader(v.bytes);
	for (unsigned i = 0; i < NUMBER_LEN; i++) {
		uint8_t seven = air_read_u8(&r);

		r.failed |= seven < 0x80;
		number = number << 7 | (seven & 0x7f);
	}
	shown = air_read_bytes(&r, AIR_ALLOCATION_TICKET_LEN);
	if (r.failed || r.len > 0 || number >= all->pool.count)
		return AIR_STUN_BAD_REQUEST;
	a = &all->all[number];
	if (a->state != ALLOCATION_OPEN || !a->is_mobile)
		return AIR_STUN_ALLOCATION_MISMATCH;
	if (a->owner != call->guest.owner)
		return AIR_STUN_WRONG_CREDENTIALS;
	/* A repeat: the answer that gave the new ticket may be lost (RFC 8016
	 * 3.2.2). There is no old one, all zero, before the first move. */
	if (!(call->allocation == a && a->old_ticket[0] != 0 &&
	      is_ticket(a->old_ticket, shown)))
		code = is_ticket(a->ticket, shown) ? move(call, a)
						   : AIR_STUN_BAD_REQUEST;
	if (code == 0)
		call->allocation = a;
	return code;
}
