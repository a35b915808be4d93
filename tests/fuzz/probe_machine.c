/*
 * A script of servers, waits, true, spoilt and foreign answers, returned requests and
 * refusals against the probe. Invariants: every drain ends; requests go to servers
 * that were added, to what such a server named, and nowhere inside our own network;
 * what is known makes sense; once no more servers come it ends, whatever is silent.
 */
#include "fuzz.h"
#include "stun/auth.h"
#include "toy.h"

#include <altair/probe.h>

#include <string.h>

#define SENT_MAX 128
#define SERVERS 8
#define SOCKS ALTAIR_PROBE_SOCKS_MAX
#define SOCK_FIRST 5u

static struct {
	altair_probe *p;
	altair_machine *m;
	altair_time now;
	bool is_ipv6, is_sealed;
	struct sent {
		altair_path path;
		uint8_t transaction[12];
	} sent[SENT_MAX];
	size_t sent_count; /* may be more than are kept */
	size_t probed_count;
} w;

static const altair_crypto crypto = {.size = sizeof crypto,
				     .random = toy_random};

/* Half of them in the internet, half of them inside. */
static altair_addr endpoint(uint8_t n)
{
	altair_addr v4 = {.family = ALTAIR_IPV4, .ip = {192, 0, 2, n & 7}};
	altair_addr v6 = {.family = ALTAIR_IPV6,
			  .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = n & 7}};
	altair_addr a = w.is_ipv6 ? v6 : v4;

	if (n & 8 && !w.is_ipv6)
		a.ip[1] = 168;
	else if (n & 8)
		a.ip[0] = 0xfd;
	a.port = (uint16_t)(3478 + (n >> 4 & 3));
	return a;
}

static void see_request(const altair_datagram *d)
{
	struct sent *s = &w.sent[w.sent_count++ % SENT_MAX];
	struct air_stun_header h;

	FUZZ_CHECK(air_stun_header_decode(d->bytes, &h));
	FUZZ_CHECK(h.class == AIR_STUN_REQUEST && d->bytes.len <= 1472);
	FUZZ_CHECK(d->path.sock - SOCK_FIRST < SOCKS);
	FUZZ_CHECK(altair_addr_classify(&d->path.remote) == ALTAIR_ADDR_GLOBAL);
	s->path = d->path;
	memcpy(s->transaction, h.transaction, sizeof s->transaction);
}

static altair_time drain(void)
{
	altair_output out;
	enum altair_step step;

	for (unsigned n = 0; (step = altair_poll(w.m, &out)) != ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 2 * SENT_MAX);
		if (step == ALTAIR_SEND) {
			see_request(&out.datagram);
			continue;
		}
		FUZZ_CHECK(out.event == ALTAIR_EV_PROBED);
		FUZZ_CHECK(++w.probed_count == 1 && w.is_sealed);
	}
	FUZZ_CHECK(out.deadline > w.now);
	return out.deadline;
}

static void check_facts(void)
{
	altair_probe_facts f;
	altair_addr hop = endpoint(8);
	enum altair_known carrier, several;

	altair_probe_get(w.p, &f);
	FUZZ_CHECK(f.answered <= f.asked && f.asked <= SERVERS);
	FUZZ_CHECK((f.udp == ALTAIR_YES) == (f.answered > 0));
	FUZZ_CHECK(f.mtu <= 1500 && (f.mtu_over == 0 || f.mtu < f.mtu_over));
	FUZZ_CHECK(f.lifetime_over == 0 || f.lifetime > 0);
	FUZZ_CHECK((f.port_step != 0) == (f.ports == ALTAIR_PORTS_SEQUENTIAL));
	FUZZ_CHECK(f.is_done == (w.probed_count == 1));
	FUZZ_CHECK(altair_probe_code(
		altair_probe_judge(&f, &f, ALTAIR_UNKNOWN, ALTAIR_UNKNOWN)));
	altair_probe_judge_hops(&f, &hop, 1, &carrier, &several);
}

