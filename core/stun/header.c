/*
 * The STUN header (RFC 8489 5). The method is 12 bits and the class 2 bits;
 * they share the message type like this, most significant bit first:
 *
 *     0 0 m m m m m C m m m c m m m m
 */
#include "stun/header.h"

#include <string.h>

bool air_stun_recognise(altair_bytes datagram)
{
	struct air_reader r = air_reader(datagram);
	uint16_t type = air_read_u16(&r);

	air_read_u16(&r); /* the length */
	return air_read_u32(&r) == AIR_STUN_COOKIE && type < 0x4000 &&
	       datagram.len >= AIR_STUN_HEADER_LEN;
}

bool air_stun_header_decode(altair_bytes datagram, struct air_stun_header *out)
{
	struct air_reader r = air_reader(datagram);
	uint16_t type = air_read_u16(&r);
	size_t length = air_read_u16(&r);

	if (!air_stun_recognise(datagram) || length % 4 != 0 ||
	    length != datagram.len - AIR_STUN_HEADER_LEN)
		return false;
	out->class = (type >> 7 & 2) | (type >> 4 & 1);
	out->method = (uint16_t)((type >> 2 & 0xf80) | (type >> 1 & 0x70) |
				 (type & 0xf));
	memcpy(out->transaction, datagram.data + 8, AIR_STUN_TRANSACTION_LEN);
	return true;
}

void air_stun_header_encode(struct air_writer *w,
			    const struct air_stun_header *header)
{
	unsigned class = header->class;
	unsigned method = header->method;

	air_write_u16(w, (uint16_t)((method & 0xf80) << 2 |
				    (method & 0x70) << 1 | (method & 0xf) |
				    (class & 2) << 7 | (class & 1) << 4));
	air_write_u16(w, 0);
	air_write_u32(w, AIR_STUN_COOKIE);
	air_write_bytes(w, (altair_bytes){header->transaction,
					  AIR_STUN_TRANSACTION_LEN});
}
