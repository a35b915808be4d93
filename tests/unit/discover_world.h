/*
 * The world of the discovery tests: one machine in virtual time, with
 * everything that it sent and told, and the answers of servers that the test
 * plays.
 */
#ifndef ALTAIR_DISCOVER_WORLD_H
#define ALTAIR_DISCOVER_WORLD_H

#include "check.h"
#include "stun/auth.h"

#include <altair/discover.h>

#include <stdlib.h>

#define MS(n) ALTAIR_MSEC(n)

/* --- a world of one machine ---------------------------------------------- */

static struct {
	altair_discover *d;
	altair_machine *m;
	void *memory;
	altair_time now;
	altair_time deadline; /* of the last WAIT                            */
	struct sent {
		altair_time at;
		altair_path path;
		uint8_t request[20];
	} sent[256];
	size_t sent_count;
	struct told {
		altair_time at;
		altair_output out;
	} told[64];
	size_t told_count;
} w;

static uint64_t random_state;
static bool random_fails;

static inline int some_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++) {
		random_state = random_state * 6364136223846793005u + 1u;
		out[i] = (uint8_t)(random_state >> 56);
	}
	return random_fails ? ALTAIR_E_RANDOM : 0;
}

static const altair_crypto crypto = {.size = sizeof crypto,
				     .random = some_random};

static inline altair_discover_config config(void)
{
	altair_discover_config c;

	altair_discover_config_default(&c);
	c.crypto = &crypto;
	return c;
}

static inline void begin(const altair_discover_config *c)
{
	size_t size = altair_discover_size(c);

	free(w.memory);
	memset(&w, 0, sizeof w);
	random_state = 42;
	random_fails = false;
	CHECK(size > 0);
	w.memory = malloc(size);
	w.now = ALTAIR_SEC(1000);
	CHECK_EQ(altair_discover_init(&w.d, w.memory, size, c, w.now), 0);
	w.m = altair_discover_machine(w.d);
}

static inline void drain(void)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(w.m, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND) {
			struct sent *s = &w.sent[w.sent_count++ % 256];

			CHECK_EQ(out.datagram.bytes.len, 20);
			CHECK_EQ(out.datagram.segment, 0);
			s->at = w.now - ALTAIR_SEC(1000);
			s->path = out.datagram.path;
			memcpy(s->request, out.datagram.bytes.data, 20);
		} else {
			w.told[w.told_count].at = w.now - ALTAIR_SEC(1000);
			w.told[w.told_count++ % 64].out = out;
		}
	}
	w.deadline = out.deadline;
	CHECK(out.deadline > w.now);
}

/* Runs until `ms` after the beginning, waking up as the machine asks. */
static inline void run_until(uint64_t ms)
{
	altair_time end = ALTAIR_SEC(1000) + MS(ms);

	for (drain(); w.deadline <= end; drain()) {
		w.now = w.deadline;
		altair_tick(w.m, w.now);
	}
	w.now = end;
}

static inline altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static inline int add(uint32_t sock, const char *server, uint32_t group)
{
	altair_addr a = addr(server);

	return altair_discover_add(w.d, w.now, sock, &a, group);
}

static inline void seal(void)
{
	altair_discover_seal(w.d, w.now);
}

/* --- what servers answer ------------------------------------------------- */

static uint8_t answer_bytes[256];

static inline altair_bytes success(const uint8_t *request, uint16_t type,
				   const char *mapped)
{
	struct air_stun_header h = {.class = AIR_STUN_SUCCESS,
				    .method = AIR_STUN_BINDING};
	struct air_stun_value v = {.addr = addr(mapped)};
	struct air_stun_builder b;

	memcpy(h.transaction, request + 8, 12);
	air_stun_build(&b, answer_bytes, sizeof answer_bytes, &h);
	air_stun_build_attr(&b, type, &v);
	air_stun_build_fingerprint(&b);
	return air_stun_build_end(&b);
}

static inline altair_bytes error(const uint8_t *request, int code)
{
	struct air_stun_header h = {.class = AIR_STUN_ERROR,
				    .method = AIR_STUN_BINDING};
	struct air_stun_value v = {.number = (uint64_t)code};
	struct air_stun_builder b;

	memcpy(h.transaction, request + 8, 12);
	air_stun_build(&b, answer_bytes, sizeof answer_bytes, &h);
	if (code)
		air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &v);
	return air_stun_build_end(&b);
}

static inline enum altair_verdict deliver(uint32_t sock, const char *from,
					  altair_bytes bytes)
{
	altair_datagram d = {.path = {.sock = sock, .remote = addr(from)},
			     .bytes = bytes,
			     .verdict = ALTAIR_PAYLOAD};

	altair_input(w.m, w.now, &d, 1);
	drain();
	return d.verdict;
}

/* Sent request number `n` is answered from where it went. */
static inline void reply(size_t n, const char *mapped)
{
	char from[ALTAIR_ADDR_TEXT];

	altair_addr_format(&w.sent[n].path.remote, from, sizeof from);
	CHECK_EQ(deliver(w.sent[n].path.sock, from,
			 success(w.sent[n].request, AIR_STUN_XOR_MAPPED_ADDRESS,
				 mapped)),
		 ALTAIR_TAKEN);
}

/* --- checks -------------------------------------------------------------- */

static inline const altair_output *event(size_t n, enum altair_event what)
{
	CHECK(n < w.told_count);
	CHECK_EQ(w.told[n].out.event, what);
	return &w.told[n].out;
}

static inline void check_addr(altair_addr a, const char *text)
{
	char found[ALTAIR_ADDR_TEXT];

	CHECK(altair_addr_format(&a, found, sizeof found) > 0);
	CHECK_STR(found, text);
}

static inline altair_answer answer(size_t index)
{
	altair_answer a;

	CHECK_EQ(altair_discover_answer(w.d, index, &a), 0);
	return a;
}

static inline altair_discover_stats stats(void)
{
	altair_discover_stats s;

	altair_discover_get_stats(w.d, &s);
	CHECK_EQ(s.size, sizeof s);
	return s;
}

#define ONE "192.0.2.1:3478"
#define TWO "198.51.100.2:3478"
#define THREE "198.51.100.3:3478"
#define ME "203.0.113.5:40000"

#endif
