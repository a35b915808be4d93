/*
 * The 20-byte STUN header (RFC 8489 5).
 */
#ifndef AIR_STUN_HEADER_H
#define AIR_STUN_HEADER_H

#include "base/cursor.h"
#include "stun/wire.h"

struct air_stun_header {
	enum air_stun_class class;
	uint16_t method; /* 12 bits; enum air_stun_method and others */
	uint8_t transaction[AIR_STUN_TRANSACTION_LEN];
};

/* True when the datagram may be STUN and nothing else: long enough for a
 * header, the first two bits are zero and the cookie is there. It may still be
 * malformed. */
bool air_stun_recognise(altair_bytes datagram);

/* Reads the header of a datagram; false unless it is recognised and the length
 * in the header is a multiple of 4 and that of the datagram. */
bool air_stun_header_decode(altair_bytes datagram, struct air_stun_header *out);

/* Writes a header whose length field says that no attribute follows. */
void air_stun_header_encode(struct air_writer *w,
			    const struct air_stun_header *header);

#endif
