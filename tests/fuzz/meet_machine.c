/*
 * A script of what a server may do with the messages of a caller and a listener: it
 * forwards, repeats, reorders, cuts, spoils, invents, and lets time pass; with its own
 * machine it tries secrets. Hashes and group are toys: a point is any 65 bytes that
 * begin with 4, both shares and w make K. Invariants: every drain ends; INTRODUCED and
 * FAILED come at most once each; nobody gives anything away before; who is introduced
 * has the identity of the other one, byte for byte; payload is what the other one
 * sealed, in its order; the server's machine is never introduced with another secret,
 * and after a failure nothing is said or taken.
 */
#include "base/cursor.h"
#include "fuzz.h"
#include "toy.h"

#include <altair/meet.h>

#include <string.h>

enum { CALLER, LISTENER, ROGUE, SIDES };

#define MESSAGES_MAX 64
#define MESSAGE_MAX 600

struct message {
	uint8_t bytes[MESSAGE_MAX];
	size_t len;
	unsigned from;
};

static struct {
	altair_meet *meet[SIDES];
	altair_machine *machine[SIDES];
	bool introduced[SIDES], failed[SIDES], closed[SIDES];
	unsigned sealed[SIDES], opened[SIDES];
	struct message messages[MESSAGES_MAX];
	size_t count;
	altair_time now;
	bool is_datagram, knows; /* the rogue knows the secret */

} w;

/* --- toy mathematics ----------------------------------------------------- */

static int toy_stretch(void *user, altair_bytes secret, altair_bytes salt,
		       uint8_t out[ALTAIR_PAKE_SCALAR])
{
	altair_bytes parts[] = {secret, salt};

	(void)user;
	toy(parts, 2, out, ALTAIR_PAKE_SCALAR);
	return 0;
}

static int toy_share(void *user, const altair_pake_side *side,
		     uint8_t out[ALTAIR_PAKE_POINT])
{
	altair_bytes parts[] = {{side->x, 32}};

	(void)user;
	toy(parts, 1, out, ALTAIR_PAKE_POINT);
	out[0] = 4;
	return 0;
}

static int toy_finish(void *user, const altair_pake_side *side,
		      const uint8_t peer[ALTAIR_PAKE_POINT],
		      uint8_t out[ALTAIR_PAKE_POINT])
{
	uint8_t own[ALTAIR_PAKE_POINT];

	toy_share(user, side, own);
	if (peer[0] != 4)
		return ALTAIR_E_INVALID;
	for (size_t i = 0; i < ALTAIR_PAKE_POINT; i++)
		out[i] = (uint8_t)(own[i] ^ peer[i] ^ side->w[i % 32]);
	return 0;
}

static int toy_hkdf(void *user, altair_bytes key, altair_bytes salt,
		    altair_bytes info, uint8_t out[ALTAIR_PAKE_KEY])
{
	altair_bytes parts[] = {key, salt, info};

	(void)user;
	toy(parts, 3, out, ALTAIR_PAKE_KEY);
	return 0;
}

static void tag(const altair_pake_seal *how, const uint8_t *bytes, size_t len,
		uint8_t out[ALTAIR_PAKE_TAG])
{
	uint8_t number = (uint8_t)how->number;
	altair_bytes parts[] = {{how->key, ALTAIR_PAKE_KEY},
				{&number, 1},
				how->associated,
				{bytes, len}};

	toy(parts, 4, out, ALTAIR_PAKE_TAG);
}

static int toy_seal(void *user, const altair_pake_seal *how, uint8_t *bytes,
		    size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= how->key[i % ALTAIR_PAKE_KEY];
	tag(how, bytes, len, bytes + len);
	return 0;
}

static int toy_open(void *user, const altair_pake_seal *how, uint8_t *bytes,
		    size_t len)
{
	uint8_t right[ALTAIR_PAKE_TAG];

	(void)user;
	tag(how, bytes, len, right);
	if (memcmp(right, bytes + len, sizeof right) != 0)
		return ALTAIR_E_INVALID;
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= how->key[i % ALTAIR_PAKE_KEY];
	return 0;
}

