/*
 * A packet's transaction id says of which kind it is, how long its payload was
 * and whose it was, so that an answer is judged by itself: nothing is kept of ten
 * million sources.
 */
#include "flood_packets.h"

#include <stdio.h>
#include <string.h>

#define IP_LEN 20
#define UDP_LEN 8
#define STUN_LEN 20

enum kind {
	BINDING,	 /* 20 bytes                                  */
	BINDING_LONG,	 /* with SOFTWARE                             */
	BINDING_UNKNOWN, /* with an attribute that must be understood */
	ALLOCATE,	 /* without credentials                       */
	ALLOCATE_SIGNED, /* with a nonce and a proof, both made up    */
	REFRESH_SIGNED,
	SEND,	  /* an indication                             */
	CHANNEL,  /* channel data                              */
	RESPONSE, /* what a server says                        */
	GARBAGE,
	KINDS
};

/* Of sixteen packets. */
static const uint8_t mixture[16] = {
	BINDING,  BINDING,	   BINDING,	    BINDING_LONG,
	ALLOCATE, ALLOCATE,	   ALLOCATE,	    ALLOCATE_SIGNED,
	SEND,	  ALLOCATE_SIGNED, ALLOCATE_SIGNED, REFRESH_SIGNED,
	CHANNEL,  BINDING_UNKNOWN, RESPONSE,	    GARBAGE};

static uint32_t draw(struct flood *f)
{
	f->state = f->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(f->state >> 32);
}

/* --- writing -------------------------------------------------------------- */

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* Puts an attribute of `len` bytes, a multiple of 4, behind the others. */
static void add(uint8_t *message, unsigned type, const void *value, size_t len)
{
	size_t at = STUN_LEN + (size_t)(message[2] << 8 | message[3]);

	put16(message + at, type);
	put16(message + at + 2, (unsigned)len);
	memcpy(message + at + 4, value, len);
	put16(message + 2, (unsigned)(at + 4 + len - STUN_LEN));
}

/* USERNAME, REALM, NONCE, MESSAGE-INTEGRITY (RFC 8489 14), as a client has them
 * who has been here before. */
static void add_credentials(struct flood *f, uint8_t *message)
{
	uint8_t nonce[25] = "obMatJos2wAAA0123456789a", proof[20];

	for (size_t i = 0; i < sizeof proof; i++)
		proof[i] = (uint8_t)draw(f);
	memcpy(nonce + 13, proof, 11);
	add(message, 0x0006, "user", 4);
	add(message, 0x0014, "altair00", 8);
	add(message, 0x0015, nonce, 24);
	add(message, 0x0008, proof, 20);
}

/* A message's type and attributes; its length. */
static size_t write_stun(struct flood *f, uint8_t *m, enum kind kind)
{
	static const uint8_t udp[4] = {17};
	static const uint16_t types[KINDS] = {[BINDING] = 0x0001,
					      [BINDING_LONG] = 0x0001,
					      [BINDING_UNKNOWN] = 0x0001,
					      [ALLOCATE] = 0x0003,
					      [ALLOCATE_SIGNED] = 0x0003,
					      [REFRESH_SIGNED] = 0x0004,
					      [SEND] = 0x0016,
					      [RESPONSE] = 0x0101};

	memset(m, 0, STUN_LEN);
	put16(m, types[kind]);
	put32(m + 4, 0x2112a442);
	if (kind == BINDING_LONG)
		add(m, 0x8022, "a client of some name", 20);
	if (kind == BINDING_UNKNOWN)
		add(m, 0x7fff, udp, 4);
	if (kind == ALLOCATE || kind == ALLOCATE_SIGNED)
		add(m, 0x0019, udp, 4);
	if (kind == ALLOCATE_SIGNED || kind == REFRESH_SIGNED)
		add_credentials(f, m);
	if (kind == SEND) {
		add(m, 0x0012, "\0\1\x21\x12\x2b\x12\xa4\x42", 8);
		add(m, 0x0013, "some data for it", 16);
	}
	if (kind == RESPONSE)
		add(m, 0x0020, "\0\1\x21\x12\x2b\x12\xa4\x42", 8);
	return STUN_LEN + (size_t)(m[2] << 8 | m[3]);
}

