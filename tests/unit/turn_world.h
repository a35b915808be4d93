/*
 * The world of the TURN client's tests: one machine in virtual time, everything
 * that it sent and told, and a server that answers as the test says.
 */
#ifndef ALTAIR_TURN_WORLD_H
#define ALTAIR_TURN_WORLD_H

#include "check.h"
#include "stun/auth.h"

#include <altair/openssl.h>
#include <altair/turn.h>

#include <stdlib.h>

#define MS(n) ALTAIR_MSEC(n)
#define START ALTAIR_SEC(1000)
#define SERVER "192.0.2.1:3478"
#define OTHER "192.0.2.2:3478"
#define RELAYED "198.51.100.7:50000"
#define RELAYED6 "[2001:db8::7]:50001"
#define ME "203.0.113.5:40000"
#define PEER "203.0.113.9:6000"
#define PEER2 "203.0.113.10:6000"
#define PEER6 "[2001:db8::9]:6000"
#define REALM "example.org"
#define SOCK 3

static struct {
	altair_turn *t;
	altair_machine *m;
	void *memory;
	altair_crypto crypto;
	altair_time now, deadline;
	struct sent {
		altair_time at;
		altair_addr to;
		size_t len;
		uint8_t bytes[1300];
	} sent[256];
	size_t sent_count;
	struct told {
		altair_time at;
		altair_output out;
	} told[64];
	size_t told_count;
	/* the server */
	const char *nonce;
	const char *server; /* where it answers from             */
	uint16_t algorithm; /* 0: RFC 5389                       */
	const uint8_t *algorithms;
	size_t algorithms_len;
	bool is_mute; /* about its algorithms              */
	altair_datagram got;
	uint8_t got_bytes[70000];
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

static inline altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static inline altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

static inline altair_turn_config config(void)
{
	altair_turn_config c;

	w.crypto = *altair_openssl();
	w.crypto.random = some_random;
	altair_turn_config_default(&c);
	c.crypto = &w.crypto;
	c.server = addr(SERVER);
	c.sock = SOCK;
	c.name = text("user");
	c.password = text("pass");
	return c;
}

static inline void drain(void)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(w.m, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND) {
			struct sent *s = &w.sent[w.sent_count++ % 256];

			CHECK(out.datagram.bytes.len <= sizeof s->bytes);
			CHECK_EQ(out.datagram.segment, 0);
			CHECK_EQ(out.datagram.path.sock, SOCK);
			s->at = w.now - START;
			s->to = out.datagram.path.remote;
			s->len = out.datagram.bytes.len;
			memcpy(s->bytes, out.datagram.bytes.data, s->len);
		} else {
			CHECK(w.told_count < 64);
			w.told[w.told_count].at = w.now - START;
			w.told[w.told_count++].out = out;
		}
	}
	w.deadline = out.deadline;
	CHECK(out.deadline > w.now);
}

static inline void begin(const altair_turn_config *c)
{
	size_t size = altair_turn_size(c);
	altair_crypto crypto = w.crypto;

	free(w.memory);
	memset(&w, 0, sizeof w);
	w.crypto = crypto;
	random_state = 42;
	random_fails = false;
	CHECK(size > 0);
	w.memory = malloc(size);
	w.now = START;
	w.nonce = "nonce-1";
	w.server = SERVER;
	CHECK_EQ(altair_turn_init(&w.t, w.memory, size, c, w.now), 0);
	w.m = altair_turn_machine(w.t);
	drain();
}

/* Runs until `ms` after the beginning, waking up as the machine asks. */
static inline void run_until(uint64_t ms)
{
	altair_time end = START + MS(ms);

	for (drain(); w.deadline <= end; drain()) {
		w.now = w.deadline;
		altair_tick(w.m, w.now);
	}
	w.now = end;
}

/* --- what was sent ------------------------------------------------------- */

/* Request number `n`, read as a server reads it. */
static inline struct air_stun_message request(size_t n)
{
	struct air_stun_message m;

	CHECK(n < w.sent_count);
	CHECK(air_stun_message_read(
		&m, (altair_bytes){w.sent[n].bytes, w.sent[n].len},
		AIR_STUN_SET_BASE | AIR_STUN_SET_TURN));
	CHECK_EQ(m.unknown_count, 0);
	CHECK(air_stun_check_fingerprint(&m));
	return m;
}

static inline void check_request(size_t n, uint16_t method)
{
	struct air_stun_message m = request(n);

	CHECK_EQ(m.header.class, AIR_STUN_REQUEST);
	CHECK_EQ(m.header.method, method);
}

static inline bool has(size_t n, uint16_t type)
{
	struct air_stun_message m = request(n);

	return air_stun_message_place(&m, type) != NULL;
}

static inline struct air_stun_value value(size_t n, uint16_t type)
{
	struct air_stun_message m = request(n);
	struct air_stun_value v;

	CHECK(air_stun_message_get(&m, type, &v));
	return v;
}

static inline void check_addr(altair_addr a, const char *want)
{
	char found[ALTAIR_ADDR_TEXT];

	CHECK(altair_addr_format(&a, found, sizeof found) > 0);
	CHECK_STR(found, want);
}

/* --- what the server answers --------------------------------------------- */

