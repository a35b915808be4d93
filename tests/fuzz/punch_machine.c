/*
 * A script of words, payload, garbage, strangers and waits against the punch
 * machine. Invariants: every drain ends; only the three words leave, only to
 * the peer's IP; CONNECTED and FAILED come at most once and never both; nobody
 * is connected to who never spoke; payload is the peer's exact endpoint's.
 */
#include "base/cursor.h"
#include "fuzz.h"

#include <altair/punch.h>

#include <string.h>

static struct {
	altair_punch *p;
	altair_machine *m;
	altair_time now;
	altair_punch_config config;
	bool connected, failed, closed, has_spoken;
	bool exact_has_spoken; /* the given endpoint, before the end */
	altair_addr peer;      /* once connected */
	uint64_t sent;
} w;

static bool is_word(altair_bytes b)
{
	return air_bytes_equal(b, air_text("PUNCH")) ||
	       air_bytes_equal(b, air_text("PING")) ||
	       air_bytes_equal(b, air_text("PONG"));
}

static void see_event(const altair_output *out)
{
	FUZZ_CHECK(!w.closed);
	if (out->event == ALTAIR_EV_CONNECTED) {
		FUZZ_CHECK(!w.connected && !w.failed && w.has_spoken);
		FUZZ_CHECK(altair_addr_same_ip(&out->addr, &w.config.peer));
		FUZZ_CHECK(!w.exact_has_spoken ||
			   altair_addr_equal(&out->addr, &w.config.peer));
		w.connected = true;
		w.peer = out->addr;
	} else if (out->event == ALTAIR_EV_FAILED) {
		FUZZ_CHECK(!w.connected && !w.failed);
		FUZZ_CHECK(out->reason == ALTAIR_E_TIMEOUT ||
			   out->reason == ALTAIR_E_ONE_WAY ||
			   out->reason == ALTAIR_E_NO_PEER);
		FUZZ_CHECK((out->reason == ALTAIR_E_ONE_WAY) == w.has_spoken);
		w.failed = true;
	} else if (out->event == ALTAIR_EV_HEARD) {
		FUZZ_CHECK(w.has_spoken);
	}
}

static void see_word(const altair_datagram *d)
{
	FUZZ_CHECK(is_word(d->bytes) && d->segment == 0);
	FUZZ_CHECK(altair_addr_same_ip(&d->path.remote, &w.config.peer));
	FUZZ_CHECK(!w.closed);
	w.sent++;
}

static altair_time drain(void)
{
	altair_output out;
	enum altair_step step;

	for (unsigned n = 0; (step = altair_poll(w.m, &out)) != ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 100);
		if (step == ALTAIR_SEND)
			see_word(&out.datagram);
		else
			see_event(&out);
	}
	return out.deadline;
}

static altair_addr source(uint8_t how)
{
	altair_addr a = w.config.peer;

	if (how & 1)
		a.port = (uint16_t)(6000 + (how >> 3));
	if ((how & 6) == 6)
		a.ip[3] ^= 1;
	return a;
}

static void deliver(struct air_reader *r)
{
	static const char *const words[] = {"PUNCH", "PING", "PONG"};
	uint8_t how = air_read_u8(r), what = air_read_u8(r);
	altair_datagram d = {.path.remote = source(how)};
	bool stranger = !altair_addr_same_ip(&d.path.remote, &w.config.peer);
	bool connected;

	d.bytes = what < 200 ? air_text(words[what % 3])
			     : air_read_bytes(r, what - 200u);
	if (!stranger && is_word(d.bytes))
		w.has_spoken = true;
	if (altair_addr_equal(&d.path.remote, &w.config.peer) &&
	    is_word(d.bytes) &&
	    altair_punch_state(w.p) == ALTAIR_PUNCH_PUNCHING)
		w.exact_has_spoken = true;
	connected = altair_punch_state(w.p) == ALTAIR_PUNCH_CONNECTED;
	altair_input(w.m, w.now, &d, 1);
	if (stranger)
		FUZZ_CHECK(d.verdict == ALTAIR_NOT_MINE);
	if (d.verdict == ALTAIR_PAYLOAD) {
		altair_path path;

		FUZZ_CHECK(connected && !is_word(d.bytes));
		FUZZ_CHECK(altair_punch_path(w.p, &path) == 0);
		FUZZ_CHECK(altair_addr_equal(&path.remote, &d.path.remote));
	}
}

static void wait(struct air_reader *r)
{
	uint16_t how = air_read_u16(r);
	altair_time deadline = drain();

	if (how < 0x8000)
		w.now += ALTAIR_USEC(how) * 100;
	else if (deadline != ALTAIR_NEVER)
		w.now = deadline;
	altair_tick(w.m, w.now);
	FUZZ_CHECK(drain() > w.now);
}

static void wrap(struct air_reader *r)
{
	altair_datagram d;
	altair_bytes message = air_read_bytes(r, air_read_u8(r));
	int rc = altair_punch_wrap(w.p, w.now, message, &d);
	bool can = altair_punch_state(w.p) == ALTAIR_PUNCH_CONNECTED;

	FUZZ_CHECK(rc == (!can		     ? ALTAIR_E_STATE
			  : is_word(message) ? ALTAIR_E_WORD
					     : 0));
	FUZZ_CHECK(rc != 0 || air_bytes_equal(d.bytes, message));
}

static void begin(struct air_reader *r)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 15];
	uint8_t how = air_read_u8(r);
	size_t size;

	memset(&w, 0, sizeof w);
	altair_punch_config_default(&w.config);
	w.config.peer = (altair_addr){
		.family = ALTAIR_IPV4, .ip = {192, 0, 2, 7}, .port = 5000};
	w.config.initiator = how & 1;
	w.config.attempts = how >> 1 & 7;
	w.config.keepalive = how & 0x10 ? 0 : ALTAIR_SEC(15);
	w.config.timeout = how & 0x20 ? ALTAIR_NEVER : ALTAIR_SEC(10);
	size = altair_punch_size(&w.config);
	FUZZ_CHECK(size > 0 && size <= sizeof memory);
	FUZZ_CHECK(altair_punch_init(&w.p, memory, size, &w.config, 0) == 0);
	w.m = altair_punch_machine(w.p);
}

static void do_one(struct air_reader *r)
{
	altair_addr from;

	switch (air_read_u8(r) % 16) {
	case 0:
		from = source(air_read_u8(r));
		altair_punch_refused(w.p, &from);
		break;
	case 1:
		wrap(r);
		break;
	case 2:
		if (air_read_u8(r) == 0) {
			altair_punch_close(w.p, w.now);
			w.closed = true;
		}
		break;
	case 3:
		altair_tick(w.m, w.now);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		wait(r);
		break;
	default:
		deliver(r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data, len});
	altair_punch_stats stats;

	begin(&r);
	for (unsigned n = 0; !r.failed && n < 500; n++) {
		do_one(&r);
		if (n % 4 != 0)
			drain();
	}
	drain();
	altair_punch_get_stats(w.p, &stats);
	FUZZ_CHECK(w.closed || stats.sent == w.sent);
	return 0;
}
