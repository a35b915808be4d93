/*
 * Our own TURN client against our own TURN server, in virtual time: both sides'
 * timers for hours, over links that lose.
 */
#include "server_world.h"

#include <altair/turn.h>

#define CLIENTS 2
#define DELAY ALTAIR_MSEC(20)

static struct client {
	altair_turn *t;
	altair_machine *m;
	_Alignas(16) uint8_t memory[1 << 17];
	const char *addr;
	altair_time deadline;
	altair_addr relayed[2];
	unsigned permitted, channels, ended;
	int end_reason;
	uint32_t end_code;
	unsigned payloads;
	altair_addr payload_from;
	char payload[64];
} clients[CLIENTS];

/* What is on its way between a client and the server. */
static struct flight {
	altair_time at;
	unsigned client;
	bool to_server;
	size_t len;
	uint8_t bytes[1500];
} flights[256];
static size_t flight_count;
static unsigned loss; /* percent */
static uint64_t dice;

static void launch(unsigned client, bool to_server, altair_bytes bytes)
{
	struct flight *f = &flights[flight_count];

	dice = dice * 6364136223846793005u + 1442695040888963407u;
	if ((dice >> 33) % 100 < loss)
		return;
	CHECK(flight_count < 256 && bytes.len <= sizeof f->bytes);
	flight_count++;
	f->at = w.now + DELAY;
	f->client = client;
	f->to_server = to_server;
	f->len = bytes.len;
	memcpy(f->bytes, bytes.data, bytes.len);
}

static void note(struct client *c, const altair_output *out)
{
	switch (out->event) {
	case ALTAIR_EV_RELAYED:
		if (out->reason == 0)
			c->relayed[out->addr.family == ALTAIR_IPV6] = out->addr;
		break;
	case ALTAIR_EV_PERMITTED:
		c->permitted += out->reason == 0;
		break;
	case ALTAIR_EV_CHANNEL:
		c->channels += out->reason == 0;
		break;
	case ALTAIR_EV_RELAY_ENDED:
		c->ended++;
		c->end_reason = out->reason;
		c->end_code = out->total;
		break;
	default:
		break;
	}
}

static void drain_client(unsigned i)
{
	struct client *c = &clients[i];
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(c->m, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			launch(i, true, out.datagram.bytes);
		else
			note(c, &out);
	}
	c->deadline = out.deadline;
}

/* What the server sent since: to clients by its first sock, else lost. */
static void drain_server(void)
{
	size_t before = w.sent_count;

	drain();
	CHECK(w.sent_count - before < SENT_MAX);
	for (; before < w.sent_count; before++) {
		struct sent *s = &w.sent[before % SENT_MAX];

		for (unsigned i = 0; i < CLIENTS; i++) {
			altair_addr a = addr(clients[i].addr);

			if (s->path.sock == 0 &&
			    altair_addr_equal(&a, &s->path.remote))
				launch(i, false,
				       (altair_bytes){s->bytes, s->len});
		}
	}
}

static void land(struct flight *f)
{
	struct client *c = &clients[f->client];
	altair_datagram d = {.bytes = {f->bytes, f->len}};

	if (f->to_server) {
		d.path = path_of(0, c->addr);
		altair_input(w.m, w.now, &d, 1);
		drain_server();
		return;
	}
	d.path = (altair_path){.sock = 3, .remote = addr(SERVER)};
	altair_input(c->m, w.now, &d, 1);
	if (d.verdict == ALTAIR_PAYLOAD) {
		CHECK(d.bytes.len < sizeof c->payload);
		memcpy(c->payload, d.bytes.data, d.bytes.len);
		c->payload[d.bytes.len] = '\0';
		c->payload_from = d.path.remote;
		c->payloads++;
	}
	drain_client(f->client);
}

static altair_time next_time(void)
{
	altair_time next = w.deadline;

	for (unsigned i = 0; i < CLIENTS; i++)
		if (clients[i].t && clients[i].deadline < next)
			next = clients[i].deadline;
	for (size_t i = 0; i < flight_count; i++)
		if (flights[i].at < next)
			next = flights[i].at;
	return next;
}

static void run_seconds(uint64_t seconds)
{
	altair_time end = w.now + ALTAIR_SEC(seconds);
	struct flight f;

	for (unsigned i = 0; i < CLIENTS; i++)
		if (clients[i].t)
			drain_client(i);
	while (next_time() <= end) {
		w.now = next_time();
		for (size_t i = 0; i < flight_count; i++) {
			if (flights[i].at > w.now)
				continue;
			f = flights[i];
			flights[i] = flights[--flight_count];
			land(&f);
			break;
		}
		altair_tick(w.m, w.now);
		drain_server();
		for (unsigned i = 0; i < CLIENTS; i++) {
			if (!clients[i].t)
				continue;
			altair_tick(clients[i].m, w.now);
			drain_client(i);
		}
	}
	w.now = end;
}

static void come(unsigned i, const char *from, unsigned families)
{
	struct client *c = &clients[i];
	altair_turn_config config;

	altair_turn_config_default(&config);
	config.crypto = &w.crypto;
	config.server = addr(SERVER);
	config.sock = 3;
	config.name = text("user");
	config.password = text("pass");
	config.families = families;
	memset(c, 0, sizeof *c);
	c->addr = from;
	CHECK_EQ(altair_turn_init(&c->t, c->memory, sizeof c->memory, &config,
				  w.now),
		 0);
	c->m = altair_turn_machine(c->t);
}

