/*
 * STUN (RFC 8489) and TURN's framing (RFC 8656) as an observer sees them: what
 * the judges, the diagram and the intruder need of it. It shares nothing with
 * the core that it judges.
 */
#ifndef SIM_STUN_H
#define SIM_STUN_H

#include <altair/base.h>

#define SIM_STUN_HEADER 20u
#define SIM_STUN_TRANSACTION 12u

enum sim_stun_class {
	SIM_STUN_REQUEST,
	SIM_STUN_INDICATION,
	SIM_STUN_SUCCESS,
	SIM_STUN_ERROR
};

enum sim_stun_method {
	SIM_STUN_BINDING = 1,
	SIM_STUN_ALLOCATE = 3,
	SIM_STUN_REFRESH = 4,
	SIM_STUN_SEND = 6,
	SIM_STUN_DATA = 7,
	SIM_STUN_PERMIT = 8,
	SIM_STUN_CHANNEL = 9
};

enum sim_stun_attribute {
	SIM_STUN_USERNAME = 0x0006,
	SIM_STUN_INTEGRITY = 0x0008,
	SIM_STUN_CHANNEL_NUMBER = 0x000c,
	SIM_STUN_PEER = 0x0012,
	SIM_STUN_PAYLOAD = 0x0013,
	SIM_STUN_RELAYED = 0x0016,
	SIM_STUN_MAPPED = 0x0020,
	SIM_STUN_USE_CANDIDATE = 0x0025
};

struct sim_stun {
	enum sim_stun_class class;
	unsigned method;
	altair_bytes bytes; /* the whole message */
};

/* True for a STUN message; its attributes may be malformed. */
bool sim_stun_read(altair_bytes bytes, struct sim_stun *out);
const uint8_t *sim_stun_transaction(const struct sim_stun *stun);
/* The first attribute of this type. */
bool sim_stun_find(const struct sim_stun *stun, unsigned type,
		   altair_bytes *value);
/* Its first four bytes as a number, or UINT32_MAX. */
uint32_t sim_stun_number(const struct sim_stun *stun, unsigned type);
/* The same for one that is a XOR address. */
bool sim_stun_find_addr(const struct sim_stun *stun, unsigned type,
			altair_addr *out);

/* True for ChannelData: its number and what it carries. */
bool sim_stun_channel(altair_bytes bytes, unsigned *number,
		      altair_bytes *payload);

/* The same, also with the numbers that RFC 5766 had. */
#define SIM_STUN_CHANNEL_EVER 0x7fffu
bool sim_stun_channel_ever(altair_bytes bytes, unsigned *number,
			   altair_bytes *payload);

/* Writes length and FINGERPRINT to a message of `len` bytes, which has room for
 * eight more. Returns the new length. */
size_t sim_stun_seal(uint8_t *message, size_t len);

#endif
