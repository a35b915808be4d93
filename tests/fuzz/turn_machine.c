/*
 * A script of wishes, waits, true, spoilt and foreign answers, data and noise
 * against the TURN client, over datagrams or a stream. Invariants: every drain
 * ends; requests are well-formed and go to the server of the moment; payload
 * comes from the server's address only, from a peer that was let in, and lies
 * within what was given; nothing follows the end.
 *
 * The hashes are toys: what they prove is not the point here.
 */
#include "fuzz.h"
#include "stun/auth.h"
#include "toy.h"

#include <altair/turn.h>

#include <string.h>

#define SENT_MAX 32
#define PEERS 8

static struct {
	altair_turn *t;
	altair_machine *m;
	altair_time now;
	bool is_stream, has_ended, is_broken;
	bool is_let_in[PEERS];
	struct sent {
		altair_path path;
		size_t len;
		uint8_t bytes[1280];
	} sent[SENT_MAX];
	size_t sent_count; /* may be more than are kept */
	size_t answer_count;
} w;

static altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

static altair_addr server(uint8_t n)
{
	return (altair_addr){.family = ALTAIR_IPV4,
			     .port = 3478,
			     .ip = {192, 0, 2, (uint8_t)(n % 8 + 1)}};
}

/* The ports differ, too: permissions do not look at them. */
static altair_addr peer(uint8_t n)
{
	altair_addr a = {.family = n & 1 ? ALTAIR_IPV6 : ALTAIR_IPV4,
			 .port = (uint16_t)(5000 + n / PEERS % 3),
			 .ip = {n & 1 ? 0x20 : 203, 1, 113, n % PEERS}};

	return a;
}

static unsigned index_of(const altair_addr *a)
{
	return a->ip[3] % PEERS;
}

static void see_event(const altair_output *out)
{
	FUZZ_CHECK(!w.has_ended);
	switch (out->event) {
	case ALTAIR_EV_PERMITTED:
		if (out->reason != 0)
			w.is_let_in[index_of(&out->addr)] = false;
		break;
	case ALTAIR_EV_CHANNEL:
		FUZZ_CHECK(out->number >= 0x4000 && out->number <= 0x4fff);
		break;
	case ALTAIR_EV_UNREACHABLE:
	case ALTAIR_EV_RELAYED:
	case ALTAIR_EV_RELAY_MOVED:
		FUZZ_CHECK(w.answer_count > 0);
		break;
	default:
		FUZZ_CHECK(out->event == ALTAIR_EV_RELAY_ENDED);
		w.has_ended = true;
	}
}

static void see_request(const altair_datagram *d)
{
	struct sent *s = &w.sent[w.sent_count++ % SENT_MAX];
	struct air_stun_message m;
	altair_addr to;

	FUZZ_CHECK(!w.has_ended);
	FUZZ_CHECK(air_stun_message_read(
		&m, d->bytes, AIR_STUN_SET_BASE | AIR_STUN_SET_TURN));
	FUZZ_CHECK(m.header.class == AIR_STUN_REQUEST);
	FUZZ_CHECK(m.unknown_count == 0 && air_stun_check_fingerprint(&m));
	FUZZ_CHECK(d->bytes.len <= sizeof s->bytes);
	FUZZ_CHECK(altair_turn_server(w.t, &to) == 0);
	FUZZ_CHECK(altair_addr_equal(&to, &d->path.remote));
	s->path = d->path;
	s->len = d->bytes.len;
	memcpy(s->bytes, d->bytes.data, d->bytes.len);
}

static altair_time drain(void)
{
	altair_output out;
	enum altair_step step;

	for (unsigned n = 0; (step = altair_poll(w.m, &out)) != ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 64);
		if (step == ALTAIR_SEND)
			see_request(&out.datagram);
		else
			see_event(&out);
	}
	FUZZ_CHECK(out.deadline > w.now);
	FUZZ_CHECK(!w.has_ended || out.deadline == ALTAIR_NEVER);
	return out.deadline;
}

static void wish(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	altair_addr a = peer(air_read_u8(r));
	int error;

	if (how % 4 == 0) {
		altair_turn_forget(w.t, w.now, &a);
		w.is_let_in[index_of(&a)] = false;
		return;
	}
	error = how % 4 == 1 ? altair_turn_permit(w.t, w.now, &a)
			     : altair_turn_bind(w.t, w.now, &a);
	FUZZ_CHECK(error == 0 || error == ALTAIR_E_STATE ||
		   error == ALTAIR_E_FULL || error == ALTAIR_E_FAMILY);
	/* A full table of channels leaves the permission. */
	w.is_let_in[index_of(&a)] |= error == 0 || error == ALTAIR_E_FULL;
}