static inline altair_bytes server_key(void)
{
	static uint8_t key[32];
	struct air_stun_user user = {text("user"), text(REALM), text("pass")};

	if (w.algorithm == AIR_STUN_ALGORITHM_SHA256) {
		air_stun_key_sha256(&w.crypto, &user, key);
		return (altair_bytes){key, 32};
	}
	air_stun_key_md5(&w.crypto, &user, key);
	return (altair_bytes){key, 16};
}

/* True when the server would let request `n` in. */
static inline bool is_authentic(size_t n)
{
	struct air_stun_message m = request(n);

	if (w.algorithm)
		return air_stun_check_sha256(&m, &w.crypto, server_key(), 32);
	return air_stun_check_sha1(&m, &w.crypto, server_key());
}

static struct air_stun_builder reply;
static uint8_t reply_bytes[2048];

/* Begins an answer to request `n`. */
static inline void answer(size_t n, enum air_stun_class class)
{
	struct air_stun_header h = request(n).header;

	h.class = class;
	air_stun_build(&reply, reply_bytes, sizeof reply_bytes, &h);
}

static inline void add_number(uint16_t type, uint64_t number)
{
	struct air_stun_value v = {.number = number};

	air_stun_build_attr(&reply, type, &v);
}

static inline void add_bytes(uint16_t type, altair_bytes bytes)
{
	struct air_stun_value v = {.bytes = bytes};

	air_stun_build_attr(&reply, type, &v);
}

static inline void add_addr(uint16_t type, const char *a)
{
	struct air_stun_value v = {.addr = addr(a)};

	air_stun_build_attr(&reply, type, &v);
}

static inline altair_bytes finish(bool is_signed)
{
	if (is_signed && w.algorithm)
		air_stun_build_sha256(&reply, &w.crypto, server_key(), 32);
	else if (is_signed)
		air_stun_build_sha1(&reply, &w.crypto, server_key());
	air_stun_build_fingerprint(&reply);
	return air_stun_build_end(&reply);
}

/* Hands bytes over; what became of the datagram is in w.got. */
static inline enum altair_verdict deliver_from(const char *from,
					       altair_bytes bytes)
{
	CHECK(bytes.len <= sizeof w.got_bytes);
	memcpy(w.got_bytes, bytes.data, bytes.len);
	w.got = (altair_datagram){.path = {.sock = SOCK, .remote = addr(from)},
				  .bytes = {w.got_bytes, bytes.len},
				  .verdict = ALTAIR_PAYLOAD};
	altair_input(w.m, w.now, &w.got, 1);
	drain();
	return w.got.verdict;
}

static inline enum altair_verdict deliver(altair_bytes bytes)
{
	return deliver_from(w.server, bytes);
}

/* 401 or 438, with what the server wants of the next request. */
static inline void challenge(size_t n, int code)
{
	answer(n, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, (uint64_t)code);
	add_bytes(AIR_STUN_REALM, text(REALM));
	add_bytes(AIR_STUN_NONCE, text(w.nonce));
	if (w.algorithms && !w.is_mute)
		add_bytes(AIR_STUN_PASSWORD_ALGORITHMS,
			  (altair_bytes){w.algorithms, w.algorithms_len});
	CHECK_EQ(deliver(finish(false)), ALTAIR_TAKEN);
}

static inline void refuse(size_t n, int code)
{
	answer(n, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, (uint64_t)code);
	CHECK_EQ(deliver(finish(true)), ALTAIR_TAKEN);
}

static inline void allocate(size_t n, uint32_t lifetime)
{
	check_request(n, AIR_STUN_ALLOCATE);
	answer(n, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	add_addr(AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	add_number(AIR_STUN_LIFETIME, lifetime);
	CHECK_EQ(deliver(finish(true)), ALTAIR_TAKEN);
}

/* A success without attributes. */
static inline void grant(size_t n)
{
	answer(n, AIR_STUN_SUCCESS);
	CHECK_EQ(deliver(finish(true)), ALTAIR_TAKEN);
}

static inline void refresh(size_t n, uint32_t lifetime)
{
	check_request(n, AIR_STUN_REFRESH);
	answer(n, AIR_STUN_SUCCESS);
	add_number(AIR_STUN_LIFETIME, lifetime);
	CHECK_EQ(deliver(finish(true)), ALTAIR_TAKEN);
}

/* An allocation is there; two requests were sent, one event told. */
static inline void begin_allocated(const altair_turn_config *c)
{
	begin(c);
	challenge(0, 401);
	allocate(1, 600);
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(w.told_count, 1);
}

static inline int permit(const char *peer)
{
	altair_addr a = addr(peer);
	int error = altair_turn_permit(w.t, w.now, &a);

	drain();
	return error;
}

static inline int bind_to(const char *peer)
{
	altair_addr a = addr(peer);
	int error = altair_turn_bind(w.t, w.now, &a);

	drain();
	return error;
}

static inline void forget(const char *peer)
{
	altair_addr a = addr(peer);

	altair_turn_forget(w.t, w.now, &a);
	drain();
}

/* --- checks -------------------------------------------------------------- */

/* Event number `n`, and what is common to most. */
static inline const altair_output *event(size_t n, enum altair_event what,
					 int reason)
{
	CHECK(n < w.told_count);
	CHECK_EQ(w.told[n].out.event, what);
	CHECK_EQ(w.told[n].out.reason, reason);
	return &w.told[n].out;
}

static inline altair_turn_stats stats(void)
{
	altair_turn_stats s;

	altair_turn_get_stats(w.t, &s);
	CHECK_EQ(s.size, sizeof s);
	return s;
}

#endif
