/*
 * The world of the TURN server's tests: one server in virtual time, the sockets
 * that it had opened, everything that it sent, and a client that writes its
 * requests by hand, so that it can write wrong ones.
 */
#ifndef ALTAIR_SERVER_WORLD_H
#define ALTAIR_SERVER_WORLD_H

#include "check.h"
#include "stun/auth.h"

#include <altair/openssl.h>
#include <altair/server.h>

#include <stdlib.h>

#define SERVER "198.51.100.1:3478"
#define RELAY "198.51.100.1"
#define RELAY6 "2001:db8::1"
#define ME "203.0.113.5:40000"
#define OTHER "203.0.113.6:40000"
#define PEER "203.0.113.9:6000"
#define PEER2 "203.0.113.10:6000"
#define PEER6 "[2001:db8::9]:6000"
#define REALM "altair"
#define START ALTAIR_SEC(1000)
#define SENT_MAX 512

static struct {
	altair_server *s;
	altair_machine *m;
	void *memory;
	altair_crypto crypto;
	altair_time now, deadline;
	struct sent {
		altair_path path;
		size_t len, segment;
		bool whole;
		uint8_t bytes[70000];
	} sent[SENT_MAX];
	size_t sent_count;
	uint32_t open[64]; /* socks */
	altair_addr open_addr[64];
	size_t open_count, opened, closed;
	uint32_t shut; /* the last stream that we were told to close */
	size_t shuts;
	unsigned refuse_opens; /* so many to come */
	bool refuses_ipv6;     /* ports of this family */
	bool holds_opens;      /* nothing is said of them */
} w;

static altair_server_user users[3];
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

static inline altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

static inline altair_addr addr(const char *s)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, s), 0);
	return a;
}

static inline altair_addr ip(const char *s)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse_ip(&a, s, 0), 0);
	return a;
}

/* Documentation ranges are peers here, as in a lab. */
static inline const altair_server_prefix *lab_prefixes(size_t *count)
{
	static altair_server_prefix all[3];

	all[0] = (altair_server_prefix){ip("203.0.113.0"), 24};
	all[1] = (altair_server_prefix){ip("192.0.2.0"), 24};
	all[2] = (altair_server_prefix){ip("2001:db8::"), 32};
	*count = 3;
	return all;
}

static inline altair_server_config config(void)
{
	static altair_addr never;
	altair_server_config c;

	w.crypto = *altair_openssl();
	w.crypto.random = some_random;
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {"user", "other", "third"};

		altair_server_make_user(&users[i], &w.crypto, text(names[i]),
					text(REALM), text("pass"));
	}
	never = addr(SERVER);
	altair_server_config_default(&c);
	c.allocations_max = 8;
	c.crypto = &w.crypto;
	c.users = users;
	c.user_count = 3;
	c.challenge_rate = 0; /* but where it is the point */
	c.relay_ipv4 = ip(RELAY);
	c.relay_ipv6 = ip(RELAY6);
	c.port_min = 50000;
	c.port_max = 50063;
	c.allow = lab_prefixes(&c.allow_count);
	c.never = &never;
	c.never_count = 1;
	return c;
}

/* --- the driver ---------------------------------------------------------- */

static inline void open_port(const altair_output *out)
{
	CHECK(out->number >= ALTAIR_SERVER_RELAY);
	CHECK_EQ(out->addr.port, out->number % 65536);
	w.opened++;
	if (w.refuse_opens > 0 ||
	    (w.refuses_ipv6 && out->addr.family == ALTAIR_IPV6)) {
		w.refuse_opens -= w.refuse_opens > 0;
		altair_server_opened(w.s, w.now, out->number, ALTAIR_E_IN_USE);
		return;
	}
	CHECK(w.open_count < 64);
	for (size_t i = 0; i < w.open_count; i++)
		CHECK(w.open[i] != out->number);
	w.open_addr[w.open_count] = out->addr;
	w.open[w.open_count++] = out->number;
	if (!w.holds_opens)
		altair_server_opened(w.s, w.now, out->number, 0);
}

static inline void close_port(const altair_output *out)
{
	size_t i = 0;

	while (i < w.open_count && w.open[i] != out->number)
		i++;
	CHECK(i < w.open_count);
	w.open_count--;
	w.open[i] = w.open[w.open_count];
	w.open_addr[i] = w.open_addr[w.open_count];
	w.closed++;
}

