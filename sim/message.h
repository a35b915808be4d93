/*
 * What two agents tell each other in a meeting: a message that says whose it is,
 * its number and when it left, with a seal that no stranger has.
 */
#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include <altair/base.h>

#define SIM_MESSAGE_LEN 48u
#define SIM_MESSAGE_FIRST_BYTE 'm'

struct sim_message {
	unsigned side;
	uint32_t number; /* from 1 */
	altair_time sent_at;
};

void sim_message_write(const struct sim_message *message, uint64_t seed,
		       uint8_t out[SIM_MESSAGE_LEN]);
/* False when it is none of this run. */
bool sim_message_read(altair_bytes bytes, uint64_t seed,
		      struct sim_message *out);

#endif
