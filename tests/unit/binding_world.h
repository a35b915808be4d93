/*
 * The world of the tests of binding requests: one server, a request that is
 * written by hand, and its only answer.
 */
#ifndef ALTAIR_BINDING_WORLD_H
#define ALTAIR_BINDING_WORLD_H

#include "check.h"
#include "stun/auth.h"

#include <altair/server.h>

#include <stdlib.h>

static altair_server *server;
static altair_machine *machine;
static void *memory;
static altair_output out;

static inline void begin_server(const altair_server_config *c, altair_time now)
{
	size_t size = altair_server_size(c);

	CHECK(size > 0);
	free(memory);
	memory = malloc(size);
	CHECK_EQ(altair_server_init(&server, memory, size, c, now), 0);
	machine = altair_server_machine(server);
}

static inline altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static uint8_t request[4096];
static size_t request_len;

static inline void start(enum air_stun_class class, uint16_t method)
{
	struct air_stun_header h = {
		.class = class,
		.method = method,
		.transaction = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
	struct air_writer w = air_writer(request, sizeof request);

	air_stun_header_encode(&w, &h);
	request_len = w.len;
}

static inline void add(uint16_t type, const void *value, size_t len)
{
	struct air_writer w = air_writer(request, sizeof request);

	w.len = request_len;
	air_write_u16(&w, type);
	air_write_u16(&w, (uint16_t)len);
	air_write_bytes(&w, (altair_bytes){value, len});
	air_write_zeros(&w, (4 - len % 4) % 4);
	request_len = w.len;
	air_patch_u16(&w, 2, (uint16_t)(request_len - 20));
}

/* Reads the only answer, which is there to be polled. */
static inline struct air_stun_message read_answer(void)
{
	struct air_stun_message m;
	altair_output end;

	CHECK_EQ(altair_poll(machine, &out), ALTAIR_SEND);
	CHECK_EQ(altair_poll(machine, &end), ALTAIR_WAIT);
	CHECK(air_stun_message_read(&m, out.datagram.bytes, 15));
	CHECK_MEM(m.header.transaction, request + 8, 12);
	return m;
}

static inline void check_addr(const struct air_stun_message *m, uint16_t type,
			      const char *text)
{
	struct air_stun_value v;
	char found[ALTAIR_ADDR_TEXT];

	CHECK(air_stun_message_get(m, type, &v));
	CHECK(altair_addr_format(&v.addr, found, sizeof found) > 0);
	CHECK_STR(found, text);
}

#endif
