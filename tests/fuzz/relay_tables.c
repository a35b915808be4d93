/*
 * A server's tables under everything that can be asked in any order: clients
 * over UDP and over streams, who reserve ports, move, vanish, ask in others'
 * names; ports that open late or not; time. Bytes choose what happens; after
 * each step all tables are counted (tables.h). What the server says is judged in
 * relay_machine.c. At the end, when every lifetime has passed, nothing is left.
 */
#include "relay.h"
#include "stun/auth.h"
#include "tables.h"

#include <altair/server.h>

#include <string.h>

#define SEATS 6 /* the first half over UDP */
#define STREAMS (SEATS / 2)
#define HELD_MAX 64
#define KEPT 4

static struct seat {
	uint8_t nonce[64];
	size_t nonce_len;
	bool is_open; /* a stream's */
} seats[SEATS];

static struct {
	altair_server *s;
	altair_machine *m;
	altair_time now;
	uint32_t held[HELD_MAX]; /* the driver has not yet said */
	size_t held_count, open_count;
	bool fails_open, holds_open;
	uint8_t tickets[KEPT][16], tokens[KEPT][8];
	unsigned ticket_count, token_count;
} w;

static altair_path path_of(unsigned n)
{
	altair_path p = {.remote = {.family = ALTAIR_IPV4,
				    .ip = {203, 0, 113, (uint8_t)(7 + n / 2)},
				    .port = (uint16_t)(40000 + n)}};

	if (n >= STREAMS)
		p.sock = ALTAIR_SERVER_STREAM + n - STREAMS;
	return p;
}

static altair_addr peer_addr(unsigned n)
{
	altair_addr a = {.family = ALTAIR_IPV4,
			 .ip = {192, 0, 2, (uint8_t)(1 + n % 8)},
			 .port = (uint16_t)(6000 + n / 64)};

	if (n & 8)
		a = (altair_addr){
			.family = ALTAIR_IPV6,
			.ip = {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)(1 + n % 8)},
			.port = 6000};
	if (n >= 200) /* a relayed address, perhaps */
		a = (altair_addr){.family = ALTAIR_IPV4,
				  .ip = {198, 51, 100, 1},
				  .port = (uint16_t)(50000 + n % 8)};
	return a;
}

/* --- the driver ---------------------------------------------------------- */

static void open_port(uint32_t sock)
{
	if (w.fails_open) {
		altair_server_opened(w.s, w.now, sock, ALTAIR_E_IN_USE);
		return;
	}
	w.open_count++;
	if (w.holds_open && w.held_count < HELD_MAX)
		w.held[w.held_count++] = sock;
	else
		altair_server_opened(w.s, w.now, sock, 0);
}

static void close_port(uint32_t sock)
{
	FUZZ_CHECK(w.open_count-- > 0);
	for (size_t i = 0; i < w.held_count; i++)
		if (w.held[i] == sock)
			w.held[i--] = w.held[--w.held_count];
}

/* What a client must know to go on. */
static void hear(const altair_datagram *d)
{
	unsigned n = d->path.sock >= ALTAIR_SERVER_STREAM
			     ? d->path.sock - ALTAIR_SERVER_STREAM + STREAMS
			     : d->path.remote.port - 40000u;
	struct air_stun_message m;
	struct air_stun_value v;

	if (d->path.sock >= ALTAIR_SERVER_RELAY &&
	    d->path.sock < ALTAIR_SERVER_STREAM)
		return;
	FUZZ_CHECK(n < SEATS);
	if (d->segment || !air_stun_message_read(&m, d->bytes, 15))
		return;
	if (air_stun_message_get(&m, AIR_STUN_NONCE, &v) &&
	    v.bytes.len <= sizeof seats[n].nonce) {
		memcpy(seats[n].nonce, v.bytes.data, v.bytes.len);
		seats[n].nonce_len = v.bytes.len;
	}
	if (air_stun_message_get(&m, AIR_STUN_MOBILITY_TICKET, &v) &&
	    v.bytes.len == 16)
		memcpy(w.tickets[w.ticket_count++ % KEPT], v.bytes.data, 16);
	if (air_stun_message_get(&m, AIR_STUN_RESERVATION_TOKEN, &v))
		memcpy(w.tokens[w.token_count++ % KEPT], v.bytes.data, 8);
}

