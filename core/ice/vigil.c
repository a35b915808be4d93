/*
 * Consent freshness (RFC 7675 5.1) and suspicion.
 *
 * While all is well a request leaves 4 to 6 seconds after the one before it; on
 * a pair in reserve 8 to 12, which is three chances before consent expires. Each
 * has a transaction of its own. Who sends data and hears nothing asks after 100
 * ms and then every 150 ms; who was given data that broke off asks after 300 ms, in
 * case it was ours to say where we are, and then waits a round trip; who is idle
 * repeats after 500 ms. Two requests in a row without an answer, and nothing else
 * heard, make the pair suspect; the requests then slow down with the time that they
 * go unanswered.
 *
 * Expiry pauses sending and ends nothing: the requests go on for ten minutes,
 * and an answer to one of the last eight lifts the pause. RFC 7675 would have
 * the session end there; a laptop that slept for a minute should not.
 */
#include "ice/vigil.h"

#include "base/cursor.h"
#include "base/time.h"

#include <string.h>

#define PERIOD ALTAIR_SEC(5) /* RFC 7675 5.1: times 0.8 to 1.2 */
#define PERIOD_SLOW ALTAIR_SEC(10)
#define SILENCE ALTAIR_MSEC(100) /* after data, until we ask */
#define PAUSE ALTAIR_MSEC(300)	 /* of the peer's data, until we ask */
#define PAUSE_RARELY ALTAIR_SEC(1)
#define PACE_URGENT ALTAIR_MSEC(150)
#define PACE_IDLE ALTAIR_MSEC(500)
#define PACE_MAX ALTAIR_SEC(5)
#define PACE_DIVISOR 8 /* of the silence, once it is long */
/* Two requests at the pace above, and a moment for the second one's answer. */
#define LIMIT_URGENT ALTAIR_MSEC(280)
#define LIMIT_IDLE ALTAIR_SEC(1)

/* RFC 7675 5.1: at random, so that the sides do not synchronise. */
static altair_time period(const struct air_vigil *v,
			  const altair_crypto *crypto)
{
	altair_time mean = v->is_slow ? PERIOD_SLOW : PERIOD;
	uint8_t bytes[2] = {0x80};
	struct air_reader r = air_reader((altair_bytes){bytes, sizeof bytes});

	if (crypto->random(crypto->user, bytes, sizeof bytes) != 0)
		return mean;
	return mean / 5 * 4 + mean / 5 * 2 / 0xffff * air_read_u16(&r);
}

void air_vigil_begin(struct air_vigil *v, struct air_pair *pair,
		     altair_time now, const altair_crypto *crypto)
{
	bool is_slow = v->is_slow;

	memset(v, 0, sizeof *v);
	v->pair = pair;
	v->is_slow = is_slow;
	v->data_at = v->heard_at = v->asked_at = ALTAIR_NEVER;
	v->regular = air_time_later(
		now, air_time_after(pair->answered_at, period(v, crypto)));
}

/* A suspect pair has to answer; to be heard is not enough. */
void air_vigil_hear(struct air_vigil *v)
{
	if (v->pair->is_suspect)
		return;
	v->data_at = v->asked_at = ALTAIR_NEVER;
	v->is_urgent = false;
}

void air_vigil_listen(struct air_vigil *v, altair_time now)
{
	air_vigil_hear(v);
	v->heard_at = now;
}

void air_vigil_consent(struct air_vigil *v, altair_time now,
		       const altair_crypto *crypto)
{
	v->pair->is_suspect = false;
	air_vigil_hear(v);
	v->regular = air_time_after(now, period(v, crypto));
}

void air_vigil_speak(struct air_vigil *v, altair_time now)
{
	if (v->data_at != ALTAIR_NEVER)
		return;
	v->data_at = now;
	v->is_urgent = true;
}

void air_vigil_doubt(struct air_vigil *v, altair_time now)
{
	/* What is urgent from now on has its time from now on. */
	if (!v->is_urgent && v->asked_at != ALTAIR_NEVER)
		v->asked_at = now;
	v->is_urgent = true;
	if (v->asked_at == ALTAIR_NEVER || v->pair->is_suspect)
		v->regular =
			v->asked ? air_time_later(now,
						  air_time_after(v->last_at,
								 PACE_URGENT))
				 : now;
}

