/*
 * A connectivity check: one Binding transaction of a pair (RFC 8445 7), its
 * schedule, and the messages that are exchanged.
 */
#ifndef AIR_CHECK_H
#define AIR_CHECK_H

#include "ice/credentials.h"
#include "stun/auth.h"

/* Requests of one check, all of it: 200, 400, 800 ms, then each second. */
#define AIR_CHECK_SENDINGS 11

/* Room for any message below: the longest has a USERNAME of 8 + 1 + 256. */
#define AIR_CHECK_LEN_MAX 384

struct air_check {
	altair_time next;    /* the next sending or the end; or ALTAIR_NEVER */
	altair_time sent_at; /* the first sending                            */
	uint64_t tie_breaker;
	uint32_t priority; /* PRIORITY (RFC 8445 7.1.1)                    */
	unsigned sent;
	uint8_t transaction[AIR_STUN_TRANSACTION_LEN];
	bool controlling; /* our role in it                               */
	bool nominates;	  /* it carries USE-CANDIDATE                     */
};

enum air_check_step { CHECK_NOT_DUE, CHECK_SEND, CHECK_GIVE_UP };

/* What is due at `now`; CHECK_SEND counts as sent and moves `next`. */
enum air_check_step air_check_due(struct air_check *check, altair_time now);

/* What the messages of a session are made with. */
struct air_check_keys {
	const altair_crypto *crypto;
	struct air_credentials local, remote;
	bool has_remote;
};

/* The length of its request, before it is made. */
size_t air_check_length(const struct air_check *check,
			const struct air_check_keys *keys);
/* The request, written to `buffer` (AIR_CHECK_LEN_MAX bytes, also below). */
altair_bytes air_check_request(const struct air_check *check,
			       const struct air_check_keys *keys,
			       uint8_t *buffer);
altair_bytes air_check_response(const struct air_stun_message *request,
				const struct air_check_keys *keys,
				const altair_addr *mapped, uint8_t *buffer);
/* An error response; with integrity, unless `code` says that there is none. */
altair_bytes air_check_refusal(const struct air_stun_message *request,
			       const struct air_check_keys *keys,
			       enum air_stun_error_code code, uint8_t *buffer);

/* True when USERNAME begins with our fragment: the request is for us. */
bool air_check_is_for_us(const struct air_stun_message *request,
			 const struct air_check_keys *keys);
/* 0 for a request of the peer that can be obeyed, or the code to refuse it. */
int air_check_judge(const struct air_stun_message *request,
		    const struct air_check_keys *keys);
/* True for a response that the peer has signed. */
bool air_check_is_genuine(const struct air_stun_message *response,
			  const struct air_check_keys *keys);

#endif
