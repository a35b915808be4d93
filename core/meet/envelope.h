/*
 * One direction of the envelopes: a key of its own and a number that counts up. Who
 * opens knows the number that comes next, so nothing can be repeated, reordered or
 * left out.
 */
#ifndef AIR_ENVELOPE_H
#define AIR_ENVELOPE_H

#include <altair/pake.h>

/* In front: what the message begins with (its owner's) and the number, 8 bytes. */
#define AIR_ENVELOPE_HEAD 2
#define AIR_ENVELOPE_FRONT (AIR_ENVELOPE_HEAD + 8)

struct air_envelope {
	uint8_t key[ALTAIR_PAKE_KEY];
	uint64_t number;
	uint8_t direction; /* told apart in what is authenticated, too */
};

/* `bytes` begins with the head, which stands there; then the number, `len` bytes of
 * payload, and the tag. 0 or ALTAIR_E_MEMORY. */
int air_envelope_seal(struct air_envelope *e, const altair_pake *pake,
		      uint8_t *bytes, size_t len);

/* The same in reverse; `len` is that of all. On 0 *payload is a view of it.
 * ALTAIR_E_INVALID: it is not the next one as it was sealed; or ALTAIR_E_MEMORY. */
int air_envelope_open(struct air_envelope *e, const altair_pake *pake,
		      uint8_t *bytes, size_t len, altair_bytes *payload);

#endif
