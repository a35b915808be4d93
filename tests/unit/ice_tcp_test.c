/*
 * ICE-TCP, the active side, in virtual time: an agent, and a passive peer that the
 * test plays with the peer's keys.
 */
#include "check.h"
#include "ice/session.h"

#include <altair/openssl.h>
#include <altair/verdict.h>

#include <stdlib.h>

#define MS(n) ALTAIR_MSEC(n)
#define START ALTAIR_SEC(1000)
#define PASSIVE                                                                \
	"candidate:1 1 TCP 1518280447 192.0.2.2 7000 typ host tcptype passive"

static struct {
	altair_agent *agent;
	altair_machine *machine;
	void *memory;
	altair_time now, deadline;
	altair_crypto crypto;
	struct air_check_keys peer;
	uint32_t opened[8], shut[8]; /* streams, in order                    */
	size_t opens, shuts;
	altair_addr open_to;
	char candidate[ALTAIR_CANDIDATE_TEXT]; /* the last one told          */
	uint8_t sent[4096]; /* the stream, as it was written                 */
	size_t sent_len, sends, datagrams;
	size_t payloads;
	uint8_t payload[1500];
	size_t payload_len;
} w;

static uint64_t random_state;

static int some_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++) {
		random_state = random_state * 6364136223846793005u + 1u;
		out[i] = (uint8_t)(random_state >> 56);
	}
	return 0;
}

static altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static void take_send(const altair_datagram *d)
{
	if (d->path.sock < ALTAIR_AGENT_STREAM) {
		w.datagrams++;
		return;
	}
	CHECK_EQ(d->path.sock, w.opened[w.opens - 1]);
	CHECK(w.sent_len + d->bytes.len <= sizeof w.sent);
	memcpy(w.sent + w.sent_len, d->bytes.data, d->bytes.len);
	w.sent_len += d->bytes.len;
	w.sends++;
}

static void take_event(const altair_output *out)
{
	if (out->event == ALTAIR_EV_OPEN) {
		CHECK_EQ(out->total, 0);
		w.opened[w.opens++] = out->number;
		w.open_to = out->addr;
	} else if (out->event == ALTAIR_EV_SHUT) {
		w.shut[w.shuts++] = out->number;
	} else if (out->event == ALTAIR_EV_CANDIDATE) {
		CHECK(altair_agent_candidate(w.agent, out->number, w.candidate,
					     sizeof w.candidate) > 0);
	}
}

static void drain(void)
{
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(w.machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			take_send(&out.datagram);
		else
			take_event(&out);
	}
	w.deadline = out.deadline;
}

static void run_until(uint64_t ms)
{
	for (drain(); w.deadline <= START + MS(ms); drain()) {
		w.now = w.deadline > w.now ? w.deadline : w.now;
		altair_tick(w.machine, w.now);
	}
	w.now = START + MS(ms);
}

static void add_remote(const char *text)
{
	CHECK_EQ(altair_agent_add_remote(w.agent, w.now, text), 0);
	drain();
}

/* An agent that knows the peer. */
static void begin(bool relay_only)
{
	altair_addr host = addr("192.0.2.1:5000");
	altair_agent_config c;
	size_t size;

	free(w.memory);
	memset(&w, 0, sizeof w);
	random_state = 42;
	w.now = START;
	w.crypto = *altair_openssl();
	w.crypto.random = some_random;
	altair_agent_config_default(&c);
	c.crypto = &w.crypto;
	c.controlling = true;
	c.relay_only = relay_only;
	size = altair_agent_size(&c);
	w.memory = malloc(size);
	CHECK_EQ(altair_agent_init(&w.agent, w.memory, size, &c, w.now), 0);
	w.machine = altair_agent_machine(w.agent);
	CHECK_EQ(altair_agent_add_host(w.agent, w.now, 7, &host), 0);
	w.peer.crypto = &w.crypto;
	w.peer.has_remote = true;
	w.peer.remote = w.agent->keys.local;
	CHECK_EQ(air_credentials_read(&w.peer.local, "peer",
				      "0123456789012345678901"),
		 0);
	CHECK_EQ(altair_agent_gather(w.agent, w.now), 0);
	CHECK_EQ(altair_agent_remote(w.agent, w.now, "peer",
				     "0123456789012345678901"),
		 0);
	drain();
}

/* The stream brings bytes, `split` at a time. */
static int bring(altair_bytes bytes, size_t split)
{
	altair_datagram d;
	int rc = 0;

	while (bytes.len > 0 && rc >= 0) {
		altair_bytes in = {bytes.data,
				   bytes.len < split ? bytes.len : split};

		bytes.data += in.len;
		bytes.len -= in.len;
		while ((rc = altair_agent_unframe(
				w.agent, w.opened[w.opens - 1], &in, &d)) > 0) {
			altair_input(w.machine, w.now, &d, 1);
			CHECK_EQ(d.path.sock, w.opened[w.opens - 1]);
			if (d.verdict == ALTAIR_PAYLOAD) {
				w.payloads++;
				w.payload_len = d.bytes.len;
				memcpy(w.payload, d.bytes.data, d.bytes.len);
			}
			drain();
		}
	}
	return rc;
}

