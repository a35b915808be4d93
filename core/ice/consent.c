/*
 * Consent freshness (RFC 7675 5.1). A request leaves once, with a transaction
 * of its own, 4 to 6 seconds after the one before it. Expiry pauses sending and
 * ends nothing: the requests go on for ten minutes, and an answer to one of them
 * lifts the pause. RFC 7675 would have the session end there; a laptop that
 * slept for a minute should not.
 */
#include "ice/consent.h"

#include "base/cursor.h"
#include "base/time.h"

#define PERIOD_MIN ALTAIR_SEC(4) /* 0.8 and 1.2 times 5 s */
#define PERIOD_MAX ALTAIR_SEC(6)
#define EXPIRY ALTAIR_SEC(30)
#define LIFE ALTAIR_SEC(600)
#define HASTE ALTAIR_SEC(1)

void air_consent_init(struct air_consent *consent)
{
	*consent = (struct air_consent){.next = ALTAIR_NEVER,
					.expires = ALTAIR_NEVER,
					.ends = ALTAIR_NEVER};
}

/* RFC 7675 5.1: at random, so that the sides do not synchronise. */
static altair_time period(const altair_crypto *crypto)
{
	uint8_t bytes[2] = {0x80};
	struct air_reader r = air_reader((altair_bytes){bytes, sizeof bytes});

	if (crypto->random(crypto->user, bytes, sizeof bytes) != 0)
		return (PERIOD_MIN + PERIOD_MAX) / 2;
	return PERIOD_MIN +
	       (PERIOD_MAX - PERIOD_MIN) / 0xffff * air_read_u16(&r);
}

void air_consent_give(struct air_consent *consent, altair_time now,
		      const altair_crypto *crypto)
{
	consent->is_asked = false;
	consent->is_missed = false;
	consent->expires = air_time_after(now, EXPIRY);
	consent->ends = air_time_after(consent->expires, LIFE);
	consent->next = air_time_after(now, period(crypto));
}

bool air_consent_due(struct air_consent *consent, altair_time now,
		     const altair_crypto *crypto)
{
	if (now < consent->next)
		return false;
	consent->is_missed |= consent->is_asked;
	consent->next = air_time_after(now, period(crypto));
	if (now >= consent->ends ||
	    crypto->random(crypto->user, consent->transaction,
			   sizeof consent->transaction) != 0)
		return false;
	consent->is_asked = true;
	consent->asked_at = now;
	return true;
}

void air_consent_hurry(struct air_consent *consent, altair_time now)
{
	altair_time at = air_time_after(consent->asked_at, HASTE);

	if (consent->is_missed && at < consent->next)
		consent->next = at < now ? now : at;
}

altair_time air_consent_deadline(const struct air_consent *consent,
				 altair_time now)
{
	if (now < consent->expires && consent->expires < consent->next)
		return consent->expires;
	return consent->next;
}