static inline void drain(void)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(w.m, &out)) != ALTAIR_WAIT) {
		struct sent *s = &w.sent[w.sent_count % SENT_MAX];

		if (step == ALTAIR_EVENT && out.event == ALTAIR_EV_RELAY_OPEN) {
			open_port(&out);
		} else if (step == ALTAIR_EVENT &&
			   out.event == ALTAIR_EV_SHUT) {
			w.shut = out.number;
			w.shuts++;
		} else if (step == ALTAIR_EVENT) {
			CHECK_EQ(out.event, ALTAIR_EV_RELAY_CLOSE);
			close_port(&out);
		} else {
			CHECK(out.datagram.bytes.len <= sizeof s->bytes);
			s->path = out.datagram.path;
			s->len = out.datagram.bytes.len;
			s->segment = out.datagram.segment;
			s->whole = out.datagram.whole;
			memcpy(s->bytes, out.datagram.bytes.data, s->len);
			w.sent_count++;
		}
	}
	w.deadline = out.deadline;
	CHECK(out.deadline > w.now);
}

static inline void begin(const altair_server_config *c)
{
	size_t size = altair_server_size(c);
	altair_crypto crypto = w.crypto;

	free(w.memory);
	w.sent_count = w.open_count = w.opened = w.closed = w.shuts = 0;
	w.shut = 0;
	w.refuse_opens = 0;
	w.holds_opens = w.refuses_ipv6 = false;
	w.crypto = crypto;
	random_state = 42;
	random_fails = false;
	CHECK(size > 0);
	w.memory = malloc(size);
	w.now = START;
	CHECK_EQ(altair_server_init(&w.s, w.memory, size, c, w.now), 0);
	w.m = altair_server_machine(w.s);
	drain();
}

static inline void begin_default(void)
{
	altair_server_config c = config();

	begin(&c);
}

/* Lets time pass, waking up as the server asks. */
static inline void wait_seconds(uint64_t seconds)
{
	altair_time end = w.now + ALTAIR_SEC(seconds);

	for (drain(); w.deadline <= end; drain()) {
		w.now = w.deadline;
		altair_tick(w.m, w.now);
	}
	w.now = end;
	altair_tick(w.m, w.now);
	drain();
}

static inline altair_path path_of(uint32_t sock, const char *from)
{
	altair_path p = {.sock = sock, .remote = addr(from)};

	if (sock < ALTAIR_SERVER_RELAY)
		p.local = addr(SERVER);
	return p;
}

static inline enum altair_verdict deliver(uint32_t sock, const char *from,
					  altair_bytes bytes, size_t segment)
{
	altair_datagram d = {.path = path_of(sock, from),
			     .bytes = bytes,
			     .segment = segment};
	uint8_t *copy = malloc(bytes.len + 1); /* to see it overrun */

	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	d.bytes.data = copy;
	altair_input(w.m, w.now, &d, 1);
	free(copy); /* what is polled is not ours */
	drain();
	return d.verdict;
}

/* Bytes of a stream; false when they end it. */
static inline bool stream_brings(uint32_t sock, const void *data, size_t len)
{
	uint8_t *copy = malloc(len + 1); /* to see it overrun */
	altair_bytes in = {copy, len};
	altair_datagram d;
	int got;

	memcpy(copy, data, len);
	while ((got = altair_server_unframe(w.s, sock, &in, &d)) == 1) {
		altair_input(w.m, w.now, &d, 1);
		drain();
	}
	free(copy);
	if (got == 0)
		return true;
	CHECK_EQ(got, ALTAIR_E_INVALID);
	altair_server_lost(w.s, sock);
	drain();
	return false;
}

static inline altair_server_stats stats(void)
{
	altair_server_stats s;

	altair_server_get_stats(w.s, &s);
	CHECK_EQ(s.size, sizeof s);
	return s;
}

/* --- the client ---------------------------------------------------------- */

static struct {
	const char *from, *user, *password;
	uint32_t sock;	    /* a stream of ours, or 0          */
	uint16_t algorithm; /* 0: as RFC 5389                  */
	bool hides_name;    /* USERHASH                        */
	bool with_fingerprint;
	uint8_t nonce[256];
	size_t nonce_len;
	struct air_stun_builder b;
	uint8_t bytes[4096];
	altair_bytes request;
	uint32_t transactions;
	struct air_stun_message answer; /* the last one */
} me;

static const uint8_t our_algorithms[8] = {0, 2, 0, 0, 0, 1, 0, 0};

static inline void be(const char *from, const char *user)
{
	memset(&me, 0, sizeof me);
	me.from = from;
	me.user = user;
	me.password = "pass";
}

static inline void ask_class(enum air_stun_class class, uint16_t method)
{
	struct air_stun_header h = {.class = class, .method = method};

	h.transaction[0] = (uint8_t)(++me.transactions >> 8);
	h.transaction[1] = (uint8_t)me.transactions;
	memcpy(h.transaction + 2, me.from, 8);
	air_stun_build(&me.b, me.bytes, sizeof me.bytes, &h);
}

