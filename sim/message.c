#include "sim/message.h"

#include "sim/digest.h"

#include <string.h>

#define SEAL_AT (SIM_MESSAGE_LEN - 8)

void sim_message_write(const struct sim_message *message, uint64_t seed,
		       uint8_t out[SIM_MESSAGE_LEN])
{
	uint64_t seal;

	memset(out, '.', SIM_MESSAGE_LEN);
	out[0] = SIM_MESSAGE_FIRST_BYTE;
	out[1] = (uint8_t)('A' + message->side);
	memcpy(out + 4, &message->number, sizeof message->number);
	memcpy(out + 8, &message->sent_at, sizeof message->sent_at);
	seal = sim_digest(seed, out, SEAL_AT);
	memcpy(out + SEAL_AT, &seal, sizeof seal);
}

bool sim_message_read(altair_bytes bytes, uint64_t seed,
		      struct sim_message *out)
{
	uint64_t seal;

	if (bytes.len != SIM_MESSAGE_LEN)
		return false;
	seal = sim_digest(seed, bytes.data, SEAL_AT);
	out->side = bytes.data[1] - 'A';
	memcpy(&out->number, bytes.data + 4, sizeof out->number);
	memcpy(&out->sent_at, bytes.data + 8, sizeof out->sent_at);
	return !memcmp(bytes.data + SEAL_AT, &seal, sizeof seal);
}