static void drain(void)
{
	altair_output out;
	enum altair_step step;
	unsigned steps = 0;

	while ((step = altair_poll(w.m, &out)) != ALTAIR_WAIT) {
		FUZZ_CHECK(++steps < 10000);
		if (step == ALTAIR_SEND)
			hear(&out.datagram);
		else if (out.event == ALTAIR_EV_RELAY_OPEN)
			open_port(out.number);
		else if (out.event == ALTAIR_EV_RELAY_CLOSE)
			close_port(out.number);
		else if (out.event == ALTAIR_EV_SHUT)
			seats[out.number - ALTAIR_SERVER_STREAM + STREAMS]
				.is_open = false;
	}
	FUZZ_CHECK(out.deadline > w.now);
}

/* A stream's bytes come in two parts. */
static void feed(unsigned n, altair_bytes bytes, size_t cut)
{
	uint32_t sock = path_of(n).sock;
	altair_bytes parts[2] = {{bytes.data, cut},
				 {bytes.data + cut, bytes.len - cut}};
	altair_datagram d;
	int rc = 0;

	for (unsigned i = 0; i < 2 && rc >= 0; i++)
		while ((rc = altair_server_unframe(w.s, sock, &parts[i], &d)) ==
		       1) {
			altair_input(w.m, w.now, &d, 1);
			drain();
		}
	if (rc < 0) {
		altair_server_lost(w.s, sock);
		seats[n].is_open = false;
	}
	drain();
}

static void give(unsigned n, altair_bytes bytes, size_t cut)
{
	altair_datagram d = {.path = path_of(n), .bytes = bytes};

	if (n >= STREAMS) {
		feed(n, bytes, cut < bytes.len ? cut : bytes.len);
		return;
	}
	altair_input(w.m, w.now, &d, 1);
	drain();
}

/* --- what happens -------------------------------------------------------- */

static struct air_stun_builder b;
static uint8_t bytes[512];

static void add_number(uint16_t type, uint64_t number)
{
	struct air_stun_value v = {.number = number};

	air_stun_build_attr(&b, type, &v);
}

static void add_bytes(uint16_t type, altair_bytes value)
{
	struct air_stun_value v = {.bytes = value};

	air_stun_build_attr(&b, type, &v);
}

static void add_peer(uint8_t n)
{
	struct air_stun_value v = {.addr = peer_addr(n)};

	air_stun_build_attr(&b, AIR_STUN_XOR_PEER_ADDRESS, &v);
}

static void sign(unsigned n, uint8_t who)
{
	struct air_stun_user user = {text(who % 2 ? "odd" : "even"),
				     text("altair"), text("pass")};
	uint8_t key[16];

	add_bytes(AIR_STUN_USERNAME, user.name);
	add_bytes(AIR_STUN_REALM, user.realm);
	add_bytes(AIR_STUN_NONCE,
		  (altair_bytes){seats[n].nonce, seats[n].nonce_len});
	air_stun_key_md5(&toy_crypto, &user, key);
	air_stun_build_sha1(&b, &toy_crypto, (altair_bytes){key, sizeof key});
}

static void wish(uint8_t how)
{
	add_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	if (how & 1)
		add_bytes(AIR_STUN_MOBILITY_TICKET, (altair_bytes){NULL, 0});
	if (how & 2) {
		add_bytes(AIR_STUN_RESERVATION_TOKEN,
			  (altair_bytes){w.tokens[how / 4 % KEPT], 8});
		return;
	}
	if (how & 4)
		add_number(AIR_STUN_EVEN_PORT, how & 8 ? 128 : 0);
	if (how & 16)
		add_number(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2);
	else if (how & 32)
		add_number(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 2);
}

static void refresh(uint8_t how)
{
	if (how & 1)
		add_bytes(AIR_STUN_MOBILITY_TICKET,
			  (altair_bytes){w.tickets[how / 2 % KEPT], 16});
	if (how & 64)
		add_number(AIR_STUN_LIFETIME, how & 32 ? 0 : 600 + how * 8u);
}

static void ask(unsigned n, uint8_t op, struct air_reader *r)
{
	static const uint16_t methods[] = {AIR_STUN_ALLOCATE, AIR_STUN_REFRESH,
					   AIR_STUN_CREATE_PERMISSION,
					   AIR_STUN_CHANNEL_BIND};
	struct air_stun_header h = {.method = methods[op % 4]};
	uint8_t how = air_read_u8(r), cut = air_read_u8(r);

	if (cut & 128) /* else the same transaction again */
		toy_random(NULL, h.transaction, sizeof h.transaction);
	air_stun_build(&b, bytes, sizeof bytes, &h);
	if (h.method == AIR_STUN_ALLOCATE) {
		wish(how);
	} else if (h.method == AIR_STUN_REFRESH) {
		refresh(how);
	} else {
		add_peer(how);
		add_number(AIR_STUN_CHANNEL_NUMBER, 0x4000u + how % 5);
		if (cut & 64)
			add_peer((uint8_t)(how + 3));
	}
	if (seats[n].nonce_len > 0)
		sign(n, (uint8_t)(n + (cut & 32 ? 1 : 0)));
	give(n, air_stun_build_end(&b), cut % 32u * 5);
}