/* Without data that waits, an answer has the time that it needs. */
static altair_time shortest_pace(const struct air_vigil *v)
{
	if (!v->is_urgent)
		return air_time_later(PACE_IDLE, 2 * v->pair->rtt);
	if (v->data_at != ALTAIR_NEVER)
		return PACE_URGENT;
	return air_time_later(PACE_URGENT, v->pair->rtt);
}

/* When to ask again, because the last request was not answered. */
static altair_time pressing(const struct air_vigil *v)
{
	altair_time pace = 0;

	if (v->asked_at == ALTAIR_NEVER && v->data_at != ALTAIR_NEVER)
		return air_time_after(v->data_at, SILENCE);
	if (v->asked_at == ALTAIR_NEVER)
		return air_time_later(air_time_after(v->heard_at, PAUSE),
				      air_time_after(v->last_at, PAUSE_RARELY));
	if (v->last_at > v->asked_at)
		pace = (v->last_at - v->asked_at) / PACE_DIVISOR;
	pace = air_time_later(pace, shortest_pace(v));
	return air_time_after(v->last_at, air_time_sooner(pace, PACE_MAX));
}

static altair_time next_request(const struct air_vigil *v)
{
	return air_time_sooner(v->regular, pressing(v));
}

bool air_vigil_due(struct air_vigil *v, altair_time now,
		   const altair_crypto *crypto,
		   uint8_t transaction[AIR_STUN_TRANSACTION_LEN])
{
	const uint32_t place = v->asked % AIR_VIGIL_REQUESTS;

	if (now < next_request(v) || now >= air_pair_ends(v->pair))
		return false;
	v->regular = air_time_after(now, period(v, crypto));
	v->is_urgent |= v->heard_at != ALTAIR_NEVER;
	v->heard_at = ALTAIR_NEVER;
	v->last_at = now;
	v->asked_at = air_time_sooner(v->asked_at, now);
	if (crypto->random(crypto->user, v->requests[place].transaction,
			   AIR_STUN_TRANSACTION_LEN) != 0)
		return false;
	v->requests[place].at = now;
	v->asked++;
	memcpy(transaction, v->requests[place].transaction,
	       AIR_STUN_TRANSACTION_LEN);
	return true;
}

/* The place of the request, or AIR_VIGIL_REQUESTS. */
static uint32_t place_of(const struct air_vigil *v, const uint8_t *transaction)
{
	for (uint32_t i = 0; i < AIR_VIGIL_REQUESTS && i < v->asked; i++)
		if (!memcmp(v->requests[i].transaction, transaction,
			    AIR_STUN_TRANSACTION_LEN))
			return i;
	return AIR_VIGIL_REQUESTS;
}

altair_time air_vigil_find(const struct air_vigil *v,
			   const uint8_t *transaction)
{
	uint32_t place = place_of(v, transaction);

	return place < AIR_VIGIL_REQUESTS ? v->requests[place].at
					  : ALTAIR_NEVER;
}

void air_vigil_spend(struct air_vigil *v, const uint8_t *transaction)
{
	uint32_t place = place_of(v, transaction);

	if (place < AIR_VIGIL_REQUESTS)
		v->requests[place].at = ALTAIR_NEVER;
}

/* Data that began to wait after the first request gives it time anew. */
altair_time air_vigil_limit(const struct air_vigil *v)
{
	altair_time since = v->asked_at;

	if (since == ALTAIR_NEVER)
		return ALTAIR_NEVER;
	if (v->is_urgent && v->data_at != ALTAIR_NEVER)
		since = air_time_later(since, v->data_at);
	return air_time_after(since, air_time_later(2 * v->pair->rtt,
						    v->is_urgent ? LIMIT_URGENT
								 : LIMIT_IDLE));
}

altair_time air_vigil_deadline(const struct air_vigil *v, altair_time now)
{
	altair_time at = next_request(v);

	if (now >= air_pair_ends(v->pair))
		return ALTAIR_NEVER;
	if (!v->pair->is_suspect)
		at = air_time_sooner(at, air_vigil_limit(v));
	if (now < air_pair_expires(v->pair))
		at = air_time_sooner(at, air_pair_expires(v->pair));
	return air_time_sooner(at, air_pair_ends(v->pair));
}
