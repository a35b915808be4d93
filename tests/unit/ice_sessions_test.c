/*
 * Several sessions on one socket: three hosts, each with one socket that all of
 * its agents share. A datagram goes to one agent after the other until one does
 * not say NOT_MINE, as drivers do. And what else may come to such a socket: the
 * bytes of others, with a DTLS handshake first of all (RFC 7983).
 */
#include "check.h"
#include "ice/session.h"

#include <altair/openssl.h>

#include <stdlib.h>

#define HOSTS 3
#define AGENTS_MAX 2
#define FLIGHTS_MAX 256
#define SOCK 7

struct agent {
	altair_agent *agent;
	void *memory;
	altair_time deadline;
	unsigned payloads;
	uint8_t last[64]; /* payload */
};

struct host {
	altair_addr addr;
	struct agent agents[AGENTS_MAX];
	size_t count;
	unsigned lost; /* requests and data that nobody took */
};

struct flight {
	altair_time at;
	altair_addr from, to;
	uint8_t bytes[1500];
	size_t len;
};

static struct {
	struct host hosts[HOSTS];
	struct flight flights[FLIGHTS_MAX];
	size_t flight_count;
	altair_time now;
	uint64_t random;
} w;

static int some_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++) {
		w.random = w.random * 6364136223846793005u + 1u;
		out[i] = (uint8_t)(w.random >> 56);
	}
	return 0;
}

static const altair_crypto *crypto(void)
{
	static altair_crypto table;

	table = *altair_openssl();
	table.random = some_random;
	return &table;
}

static const altair_addr stun = {
	.family = ALTAIR_IPV4, .ip = {192, 0, 2, 99}, .port = 3478};

static altair_addr addr_of(int host)
{
	return (altair_addr){.family = ALTAIR_IPV4,
			     .ip = {192, 0, 2, (uint8_t)(1 + host)},
			     .port = (uint16_t)(5000 + host)};
}

static void begin(void)
{
	for (int h = 0; h < HOSTS; h++)
		for (int i = 0; i < AGENTS_MAX; i++)
			free(w.hosts[h].agents[i].memory);
	memset(&w, 0, sizeof w);
	w.now = ALTAIR_SEC(1000);
	w.random = 7;
	for (int h = 0; h < HOSTS; h++)
		w.hosts[h].addr = addr_of(h);
}

static struct agent *add(int h, bool controlling)
{
	struct host *host = &w.hosts[h];
	struct agent *a = &host->agents[host->count++];
	altair_agent_config c;
	size_t size;

	altair_agent_config_default(&c);
	c.crypto = crypto();
	c.controlling = controlling;
	size = altair_agent_size(&c);
	a->memory = malloc(size);
	CHECK_EQ(altair_agent_init(&a->agent, a->memory, size, &c, w.now), 0);
	CHECK_EQ(altair_agent_add_host(a->agent, w.now, SOCK, &host->addr), 0);
	CHECK_EQ(altair_agent_add_server(a->agent, w.now, &stun), 0);
	CHECK_EQ(altair_agent_gather(a->agent, w.now), 0);
	altair_agent_seal(a->agent, w.now);
	return a;
}

static void introduce(struct agent *one, struct agent *two)
{
	struct agent *const both[] = {one, two};
	char text[ALTAIR_AGENT_DESCRIPTION_TEXT];

	for (int i = 0; i < 2; i++) {
		CHECK(altair_agent_describe(both[i]->agent, text, sizeof text) >
		      0);
		CHECK_EQ(altair_agent_accept(both[!i]->agent, w.now, text), 0);
	}
}

static void launch(const altair_addr *from, const altair_datagram *d)
{
	struct flight *f = &w.flights[w.flight_count++];

	CHECK(w.flight_count < FLIGHTS_MAX && d->bytes.len <= sizeof f->bytes);
	CHECK_EQ(d->path.sock, SOCK);
	f->at = w.now + ALTAIR_MSEC(10);
	f->from = *from;
	f->to = d->path.remote;
	f->len = d->bytes.len;
	memcpy(f->bytes, d->bytes.data, f->len);
}

static void drain(struct host *host, struct agent *a)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(altair_agent_machine(a->agent), &out)) !=
	       ALTAIR_WAIT)
		if (step == ALTAIR_SEND)
			launch(&host->addr, &out.datagram);
	a->deadline = out.deadline;
}

