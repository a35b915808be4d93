/*
 * A script of additions, waits, true, spoilt and foreign answers against the
 * discovery machine. Invariants: every drain ends; requests go to servers that
 * were added; an event follows from what the script did; DISCOVERED comes once;
 * whatever is no STUN from nowhere is left to others.
 */
#include "fuzz.h"
#include "stun/auth.h"
#include "toy.h"

#include <altair/discover.h>

#include <string.h>

#define SENT_MAX 64
#define SERVERS 8

static struct {
	altair_discover *d;
	altair_machine *m;
	altair_time now;
	struct sent {
		altair_path path;
		uint8_t request[20];
	} sent[SENT_MAX];
	size_t sent_count;   /* may be more than are kept */
	size_t answer_count; /* given by the script, good or bad */
	size_t discovered_count;
} w;

static const altair_crypto crypto = {.size = sizeof crypto,
				     .random = toy_random};

static altair_addr endpoint(uint8_t n)
{
	altair_addr a = {.family = n & 1 ? ALTAIR_IPV6 : ALTAIR_IPV4,
			 .port = 3478,
			 .ip = {n & 1 ? 0x20 : 192, 0, 2, n % SERVERS}};

	return a;
}

static uint64_t answers(void)
{
	altair_discover_stats stats;

	altair_discover_get_stats(w.d, &stats);
	return stats.answers;
}

static void see_event(const altair_output *out)
{
	altair_answer a;

	switch (out->event) {
	case ALTAIR_EV_ANSWER:
	case ALTAIR_EV_MAPPING_CHANGED:
		FUZZ_CHECK(altair_discover_answer(w.d, out->number, &a) == 0);
		FUZZ_CHECK(a.state == ALTAIR_ANSWER_GIVEN);
		FUZZ_CHECK(altair_addr_equal(&a.mapped, &out->addr));
		FUZZ_CHECK(w.answer_count > 0);
		break;
	case ALTAIR_EV_SERVER_FAILED:
		FUZZ_CHECK(altair_discover_answer(w.d, out->number, &a) == 0);
		FUZZ_CHECK(a.state == ALTAIR_ANSWER_FAILED);
		FUZZ_CHECK(a.reason != 0 && w.discovered_count == 0);
		break;
	default:
		FUZZ_CHECK(out->event == ALTAIR_EV_DISCOVERED);
		FUZZ_CHECK(++w.discovered_count == 1);
		FUZZ_CHECK((out->reason == 0) == (answers() > 0));
	}
}

static void see_request(const altair_datagram *d)
{
	struct sent *s = &w.sent[w.sent_count++ % SENT_MAX];
	struct air_stun_header h;
	altair_answer a;
	bool was_added = false;

	FUZZ_CHECK(air_stun_header_decode(d->bytes, &h));
	FUZZ_CHECK(h.class == AIR_STUN_REQUEST && d->bytes.len == 20);
	for (size_t i = 0; altair_discover_answer(w.d, i, &a) == 0; i++)
		was_added |= altair_addr_equal(&a.server, &d->path.remote) &&
			     a.sock == d->path.sock;
	FUZZ_CHECK(was_added);
	s->path = d->path;
	memcpy(s->request, d->bytes.data, sizeof s->request);
}

static altair_time drain(void)
{
	altair_output out;
	enum altair_step step;

	for (unsigned n = 0; (step = altair_poll(w.m, &out)) != ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 3 * SERVERS + 2);
		if (step == ALTAIR_SEND)
			see_request(&out.datagram);
		else
			see_event(&out);
	}
	FUZZ_CHECK(out.deadline > w.now);
	return out.deadline;
}

static void add(struct air_reader *r)
{
	altair_addr server = endpoint(air_read_u8(r));
	uint8_t how = air_read_u8(r);

	altair_discover_add(w.d, w.now, how & 1, &server, how >> 1 & 3);
}