/* A message with its length in front. */
static altair_bytes frame(altair_bytes message)
{
	static uint8_t bytes[70000];

	bytes[0] = (uint8_t)(message.len >> 8);
	bytes[1] = (uint8_t)message.len;
	memcpy(bytes + 2, message.data, message.len);
	return (altair_bytes){bytes, message.len + 2};
}

/* The last message on the stream is a check of A's; the peer answers it. */
static void answer(size_t split)
{
	size_t len = (size_t)w.sent[0] << 8 | w.sent[1];
	altair_addr mapped = addr("198.51.100.9:40000");
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	struct air_stun_message m;

	CHECK_EQ(len + 2, w.sent_len);
	CHECK(air_stun_message_read(&m, (altair_bytes){w.sent + 2, len},
				    AIR_STUN_SET_BASE | AIR_STUN_SET_ICE));
	CHECK_EQ(m.header.class, AIR_STUN_REQUEST);
	CHECK_EQ(air_check_judge(&m, &w.peer), 0);
	w.sent_len = 0;
	bring(frame(air_check_response(&m, &w.peer, &mapped, buffer)), split);
}

static void open_it(void)
{
	altair_agent_opened(w.agent, w.now, w.opened[w.opens - 1], NULL);
	drain();
}

static int say(size_t len)
{
	static uint8_t
		room[ALTAIR_AGENT_HEADROOM + 2000 + ALTAIR_AGENT_TAILROOM];
	altair_datagram d;
	int rc;

	memset(room, 'x', sizeof room);
	rc = altair_agent_wrap(w.agent, room + ALTAIR_AGENT_HEADROOM, len, &d);
	if (rc == 0)
		take_send(&d);
	return rc;
}