static const altair_pake toy_pake = {.size = sizeof toy_pake,
				     .stretch = toy_stretch,
				     .share = toy_share,
				     .finish = toy_finish,
				     .hkdf = toy_hkdf,
				     .seal = toy_seal,
				     .open = toy_open};

/* --- what is said and told ----------------------------------------------- */

static const char *const identities[SIDES] = {"caller", "listener!", "rogue"};

static void keep(unsigned from, altair_bytes bytes)
{
	struct message *m = &w.messages[w.count % MESSAGES_MAX];

	FUZZ_CHECK(bytes.len <= MESSAGE_MAX);
	memcpy(m->bytes, bytes.data, bytes.len);
	m->len = bytes.len;
	m->from = from;
	w.count++;
}

static void see_event(unsigned who, const altair_output *out)
{
	altair_bytes peer = altair_meet_peer(w.meet[who]);
	uint8_t pair[32];

	FUZZ_CHECK(!w.closed[who] && !w.failed[who]);
	if (out->event == ALTAIR_EV_FAILED) {
		FUZZ_CHECK(out->reason == ALTAIR_E_SECRET ||
			   out->reason == ALTAIR_E_TAMPERED ||
			   out->reason == ALTAIR_E_TIMEOUT);
		FUZZ_CHECK(altair_meet_pair(w.meet[who], pair) ==
			   ALTAIR_E_STATE);
		FUZZ_CHECK(peer.len == 0);
		w.failed[who] = true;
		return;
	}
	FUZZ_CHECK(out->event == ALTAIR_EV_INTRODUCED && !w.introduced[who]);
	w.introduced[who] = true;
	if (altair_meet_state(w.meet[who]) != ALTAIR_MEET_INTRODUCED)
		return;
	FUZZ_CHECK(altair_meet_pair(w.meet[who], pair) == 0);
	FUZZ_CHECK(who != ROGUE || w.knows);
	if (who != ROGUE && !w.knows)
		FUZZ_CHECK(air_bytes_equal(
			peer, air_text(identities[CALLER + LISTENER - who])));
}

static altair_time drain(unsigned who)
{
	enum altair_step step;
	altair_output out;

	for (unsigned n = 0;
	     (step = altair_poll(w.machine[who], &out)) != ALTAIR_WAIT; n++) {
		FUZZ_CHECK(n < 4);
		if (step == ALTAIR_SEND) {
			FUZZ_CHECK(!w.failed[who] && !w.closed[who]);
			keep(who, out.datagram.bytes);
		} else {
			see_event(who, &out);
		}
	}
	return out.deadline;
}

/* --- what the server does ------------------------------------------------ */

static void check_payload(unsigned to, altair_bytes payload)
{
	unsigned from = CALLER + LISTENER - to;
	uint8_t right[3] = {'p', (uint8_t)from, 0};

	FUZZ_CHECK(altair_meet_state(w.meet[to]) == ALTAIR_MEET_INTRODUCED ||
		   w.failed[to]);
	if (to == ROGUE || w.knows)
		return;
	right[2] = (uint8_t)w.opened[to]++;
	FUZZ_CHECK(w.opened[to] <= w.sealed[from]);
	FUZZ_CHECK(air_bytes_equal(payload, (altair_bytes){right, 3}));
}

static void deliver(struct air_reader *r)
{
	unsigned to = air_read_u8(r) % SIDES;
	uint8_t which = air_read_u8(r), how = air_read_u8(r);
	struct message m = {.len = 0};
	altair_datagram d = {0};
	bool was_over = w.failed[to] || w.closed[to];

	if (how & 0x80) {
		altair_bytes invented = air_read_bytes(r, how & 0x7f);

		m.len = invented.len;
		if (m.len > 0)
			memcpy(m.bytes, invented.data, m.len);
	} else if (w.count > 0) {
		m = w.messages[which % (w.count < MESSAGES_MAX ? w.count
							       : MESSAGES_MAX)];
		if ((how & 3) == 1 && m.len > 0)
			m.bytes[air_read_u8(r) % m.len] ^= air_read_u8(r);
		if ((how & 3) == 2)
			m.len = air_read_u8(r) % (m.len + 8);
		if ((how & 3) == 3 && m.len > 1)
			m.bytes[1] = air_read_u8(r) % 8;
	}
	d.bytes = (altair_bytes){m.bytes, m.len};
	altair_input(w.machine[to], w.now, &d, 1);
	FUZZ_CHECK(d.verdict != ALTAIR_NOT_MINE || w.is_datagram);
	FUZZ_CHECK(d.verdict != ALTAIR_PAYLOAD ||
		   (!was_over && !w.is_datagram));
	if (d.verdict == ALTAIR_PAYLOAD)
		check_payload(to, d.bytes);
	drain(to);
}

