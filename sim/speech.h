/* What clients of a lobby say: messages that show who sent them, which one it is, and
 * whether they are whole. */
#ifndef SIM_SPEECH_H
#define SIM_SPEECH_H

#include <altair/base.h>

#define SIM_SPEECH_MAX 600

/* Message `number` of `from`, in `out`, which has SIM_SPEECH_MAX bytes. */
altair_bytes sim_speech_make(uint32_t from, uint32_t number, uint8_t *out);
/* True if it is such a message, and whole. */
bool sim_speech_read(altair_bytes body, uint32_t *from, uint32_t *number);

/* Signatures that are none, for altair/visit.h and altair/rendezvous.h: a digest of a
 * public key (`user`, SIM_SPEECH_KEY bytes) and the message. */
#define SIM_SPEECH_KEY 32
int sim_speech_sign(void *user, altair_bytes message, uint8_t *out, size_t cap);
bool sim_speech_verify(void *user, altair_bytes spki, altair_bytes message,
		       altair_bytes signature);

#endif