static void add(struct air_reader *r)
{
	altair_addr server = endpoint(air_read_u8(r) & 0xf7);

	altair_probe_add(w.p, w.now, &server);
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

static altair_bytes build(struct air_reader *r, const struct sent *s,
			  uint8_t *buffer, size_t cap)
{
	uint8_t how = air_read_u8(r), mapped = air_read_u8(r);
	struct air_stun_header h = {.method = AIR_STUN_BINDING,
				    .class = how & 3};
	struct air_stun_value v = {.number = 300 + how,
				   .addr = endpoint(mapped)};
	struct air_stun_builder b;

	memcpy(h.transaction, s->transaction, sizeof h.transaction);
	air_stun_build(&b, buffer, cap, &h);
	if (h.class == AIR_STUN_ERROR)
		air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &v);
	v.addr.port = (uint16_t)(mapped * 40);
	if (how & 4)
		air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &v);
	v.addr = endpoint(air_read_u8(r));
	if (how & 8)
		air_stun_build_attr(&b, AIR_STUN_OTHER_ADDRESS, &v);
	return air_stun_build_end(&b);
}

/* An answer to a request that was sent, or the request again: as it should be, or
 * spoilt, or from or to somewhere else. */
static void answer(struct air_reader *r)
{
	uint8_t buffer[128], which = air_read_u8(r), way = air_read_u8(r);
	size_t kept = w.sent_count < SENT_MAX ? w.sent_count : SENT_MAX;
	altair_bytes built;
	altair_path path;
	struct sent *s;

	if (kept == 0)
		return;
	s = &w.sent[(w.sent_count - 1 - which % kept) % SENT_MAX];
	built = build(r, s, buffer, sizeof buffer);
	path = s->path;
	if (way & 1)
		path.remote = endpoint(way >> 2);
	if (way & 2)
		path.sock = SOCK_FIRST + way % (SOCKS + 1);
	if (way >= 0xf0)
		buffer[which % built.len] ^= way;
	deliver(&path, built);
}

static void anything(struct air_reader *r)
{
	uint8_t from = air_read_u8(r);
	altair_path path = {.sock = from >> 2, .remote = endpoint(from)};

	deliver(&path, air_read_bytes(r, air_read_u8(r)));
}

static void other(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	altair_addr remote = endpoint(how);

	if (how & 0x80) {
		altair_probe_refused(w.p, w.now, &remote);
		return;
	}
	w.is_sealed = true;
	altair_probe_seal(w.p, w.now);
}

/* Nobody says anything any more: then it ends, too. */
static void end(void)
{
	altair_time deadline;

	w.is_sealed = true;
	altair_probe_seal(w.p, w.now);
	for (unsigned n = 0; (deadline = drain()) != ALTAIR_NEVER; n++) {
		FUZZ_CHECK(n < 10000);
		w.now = deadline;
		altair_tick(w.m, w.now);
	}
	FUZZ_CHECK(w.probed_count == 1);
	check_facts();
}

static void begin(uint8_t how)
{
	static uint8_t memory[65536];
	altair_addr local[SOCKS];
	altair_probe_config c;
	size_t size;

	memset(&w, 0, sizeof w);
	toy_state = 0;
	w.is_ipv6 = how & 1;
	for (size_t i = 0; i < SOCKS; i++) {
		local[i] = endpoint((uint8_t)(8 | (i & 7)));
		local[i].port = (uint16_t)(40 * i + 40);
	}
	altair_probe_config_default(&c);
	c.crypto = &crypto;
	c.sock = SOCK_FIRST;
	c.local = local;
	c.socks = how & 2 ? SOCKS : 1 + how % SOCKS;
	c.lifetime_max = how & 4 ? ALTAIR_SEC(400) : 0;
	size = altair_probe_size(&c);
	FUZZ_CHECK(size > 0 && size <= sizeof memory);
	FUZZ_CHECK(altair_probe_init(&w.p, memory, size, &c, 0) == 0);
	w.m = altair_probe_machine(w.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data, len});

	begin(air_read_u8(&r));
	while (r.len > 0 && !r.failed) {
		switch (air_read_u8(&r) % 8) {
		case 0:
			add(&r);
			break;
		case 1:
		case 2:
			wait(&r);
			break;
		case 3:
			other(&r);
			break;
		case 4:
			anything(&r);
			break;
		default:
			answer(&r);
		}
		drain();
		check_facts();
	}
	end();
	return 0;
}