static void a_passive_candidate_is_connected_to(void)
{
	altair_agent_verdict verdict;
	altair_agent_pair pair;
	altair_path path;

	begin(false);
	CHECK(!strstr(w.candidate, "TCP"));
	add_remote(PASSIVE);
	/* 90 << 24, 6 << 13 and 0x1fff: RFC 6544 4.2. */
	CHECK(strstr(w.candidate, " 1 TCP 1524629503 192.0.2.1 9 typ host "
				  "tcptype active"));
	CHECK_EQ(w.opens, 1);
	CHECK(altair_addr_equal(&w.open_to,
				&(altair_addr){.family = ALTAIR_IPV4,
					       .ip = {192, 0, 2, 2},
					       .port = 7000}));
	run_until(30);
	CHECK_EQ(w.sends, 0);
	open_it();
	CHECK_EQ(w.sends, 1);
	/* It is not repeated. */
	run_until(2000);
	CHECK_EQ(w.sends, 1);
	answer(1);
	CHECK_EQ(altair_agent_state(w.agent), ALTAIR_AGENT_CONNECTED);
	answer(3); /* the nomination */
	CHECK_EQ(altair_agent_state(w.agent), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(altair_agent_selected(w.agent, &pair), 0);
	CHECK_EQ(pair.kind, ALTAIR_PATH_TCP);
	altair_agent_get_verdict(w.agent, &verdict);
	CHECK_EQ(verdict.code, ALTAIR_VERDICT_DIRECT_TCP);
	CHECK_EQ(pair.local_type, ALTAIR_CANDIDATE_HOST);
	CHECK_EQ(altair_agent_path(w.agent, &path), 0);
	CHECK_EQ(path.sock, w.opened[0]);
	CHECK_EQ(w.datagrams, 0);
}

static void connect_it(void)
{
	begin(false);
	add_remote(PASSIVE);
	open_it();
	answer(1000);
	run_until(300);
	answer(1000);
	CHECK_EQ(altair_agent_state(w.agent), ALTAIR_AGENT_COMPLETED);
}

static void data_has_its_length_in_front(void)
{
	static const uint8_t data[1300] = {0xff};

	connect_it();
	CHECK_EQ(say(1200), 0);
	CHECK_EQ(w.sent_len, 1202);
	CHECK_EQ(w.sent[0], 1200 >> 8);
	CHECK_EQ(w.sent[1], 1200 & 255);
	CHECK_EQ(w.sent[2], 'x');
	CHECK_EQ(say(1201), ALTAIR_E_TOO_LONG);
	for (size_t split = 1; split < 600; split += 7)
		bring(frame((altair_bytes){data, 500}), split);
	CHECK_EQ(w.payloads, 86);
	CHECK_EQ(w.payload_len, 500);
	/* Longer than ours: skipped, and what follows is found. */
	bring(frame((altair_bytes){data, 1201}), 100);
	bring(frame((altair_bytes){data, 0}), 100);
	CHECK_EQ(w.payloads, 86);
	bring(frame((altair_bytes){data, 1200}), 100);
	CHECK_EQ(w.payloads, 87);
	CHECK_EQ(w.payload_len, 1200);
}

static void the_peers_check_is_answered_on_the_stream(void)
{
	struct air_check check = {.priority = 1, .tie_breaker = 1};
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	struct air_stun_message m;

	begin(false);
	add_remote(PASSIVE);
	open_it();
	w.sent_len = 0;
	bring(frame(air_check_request(&check, &w.peer, buffer)), 50);
	CHECK(w.sent_len > 2);
	CHECK(air_stun_message_read(&m,
				    (altair_bytes){w.sent + 2, w.sent_len - 2},
				    AIR_STUN_SET_BASE | AIR_STUN_SET_ICE));
	CHECK_EQ(m.header.class, AIR_STUN_SUCCESS);
	CHECK(air_check_is_genuine(&m, &w.peer));
	CHECK_EQ(altair_agent_state(w.agent), ALTAIR_AGENT_CONNECTED);
}

static void a_lost_stream_fails_the_pair(void)
{
	connect_it();
	altair_agent_lost(w.agent, w.now, w.opened[0], ALTAIR_E_NETWORK);
	drain();
	CHECK_EQ(w.shuts, 0);
	CHECK_EQ(say(10), ALTAIR_E_STATE);
	CHECK_EQ(altair_agent_unframe(w.agent, w.opened[0],
				      &(altair_bytes){w.sent, 10},
				      &(altair_datagram){0}),
		 ALTAIR_E_INVALID);
	/* The search tries it again. */
	run_until(30000);
	CHECK(w.opens >= 2 && w.opens <= 6);
	CHECK(w.opened[1] != w.opened[0]);
}

/* Runs on; what leaves is not looked at. */
static void pass_until(uint64_t ms)
{
	for (drain(); w.deadline <= START + MS(ms); drain()) {
		w.now = w.deadline > w.now ? w.deadline : w.now;
		w.sent_len = 0;
		altair_tick(w.machine, w.now);
	}
	w.now = START + MS(ms);
	w.sent_len = 0;
}

/* No RST tells of it: the consent is asked for in vain. */
static void a_stream_that_dies_in_silence_is_replaced(void)
{
	connect_it();
	pass_until(8000);
	CHECK_EQ(w.shuts, 0);
	pass_until(20000);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut[0], w.opened[0]);
	CHECK_EQ(w.opens, 2);
	open_it();
	answer(1000);
	CHECK_EQ(altair_agent_state(w.agent), ALTAIR_AGENT_CONNECTED);
	CHECK_EQ(say(10), 0);
}

static void move_host(const char *from, const char *to)
{
	altair_addr old = addr(from), new = addr(to);

	CHECK_EQ(altair_agent_remove_host(w.agent, w.now, 7, &old), 0);
	CHECK_EQ(altair_agent_add_host(w.agent, w.now, 8, &new), 0);
	drain();
}

static void a_stream_of_an_address_that_goes_is_shut(void)
{
	altair_addr local = addr("192.0.2.1:41000");

	begin(false);
	add_remote(PASSIVE);
	altair_agent_opened(w.agent, w.now, w.opened[0], &local);
	drain();
	move_host("192.0.2.1:5000", "192.0.2.77:5000");
	CHECK_EQ(w.shuts, 1);
	pass_until(3000);
	CHECK_EQ(w.opens, 2);
	CHECK(strstr(w.candidate, " 192.0.2.77 9 typ host tcptype active"));
}

/* The peer's candidates were there before. */
static void a_family_that_comes_later_is_connected_from(void)
{
	altair_addr host = addr("[2001:db8::1]:5000");

	begin(false);
	add_remote("candidate:1 1 TCP 1518280447 2001:db8::2 7000 typ host "
		   "tcptype passive");
	CHECK_EQ(w.opens, 0);
	CHECK_EQ(altair_agent_add_host(w.agent, w.now, 8, &host), 0);
	drain();
	CHECK_EQ(w.opens, 1);
	CHECK_EQ(w.open_to.family, ALTAIR_IPV6);
}

/* The peer sees a port of the stream, which is not the candidate's: no news. */
static void the_port_of_a_stream_is_no_mapping(void)
{
	connect_it();
	CHECK_EQ(w.agent->news_at, 0);
	for (uint64_t ms = 300; ms < 15000; ms += 100) {
		run_until(ms);
		if (w.sent_len > 0)
			answer(1000);
	}
	CHECK(w.agent->stats.consents > 0);
	CHECK_EQ(w.agent->news_at, 0);
}

