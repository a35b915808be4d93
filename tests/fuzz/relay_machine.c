/*
 * Four clients, an attacker and some peers against the TURN server, in virtual
 * time. The judge knows only what the server has answered, and the rules: what
 * it says of each client's allocation, permissions and channels must follow from
 * successes told, and from time. Invariants: data goes to a peer only from a
 * port that was opened, for a client that was granted the peer, and to a client
 * only from such a peer; nobody is answered who did not ask; the attacker gets
 * nothing but challenges and refusals, no longer than three times what it sent;
 * ports that were opened are closed, and never two at one number.
 */
#include "relay.h"
#include "stun/auth.h"
#include "tables.h"

#include <altair/server.h>

#include <string.h>

#define CLIENTS 4
#define ATTACKER CLIENTS
#define PEERS 8
#define DENIED 4 /* of the peers, the last ones */
#define CHANNELS 4
#define OPEN_MAX 64

static struct client {
	uint8_t nonce[64];
	size_t nonce_len;
	altair_time until[2];		/* the allocation's, by family   */
	uint32_t sock[2];		/* of its relay ports, or 0      */
	altair_time permitted[PEERS];	/* until                         */
	altair_time channel[CHANNELS];	/* until                         */
	uint8_t channel_peer[CHANNELS]; /* index                         */
	uint8_t bytes[512];		/* its last request              */
	size_t len;
	uint16_t method;
	uint8_t peer, number;
} clients[CLIENTS + 1];

static struct {
	altair_server *s;
	altair_machine *m;
	altair_time now;
	uint32_t open[OPEN_MAX];
	size_t open_count;
	uint32_t held[OPEN_MAX]; /* the driver has not yet said */
	size_t held_count;
	bool fails_open, holds_open;
	unsigned asker; /* who sent the datagram of the moment, or none */
	size_t asked_len;
} w;
#define NOBODY 99

static altair_addr client_addr(unsigned n)
{
	altair_addr a = {.family = n == 2 ? ALTAIR_IPV6 : ALTAIR_IPV4,
			 .port = (uint16_t)(40000 + n),
			 .ip = {0x20, 1, 0xd, 0xb8}};

	if (n != 2)
		memcpy(a.ip, (uint8_t[]){203, 0, 113, 7}, 4);
	return a;
}

