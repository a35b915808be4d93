/*
 * The server of the relay's targets: two users, both families, small pools, so
 * that every one of them runs out.
 */
#ifndef ALTAIR_FUZZ_RELAY_H
#define ALTAIR_FUZZ_RELAY_H

#include "fuzz.h"
#include "toy.h"

#include <altair/server.h>

#include <string.h>

static inline altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

/* What is pointed to is there until the next call. */
static inline altair_server_config relay_config(void)
{
	static altair_server_user users[2];
	static const altair_server_prefix allow[] = {
		{{.family = ALTAIR_IPV4, .ip = {192, 0, 2}}, 24},
		{{.family = ALTAIR_IPV6, .ip = {0x20, 1, 0xd, 0xb8}}, 32}};
	altair_server_config c;

	altair_server_config_default(&c);
	c.batch_max = 4;
	c.buffer_len = 8192;
	c.challenge_rate = 0; /* not the point here */
	c.crypto = &toy_crypto;
	altair_server_make_user(&users[0], &toy_crypto, text("even"), c.realm,
				text("pass"));
	altair_server_make_user(&users[1], &toy_crypto, text("odd"), c.realm,
				text("pass"));
	c.users = users;
	c.user_count = 2;
	c.relay_ipv4 =
		(altair_addr){.family = ALTAIR_IPV4, .ip = {198, 51, 100, 1}};
	c.relay_ipv6 = (altair_addr){.family = ALTAIR_IPV6,
				     .ip = {0x20, 1, 0xd, 0xb8, [15] = 99}};
	c.port_min = 50000;
	c.port_max = 50007;
	c.permissions_max = 6;
	c.channels_max = 5;
	c.allow = allow;
	c.allow_count = 2;
	return c;
}

static inline altair_server *relay_open(const altair_server_config *c,
					altair_time now)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 21];
	altair_server *s;

	FUZZ_CHECK(altair_server_size(c) > 0);
	FUZZ_CHECK(altair_server_size(c) <= sizeof memory);
	FUZZ_CHECK(altair_server_init(&s, memory, sizeof memory, c, now) == 0);
	return s;
}

#endif