static void wrap(struct air_reader *r)
{
	uint8_t buffer[ALTAIR_TURN_HEADROOM + 255 + ALTAIR_TURN_TAILROOM];
	altair_addr a = peer(air_read_u8(r));
	uint8_t len = air_read_u8(r);
	altair_datagram out;

	if (altair_turn_wrap(w.t, &a, buffer + ALTAIR_TURN_HEADROOM, len,
			     &out) != 0)
		return;
	FUZZ_CHECK(!w.has_ended && w.is_let_in[index_of(&a)]);
	FUZZ_CHECK(out.bytes.data >= buffer);
	FUZZ_CHECK(out.bytes.data + out.bytes.len <= buffer + sizeof buffer);
	FUZZ_CHECK(!w.is_stream || out.bytes.len % 4 == 0);
}

/* Waits as long as the script says, or to just the next deadline. */
static void wait(struct air_reader *r)
{
	uint16_t how = air_read_u16(r);
	altair_time deadline = drain();

	if (how < 0x8000)
		w.now += ALTAIR_MSEC(how);
	else if (how < 0x8100)
		w.now += ALTAIR_SEC(how);
	else if (deadline != ALTAIR_NEVER)
		w.now = deadline;
	altair_tick(w.m, w.now);
}

static void input(altair_datagram *d)
{
	altair_bytes given = d->bytes;
	altair_path path = d->path;
	altair_addr from;

	FUZZ_CHECK(altair_turn_server(w.t, &from) == 0);
	altair_input(w.m, w.now, d, 1);
	if (d->verdict != ALTAIR_PAYLOAD)
		return;
	FUZZ_CHECK(!w.has_ended);
	FUZZ_CHECK(altair_addr_equal(&path.remote, &from) && path.sock == 0);
	FUZZ_CHECK(w.is_let_in[index_of(&d->path.remote)]);
	FUZZ_CHECK(d->path.local.family == d->path.remote.family);
	FUZZ_CHECK(d->bytes.data >= given.data + 4);
	FUZZ_CHECK(d->bytes.data + d->bytes.len <= given.data + given.len);
}

/* Over a stream the bytes come in pieces; else as a datagram from `path`. */
static void deliver(const altair_path *path, altair_bytes bytes, uint8_t split)
{
	altair_datagram d = {.path = *path, .bytes = bytes};

	if (!w.is_stream) {
		input(&d);
		return;
	}
	while (bytes.len > 0) {
		size_t len = split % 32 + 1u;
		altair_bytes in = {bytes.data,
				   len < bytes.len ? len : bytes.len};
		int more;

		bytes.data += in.len;
		bytes.len -= in.len;
		while ((more = altair_turn_unframe(w.t, &in, &d)) > 0) {
			FUZZ_CHECK(!w.is_broken);
			input(&d);
			drain();
		}
		FUZZ_CHECK(more == 0 || more == ALTAIR_E_INVALID);
		w.is_broken = more < 0;
		if (w.is_broken)
			altair_turn_lost(w.t, ALTAIR_E_NETWORK);
	}
}

static void add(struct air_stun_builder *b, uint16_t type, const char *bytes,
		size_t len)
{
	struct air_stun_value v = {.bytes = {(const uint8_t *)bytes, len}};

	air_stun_build_attr(b, type, &v);
}

static void add_error(struct air_stun_builder *b, uint8_t how)
{
	static const uint16_t codes[] = {401, 438, 300, 437, 400, 403, 500,
					 508, 486, 440, 441, 420, 401, 438};
	struct air_stun_value v = {.number = codes[how % 14]};

	air_stun_build_attr(b, AIR_STUN_ERROR_CODE, &v);
	v.addr = server(how / 14);
	if (v.number == 300)
		air_stun_build_attr(b, AIR_STUN_ALTERNATE_SERVER, &v);
	add(b, AIR_STUN_REALM, "realm", 5);
	if (how & 0x80)
		add(b, AIR_STUN_NONCE, "obMatJos2wAAAnonce", 18);
	else
		add(b, AIR_STUN_NONCE, "nonce", 5);
	if (how & 0x40)
		add(b, AIR_STUN_PASSWORD_ALGORITHMS, "\0\1\0\0\0\2\0\0", 8);
}

static void add_success(struct air_stun_builder *b, uint8_t how)
{
	struct air_stun_value v = {.number = how};

	air_stun_build_attr(b, AIR_STUN_LIFETIME, &v);
	v.addr = (altair_addr){.family = ALTAIR_IPV4, .port = 1, .ip = {9, 9}};
	if (how & 1)
		air_stun_build_attr(b, AIR_STUN_XOR_RELAYED_ADDRESS, &v);
	v.addr = (altair_addr){.family = ALTAIR_IPV6, .port = 2, .ip = {9, 9}};
	if (how & 2)
		air_stun_build_attr(b, AIR_STUN_XOR_RELAYED_ADDRESS, &v);
}

