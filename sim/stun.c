#include "sim/stun.h"

#include <string.h>

static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};

static unsigned u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void put_u16(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

bool sim_stun_read(altair_bytes bytes, struct sim_stun *out)
{
	unsigned type;

	if (bytes.len < SIM_STUN_HEADER || bytes.data[0] >= 0x40 ||
	    memcmp(bytes.data + 4, cookie, sizeof cookie) != 0 ||
	    u16(bytes.data + 2) + SIM_STUN_HEADER != bytes.len)
		return false;
	type = u16(bytes.data);
	out->class = (enum sim_stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	out->method = (type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80);
	out->bytes = bytes;
	return true;
}

const uint8_t *sim_stun_transaction(const struct sim_stun *stun)
{
	return stun->bytes.data + 8;
}

bool sim_stun_find(const struct sim_stun *stun, unsigned type,
		   altair_bytes *value)
{
	size_t at = SIM_STUN_HEADER;

	while (at + 4 <= stun->bytes.len) {
		const uint8_t *head = stun->bytes.data + at;
		size_t len = u16(head + 2);

		if (at + 4 + len > stun->bytes.len)
			return false;
		if (u16(head) == type) {
			*value = (altair_bytes){head + 4, len};
			return true;
		}
		at += 4 + (len + 3) / 4 * 4;
	}
	return false;
}

bool sim_stun_find_addr(const struct sim_stun *stun, unsigned type,
			altair_addr *out)
{
	const uint8_t *key = stun->bytes.data + 4; /* cookie, transaction */
	altair_bytes value;
	size_t len;

	if (!sim_stun_find(stun, type, &value) || value.len < 8)
		return false;
	memset(out, 0, sizeof *out);
	len = value.data[1] == 2 ? 16 : 4;
	if (value.len != 4 + len)
		return false;
	out->family = len == 4 ? ALTAIR_IPV4 : ALTAIR_IPV6;
	out->port = (uint16_t)(u16(value.data + 2) ^ u16(cookie));
	for (size_t i = 0; i < sizeof out->ip && i < len; i++)
		out->ip[i] = value.data[4 + i] ^ key[i];
	return true;
}

uint32_t sim_stun_number(const struct sim_stun *stun, unsigned type)
{
	altair_bytes v;

	if (!sim_stun_find(stun, type, &v) || v.len < 4)
		return UINT32_MAX;
	return (uint32_t)v.data[0] << 24 | (uint32_t)v.data[1] << 16 |
	       (uint32_t)v.data[2] << 8 | v.data[3];
}

bool sim_stun_channel(altair_bytes bytes, unsigned *number,
		      altair_bytes *payload)
{
	size_t len;

	if (bytes.len < 4 || bytes.data[0] < 0x40 || bytes.data[0] > 0x4f)
		return false;
	len = u16(bytes.data + 2);
	*number = u16(bytes.data);
	*payload = (altair_bytes){bytes.data + 4, len};
	return len + 4 <= bytes.len;
}

bool sim_stun_channel_ever(altair_bytes bytes, unsigned *number,
			   altair_bytes *data)
{
	uint8_t head[4];
	bool is_channel;

	if (bytes.len < sizeof head ||
	    bytes.data[0] > SIM_STUN_CHANNEL_EVER >> 8)
		return false;
	memcpy(head, bytes.data, sizeof head);
	head[0] &= 0x4f;
	is_channel =
		sim_stun_channel((altair_bytes){head, bytes.len}, number, data);
	*number |= (unsigned)bytes.data[0] << 8;
	data->data = bytes.data + sizeof head;
	return is_channel;
}

/* ITU-T V.42, as in RFC 8489 14.7. */
static uint32_t crc32(const uint8_t *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

size_t sim_stun_seal(uint8_t *message, size_t len)
{
	uint32_t crc;

	put_u16(message + 2, len + 8 - SIM_STUN_HEADER);
	crc = crc32(message, len) ^ 0x5354554eu;
	put_u16(message + len, 0x8028);
	put_u16(message + len + 2, 4);
	put_u16(message + len + 4, crc >> 16);
	put_u16(message + len + 6, crc & 0xffff);
	return len + 8;
}
