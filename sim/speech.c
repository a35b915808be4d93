/* Who, which, and bytes that follow from both. */
#include "sim/speech.h"

#include "sim/digest.h"

#include <altair/error.h>

#include <string.h>

altair_bytes sim_speech_make(uint32_t from, uint32_t number, uint8_t *out)
{
	size_t len = 8 + (from * 37 + number * 101) % (SIM_SPEECH_MAX - 8);

	memcpy(out, &from, 4);
	memcpy(out + 4, &number, 4);
	for (size_t i = 8; i < len; i++)
		out[i] = (uint8_t)(from + number * i);
	return (altair_bytes){out, len};
}

bool sim_speech_read(altair_bytes body, uint32_t *from, uint32_t *number)
{
	uint8_t bytes[SIM_SPEECH_MAX];
	altair_bytes want;

	if (body.len < 8)
		return false;
	memcpy(from, body.data, 4);
	memcpy(number, body.data + 4, 4);
	want = sim_speech_make(*from, *number, bytes);
	return want.len == body.len &&
	       memcmp(want.data, body.data, want.len) == 0;
}

static uint64_t seal(altair_bytes key, altair_bytes message)
{
	return sim_digest(sim_digest(1, key.data, key.len), message.data,
			  message.len);
}

int sim_speech_sign(void *user, altair_bytes message, uint8_t *out, size_t cap)
{
	uint64_t it = seal((altair_bytes){user, SIM_SPEECH_KEY}, message);

	if (cap < sizeof it)
		return ALTAIR_E_SPACE;
	memcpy(out, &it, sizeof it);
	return sizeof it;
}

bool sim_speech_verify(void *user, altair_bytes spki, altair_bytes message,
		       altair_bytes signature)
{
	uint64_t right = seal(spki, message);

	(void)user;
	return signature.len == sizeof right &&
	       memcmp(signature.data, &right, sizeof right) == 0;
}
