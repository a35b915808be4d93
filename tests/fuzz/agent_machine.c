/*
 * A script of genuine checks and answers, forged ones, garbage, data, signalling
 * and waits against the agent. The integrity hash is a toy: the target signs
 * what it wants, and what it does not sign is as good as forged. Invariants:
 * every drain ends and leaves nothing due; events tell every state; data is taken
 * from, and given to, addresses only that had an authenticated check or answer;
 * before an answer at most three times the bytes that came go there; nothing
 * leaves a closed agent.
 */
#include "base/cursor.h"
#include "fuzz.h"
#include "ice/check.h"

#include <altair/verdict.h>

#include <string.h>

#define SOURCES 8

struct source {
	bool is_heard, is_answered, is_nominated;
	uint64_t in, out; /* bytes: all that may count, data alone */
};

static struct {
	altair_agent *a;
	altair_machine *m;
	altair_time now;
	struct air_check_keys peer;
	struct source sources[SOURCES];
	struct air_check check;
	uint8_t request[AIR_CHECK_LEN_MAX]; /* the last that the agent sent */
	size_t request_len;
	unsigned request_to;
	enum altair_agent_state told;
	bool closed, is_lite;
	uint64_t random;
} w;

static int toy_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++) {
		w.random = w.random * 6364136223846793005u + 1u;
		out[i] = (uint8_t)(w.random >> 56);
	}
	return w.random >> 40 == 7 ? ALTAIR_E_RANDOM : 0;
}

static uint64_t mix(uint64_t hash, altair_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ bytes.data[i]) * 1099511628211u;
	return hash;
}

static void toy_hmac(void *user, altair_bytes key, const altair_bytes *parts,
		     size_t count, uint8_t out[20])
{
	uint64_t hash = mix(14695981039346656037u, key);

	(void)user;
	for (size_t i = 0; i < count; i++)
		hash = mix(hash, parts[i]);
	for (size_t i = 0; i < 20; i++)
		out[i] = (uint8_t)(hash >> i % 8 * 8);
}

static const altair_crypto crypto = {
	.size = sizeof crypto, .random = toy_random, .hmac_sha1 = toy_hmac};

/* Source 0 is a STUN server, the others may be the peer's. */
static altair_addr source_addr(unsigned i)
{
	return (altair_addr){.family = ALTAIR_IPV4,
			     .ip = {192, 0, 2, (uint8_t)(10 + i / 2)},
			     .port = (uint16_t)(3478 + i)};
}

static unsigned source_of(const altair_addr *addr)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		altair_addr a = source_addr(i);

		if (altair_addr_equal(&a, addr))
			return i;
	}
	return SOURCES;
}

/* --- what it says -------------------------------------------------------- */

static void see_send(const altair_datagram *d)
{
	struct air_stun_message m;

	FUZZ_CHECK(!w.closed && d->segment == 0 && d->path.sock == 3);
	FUZZ_CHECK(air_stun_message_read(&m, d->bytes,
					 AIR_STUN_SET_BASE | AIR_STUN_SET_ICE));
	if (m.header.class != AIR_STUN_REQUEST)
		return;
	FUZZ_CHECK(!w.is_lite);
	FUZZ_CHECK(d->bytes.len <= sizeof w.request);
	memcpy(w.request, d->bytes.data, d->bytes.len);
	w.request_len = d->bytes.len;
	w.request_to = source_of(&d->path.remote);
}

static void see_event(const altair_output *out)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	FUZZ_CHECK(!w.closed);
	if (out->event == ALTAIR_EV_STATE) {
		FUZZ_CHECK(out->number != w.told);
		FUZZ_CHECK(out->number != ALTAIR_AGENT_COMPLETED ||
			   w.told >= ALTAIR_AGENT_CONNECTED);
		w.told = (enum altair_agent_state)out->number;
	} else if (out->event == ALTAIR_EV_CANDIDATE) {
		FUZZ_CHECK(altair_agent_candidate(w.a, out->number, text,
						  sizeof text) > 0);
	} else {
		FUZZ_CHECK(out->event == ALTAIR_EV_SELECTED ||
			   out->event == ALTAIR_EV_CREDENTIALS ||
			   out->event == ALTAIR_EV_END_OF_CANDIDATES);
	}
}