static void a_stream_that_does_not_open_is_given_up(void)
{
	altair_agent_pair pair;

	begin(false);
	add_remote(PASSIVE);
	run_until(9999);
	CHECK_EQ(w.shuts, 0);
	run_until(10001);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut[0], w.opened[0]);
	CHECK_EQ(w.agent->list.pairs[0].state, PAIR_FAILED);
	/* Nobody has refused anything. */
	CHECK_EQ(altair_agent_get_pair(w.agent, 0, &pair), 0);
	CHECK_EQ(pair.outcome, ALTAIR_PAIR_SILENT);
	CHECK_EQ(pair.sent, 0);
}

/* Two at a time, the best first. */
static void there_are_few_streams(void)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	begin(false);
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof text,
			 "candidate:%d 1 TCP %d 192.0.2.2 %d typ srflx raddr "
			 "10.0.0.1 rport 5 tcptype passive",
			 i, 1000 + i, 7000 + i);
		CHECK_EQ(altair_agent_add_remote(w.agent, w.now, text), 0);
	}
	drain();
	CHECK_EQ(w.opens, 2);
	for (size_t i = 0; i < 2; i++)
		altair_agent_lost(w.agent, w.now, w.opened[i],
				  ALTAIR_E_NETWORK);
	drain();
	CHECK_EQ(w.opens, 4);
	CHECK_EQ(w.open_to.port, 7003);
}

static void what_is_no_passive_candidate_is_not_for_us(void)
{
	static const char *const texts[] = {
		"candidate:1 1 TCP 1 192.0.2.2 9 typ host tcptype active",
		"candidate:1 1 TCP 1 192.0.2.2 7000 typ host tcptype so",
		"candidate:1 1 TCP 1 192.0.2.2 7000 typ host",
		"candidate:1 1 TCP 1 192.0.2.2 7000 typ relay tcptype passive",
	};

	begin(false);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK_EQ(altair_agent_add_remote(w.agent, w.now, texts[i]),
			 ALTAIR_E_ADDRESS);
	drain();
	CHECK_EQ(w.opens, 0);
	/* The same address over UDP is another candidate. */
	add_remote("candidate:1 1 UDP 1 192.0.2.2 7000 typ host");
	add_remote(PASSIVE);
	CHECK_EQ(w.agent->list.pairs_count, 2);
	begin(true);
	add_remote(PASSIVE);
	CHECK_EQ(w.opens, 0);
}

static void a_restart_keeps_the_stream_of_the_past(void)
{
	connect_it();
	CHECK_EQ(altair_agent_restart(w.agent, w.now), 0);
	drain();
	CHECK_EQ(w.shuts, 0);
	CHECK_EQ(say(10), 0);
	run_until(45000);
	CHECK_EQ(altair_agent_state(w.agent), ALTAIR_AGENT_DISCONNECTED);
}

/* The stream is lost after a restart, and the one that follows does not open:
 * its time is over once, not for ever. */
static void a_stream_of_a_restart_is_given_up(void)
{
	altair_time end;

	connect_it();
	CHECK_EQ(altair_agent_restart(w.agent, w.now), 0);
	drain();
	CHECK_EQ(altair_agent_remote(w.agent, w.now, "pee2",
				     "0123456789012345678901"),
		 0);
	add_remote(PASSIVE);
	altair_agent_lost(w.agent, w.now, w.opened[0], ALTAIR_E_NETWORK);
	drain();
	end = w.now + ALTAIR_SEC(60);
	for (int turns = 0; w.deadline <= end && turns < 1000; turns++) {
		CHECK(w.deadline > w.now);
		w.now = w.deadline;
		altair_tick(w.machine, w.now);
		drain();
	}
	CHECK(w.opens > 1);
	CHECK_EQ(w.shuts, w.opens - 1);
}

static const struct check_test tests[] = {
	TEST(a_passive_candidate_is_connected_to),
	TEST(data_has_its_length_in_front),
	TEST(the_peers_check_is_answered_on_the_stream),
	TEST(a_lost_stream_fails_the_pair),
	TEST(a_stream_that_dies_in_silence_is_replaced),
	TEST(a_stream_of_an_address_that_goes_is_shut),
	TEST(a_family_that_comes_later_is_connected_from),
	TEST(the_port_of_a_stream_is_no_mapping),
	TEST(a_stream_that_does_not_open_is_given_up),
	TEST(there_are_few_streams),
	TEST(what_is_no_passive_candidate_is_not_for_us),
	TEST(a_restart_keeps_the_stream_of_the_past),
	TEST(a_stream_of_a_restart_is_given_up),
};

CHECK_MAIN(tests)
