/*
 * Transactions (RFC 8489 6.2, 6.3). There are few, so they are looked through.
 * A retransmission is the very bytes of the first sending.
 */
#include "turn/request.h"

#include <string.h>

/* RFC 8489 5: the transaction id ends the header. */
#define ID_AT (AIR_STUN_HEADER_LEN - AIR_STUN_TRANSACTION_LEN)

struct air_request *air_request_find(struct air_request *all, size_t count,
				     altair_bytes message)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].is_open &&
		    memcmp(all[i].bytes + ID_AT, message.data + ID_AT,
			   AIR_STUN_TRANSACTION_LEN) == 0)
			return &all[i];
	return NULL;
}

struct air_request *air_request_of(struct air_request *all, size_t count,
				   uint32_t subject)
{
	for (size_t i = 0; i < count; i++)
		if (all[i].is_open && all[i].subject == subject)
			return &all[i];
	return NULL;
}

struct air_request *air_request_free(struct air_request *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!all[i].is_open)
			return &all[i];
	return NULL;
}

bool air_request_is_answered(const struct air_request *request,
			     const struct air_stun_message *message)
{
	return message->header.method == request->method &&
	       (message->header.class == AIR_STUN_SUCCESS ||
		message->header.class == AIR_STUN_ERROR);
}