/* Whatever has happened, there is a verdict, and every pair can be told. */
static void ask_why(void)
{
	char text[ALTAIR_CANDIDATE_TEXT];
	altair_agent_verdict verdict;
	altair_agent_pair pair;

	altair_agent_get_verdict(w.a, &verdict);
	FUZZ_CHECK(verdict.code < ALTAIR_VERDICT_LAST_ && verdict.name &&
		   verdict.sentence && verdict.advice);
	FUZZ_CHECK((verdict.code == ALTAIR_VERDICT_CLOSED) == w.closed);
	for (uint32_t i = 0; altair_agent_get_pair(w.a, i, &pair) == 0; i++) {
		FUZZ_CHECK(pair.answered <= pair.sent && pair.loss >= -1 &&
			   pair.loss <= 1000);
		FUZZ_CHECK(altair_agent_candidate(w.a, pair.local, text,
						  sizeof text) > 0);
		FUZZ_CHECK(altair_agent_remote_candidate(w.a, pair.remote, text,
							 sizeof text) > 0);
	}
	if (altair_agent_selected(w.a, &pair) == 0)
		FUZZ_CHECK(pair.is_selected);
}

static altair_time drain(void)
{
	altair_output out;
	enum altair_step step;

	for (unsigned n = 0; (step = altair_poll(w.m, &out)) != ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 200);
		if (step == ALTAIR_SEND)
			see_send(&out.datagram);
		else
			see_event(&out);
	}
	FUZZ_CHECK(w.closed || w.told == altair_agent_state(w.a));
	ask_why();
	return out.deadline;
}

/* --- what it is given ---------------------------------------------------- */

static enum altair_verdict deliver(unsigned from, altair_bytes bytes)
{
	altair_datagram d = {.path = {.sock = 3, .remote = source_addr(from)},
			     .bytes = bytes};
	struct source *s = &w.sources[from];
	bool is_stun = air_stun_recognise(bytes);

	altair_input(w.m, w.now, &d, 1);
	FUZZ_CHECK(!w.closed || d.verdict == ALTAIR_NOT_MINE);
	if (d.verdict == ALTAIR_PAYLOAD) {
		FUZZ_CHECK(!is_stun && (s->is_heard || s->is_answered));
		s->in += bytes.len;
	}
	return d.verdict;
}

static void deliver_garbage(struct air_reader *r)
{
	unsigned from = air_read_u8(r) % SOURCES;

	deliver(from, air_read_bytes(r, air_read_u8(r)));
}

static void deliver_check(struct air_reader *r)
{
	uint8_t how = air_read_u8(r), buffer[AIR_CHECK_LEN_MAX];
	unsigned from = air_read_u8(r) % SOURCES;
	bool forged = (how & 12) == 12;
	altair_bytes bytes;

	toy_random(NULL, w.check.transaction, sizeof w.check.transaction);
	w.check.controlling = how & 1;
	w.check.nominates = how & 2;
	w.check.priority = how * 1000u;
	w.check.tie_breaker = (uint64_t)how << 56;
	w.peer.remote.pwd[0] ^= forged;
	bytes = air_check_request(&w.check, &w.peer, buffer);
	w.peer.remote.pwd[0] ^= forged;
	if (!forged) {
		w.sources[from].is_heard = true;
		w.sources[from].is_nominated |= w.check.nominates;
		w.sources[from].in += bytes.len;
	}
	deliver(from, bytes);
}

/* Answers the last request, in every right and wrong way. */
static void deliver_answer(struct air_reader *r)
{
	uint8_t how = air_read_u8(r), buffer[AIR_CHECK_LEN_MAX];
	unsigned from = how & 0x80 ? air_read_u8(r) % SOURCES : w.request_to;
	bool forged = (how & 12) == 12;
	altair_addr mapped = source_addr(how >> 4 & 7);
	struct air_stun_message m;
	altair_bytes bytes;

	if (from >= SOURCES ||
	    !air_stun_message_read(&m, (altair_bytes){w.request, w.request_len},
				   AIR_STUN_SET_BASE | AIR_STUN_SET_ICE))
		return;
	w.peer.local.pwd[0] ^= forged;
	if (how & 1)
		bytes = air_check_response(&m, &w.peer, &mapped, buffer);
	else
		bytes = air_check_refusal(&m, &w.peer,
					  how & 2 ? AIR_STUN_ROLE_CONFLICT
						  : AIR_STUN_BAD_REQUEST,
					  buffer);
	w.peer.local.pwd[0] ^= forged;
	if (!forged && (how & 1) && from == w.request_to)
		w.sources[from].is_answered = true;
	deliver(from, bytes);
}