static inline void ask(uint16_t method)
{
	ask_class(AIR_STUN_REQUEST, method);
}

static inline void with_number(uint16_t type, uint64_t number)
{
	struct air_stun_value v = {.number = number};

	air_stun_build_attr(&me.b, type, &v);
}

static inline void with_bytes(uint16_t type, const void *data, size_t len)
{
	struct air_stun_value v = {.bytes = {data, len}};

	air_stun_build_attr(&me.b, type, &v);
}

static inline void with_addr(uint16_t type, const char *a)
{
	struct air_stun_value v = {.addr = addr(a)};

	air_stun_build_attr(&me.b, type, &v);
}

static inline altair_bytes my_key(void)
{
	static uint8_t key[32];
	struct air_stun_user user = {text(me.user), text(REALM),
				     text(me.password)};

	if (me.algorithm == AIR_STUN_ALGORITHM_SHA256) {
		air_stun_key_sha256(&w.crypto, &user, key);
		return (altair_bytes){key, 32};
	}
	air_stun_key_md5(&w.crypto, &user, key);
	return (altair_bytes){key, 16};
}

static inline void with_name(void)
{
	struct air_stun_user user = {text(me.user), text(REALM),
				     text(me.password)};
	uint8_t hash[32];

	if (me.hides_name) {
		air_stun_userhash(&w.crypto, &user, hash);
		with_bytes(AIR_STUN_USERHASH, hash, sizeof hash);
	} else {
		with_bytes(AIR_STUN_USERNAME, me.user, strlen(me.user));
	}
}

static inline void sign(void)
{
	with_name();
	with_bytes(AIR_STUN_REALM, REALM, strlen(REALM));
	with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
	if (me.algorithm) {
		with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms,
			   sizeof our_algorithms);
		with_number(AIR_STUN_PASSWORD_ALGORITHM, me.algorithm);
		air_stun_build_sha256(&me.b, &w.crypto, my_key(), 32);
	} else {
		air_stun_build_sha1(&me.b, &w.crypto, my_key());
	}
}

/* Sends what was built; how many answers came to us. */
static inline size_t send_it(void)
{
	size_t before = w.sent_count;

	if (me.with_fingerprint)
		air_stun_build_fingerprint(&me.b);
	me.request = air_stun_build_end(&me.b);
	CHECK(me.request.len > 0);
	if (me.sock)
		stream_brings(me.sock, me.request.data, me.request.len);
	else
		deliver(0, me.from, me.request, 0);
	return w.sent_count - before;
}

/* Sends it and reads the only answer. */
static inline int answer_to_it(void)
{
	struct sent *s;
	struct air_stun_value v;

	CHECK_EQ(send_it(), 1);
	s = &w.sent[(w.sent_count - 1) % SENT_MAX];
	CHECK_EQ(s->path.sock, me.sock);
	CHECK(air_stun_message_read(&me.answer,
				    (altair_bytes){s->bytes, s->len},
				    AIR_STUN_SET_BASE | AIR_STUN_SET_TURN));
	CHECK_MEM(me.answer.header.transaction, me.request.data + 8, 12);
	CHECK_EQ(me.answer.header.method,
		 (me.request.data[0] << 8 | me.request.data[1]) & 0xfff);
	if (me.answer.header.class == AIR_STUN_SUCCESS)
		return 0;
	CHECK_EQ(me.answer.header.class, AIR_STUN_ERROR);
	CHECK(air_stun_message_get(&me.answer, AIR_STUN_ERROR_CODE, &v));
	CHECK_EQ(v.bytes.len, 0); /* no phrase */
	return (int)v.number;
}

static inline bool answer_has(uint16_t type)
{
	return air_stun_message_place(&me.answer, type) != NULL;
}

static inline struct air_stun_value answer_value(uint16_t type)
{
	struct air_stun_value v;

	CHECK(air_stun_message_get(&me.answer, type, &v));
	return v;
}

static inline void take_nonce(void)
{
	struct air_stun_value v = answer_value(AIR_STUN_NONCE);

	CHECK(v.bytes.len <= sizeof me.nonce);
	memcpy(me.nonce, v.bytes.data, v.bytes.len);
	me.nonce_len = v.bytes.len;
}

/* Signs and sends; 0 or the error's code. The proof of the answer is checked. */
static inline int answer_to_signed(void)
{
	int code;

	sign();
	code = answer_to_it();
	if (code == 400 || code == 401 || code == 438)
		return code;
	if (me.algorithm)
		CHECK(air_stun_check_sha256(&me.answer, &w.crypto, my_key(),
					    32));
	else
		CHECK(air_stun_check_sha1(&me.answer, &w.crypto, my_key()));
	CHECK_EQ(answer_has(AIR_STUN_FINGERPRINT), me.with_fingerprint);
	return code;
}