/* As the server would with what it sent us in its challenge. */
static void sign(struct air_stun_builder *b, const struct sent *s)
{
	struct air_stun_user user = {text("name"), text("realm"), text("word")};
	struct air_stun_message m;
	uint8_t key[32];

	if (!air_stun_message_read(&m, (altair_bytes){s->bytes, s->len},
				   AIR_STUN_SET_BASE | AIR_STUN_SET_TURN))
		return;
	if (air_stun_message_place(&m, AIR_STUN_MESSAGE_INTEGRITY)) {
		air_stun_key_md5(&toy_crypto, &user, key);
		air_stun_build_sha1(b, &toy_crypto, (altair_bytes){key, 16});
	} else if (air_stun_message_place(&m,
					  AIR_STUN_MESSAGE_INTEGRITY_SHA256)) {
		air_stun_key_sha256(&toy_crypto, &user, key);
		air_stun_build_sha256(b, &toy_crypto, (altair_bytes){key, 32},
				      32);
	}
}

/* An answer to a request that was sent: true, spoilt, or from elsewhere. */
static void answer(struct air_reader *r)
{
	uint8_t which = air_read_u8(r), how = air_read_u8(r);
	uint8_t spoil = air_read_u8(r), buffer[512];
	struct air_stun_header h;
	struct air_stun_builder b;
	struct sent *s;
	altair_path path;
	altair_bytes built;

	if (w.sent_count == 0)
		return;
	/* The last one most of the time. */
	s = &w.sent[(w.sent_count - 1 - which % 4 % w.sent_count) % SENT_MAX];
	FUZZ_CHECK(
		air_stun_header_decode((altair_bytes){s->bytes, s->len}, &h));
	h.class = spoil & 1 ? AIR_STUN_ERROR : AIR_STUN_SUCCESS;
	air_stun_build(&b, buffer, sizeof buffer, &h);
	if (spoil & 1)
		add_error(&b, how);
	else
		add_success(&b, how);
	if (!(spoil & 2))
		sign(&b, s);
	built = air_stun_build_end(&b);
	if (spoil >= 0xc0)
		buffer[how % built.len] ^= spoil;
	path = s->path;
	path.remote.port = (uint16_t)(path.remote.port + (spoil >> 2 & 1));
	w.answer_count++;
	deliver(&path, built, which);
}

/* A Data indication, ChannelData or anything at all, from the server. */
static void data(struct air_reader *r)
{
	uint8_t how = air_read_u8(r), buffer[600];
	struct air_stun_header h = {.class = AIR_STUN_INDICATION,
				    .method = AIR_STUN_DATA};
	struct air_stun_value v = {.addr = peer(air_read_u8(r))};
	altair_bytes bytes = air_read_bytes(r, air_read_u8(r));
	altair_path path = {0};
	struct air_stun_builder b;

	w.answer_count++;
	FUZZ_CHECK(altair_turn_server(w.t, &path.remote) == 0);
	path.sock = how >> 7;
	air_stun_build(&b, buffer, sizeof buffer, &h);
	air_stun_build_attr(&b, AIR_STUN_XOR_PEER_ADDRESS, &v);
	v.bytes = bytes;
	air_stun_build_attr(&b, how & 1 ? AIR_STUN_DATA_ATTR : AIR_STUN_ICMP,
			    &v);
	deliver(&path, how & 2 ? bytes : air_stun_build_end(&b), how);
}

static void begin(struct air_reader *r)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 17];
	altair_turn_config c;
	uint8_t how = air_read_u8(r);

	memset(&w, 0, sizeof w);
	altair_turn_config_default(&c);
	c.crypto = &toy_crypto;
	c.server = server(0);
	c.name = text("name");
	c.password = text("word");
	c.families = 1 + how % 3u;
	c.is_stream = how & 4;
	c.permissions_max = how & 8 ? 2 : 32;
	c.channels_max = how & 16 ? 1 : 16;
	c.requests_max = how & 32 ? 1 : 8;
	c.message_max = how & 64 ? 64 : 2048;
	w.is_stream = c.is_stream;
	FUZZ_CHECK(altair_turn_size(&c) <= sizeof memory);
	FUZZ_CHECK(altair_turn_init(&w.t, memory, sizeof memory, &c, 0) == 0);
	w.m = altair_turn_machine(w.t);
}

static void step(struct air_reader *r)
{
	switch (air_read_u8(r) % 8) {
	case 0:
		wish(r);
		break;
	case 1:
		wait(r);
		break;
	case 2:
	case 3:
		answer(r);
		break;
	case 4:
		data(r);
		break;
	case 5:
		wrap(r);
		break;
	case 6:
		altair_turn_opened(w.t, w.now);
		break;
	default:
		if (air_read_u8(r) > 0xf0)
			altair_turn_close(w.t, w.now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data_in, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data_in, len});
	altair_turn_stats stats;

	begin(&r);
	for (unsigned n = 0; !r.failed && n < 500; n++) {
		step(&r);
		drain();
	}
	altair_tick(w.m, w.now);
	drain();
	altair_turn_get_stats(w.t, &stats);
	FUZZ_CHECK(stats.sent == w.sent_count);
	return 0;
}