/* Who took it: the place of the agent, or -1. */
static int deliver(struct host *host, const struct flight *f)
{
	for (size_t i = 0; i < host->count; i++) {
		struct agent *a = &host->agents[i];
		altair_datagram d = {.path = {SOCK, host->addr, f->from},
				     .bytes = {f->bytes, f->len}};

		altair_input(altair_agent_machine(a->agent), w.now, &d, 1);
		drain(host, a);
		if (d.verdict == ALTAIR_PAYLOAD) {
			a->payloads++;
			memcpy(a->last, f->bytes,
			       f->len < sizeof a->last ? f->len
						       : sizeof a->last);
		}
		if (d.verdict != ALTAIR_NOT_MINE)
			return (int)i;
	}
	/* An answer to a check that was repeated comes late. */
	host->lost += !(f->bytes[0] & 1);
	return -1;
}

/* Everybody is behind a NAT that shows port 77. */
static void answer_as_server(const struct flight *request)
{
	struct air_stun_value mapped = {.addr = request->from};
	struct flight *f = &w.flights[w.flight_count++];
	struct air_stun_message m;
	struct air_stun_builder b;

	CHECK(air_stun_message_read(
		&m, (altair_bytes){request->bytes, request->len},
		AIR_STUN_SET_BASE));
	mapped.addr.port = 77;
	m.header.class = AIR_STUN_SUCCESS;
	air_stun_build(&b, f->bytes, sizeof f->bytes, &m.header);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &mapped);
	f->len = air_stun_build_end(&b).len;
	f->at = w.now + ALTAIR_MSEC(10);
	f->from = stun;
	f->to = request->from;
}

static void land(size_t i)
{
	struct flight f = w.flights[i];

	w.flight_count--;
	memmove(&w.flights[i], &w.flights[i + 1],
		(w.flight_count - i) * sizeof f);
	if (altair_addr_equal(&stun, &f.to))
		answer_as_server(&f);
	for (int h = 0; h < HOSTS; h++)
		if (altair_addr_equal(&w.hosts[h].addr, &f.to))
			deliver(&w.hosts[h], &f);
}

/* One millisecond after the other. */
static void run(unsigned ms)
{
	for (unsigned t = 0; t < ms; t++, w.now += ALTAIR_MSEC(1)) {
		for (size_t i = 0; i < w.flight_count;)
			if (w.flights[i].at <= w.now)
				land(i);
			else
				i++;
		for (int h = 0; h < HOSTS; h++)
			for (size_t i = 0; i < w.hosts[h].count; i++) {
				struct agent *a = &w.hosts[h].agents[i];

				if (a->deadline > w.now)
					continue;
				altair_tick(altair_agent_machine(a->agent),
					    w.now);
				drain(&w.hosts[h], a);
			}
	}
}

static int say(int h, struct agent *a, const char *text)
{
	uint8_t room[ALTAIR_AGENT_HEADROOM + 64 + ALTAIR_AGENT_TAILROOM] = {0};
	altair_datagram d;
	int rc;

	memcpy(room + ALTAIR_AGENT_HEADROOM, text, strlen(text));
	rc = altair_agent_wrap(a->agent, room + ALTAIR_AGENT_HEADROOM,
			       strlen(text), &d);
	if (rc == 0)
		launch(&w.hosts[h].addr, &d);
	return rc;
}

static void check_completed(const struct agent *a)
{
	altair_agent_stats stats;

	altair_agent_get_stats(a->agent, &stats);
	CHECK_EQ(altair_agent_state(a->agent), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(stats.refused + stats.unauthenticated, 0);
}

/* --- sessions ------------------------------------------------------------ */

/* A with B and with C. */
static void data_goes_to_the_session_of_its_address(void)
{
	struct agent *ab, *ac, *b, *c;

	begin();
	ab = add(0, true);
	ac = add(0, false);
	b = add(1, false);
	c = add(2, true);
	introduce(ab, b);
	introduce(ac, c);
	run(2000);
	check_completed(ab);
	check_completed(ac);
	CHECK_EQ(say(1, b, "from b"), 0);
	CHECK_EQ(say(2, c, "from c"), 0);
	CHECK_EQ(say(0, ac, "to c"), 0);
	run(100);
	CHECK_EQ(ab->payloads, 1);
	CHECK_EQ(ac->payloads, 1);
	CHECK_MEM(ab->last, "from b", 6);
	CHECK_MEM(ac->last, "from c", 6);
	CHECK_MEM(c->last, "to c", 4);
	CHECK_EQ(b->payloads, 0);
	for (int h = 0; h < HOSTS; h++)
		CHECK_EQ(w.hosts[h].lost, 0);
}

/* Two sessions between the same two sockets: requests are told apart by the
 * fragment, responses by the transaction; for an hour of consent. */
static void checks_go_to_the_session_of_their_keys(void)
{
	struct agent *one[2], *two[2];
	altair_agent_stats stats;

	begin();
	for (int i = 0; i < 2; i++) {
		one[i] = add(0, i == 0);
		two[i] = add(1, i == 0);
	}
	/* In another order at the other end. */
	introduce(one[0], two[1]);
	introduce(one[1], two[0]);
	run(3600000);
	for (int i = 0; i < 2; i++) {
		check_completed(one[i]);
		check_completed(two[i]);
		altair_agent_get_stats(one[i]->agent, &stats);
		CHECK(stats.requests > 500 && stats.answers > 500);
	}
	for (int h = 0; h < HOSTS; h++)
		CHECK_EQ(w.hosts[h].lost, 0);
}

/* One server for all: its answers are told apart, too. */
static void every_session_has_its_answer(void)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	begin();
	for (int i = 0; i < AGENTS_MAX; i++)
		add(0, true);
	run(100);
	for (int i = 0; i < AGENTS_MAX; i++) {
		const struct agent *a = &w.hosts[0].agents[i];

		CHECK(altair_agent_candidate(a->agent, 1, text, sizeof text) >
		      0);
		CHECK(strstr(text, "192.0.2.1 77 typ srflx"));
	}
}

