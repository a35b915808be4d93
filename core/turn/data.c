/*
 * The data plane (RFC 8656 11.1, 12.4, 12.5). The payload stays where it is:
 * headers are written in front of it, padding behind it.
 */
#include "turn/data.h"

#include "base/addr.h"

/* RFC 8656 12, table 3: the first byte of ChannelData is 64 to 79. */
#define FIRST_BYTE_BITS 0xf0
#define FIRST_BYTE 0x40

bool air_data_is_channel(altair_bytes bytes)
{
	return bytes.len >= AIR_DATA_CHANNEL_HEAD &&
	       (bytes.data[0] & FIRST_BYTE_BITS) == FIRST_BYTE;
}

bool air_data_read_channel(altair_bytes bytes, uint16_t *number,
			   altair_bytes *payload)
{
	struct air_reader r = air_reader(bytes);
	uint16_t len;

	*number = air_read_u16(&r);
	len = air_read_u16(&r);
	*payload = air_read_bytes(&r, len);
	return !r.failed;
}

static size_t padding(size_t len)
{
	return (4 - len % 4) % 4;
}

altair_bytes air_data_wrap_channel(uint16_t number, altair_bytes payload,
				   uint8_t *at, bool is_stream)
{
	uint8_t *start = at - AIR_DATA_CHANNEL_HEAD;
	size_t pad = is_stream ? padding(payload.len) : 0;
	struct air_writer head = air_writer(start, AIR_DATA_CHANNEL_HEAD);
	struct air_writer tail = air_writer(at + payload.len, pad);

	air_write_u16(&head, number);
	air_write_u16(&head, (uint16_t)payload.len);
	air_write_zeros(&tail, pad);
	return (altair_bytes){start, AIR_DATA_CHANNEL_HEAD + payload.len + pad};
}

altair_bytes air_data_wrap_send(const struct air_stun_header *header,
				const altair_addr *peer, uint8_t *at,
				size_t len)
{
	/* XOR-PEER-ADDRESS: family and port before the IP. */
	size_t peer_len = AIR_STUN_TLV_LEN + 4 + air_addr_ip_len(peer);
	size_t head_len = AIR_STUN_HEADER_LEN + peer_len + AIR_STUN_TLV_LEN;
	struct air_stun_value value = {.addr = *peer};
	struct air_stun_builder b;

	air_stun_build(&b, at - head_len, head_len + len + padding(len),
		       header);
	air_stun_build_attr(&b, AIR_STUN_XOR_PEER_ADDRESS, &value);
	air_write_u16(&b.w, AIR_STUN_DATA_ATTR);
	air_write_u16(&b.w, (uint16_t)len);
	b.w.len += len; /* the payload is there */
	air_write_zeros(&b.w, padding(len));
	return air_stun_build_end(&b);
}
