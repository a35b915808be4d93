/*
 * The vigil over a pair that is kept: requests that ask for consent to send
 * (RFC 7675), and that come closer together while the peer is silent.
 */
#ifndef AIR_VIGIL_H
#define AIR_VIGIL_H

#include "ice/pair.h"

/* Requests whose answers count: the last ones. */
#define AIR_VIGIL_REQUESTS 8

struct air_vigil {
	struct air_pair *pair; /* NULL: nobody is watched                    */
	altair_time regular;   /* the next request, if nothing happens       */
	altair_time data_at;   /* the first data since the pair was heard    */
	altair_time heard_at;  /* the peer's last data since the last request */
	altair_time asked_at;  /* the first request since, or ALTAIR_NEVER   */
	altair_time last_at;   /* the last request                           */
	uint32_t asked;	       /* requests in all                            */
	struct {
		altair_time at;
		uint8_t transaction[AIR_STUN_TRANSACTION_LEN];
	} requests
		[AIR_VIGIL_REQUESTS]; /* number n in place n modulo the size */
	bool is_slow;		      /* it carries no data: it is in reserve */
	bool is_urgent; /* the answer matters now: data waits for it         */
};

/* Begins to watch a pair that was answered before. */
void air_vigil_begin(struct air_vigil *vigil, struct air_pair *pair,
		     altair_time now, const altair_crypto *crypto);
/* The peer was heard on the pair: a check or data. */
void air_vigil_hear(struct air_vigil *vigil);
/* And it was data. */
void air_vigil_listen(struct air_vigil *vigil, altair_time now);
/* An answer to a request of ours, which is consent. */
void air_vigil_consent(struct air_vigil *vigil, altair_time now,
		       const altair_crypto *crypto);
/* Data left on it. */
void air_vigil_speak(struct air_vigil *vigil, altair_time now);
/* There is a reason to doubt the path: asks at once, if that is not hasty. */
void air_vigil_doubt(struct air_vigil *vigil, altair_time now);

/* True when a request has to leave at `now`, with this new transaction. */
bool air_vigil_due(struct air_vigil *vigil, altair_time now,
		   const altair_crypto *crypto,
		   uint8_t transaction[AIR_STUN_TRANSACTION_LEN]);
/* When the request of this transaction left; ALTAIR_NEVER: none of ours. */
altair_time air_vigil_find(const struct air_vigil *vigil,
			   const uint8_t *transaction);
/* It was answered: a second answer to it is none. */
void air_vigil_spend(struct air_vigil *vigil, const uint8_t *transaction);
/* When the silence makes the pair suspect, or ALTAIR_NEVER. */
altair_time air_vigil_limit(const struct air_vigil *vigil);
/* When something changes next. */
altair_time air_vigil_deadline(const struct air_vigil *vigil, altair_time now);

#endif