static void seal(struct air_reader *r)
{
	unsigned who = air_read_u8(r) % SIDES;
	uint8_t room[ALTAIR_MEET_HEADROOM + 3 + ALTAIR_MEET_TAILROOM];
	uint8_t *payload = room + ALTAIR_MEET_HEADROOM;
	bool can = altair_meet_state(w.meet[who]) == ALTAIR_MEET_INTRODUCED &&
		   !w.is_datagram;
	altair_datagram d;

	payload[0] = 'p';
	payload[1] = (uint8_t)who;
	payload[2] = (uint8_t)w.sealed[who];
	FUZZ_CHECK(altair_meet_wrap(w.meet[who], payload, 3, &d) ==
		   (can ? 0 : ALTAIR_E_STATE));
	if (!can)
		return;
	FUZZ_CHECK(w.introduced[who]);
	w.sealed[who]++;
	keep(who, d.bytes);
}

static void wait(struct air_reader *r)
{
	w.now += ALTAIR_MSEC(air_read_u16(r));
	for (unsigned who = 0; who < SIDES; who++) {
		altair_tick(w.machine[who], w.now);
		FUZZ_CHECK(drain(who) > w.now);
	}
}

static void arrive(unsigned who, bool as_caller)
{
	static _Alignas(max_align_t) uint8_t memory[SIDES][1 << 13];
	altair_meet_config config;

	altair_meet_config_default(&config);
	config.crypto = &toy_crypto;
	config.pake = &toy_pake;
	config.role = as_caller ? ALTAIR_MEET_CALLER : ALTAIR_MEET_LISTENER;
	config.secret = air_text(who == ROGUE && !w.knows ? "guess" : "secret");
	config.context = air_text("altair 1 code 7");
	config.identity = air_text(identities[who]);
	config.is_datagram = w.is_datagram;
	FUZZ_CHECK(altair_meet_size(&config) <= sizeof memory[who]);
	FUZZ_CHECK(altair_meet_init(&w.meet[who], memory[who],
				    sizeof memory[who], &config, w.now) == 0);
	w.machine[who] = altair_meet_machine(w.meet[who]);
	drain(who);
}

static void begin(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);

	memset(&w, 0, sizeof w);
	toy_state = 1;
	w.is_datagram = how & 1;
	w.knows = how & 2;
	arrive(CALLER, true);
	arrive(LISTENER, false);
	arrive(ROGUE, how & 4);
}

static void close(struct air_reader *r)
{
	unsigned who = air_read_u8(r);

	if (who >= SIDES)
		return;
	altair_meet_close(w.meet[who]);
	w.closed[who] = true;
	FUZZ_CHECK(altair_meet_peer(w.meet[who]).len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data, len});

	begin(&r);
	for (unsigned n = 0; !r.failed && n < 300; n++) {
		switch (air_read_u8(&r) % 8) {
		case 0:
			wait(&r);
			break;
		case 1:
			seal(&r);
			break;
		case 2:
			close(&r);
			break;
		default:
			deliver(&r);
		}
	}
	w.now += ALTAIR_SEC(60);
	for (unsigned who = 0; who < SIDES; who++) {
		altair_tick(w.machine[who], w.now);
		FUZZ_CHECK(drain(who) == ALTAIR_NEVER);
	}
	FUZZ_CHECK(w.introduced[CALLER] || w.failed[CALLER] ||
		   w.closed[CALLER]);
	return 0;
}