static size_t write_noise(struct flood *f, uint8_t *m, enum kind kind)
{
	size_t len = kind == CHANNEL ? 24 : draw(f) % 200;

	for (size_t i = 0; i < len; i++)
		m[i] = (uint8_t)draw(f);
	if (kind == CHANNEL)
		memcpy(m, "\x40\0\0\x14", 4);
	else if (len > 0)
		m[0] |= 0x80; /* none of the above */
	return len;
}

static uint16_t ip_checksum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < IP_LEN; i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* One of eight packets is of a loud source. */
static uint32_t draw_source(struct flood *f)
{
	uint32_t r = draw(f);

	if (r % 8 == 0)
		return 0x08080800u + r / 8 % FLOOD_LOUD;
	return 0x0b000000u + draw(f) % 0x60000000u;
}

size_t flood_write(struct flood *f, uint8_t out[FLOOD_PACKET_MAX])
{
	enum kind kind = mixture[draw(f) % 16];
	uint32_t source = draw_source(f);
	uint8_t *message = out + IP_LEN + UDP_LEN;
	size_t len = kind >= CHANNEL && kind != RESPONSE
			     ? write_noise(f, message, kind)
			     : write_stun(f, message, kind);

	if (kind < CHANNEL || kind == RESPONSE) {
		message[8] = (uint8_t)kind;
		put16(message + 9, (unsigned)len);
		put32(message + 11, source);
		put32(message + 15, draw(f));
	}
	memset(out, 0, IP_LEN + UDP_LEN);
	out[0] = 0x45;
	put16(out + 2, (unsigned)(IP_LEN + UDP_LEN + len));
	out[8] = 64;
	out[9] = 17;
	put32(out + 12, source);
	memcpy(out + 16, f->server_ip, 4);
	put16(out + 10, ip_checksum(out));
	put16(out + IP_LEN, 1024 + draw(f) % 60000);
	put16(out + IP_LEN + 2, f->server_port);
	put16(out + IP_LEN + 4, (unsigned)(UDP_LEN + len));
	f->sent++;
	f->sent_bytes += len;
	return IP_LEN + UDP_LEN + len;
}

/* --- judging -------------------------------------------------------------- */

static unsigned get16(const uint8_t *at)
{
	return (unsigned)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void accuse(struct flood *f, const char *what, unsigned kind, size_t len)
{
	if (f->violations++ == 0)
		snprintf(f->violation, sizeof f->violation,
			 "%s: kind %u, answer of %zu bytes", what, kind, len);
}

/* The most bytes of an answer to a request of this kind and length: 32 for a
 * binding, 1.5 times for what is not understood, 80 and three times for a
 * challenge. */
static size_t most(unsigned kind, size_t request_len)
{
	switch (kind) {
	case BINDING:
	case BINDING_LONG:
		return 32;
	case BINDING_UNKNOWN:
		return request_len * 3 / 2;
	case ALLOCATE:
	case ALLOCATE_SIGNED:
	case REFRESH_SIGNED:
		return request_len * 3 < 80 ? request_len * 3 : 80;
	default:
		return 0;
	}
}

void flood_judge(struct flood *f, const uint8_t *packet, size_t len)
{
	const uint8_t *m = packet + IP_LEN + UDP_LEN;
	size_t mine = len - IP_LEN - UDP_LEN;
	uint32_t to;
	unsigned kind;

	/* IPv6 router solicitations of the kernel, and the like. */
	if (len < IP_LEN + UDP_LEN || packet[0] != 0x45 || packet[9] != 17)
		return;
	f->answers++;
	f->answer_bytes += mine;
	if (mine < STUN_LEN) {
		accuse(f, "no STUN message", KINDS, mine);
		return;
	}
	kind = m[8];
	to = get32(packet + 16);
	if (mine > most(kind, get16(m + 9)))
		accuse(f, "too long", kind, mine);
	if (get32(m + 11) != to)
		accuse(f, "to another source", kind, mine);
	f->bindings += kind <= BINDING_UNKNOWN;
	if (kind <= BINDING_UNKNOWN)
		return;
	f->challenges++;
	if (to - 0x08080800u < FLOOD_LOUD)
		f->loud[to - 0x08080800u]++;
}
