/*
 * A script of starts, datagrams that are delivered, changed, cut, joined, doubled,
 * lost or invented, waits, messages and ends, against two secure sessions with real
 * DTLS between them. Invariants: every drain ends; no datagram is longer than 1200 bytes;
 * SECURED and FAILED come at most once; what is given to the user is what the peer's
 * user said, once, and after SECURED.
 */
#include "base/cursor.h"
#include "fuzz.h"

#include <altair/openssl.h>
#include <altair/secure.h>

#include <openssl/rand.h>
#include <string.h>

#define QUEUE 32
#define DATAGRAM 1500
#define MESSAGES 64

struct datagram {
	int to;
	size_t len;
	uint8_t bytes[DATAGRAM];
};

static struct {
	altair_secure *side[2];
	bool secured[2], failed[2], closed[2];
	unsigned said[2];	 /* messages wrapped by each side        */
	bool heard[2][MESSAGES]; /* of the other side's                  */
	struct datagram queue[QUEUE];
	size_t count;
	altair_time now;
} w;

static altair_dtls dtls[2];
static uint8_t hashes[2][32];

/* --- the same random numbers every time ------------------------------------ */

static uint64_t state;

static int fill(unsigned char *out, int len)
{
	for (int i = 0; i < len; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		out[i] = (unsigned char)(state >> 56);
	}
	return 1;
}

static int ready(void)
{
	return 1;
}

static void prepare(void)
{
	static RAND_METHOD method = {
		.bytes = fill, .pseudorand = fill, .status = ready};
	altair_openssl_key *key;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	RAND_set_rand_method(&method);
#pragma GCC diagnostic pop
	for (int i = 0; i < 2; i++) {
		FUZZ_CHECK(altair_openssl_key_new(&key) == 0);
		altair_openssl_key_hash(key, hashes[i]);
		FUZZ_CHECK(altair_openssl_dtls_open(&dtls[i], key) == 0);
		altair_openssl_key_free(key);
	}
}

/* --- the two, and what is between them ------------------------------------- */

static void put(int to, const uint8_t *bytes, size_t len)
{
	struct datagram *d = &w.queue[w.count];

	if (w.count == QUEUE || len == 0 || len > DATAGRAM)
		return;
	d->to = to;
	d->len = len;
	memcpy(d->bytes, bytes, len);
	w.count++;
}

static void take(struct datagram *out)
{
	*out = w.queue[0];
	w.count--;
	memmove(&w.queue[0], &w.queue[1], w.count * sizeof *w.queue);
}

static void see(int who, const altair_output *out)
{
	FUZZ_CHECK(!w.closed[who]);
	if (out->event == ALTAIR_EV_SECURED) {
		FUZZ_CHECK(!w.secured[who] && !w.failed[who]);
		w.secured[who] = true;
		return;
	}
	FUZZ_CHECK(out->event == ALTAIR_EV_FAILED && !w.failed[who]);
	/* These two are who they should be, and nobody else has a key. */
	FUZZ_CHECK(out->reason == ALTAIR_E_TIMEOUT ||
		   out->reason == ALTAIR_E_TLS ||
		   out->reason == ALTAIR_E_IDENTITY ||
		   (out->reason == ALTAIR_E_CLOSED && w.secured[who]));
	w.failed[who] = true;
}

static altair_time drain(int who)
{
	altair_output out;
	enum altair_step step;

	for (unsigned n = 0;
	     (step = altair_poll(altair_secure_machine(w.side[who]), &out)) !=
	     ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 100);
		if (step == ALTAIR_EVENT) {
			see(who, &out);
			continue;
		}
		FUZZ_CHECK(out.datagram.bytes.len <= ALTAIR_DTLS_DATAGRAM_MAX);
		FUZZ_CHECK(out.datagram.bytes.data[0] >= 20 &&
			   out.datagram.bytes.data[0] <= 23);
		put(!who, out.datagram.bytes.data, out.datagram.bytes.len);
	}
	return out.deadline;
}

static void deliver(struct datagram *d)
{
	altair_datagram in = {.bytes = {d->bytes, d->len}};

	altair_input(altair_secure_machine(w.side[d->to]), w.now, &in, 1);
	drain(d->to);
	if (in.verdict != ALTAIR_PAYLOAD)
		return;
	FUZZ_CHECK(w.secured[d->to] && in.bytes.len == 2);
	FUZZ_CHECK(in.bytes.data[0] == !d->to);
	FUZZ_CHECK(in.bytes.data[1] < w.said[!d->to]);
	FUZZ_CHECK(!w.heard[d->to][in.bytes.data[1]]);
	w.heard[d->to][in.bytes.data[1]] = true;
}