/* Peers 0 to 3 are allowed, two of them IPv6; the rest are not. */
static altair_addr peer_addr(unsigned n)
{
	static const uint8_t v4[][4] = {
		{192, 0, 2, 1}, {192, 0, 2, 2}, {127, 0, 0, 1}, {10, 0, 0, 1}};
	static const uint8_t v6[][16] = {
		{0x20, 1, 0xd, 0xb8, [15] = 9},
		{0x20, 1, 0xd, 0xb8, [15] = 8},
		{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
		{[15] = 1}};
	altair_addr a = {.port = (uint16_t)(6000 + n)};

	a.family = n & 1 ? ALTAIR_IPV6 : ALTAIR_IPV4;
	if (n & 1)
		memcpy(a.ip, v6[n / 2], 16);
	else
		memcpy(a.ip, v4[n / 2], 4);
	return a;
}

static unsigned peer_of(const altair_addr *addr)
{
	unsigned n = 0;

	while (n < PEERS) {
		altair_addr p = peer_addr(n);

		if (altair_addr_same_ip(&p, addr))
			break;
		n++;
	}
	return n;
}

/* --- the judge ----------------------------------------------------------- */

static unsigned owner_of(uint32_t sock)
{
	for (unsigned c = 0; c < CLIENTS; c++)
		for (unsigned f = 0; f < 2; f++)
			if (clients[c].sock[f] == sock &&
			    clients[c].until[f] > w.now)
				return c;
	return NOBODY;
}

static bool is_open(uint32_t sock)
{
	for (size_t i = 0; i < w.open_count; i++)
		if (w.open[i] == sock)
			return true;
	return false;
}

/* One datagram from a relay port. */
static void judge_relayed(const altair_path *path)
{
	unsigned c = owner_of(path->sock), p = peer_of(&path->remote);

	FUZZ_CHECK(is_open(path->sock));
	FUZZ_CHECK(c < CLIENTS && c == w.asker);
	FUZZ_CHECK(p < PEERS - DENIED);
	FUZZ_CHECK(clients[c].permitted[p] > w.now);
	FUZZ_CHECK(path->remote.port >= 1024);
}

static void judge_data(unsigned c, const altair_addr *from)
{
	unsigned p = peer_of(from);

	FUZZ_CHECK(clients[c].until[0] > w.now || clients[c].until[1] > w.now);
	if (p == PEERS) { /* another client's relayed address */
		FUZZ_CHECK(from->ip[0] == 198 || from->ip[0] == 0x20);
		return;
	}
	FUZZ_CHECK(p < PEERS - DENIED);
	FUZZ_CHECK(clients[c].permitted[p] > w.now);
}

static void lose(struct client *c)
{
	memset(c->until, 0, sizeof c->until);
	memset(c->sock, 0, sizeof c->sock);
	memset(c->permitted, 0, sizeof c->permitted);
	memset(c->channel, 0, sizeof c->channel);
}

static void note_allocation(struct client *c, const struct air_stun_message *m)
{
	struct air_stun_value v, life;

	FUZZ_CHECK(air_stun_message_get(m, AIR_STUN_LIFETIME, &life));
	FUZZ_CHECK(life.number <= 3600);
	for (size_t i = 0; i < m->attr_count; i++) {
		bool is_six;

		if (m->attrs[i].type != AIR_STUN_XOR_RELAYED_ADDRESS)
			continue;
		FUZZ_CHECK(air_stun_message_value(m, &m->attrs[i], &v));
		is_six = v.addr.family == ALTAIR_IPV6;
		if (c->until[is_six] <= w.now && c->sock[is_six] == 0)
			c->until[is_six] = w.now;
		c->sock[is_six] = (is_six ? 2 : 1) * 65536u + v.addr.port;
		FUZZ_CHECK(is_open(c->sock[is_six]));
		/* A repeated answer tells whole seconds of what is left. */
		if (c->until[is_six] < w.now + ALTAIR_SEC(life.number))
			c->until[is_six] = w.now + ALTAIR_SEC(life.number);
	}
}

static void note_refresh(struct client *c, const struct air_stun_message *m)
{
	struct air_stun_value life;

	FUZZ_CHECK(air_stun_message_get(m, AIR_STUN_LIFETIME, &life));
	if (life.number == 0)
		lose(c);
	for (unsigned f = 0; f < 2; f++)
		if (c->sock[f])
			c->until[f] = w.now + ALTAIR_SEC(life.number);
}

static void note_success(struct client *c, const struct air_stun_message *m)
{
	if (m->header.method == AIR_STUN_ALLOCATE) {
		if (c->until[0] <= w.now && c->until[1] <= w.now)
			lose(c);
		note_allocation(c, m);
		return;
	}
	FUZZ_CHECK(c->until[0] > w.now || c->until[1] > w.now);
	if (m->header.method == AIR_STUN_REFRESH)
		note_refresh(c, m);
	else if (c->peer < PEERS) {
		FUZZ_CHECK(c->peer < PEERS - DENIED);
		c->permitted[c->peer] = w.now + ALTAIR_SEC(300);
	}
	if (m->header.method == AIR_STUN_CHANNEL_BIND) {
		FUZZ_CHECK(c->channel[c->number] <= w.now ||
			   c->channel_peer[c->number] == c->peer);
		c->channel[c->number] = w.now + ALTAIR_SEC(600);
		c->channel_peer[c->number] = c->peer;
	}
}

static void judge_answer(unsigned n, const struct air_stun_message *m)
{
	struct client *c = &clients[n];
	struct air_stun_value v;

	/* What was held back for its ports may come later. */
	FUZZ_CHECK(n == w.asker || m->header.method == AIR_STUN_ALLOCATE);
	FUZZ_CHECK(air_stun_is_intact(m));
	if (air_stun_message_get(m, AIR_STUN_NONCE, &v)) {
		FUZZ_CHECK(v.bytes.len <= sizeof c->nonce);
		memcpy(c->nonce, v.bytes.data, v.bytes.len);
		c->nonce_len = v.bytes.len;
	}
	if (m->header.method == AIR_STUN_BINDING)
		return;
	if (n == ATTACKER) {
		FUZZ_CHECK(m->header.class == AIR_STUN_ERROR);
		FUZZ_CHECK(m->bytes.len <= 3 * w.asked_len);
	} else if (m->header.class == AIR_STUN_SUCCESS) {
		note_success(c, m);
	} else {
		FUZZ_CHECK(m->header.class == AIR_STUN_ERROR);
		FUZZ_CHECK(air_stun_message_get(m, AIR_STUN_ERROR_CODE, &v));
	}
}

/* One datagram to a client. */
static void judge_told(const altair_path *path, altair_bytes bytes)
{
	struct air_stun_message m;
	struct air_stun_value v;
	unsigned n = 0;

	while (n <= CLIENTS) {
		altair_addr a = client_addr(n);

		if (altair_addr_equal(&a, &path->remote))
			break;
		n++;
	}
	FUZZ_CHECK(n <= CLIENTS);
	if (bytes.len >= 4 && bytes.data[0] == 0x40) {
		uint8_t number = bytes.data[1];

		FUZZ_CHECK(n < CLIENTS && number < CHANNELS);
		FUZZ_CHECK(clients[n].channel[number] > w.now);
		FUZZ_CHECK(bytes.len ==
			   4u + bytes.data[2] * 256u + bytes.data[3]);
		return;
	}
	FUZZ_CHECK(air_stun_message_read(&m, bytes, 15));
	if (m.header.class != AIR_STUN_INDICATION) {
		judge_answer(n, &m);
		return;
	}
	FUZZ_CHECK(n < CLIENTS && m.header.method == AIR_STUN_DATA);
	FUZZ_CHECK(air_stun_message_get(&m, AIR_STUN_XOR_PEER_ADDRESS, &v));
	judge_data(n, &v.addr);
}

static void judge(const altair_datagram *d)
{
	size_t segment = d->segment ? d->segment : d->bytes.len;
	size_t at = 0;

	FUZZ_CHECK(d->segment == 0 || d->bytes.len > d->segment);
	do {
		size_t left = d->bytes.len - at;
		altair_bytes one = {d->bytes.data + at,
				    left < segment ? left : segment};

		if (d->path.sock >= ALTAIR_SERVER_RELAY)
			judge_relayed(&d->path);
		else
			judge_told(&d->path, one);
		at += segment;
	} while (at < d->bytes.len);
}

/* --- the driver ---------------------------------------------------------- */

static void open_port(uint32_t sock)
{
	FUZZ_CHECK(sock >= ALTAIR_SERVER_RELAY && !is_open(sock));
	FUZZ_CHECK(w.open_count < OPEN_MAX);
	if (w.fails_open) {
		altair_server_opened(w.s, w.now, sock, ALTAIR_E_IN_USE);
		return;
	}
	w.open[w.open_count++] = sock;
	if (w.holds_open)
		w.held[w.held_count++] = sock;
	else
		altair_server_opened(w.s, w.now, sock, 0);
}

static void forget(uint32_t *socks, size_t *count, uint32_t sock)
{
	for (size_t i = 0; i < *count; i++) {
		if (socks[i] != sock)
			continue;
		socks[i] = socks[--*count];
		return;
	}
}

static void drain(void)
{
	altair_output out;
	enum altair_step step;
	unsigned steps = 0;

	while ((step = altair_poll(w.m, &out)) != ALTAIR_WAIT) {
		FUZZ_CHECK(++steps < 10000);
		if (step == ALTAIR_SEND) {
			judge(&out.datagram);
		} else if (out.event == ALTAIR_EV_RELAY_OPEN) {
			open_port(out.number);
		} else {
			FUZZ_CHECK(out.event == ALTAIR_EV_RELAY_CLOSE);
			FUZZ_CHECK(is_open(out.number));
			forget(w.open, &w.open_count, out.number);
			forget(w.held, &w.held_count, out.number);
		}
	}
	FUZZ_CHECK(out.deadline > w.now);
}

static void give(unsigned from, uint32_t sock, altair_addr remote,
		 altair_bytes bytes, size_t segment)
{
	altair_datagram d = {.path = {.sock = sock, .remote = remote},
			     .bytes = bytes,
			     .segment = segment};

	w.asker = from;
	w.asked_len = bytes.len;
	altair_input(w.m, w.now, &d, 1);
	drain();
	w.asker = NOBODY;
}

/* --- what happens -------------------------------------------------------- */

static struct air_stun_builder b;

static void start(struct client *c, uint8_t class, uint16_t method)
{
	struct air_stun_header h = {.class = (enum air_stun_class) class,
				    .method = method};

	toy_random(NULL, h.transaction, sizeof h.transaction);
	air_stun_build(&b, c->bytes, sizeof c->bytes, &h);
	c->method = method;
	c->peer = PEERS;
}

static void add_number(uint16_t type, uint64_t number)
{
	struct air_stun_value v = {.number = number};

	air_stun_build_attr(&b, type, &v);
}

static void add_bytes(uint16_t type, altair_bytes bytes)
{
	struct air_stun_value v = {.bytes = bytes};

	air_stun_build_attr(&b, type, &v);
}

static void add_peer(struct client *c, uint8_t n)
{
	struct air_stun_value v = {.addr = peer_addr(n % PEERS)};

	c->peer = n % PEERS;
	if (n >= 128) { /* a relayed address */
		v.addr = (altair_addr){.family = ALTAIR_IPV4,
				       .ip = {198, 51, 100, 1},
				       .port = (uint16_t)(50000 + n % 8)};
		c->peer = PEERS;
	}
	air_stun_build_attr(&b, AIR_STUN_XOR_PEER_ADDRESS, &v);
}

static void sign(struct client *c, unsigned n, uint8_t how)
{
	struct air_stun_user user = {text(n % 2 ? "odd" : "even"),
				     text("altair"),
				     text(n == ATTACKER ? "guess" : "pass")};
	uint8_t key[32];

	if (how % 8 == 7) /* not at all */
		return;
	add_bytes(AIR_STUN_USERNAME, user.name);
	add_bytes(AIR_STUN_REALM, user.realm);
	add_bytes(AIR_STUN_NONCE, (altair_bytes){c->nonce, c->nonce_len});
	if (how % 2) {
		static const uint8_t list[] = {0, 2, 0, 0, 0, 1, 0, 0};

		add_bytes(AIR_STUN_PASSWORD_ALGORITHMS,
			  (altair_bytes){list, sizeof list});
		add_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
		air_stun_key_sha256(&toy_crypto, &user, key);
		air_stun_build_sha256(&b, &toy_crypto, (altair_bytes){key, 32},
				      32);
	} else {
		air_stun_key_md5(&toy_crypto, &user, key);
		air_stun_build_sha1(&b, &toy_crypto, (altair_bytes){key, 16});
	}
	if (how & 16)
		air_stun_build_fingerprint(&b);
}

static void ask(unsigned n, struct air_reader *r)
{
	static const uint16_t methods[] = {
		AIR_STUN_ALLOCATE, AIR_STUN_ALLOCATE, AIR_STUN_REFRESH,
		AIR_STUN_CREATE_PERMISSION, AIR_STUN_CHANNEL_BIND};
	struct client *c = &clients[n];
	uint8_t what = air_read_u8(r), how = air_read_u8(r);
	uint16_t method = methods[what % 5];

	start(c, AIR_STUN_REQUEST, method);
	if (method == AIR_STUN_ALLOCATE) {
		add_number(AIR_STUN_REQUESTED_TRANSPORT, what & 64 ? 6 : 17);
		if (what & 128)
			add_number(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2);
		else if (how & 128)
			add_number(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 2);
		if (how & 64)
			add_number(AIR_STUN_EVEN_PORT, how & 32 ? 128 : 0);
	} else if (method == AIR_STUN_REFRESH) {
		add_number(AIR_STUN_LIFETIME, what & 128 ? 0 : how * 20u);
	} else {
		add_peer(c, air_read_u8(r));
		c->number = what / 5 % CHANNELS;
		add_number(AIR_STUN_CHANNEL_NUMBER, 0x4000u + c->number);
	}
	sign(c, n, how);
	c->len = air_stun_build_end(&b).len;
	give(n, 0, client_addr(n), (altair_bytes){c->bytes, c->len}, 0);
}

/* The last request again, perhaps spoilt, perhaps from somebody else. */
static void repeat(unsigned n, struct air_reader *r)
{
	struct client *c = &clients[n];
	uint8_t at = air_read_u8(r), change = air_read_u8(r);
	unsigned from = change % 16 == 1 ? (n + 1) % CLIENTS : n;
	uint8_t bytes[sizeof c->bytes];

	memcpy(bytes, c->bytes, c->len);
	if (from != n || c->len == 0)
		return;
	/* A spoilt byte may make another request of it, but no true one. */
	if (at < c->len && at >= 20)
		bytes[at] ^= change;
	give(n, 0, client_addr(n), (altair_bytes){bytes, c->len}, 0);
}

static void say(unsigned n, struct air_reader *r)
{
	struct client *c = &clients[n];
	uint8_t bytes[300] = {0x40}, how = air_read_u8(r);
	uint16_t method = c->method;
	uint8_t peer = c->peer;
	size_t len = how;

	if (how & 1) {
		bytes[1] = how / 2 % (CHANNELS + 1);
		bytes[3] = (uint8_t)len;
		give(n, 0, client_addr(n), (altair_bytes){bytes, 4 + len},
		     how & 128 ? 4 + len / 2 : 0);
		return;
	}
	start(c, AIR_STUN_INDICATION, AIR_STUN_SEND);
	add_peer(c, air_read_u8(r));
	add_bytes(AIR_STUN_DATA_ATTR, (altair_bytes){bytes, len});
	c->len = air_stun_build_end(&b).len;
	give(n, 0, client_addr(n), (altair_bytes){c->bytes, c->len}, 0);
	c->len = 0;
	c->method = method;
	c->peer = peer;
}

static void hear(struct air_reader *r)
{
	uint8_t bytes[64] = {0}, which = air_read_u8(r), how = air_read_u8(r);
	uint32_t sock = 65536 + 50000 + which % 16;

	if (w.open_count > 0 && which & 128)
		sock = w.open[which % w.open_count];
	give(NOBODY, sock, peer_addr(how % PEERS),
	     (altair_bytes){bytes, how / 8 % 32 * 2}, how & 4 ? 9 : 0);
}

static void pass_time(uint8_t how)
{
	w.now += how & 128 ? ALTAIR_SEC(how & 127) * 5 : ALTAIR_MSEC(100) * how;
	altair_tick(w.m, w.now);
	drain();
}

static void let_open(uint8_t how)
{
	w.fails_open = how & 1;
	w.holds_open = how & 2;
	for (; w.held_count > 0; drain())
		altair_server_opened(w.s, w.now, w.held[--w.held_count], 0);
}

static void noise(unsigned n, struct air_reader *r)
{
	size_t len = air_read_u8(r), segment = len / 3;
	altair_bytes bytes = air_read_bytes(r, len < r->len ? len : r->len);

	clients[n].len = 0;
	clients[n].peer = PEERS;
	give(n, 0, client_addr(n), bytes, len % 2 ? segment : 0);
}

static void step(struct air_reader *r)
{
	uint8_t op = air_read_u8(r);
	unsigned n = op / 8 % (CLIENTS + 1);

	switch (op % 8) {
	case 0:
	case 1:
	case 2:
		ask(n, r);
		break;
	case 3:
		repeat(n, r);
		break;
	case 4:
		say(n, r);
		break;
	case 5:
		hear(r);
		break;
	case 6:
		if (op & 128)
			let_open(air_read_u8(r));
		else
			pass_time(air_read_u8(r));
		break;
	default:
		noise(n, r);
	}
}

static void begin(void)
{
	altair_server_config c = relay_config();

	memset(&w, 0, sizeof w);
	memset(clients, 0, sizeof clients);
	toy_state = 1;
	w.now = ALTAIR_SEC(100);
	w.asker = NOBODY;
	c.allocations_max = 3; /* one less than clients */
	c.quota_user = 2;
	w.s = relay_open(&c, w.now);
	w.m = altair_server_machine(w.s);
}

/* When everybody has gone and time has passed, nothing is left. */
static void end(void)
{
	altair_server_stats stats;

	for (int i = 0; i < 4000 && w.open_count > 0; i++) {
		w.now += ALTAIR_SEC(1);
		altair_tick(w.m, w.now);
		drain();
	}
	altair_server_get_stats(w.s, &stats);
	FUZZ_CHECK(stats.allocations == 0);
	FUZZ_CHECK(w.open_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct air_reader r = air_reader((altair_bytes){data, len});
	altair_server_stats stats;

	begin();
	for (unsigned steps = 0; r.len > 0 && steps < 400; steps++) {
		step(&r);
		tables_check(w.s);
		altair_server_get_stats(w.s, &stats);
		FUZZ_CHECK(stats.allocations <= 3);
	}
	end();
	return 0;
}