/* Waits as long as the script says, or to just the next deadline. */
static void wait(struct air_reader *r)
{
	uint16_t how = air_read_u16(r);
	altair_time deadline = drain();

	if (how < 0x8000)
		w.now += ALTAIR_MSEC(how);
	else if (deadline != ALTAIR_NEVER)
		w.now = deadline;
	altair_tick(w.m, w.now);
}

static void deliver(const altair_path *path, altair_bytes bytes)
{
	altair_datagram d = {.path = *path, .bytes = bytes};

	altair_input(w.m, w.now, &d, 1);
	FUZZ_CHECK(d.verdict == ALTAIR_TAKEN || d.verdict == ALTAIR_NOT_MINE);
	FUZZ_CHECK(d.verdict == ALTAIR_NOT_MINE || air_stun_recognise(bytes));
}

/* Somebody else may say what he will. */
static void deliver_from_elsewhere(const struct sent *s, altair_bytes bytes)
{
	altair_path path = s->path;
	uint64_t before = answers();

	path.remote.port++;
	deliver(&path, bytes);
	path = s->path;
	path.sock ^= 1;
	deliver(&path, bytes);
	FUZZ_CHECK(answers() == before);
}

/* An answer to a request that was sent: true, spoilt, or from elsewhere. */
static void answer(struct air_reader *r)
{
	struct air_stun_header h = {.method = AIR_STUN_BINDING};
	struct air_stun_value v = {0};
	struct air_stun_builder b;
	uint8_t buffer[64], how = air_read_u8(r), spoil = air_read_u8(r);
	altair_bytes built;
	struct sent *s;

	if (w.sent_count == 0)
		return;
	s = &w.sent[how % (w.sent_count < SENT_MAX ? w.sent_count : SENT_MAX)];
	memcpy(h.transaction, s->request + 8, sizeof h.transaction);
	h.class = spoil & 1 ? AIR_STUN_ERROR : AIR_STUN_SUCCESS;
	air_stun_build(&b, buffer, sizeof buffer, &h);
	v.number = 300 + spoil;
	v.addr = endpoint(how >> 4);
	if (h.class == AIR_STUN_ERROR)
		air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &v);
	else
		air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &v);
	built = air_stun_build_end(&b);
	if (spoil >= 0xc0)
		buffer[how % built.len] ^= spoil;
	if (spoil & 2) {
		deliver_from_elsewhere(s, built);
		return;
	}
	w.answer_count++;
	deliver(&s->path, built);
}

static void anything(struct air_reader *r)
{
	uint8_t from = air_read_u8(r);
	altair_path path = {.sock = from >> 7, .remote = endpoint(from)};

	deliver(&path, air_read_bytes(r, air_read_u8(r)));
}

static void begin(struct air_reader *r)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 15];
	altair_discover_config c;
	uint8_t how = air_read_u8(r);

	memset(&w, 0, sizeof w);
	toy_state = 0;
	altair_discover_config_default(&c);
	c.crypto = &crypto;
	c.servers_max = 1 + how % SERVERS;
	c.keepalive = how & 0x10 ? ALTAIR_SEC(15) : 0;
	c.rc = how & 0x20 ? 2 : 7;
	FUZZ_CHECK(altair_discover_size(&c) <= sizeof memory);
	FUZZ_CHECK(altair_discover_init(&w.d, memory, sizeof memory, &c, 0) ==
		   0);
	w.m = altair_discover_machine(w.d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data, len});
	altair_discover_stats stats;

	begin(&r);
	for (unsigned n = 0; !r.failed && n < 500; n++) {
		switch (air_read_u8(&r) % 6) {
		case 0:
			add(&r);
			break;
		case 1:
			altair_discover_seal(w.d, w.now);
			break;
		case 2:
			wait(&r);
			break;
		case 3:
			answer(&r);
			break;
		case 4:
			anything(&r);
			break;
		default:
			altair_tick(w.m, w.now);
		}
		if (n % 3 != 0)
			drain();
	}
	altair_tick(w.m, w.now);
	drain();
	altair_discover_get_stats(w.d, &stats);
	FUZZ_CHECK(stats.sent == w.sent_count);
	FUZZ_CHECK(stats.answers <= w.answer_count);
	return 0;
}