/* Everything that is under way, and the answers to it. */
static void deliver_all(void)
{
	struct datagram d;

	for (unsigned n = 0; w.count > 0 && n < 40; n++) {
		take(&d);
		deliver(&d);
	}
}

/* --- the script ------------------------------------------------------------ */

static void change(struct air_reader *r)
{
	struct datagram d, other;
	size_t at = air_read_u16(r);
	uint8_t how = air_read_u8(r), with = air_read_u8(r);

	take(&d);
	at %= d.len;
	if (how % 4 == 0)
		d.len = at + 1;
	else if (how % 4 == 1 && w.count > 0) {
		take(&other);
		at = DATAGRAM - d.len < other.len ? DATAGRAM - d.len
						  : other.len;
		memcpy(d.bytes + d.len, other.bytes, at);
		d.len += at;
	} else if (how % 4 == 2) {
		d.to = !d.to;
	} else {
		d.bytes[at] ^= with;
	}
	deliver(&d);
}

/* A record of the script's, in a frame that is right. */
static void invent(struct air_reader *r)
{
	struct datagram d = {.to = air_read_u8(r) & 1};
	altair_bytes body = air_read_bytes(r, air_read_u8(r));

	d.bytes[0] = (uint8_t)(20 + air_read_u8(r) % 5);
	d.bytes[1] = 0xfe, d.bytes[2] = 0xfd;
	d.bytes[4] = air_read_u8(r) & 1;
	d.bytes[10] = air_read_u8(r);
	d.bytes[12] = (uint8_t)body.len;
	memcpy(d.bytes + 13, body.data, body.len);
	d.len = 13 + body.len;
	deliver(&d);
}

static void say(int who)
{
	uint8_t room[64];
	uint8_t *payload = room + ALTAIR_SECURE_HEADROOM;
	altair_datagram out;
	bool can = altair_secure_state(w.side[who]) == ALTAIR_SECURE_OPEN;
	int error;

	payload[0] = (uint8_t)who;
	payload[1] = (uint8_t)w.said[who];
	if (w.said[who] == MESSAGES)
		return;
	error = altair_secure_wrap(w.side[who], payload, 2, &out);
	FUZZ_CHECK(error == (can ? 0 : ALTAIR_E_STATE));
	if (error)
		return;
	w.said[who]++;
	put(!who, out.bytes.data, out.bytes.len);
}

static void pass_time(struct air_reader *r)
{
	altair_time at[2] = {drain(0), drain(1)};
	uint8_t how = air_read_u8(r);
	altair_time next = at[0] < at[1] ? at[0] : at[1];

	if (how & 1)
		w.now += ALTAIR_MSEC(how);
	else if (next != ALTAIR_NEVER && next > w.now)
		w.now = next;
	for (int who = 0; who < 2; who++) {
		altair_tick(altair_secure_machine(w.side[who]), w.now);
		FUZZ_CHECK(drain(who) > w.now);
	}
}

static void do_one(struct air_reader *r)
{
	uint8_t op = air_read_u8(r);
	struct datagram d;

	switch (op % 12) {
	case 0:
		altair_secure_start(w.side[op >> 7], w.now);
		drain(op >> 7);
		break;
	case 1:
	case 2:
		deliver_all();
		break;
	case 3:
		if (w.count > 0)
			take(&d); /* lost */
		break;
	case 4:
		if (w.count > 0)
			put(w.queue[0].to, w.queue[0].bytes, w.queue[0].len);
		break;
	case 5:
	case 6:
		if (w.count > 0)
			change(r);
		break;
	case 7:
	case 8:
		invent(r);
		break;
	case 9:
		say(op >> 7);
		break;
	case 10:
		pass_time(r);
		break;
	default:
		if (air_read_u8(r) != 0)
			break;
		altair_secure_close(w.side[op >> 7]);
		w.closed[op >> 7] = true;
		drain(op >> 7);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(max_align_t) uint8_t memory[2][1 << 14];
	struct air_reader r = air_reader((altair_bytes){data, len});
	uint8_t how = air_read_u8(&r);

	if (!dtls[0].user)
		prepare();
	state = 1;
	memset(&w, 0, sizeof w);
	w.now = ALTAIR_SEC(1);
	for (int who = 0; who < 2; who++) {
		altair_secure_config config;

		altair_secure_config_default(&config);
		config.dtls = &dtls[who];
		config.role.is_client = who == 0;
		config.role.asks_cookie = how & 1;
		memcpy(config.role.peer, hashes[!who], 32);
		FUZZ_CHECK(altair_secure_init(&w.side[who], memory[who],
					      sizeof memory[who],
					      &config) == 0);
	}
	for (unsigned n = 0; !r.failed && n < 60; n++)
		do_one(&r);
	for (int who = 0; who < 2; who++)
		altair_secure_free(w.side[who]);
	return 0;
}