static void wrap(struct air_reader *r)
{
	static uint8_t
		room[ALTAIR_AGENT_HEADROOM + 1400 + ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	altair_bytes message = air_read_bytes(r, air_read_u16(r) % 1400);
	enum altair_agent_state state = altair_agent_state(w.a);
	altair_datagram d;
	struct source *s;

	if (message.len > 0)
		memcpy(payload, message.data, message.len);
	if (altair_agent_wrap(w.a, payload, message.len, &d) != 0)
		return;
	FUZZ_CHECK(state == ALTAIR_AGENT_CONNECTED ||
		   state == ALTAIR_AGENT_COMPLETED ||
		   state == ALTAIR_AGENT_SUSPECT);
	FUZZ_CHECK(source_of(&d.path.remote) < SOURCES);
	s = &w.sources[source_of(&d.path.remote)];
	s->out += message.len;
	/* A nomination, of this generation or the one before, is all that a lite
	 * agent can have. */
	FUZZ_CHECK(s->is_answered ||
		   (s->is_heard &&
		    (s->out <= 3 * s->in || (w.is_lite && s->is_nominated))));
}

static void add_remote(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	char text[ALTAIR_CANDIDATE_TEXT] = "candidate:";
	altair_addr a = source_addr(how % SOURCES);
	altair_bytes tail;

	if (how < 128) {
		snprintf(text, sizeof text,
			 "candidate:%d 1 UDP %d 192.0.2.%d %d typ host",
			 how / SOURCES, how + 1, a.ip[3], a.port);
	} else {
		tail = air_read_bytes(r, how - 128u);
		if (tail.len > 0)
			memcpy(text + (how & 1 ? 10 : 0), tail.data, tail.len);
	}
	(void)altair_agent_add_remote(w.a, w.now, text);
}

static void wait(struct air_reader *r)
{
	uint16_t how = air_read_u16(r);
	altair_time deadline = drain();

	if (how < 0x8000)
		w.now += ALTAIR_USEC(how) * (how & 1 ? 10 : 1000);
	else if (deadline != ALTAIR_NEVER && deadline > w.now)
		w.now = deadline;
	altair_tick(w.m, w.now);
	FUZZ_CHECK(drain() > w.now);
}

/* The target stays with the fragment that the agent knows, or takes a new one. */
static void restart(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);

	if (how & 1)
		(void)altair_agent_restart(w.a, w.now);
	if (how & 2)
		w.peer.local.ufrag[0] = (char)('a' + (how >> 2) % 8);
	if (how & 4)
		(void)altair_agent_remote(w.a, w.now, w.peer.local.ufrag,
					  w.peer.local.pwd);
	if (how & 16)
		(void)altair_agent_remote_is_lite(w.a);
	if (how & 8)
		(void)air_credentials_read(&w.peer.remote,
					   altair_agent_ufrag(w.a),
					   altair_agent_pwd(w.a));
}

static void begin(struct air_reader *r)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 16];
	uint8_t how = air_read_u8(r);
	altair_agent_config config;
	altair_addr local = {.family = ALTAIR_IPV4, .ip = {10, 1}, .port = 99};
	altair_addr server = source_addr(0);
	size_t size;

	memset(&w, 0, sizeof w);
	w.request_to = SOURCES;
	altair_agent_config_default(&config);
	config.crypto = &crypto;
	config.controlling = how & 1;
	config.lite = w.is_lite = how & 64;
	size = altair_agent_size(&config);
	FUZZ_CHECK(size > 0 && size <= sizeof memory);
	FUZZ_CHECK(altair_agent_init(&w.a, memory, size, &config, 0) == 0);
	w.m = altair_agent_machine(w.a);
	FUZZ_CHECK(altair_agent_add_host(w.a, 0, 3, &local) == 0);
	if (how & 2 && !w.is_lite)
		FUZZ_CHECK(altair_agent_add_server(w.a, 0, &server) == 0);
	w.peer.crypto = &crypto;
	w.peer.has_remote = true;
	FUZZ_CHECK(air_credentials_read(&w.peer.remote, altair_agent_ufrag(w.a),
					altair_agent_pwd(w.a)) == 0);
	FUZZ_CHECK(air_credentials_read(&w.peer.local, "peer",
					"0123456789012345678901") == 0);
}

static void call(struct air_reader *r)
{
	switch (air_read_u8(r) % 8) {
	case 0:
		(void)altair_agent_gather(w.a, w.now);
		break;
	case 1:
		restart(r);
		break;
	case 2:
	case 3:
	case 4:
		(void)altair_agent_remote(w.a, w.now, w.peer.local.ufrag,
					  w.peer.local.pwd);
		break;
	case 5:
		altair_agent_end_of_candidates(w.a, w.now);
		altair_agent_seal(w.a, w.now);
		break;
	case 6:
		altair_tick(w.m, w.now);
		break;
	default:
		if (air_read_u8(r) != 0)
			break;
		altair_agent_close(w.a);
		w.closed = true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const moves[])(struct air_reader *) = {
		deliver_garbage,
		deliver_check,
		deliver_check,
		deliver_answer,
		deliver_answer,
		deliver_answer,
		wrap,
		add_remote,
		wait,
		wait,
		wait,
		call,
	};
	struct air_reader r = air_reader((altair_bytes){data, len});

	begin(&r);
	for (unsigned n = 0; !r.failed && n < 500; n++) {
		moves[air_read_u8(&r) % (sizeof moves / sizeof *moves)](&r);
		if (n % 4 != 0)
			drain();
	}
	drain();
	return 0;
}
