/*
 * Envelopes: AES-256-GCM with the number as nonce; head, number and direction are
 * authenticated beside the payload.
 */
#include "meet/envelope.h"

#include "base/cursor.h"

#include <altair/error.h>

#include <string.h>

#define BESIDE (AIR_ENVELOPE_FRONT + 1)

/* What is authenticated beside the payload. */
static void beside(const struct air_envelope *e, const uint8_t *front,
		   uint8_t out[BESIDE])
{
	memcpy(out, front, AIR_ENVELOPE_FRONT);
	out[BESIDE - 1] = e->direction;
}

int air_envelope_seal(struct air_envelope *e, const altair_pake *pake,
		      uint8_t *bytes, size_t len)
{
	uint8_t associated[BESIDE];
	altair_pake_seal how = {e->key, e->number, {associated, BESIDE}};
	struct air_writer w = air_writer(bytes + AIR_ENVELOPE_HEAD, 8);
	int error;

	air_write_u64(&w, e->number);
	beside(e, bytes, associated);
	error = pake->seal(pake->user, &how, bytes + AIR_ENVELOPE_FRONT, len);
	if (error == 0)
		e->number++;
	return error;
}

int air_envelope_open(struct air_envelope *e, const altair_pake *pake,
		      uint8_t *bytes, size_t len, altair_bytes *payload)
{
	struct air_reader r = air_reader((altair_bytes){bytes, len});
	uint8_t associated[BESIDE];
	altair_pake_seal how = {e->key, e->number, {associated, BESIDE}};
	size_t text;
	int error;

	air_read_bytes(&r, AIR_ENVELOPE_HEAD);
	if (air_read_u64(&r) != e->number || r.failed ||
	    r.len < ALTAIR_PAKE_TAG)
		return ALTAIR_E_INVALID;
	text = r.len - ALTAIR_PAKE_TAG;
	beside(e, bytes, associated);
	error = pake->open(pake->user, &how, bytes + AIR_ENVELOPE_FRONT, text);
	if (error != 0)
		return error;
	e->number++;
	*payload = (altair_bytes){bytes + AIR_ENVELOPE_FRONT, text};
	return 0;
}
