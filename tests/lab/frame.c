/*
 * frame.c - reading and rewriting IP packets: RFC 791 3.1, RFC 768, RFC 8200 3.
 * Every length is checked against the frame: the kernel's packets are trusted
 * no more than others.
 */
#include "frame.h"

#include <string.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	UDP_HEADER = 8,
	UDP = 17,	/* protocol number, RFC 768                  */
	OFFSET = 0x3fff /* "more fragments" and the offset, RFC 791  */
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The Internet checksum (RFC 1071) over `len` bytes, on top of `sum`. */
static uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(data + i);
	if (len % 2)
		sum += (uint32_t)data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

bool frame_destination(const struct frame *frame, altair_addr *out)
{
	const uint8_t *data = frame->data;

	*out = (altair_addr){0};
	if (frame->len >= IPV4_HEADER && data[0] >> 4 == 4) {
		out->family = ALTAIR_IPV4;
		memcpy(out->ip, data + 16, 4);
		return true;
	}
	if (frame->len >= IPV6_HEADER && data[0] >> 4 == 6) {
		out->family = ALTAIR_IPV6;
		memcpy(out->ip, data + 24, 16);
		return true;
	}
	return false;
}

bool frame_to_packet(const struct frame *frame, struct sim_packet *out)
{
	const uint8_t *ip = frame->data, *udp = ip + IPV4_HEADER;

	if (frame->len < IPV4_HEADER + UDP_HEADER || ip[0] != 0x45 ||
	    ip[9] != UDP || get16(ip + 6) & OFFSET ||
	    get16(udp + 4) < UDP_HEADER ||
	    get16(udp + 4) > frame->len - IPV4_HEADER)
		return false;
	*out = (struct sim_packet){.kind = SIM_UDP, .ttl = ip[8]};
	out->src.family = out->dst.family = ALTAIR_IPV4;
	memcpy(out->src.ip, ip + 12, 4);
	memcpy(out->dst.ip, ip + 16, 4);
	out->src.port = get16(udp);
	out->dst.port = get16(udp + 2);
	out->payload.data = udp + UDP_HEADER;
	out->payload.len = (size_t)get16(udp + 4) - UDP_HEADER;
	return true;
}

void frame_from_packet(struct frame *frame, const struct sim_packet *packet)
{
	uint8_t *ip = frame->data, *udp = ip + IPV4_HEADER;
	size_t len = get16(udp + 4);
	uint16_t sum;

	memcpy(ip + 12, packet->src.ip, 4);
	memcpy(ip + 16, packet->dst.ip, 4);
	put16(udp, packet->src.port);
	put16(udp + 2, packet->dst.port);
	put16(ip + 10, 0);
	put16(ip + 10, checksum(ip, IPV4_HEADER, 0));
	put16(udp + 6, 0);
	/* The pseudo header: both addresses, the protocol, the length. */
	sum = checksum(ip + 12, 8, 0);
	sum = checksum(udp, len, (uint16_t)~sum + UDP + (uint32_t)len);
	put16(udp + 6, sum ? sum : 0xffff);
}
