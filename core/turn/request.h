/* A request under way: its bytes, its schedule, and for what it is. */
#ifndef AIR_TURN_REQUEST_H
#define AIR_TURN_REQUEST_H

#include "base/rto.h"
#include "stun/message.h"

/* RFC 8489 6.1: no larger than what any path of IPv6 carries, 1280 bytes less
 * the headers of IPv6 and UDP. */
#define AIR_REQUEST_MAX (1280 - 40 - 8)

struct air_request {
	struct air_rto rto;
	altair_time asked_at;
	uint32_t subject; /* whose request it is; the client's numbering    */
	uint16_t method, len;
	bool is_open, is_send_due;
	bool is_signed;
	bool is_doubted; /* an answer came that proved nothing              */
	uint8_t bytes[AIR_REQUEST_MAX];
};

/* The open request that a recognised message names, or NULL. */
struct air_request *air_request_find(struct air_request *all, size_t count,
				     altair_bytes message);
/* The open request of a subject, or NULL. */
struct air_request *air_request_of(struct air_request *all, size_t count,
				   uint32_t subject);
/* One that is not open, or NULL. */
struct air_request *air_request_free(struct air_request *all, size_t count);
/* True for a response to this request's method. */
bool air_request_is_answered(const struct air_request *request,
			     const struct air_stun_message *message);

#endif