static void begin_world(void)
{
	begin_default();
	flight_count = 0;
	loss = 0;
	dice = 99;
	for (unsigned i = 0; i < CLIENTS; i++)
		clients[i].t = NULL, clients[i].addr = "192.0.2.200:1";
}

static void say(unsigned i, const altair_addr *peer, const char *what)
{
	uint8_t buffer[256];
	uint8_t *payload = buffer + ALTAIR_TURN_HEADROOM;
	altair_datagram d;

	memcpy(payload, what, strlen(what));
	CHECK_EQ(
		altair_turn_wrap(clients[i].t, peer, payload, strlen(what), &d),
		0);
	launch(i, true, d.bytes);
}

static void an_allocation_takes_two_round_trips(void)
{
	begin_world();
	come(0, ME, ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6);
	drain_client(0);
	for (unsigned ms = 0; ms < 79; ms++) {
		w.now += ALTAIR_MSEC(1);
		run_seconds(0);
	}
	CHECK_EQ(clients[0].relayed[0].family, ALTAIR_NO_FAMILY);
	w.now += ALTAIR_MSEC(1);
	run_seconds(0);
	CHECK_EQ(clients[0].relayed[0].family, ALTAIR_IPV4);
	CHECK_EQ(clients[0].relayed[1].family, ALTAIR_IPV6);
	CHECK_EQ(clients[0].relayed[0].port, w.open[0] % 65536);
}

/* Two clients talk with one another through both their allocations. */
static void two_clients_talk_for_hours(unsigned lost)
{
	altair_addr at[2];
	unsigned heard[2] = {0, 0};

	begin_world();
	loss = lost;
	come(0, ME, ALTAIR_TURN_IPV4);
	come(1, OTHER, ALTAIR_TURN_IPV4);
	run_seconds(40);
	for (unsigned i = 0; i < 2; i++)
		at[i] = clients[i].relayed[0];
	CHECK_EQ(at[0].family, ALTAIR_IPV4);
	CHECK_EQ(at[1].family, ALTAIR_IPV4);
	CHECK_EQ(altair_turn_bind(clients[0].t, w.now, &at[1]), 0);
	CHECK_EQ(altair_turn_permit(clients[1].t, w.now, &at[0]), 0);
	run_seconds(20);
	CHECK_EQ(clients[0].channels, 1);
	for (unsigned minute = 0; minute < 6 * 60; minute++) {
		unsigned before[2] = {clients[0].payloads, clients[1].payloads};

		say(0, &at[1], "over a channel");
		say(1, &at[0], "by indication");
		run_seconds(60);
		heard[0] += clients[0].payloads - before[0];
		heard[1] += clients[1].payloads - before[1];
		CHECK_EQ(clients[0].ended + clients[1].ended, 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		CHECK(lost ? heard[i] > 200 : heard[i] == 360);
		CHECK_STR(clients[i].payload,
			  i ? "over a channel" : "by indication");
		CHECK(altair_addr_equal(&clients[i].payload_from, &at[!i]));
	}
	CHECK_EQ(stats().allocations, 2);
	altair_turn_close(clients[0].t, w.now);
	altair_turn_close(clients[1].t, w.now);
	run_seconds(40);
	CHECK_EQ(clients[0].ended, 1);
	CHECK_EQ(clients[0].end_reason, 0);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(w.open_count, 0);
}

static void two_clients_talk_for_six_hours(void)
{
	two_clients_talk_for_hours(0);
}

static void two_clients_talk_though_a_fifth_is_lost(void)
{
	two_clients_talk_for_hours(20);
}

static void a_client_that_is_gone_leaves_nothing(void)
{
	begin_world();
	come(0, ME, ALTAIR_TURN_IPV4);
	run_seconds(1);
	CHECK_EQ(stats().allocations, 1);
	clients[0].t = NULL;
	run_seconds(599);
	CHECK_EQ(stats().allocations, 1);
	run_seconds(2);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(w.open_count, 0);
	CHECK(w.deadline == ALTAIR_NEVER);
}

static void a_server_that_starts_anew_ends_it(void)
{
	altair_server_config c = config();

	begin_world();
	come(0, ME, ALTAIR_TURN_IPV4);
	run_seconds(1);
	w.open_count = 0;
	CHECK_EQ(altair_server_init(&w.s, w.memory, altair_server_size(&c), &c,
				    w.now),
		 0);
	run_seconds(700);
	CHECK_EQ(clients[0].ended, 1);
	CHECK_EQ(clients[0].end_reason, ALTAIR_E_MISMATCH);
	CHECK_EQ(clients[0].end_code, 437);
}

static const struct check_test tests[] = {
	TEST(an_allocation_takes_two_round_trips),
	TEST(two_clients_talk_for_six_hours),
	TEST(two_clients_talk_though_a_fifth_is_lost),
	TEST(a_client_that_is_gone_leaves_nothing),
	TEST(a_server_that_starts_anew_ends_it),
};

CHECK_MAIN(tests)