static inline void get_challenged(void)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	CHECK_EQ(answer_to_it(), 401);
	take_nonce();
}

static inline int allocate(void)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	return answer_to_signed();
}

static inline int allocate_family(uint16_t type, uint64_t family)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_number(type, family);
	return answer_to_signed();
}

static inline int refresh(uint32_t lifetime)
{
	ask(AIR_STUN_REFRESH);
	with_number(AIR_STUN_LIFETIME, lifetime);
	return answer_to_signed();
}

static inline int permit(const char *peer)
{
	ask(AIR_STUN_CREATE_PERMISSION);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, peer);
	return answer_to_signed();
}

static inline int bind_channel(uint16_t number, const char *peer)
{
	ask(AIR_STUN_CHANNEL_BIND);
	with_number(AIR_STUN_CHANNEL_NUMBER, number);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, peer);
	return answer_to_signed();
}

/* A client that has an allocation; the sock of its relay port. */
static inline uint32_t arrive(const char *from, const char *user)
{
	be(from, user);
	get_challenged();
	CHECK_EQ(allocate(), 0);
	return 65536u + answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.port;
}

/* --- data ---------------------------------------------------------------- */

/* A Send indication; how many datagrams left. */
static inline size_t send_to(const char *peer, const char *data)
{
	ask_class(AIR_STUN_INDICATION, AIR_STUN_SEND);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, peer);
	with_bytes(AIR_STUN_DATA_ATTR, data, strlen(data));
	return send_it();
}

static inline size_t send_channel(uint16_t number, const char *data)
{
	size_t before = w.sent_count, len = strlen(data);
	uint8_t bytes[256] = {(uint8_t)(number >> 8), (uint8_t)number,
			      (uint8_t)(len >> 8), (uint8_t)len};

	memcpy(bytes + 4, data, len);
	deliver(0, me.from, (altair_bytes){bytes, len + 4}, 0);
	return w.sent_count - before;
}

/* A peer's datagram to a relay port; how many left. */
static inline size_t send_from(const char *peer, uint32_t sock,
			       const char *data)
{
	size_t before = w.sent_count;

	CHECK_EQ(deliver(sock, peer, text(data), 0), ALTAIR_TAKEN);
	return w.sent_count - before;
}

static inline const struct sent *last(void)
{
	CHECK(w.sent_count > 0);
	return &w.sent[(w.sent_count - 1) % SENT_MAX];
}

static inline void check_addr(altair_addr a, const char *want)
{
	char found[ALTAIR_ADDR_TEXT];

	CHECK(altair_addr_format(&a, found, sizeof found) > 0);
	CHECK_STR(found, want);
}

/* The last one was this payload, from a relay port to a peer. */
static inline void check_relayed(uint32_t sock, const char *peer,
				 const char *data)
{
	const struct sent *s = last();

	CHECK_EQ(s->path.sock, sock);
	CHECK_EQ(s->path.local.port, sock % 65536);
	check_addr(s->path.remote, peer);
	CHECK_EQ(s->len, strlen(data));
	CHECK_MEM(s->bytes, data, s->len);
}

/* The last one was a Data indication to a client. */
static inline void check_data(const char *client, const char *peer,
			      const char *data)
{
	const struct sent *s = last();
	struct air_stun_message m;
	struct air_stun_value v;

	check_addr(s->path.remote, client);
	CHECK_EQ(s->path.sock, 0);
	CHECK(air_stun_message_read(&m, (altair_bytes){s->bytes, s->len}, 3));
	CHECK_EQ(m.header.class, AIR_STUN_INDICATION);
	CHECK_EQ(m.header.method, AIR_STUN_DATA);
	CHECK(air_stun_message_get(&m, AIR_STUN_XOR_PEER_ADDRESS, &v));
	check_addr(v.addr, peer);
	CHECK(air_stun_message_get(&m, AIR_STUN_DATA_ATTR, &v));
	CHECK_EQ(v.bytes.len, strlen(data));
	CHECK_MEM(v.bytes.data, data, v.bytes.len);
}

static inline void check_channel(const char *client, uint16_t number,
				 const char *data)
{
	const struct sent *s = last();

	check_addr(s->path.remote, client);
	CHECK_EQ(s->bytes[0] << 8 | s->bytes[1], number);
	CHECK_EQ(s->bytes[2] << 8 | s->bytes[3], strlen(data));
	CHECK_EQ(s->len, strlen(data) + 4);
	CHECK_MEM(s->bytes + 4, data, s->len - 4);
}

#endif