static void say(unsigned n, struct air_reader *r)
{
	struct air_stun_header h = {.class = AIR_STUN_INDICATION,
				    .method = AIR_STUN_SEND};
	uint8_t how = air_read_u8(r), channel[8] = {0x40, how % 5, 0, 4};

	if (how & 128) {
		give(n, (altair_bytes){channel, sizeof channel}, how % 8);
		return;
	}
	air_stun_build(&b, bytes, sizeof bytes, &h);
	add_peer(how);
	add_bytes(AIR_STUN_DATA_ATTR, (altair_bytes){bytes, 7});
	give(n, air_stun_build_end(&b), how);
}

static void connect(unsigned n)
{
	unsigned stream = STREAMS + n % STREAMS;
	altair_path path = path_of(stream);

	if (seats[stream].is_open)
		altair_server_lost(w.s, path.sock);
	else if (altair_server_accepted(w.s, w.now, path.sock, &path) == 0)
		seats[stream].nonce_len = 0;
	else
		seats[stream].is_open = true;
	seats[stream].is_open = !seats[stream].is_open;
	drain();
}

static void let_open(uint8_t how)
{
	w.fails_open = how & 1;
	w.holds_open = how & 2;
	for (; w.held_count > 0; drain()) {
		w.open_count -= how & 4 ? 1 : 0;
		altair_server_opened(w.s, w.now, w.held[--w.held_count],
				     how & 4 ? ALTAIR_E_IN_USE : 0);
	}
}

static void hear_peer(uint8_t how)
{
	altair_datagram d = {.path = {.sock = 65536 + 50000 + how % 8,
				      .remote = peer_addr(how / 8)},
			     .bytes = text("data")};

	altair_input(w.m, w.now, &d, 1);
	drain();
}

static void pass_time(uint8_t how)
{
	w.now += how & 128 ? ALTAIR_SEC(how & 127) * 5 : ALTAIR_MSEC(100) * how;
	altair_tick(w.m, w.now);
	drain();
}

static void step(struct air_reader *r)
{
	uint8_t op = air_read_u8(r);
	unsigned n = op / 32 % SEATS;

	switch (op / 4 % 8) {
	case 0:
		say(n, r);
		break;
	case 1:
		connect(n);
		break;
	case 2:
		let_open(air_read_u8(r));
		break;
	case 3:
		hear_peer(air_read_u8(r));
		break;
	case 4:
		pass_time(air_read_u8(r));
		break;
	default:
		ask(n, op, r);
	}
}

static void begin(uint8_t seed)
{
	altair_server_config c = relay_config();

	memset(&w, 0, sizeof w);
	memset(seats, 0, sizeof seats);
	toy_state = (uint64_t)seed << 56; /* so where in tables all is */
	w.now = ALTAIR_SEC(100);
	c.allocations_max = 4;
	c.quota_user = 3;
	c.quota_prefix = 2;
	c.connections_max = STREAMS - 1;
	c.connections_prefix = STREAMS;
	c.permissions_each = 4;
	c.channels_each = 3;
	w.s = relay_open(&c, w.now);
	w.m = altair_server_machine(w.s);
}

static void end(void)
{
	altair_server_stats stats;
	altair_output out;

	drain();
	while (altair_poll(w.m, &out) == ALTAIR_WAIT &&
	       out.deadline != ALTAIR_NEVER) {
		w.now = out.deadline;
		altair_tick(w.m, w.now);
		drain();
		tables_check(w.s);
	}
	altair_server_get_stats(w.s, &stats);
	FUZZ_CHECK(stats.allocations == 0);
	FUZZ_CHECK(w.open_count == 0);
	for (unsigned f = 0; f < FAMILIES; f++)
		FUZZ_CHECK(w.s->allocations.ports[f].free_count ==
			   w.s->allocations.ports[f].count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data, len});

	begin(air_read_u8(&r));
	for (unsigned steps = 0; r.len > 0 && steps < 300; steps++) {
		step(&r);
		tables_check(w.s);
	}
	end();
	return 0;
}
