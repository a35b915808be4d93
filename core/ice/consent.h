/*
 * Consent to send on the path in use (RFC 7675): asked for every five seconds
 * or so, given by an answer, gone thirty seconds after the last one.
 */
#ifndef AIR_CONSENT_H
#define AIR_CONSENT_H

#include "stun/wire.h"

#include <altair/crypto.h>

struct air_consent {
	altair_time next;     /* the next request; ALTAIR_NEVER: not wanted   */
	altair_time expires;  /* when sending has to pause                    */
	altair_time ends;     /* when nothing more is asked                   */
	altair_time asked_at; /* the last request                             */
	bool is_asked;	      /* and it has not been answered                 */
	bool is_missed;	      /* a whole period without an answer             */
	uint8_t transaction[AIR_STUN_TRANSACTION_LEN]; /* of the last request */
};

/* None is wanted yet. */
void air_consent_init(struct air_consent *consent);
/* Consent was given now, by a check or an answer. */
void air_consent_give(struct air_consent *consent, altair_time now,
		      const altair_crypto *crypto);
/* True when a request has to leave at `now`; it has a new transaction. */
bool air_consent_due(struct air_consent *consent, altair_time now,
		     const altair_crypto *crypto);
/* The peer was heard after long silence: asks at once, if that is not hasty. */
void air_consent_hurry(struct air_consent *consent, altair_time now);
/* When something changes next. */
altair_time air_consent_deadline(const struct air_consent *consent,
				 altair_time now);

#endif