/* One of them ends: the other one has the path for itself. */
static void a_closed_session_takes_nothing(void)
{
	struct agent *one[2], *two[2];

	begin();
	for (int i = 0; i < 2; i++) {
		one[i] = add(0, true);
		two[i] = add(1, false);
		introduce(one[i], two[i]);
	}
	run(2000);
	altair_agent_close(one[0]->agent);
	altair_agent_close(two[0]->agent);
	CHECK_EQ(say(1, two[1], "second"), 0);
	run(100);
	CHECK_EQ(one[0]->payloads, 0);
	CHECK_EQ(one[1]->payloads, 1);
	run(60000);
	check_completed(one[1]);
}

/* --- the bytes of others (row 52) ---------------------------------------- */

/* A ClientHello of DTLS 1.2 that offers TLS_NULL_WITH_NULL_NULL, and others of
 * RFC 7983's ranges. */
static const uint8_t strange[][20] = {
	{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44, 1, 0, 0, 32},
	{23, 0xfe, 0xfd, 0, 1}, /* DTLS, application data */
	{16, 1, 2, 3},		/* ZRTP */
	{0x40, 0, 0, 4, 1},	/* ChannelData */
	{0x80, 96, 0, 1},	/* RTP */
	{0xc0, 0, 0, 1},	/* QUIC */
	{0, 1, 0, 0, 1, 2, 3},	/* STUN of RFC 3489 */
	{'P', 'O', 'N', 'G'},
};

#define KINDS (sizeof strange / sizeof *strange)

static void bring(int h, const altair_addr *from, size_t kind)
{
	struct flight f = {.from = *from, .len = sizeof strange[0]};

	memcpy(f.bytes, strange[kind % KINDS], f.len);
	CHECK_EQ(deliver(&w.hosts[h], &f), -1);
}

/* A thousand a second from elsewhere, during the set-up and after it: none is
 * given to whoever speaks DTLS, and no session fails or is late. */
static void bytes_of_others_are_never_payload(void)
{
	altair_addr stranger = addr_of(2);
	struct agent *a, *b;

	for (unsigned session = 0; session < 10000; session++) {
		begin();
		w.random = session;
		a = add(0, true);
		b = add(1, false);
		introduce(a, b);
		for (unsigned t = 0; t < 200; t++) {
			stranger.port = (uint16_t)(1024 + t);
			bring(0, &stranger, t);
			bring(1, &stranger, t + session);
			run(1);
		}
		check_completed(a);
		check_completed(b);
		CHECK_EQ(a->payloads + b->payloads, 0);
	}
}

/* Even from the address that the peer lists: it opens with a check only. */
static void an_address_opens_by_a_check_only(void)
{
	struct agent *a, *b;
	altair_addr peer = addr_of(1);

	begin();
	a = add(0, true);
	b = add(1, false);
	introduce(a, b);
	for (size_t i = 0; i < KINDS; i++)
		bring(0, &peer, i);
	run(2000);
	/* Now it is the session's: DTLS, RTP and whatever. */
	for (size_t i = 0; i < KINDS; i++) {
		struct flight f = {.from = peer, .len = sizeof strange[0]};

		memcpy(f.bytes, strange[i], f.len);
		CHECK_EQ(deliver(&w.hosts[0], &f), 0);
	}
	CHECK_EQ(a->payloads, KINDS);
	(void)b;
}

static const struct check_test tests[] = {
	TEST(data_goes_to_the_session_of_its_address),
	TEST(checks_go_to_the_session_of_their_keys),
	TEST(every_session_has_its_answer),
	TEST(a_closed_session_takes_nothing),
	TEST(bytes_of_others_are_never_payload),
	TEST(an_address_opens_by_a_check_only),
};

CHECK_MAIN(tests)
