/*
 * The punch machine alone: words go in, words and events come out, in virtual
 * time. What needs two machines and a network is in tests/sim.
 */
#include "check.h"

#include <altair/punch.h>

#define MS ALTAIR_MSEC(1)

static altair_punch *punch;
static altair_time now;
static char said[4096]; /* everything that came out, as text */

static altair_addr endpoint(const char *text)
{
	altair_addr addr = {0};

	CHECK_EQ(altair_addr_parse(&addr, text), 0);
	return addr;
}

static const char *event_name(enum altair_event event)
{
	static const char *const names[] = {[ALTAIR_EV_ATTEMPT] = "attempt",
					    [ALTAIR_EV_HEARD] = "heard",
					    [ALTAIR_EV_PORT_CHANGED] =
						    "port-changed",
					    [ALTAIR_EV_CONNECTED] = "connected",
					    [ALTAIR_EV_VERIFIED] = "verified",
					    [ALTAIR_EV_ROLES] = "roles",
					    [ALTAIR_EV_FAILED] = "failed"};

	return names[event];
}

/* Polls until WAIT; appends "PUNCH>7" (word and last port digit) and events.
 * Returns the deadline. */
static altair_time drain(void)
{
	altair_output out;
	enum altair_step step;
	size_t len;

	while ((step = altair_poll(altair_punch_machine(punch), &out)) !=
	       ALTAIR_WAIT) {
		len = strlen(said);
		if (step == ALTAIR_SEND)
			snprintf(said + len, sizeof said - len, " %.*s>%u",
				 (int)out.datagram.bytes.len,
				 (const char *)out.datagram.bytes.data,
				 out.datagram.path.remote.port);
		else
			snprintf(said + len, sizeof said - len, " %s",
				 event_name(out.event));
	}
	return out.deadline;
}

static const char *take_said(void)
{
	static char text[sizeof said];

	drain();
	snprintf(text, sizeof text, "%s", said + (said[0] == ' '));
	said[0] = '\0';
	return text;
}

static void begin(bool initiator)
{
	static max_align_t mem[1024];
	altair_punch_config config;

	altair_punch_config_default(&config);
	config.peer = endpoint("192.0.2.1:7");
	config.initiator = initiator;
	now = ALTAIR_SEC(5);
	said[0] = '\0';
	CHECK(altair_punch_size(&config) <= sizeof mem);
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, now), 0);
}

static enum altair_verdict hear(const char *from, const char *text)
{
	altair_datagram in = {.path.remote = endpoint(from),
			      .bytes = {(const uint8_t *)text, strlen(text)}};

	altair_input(altair_punch_machine(punch), now, &in, 1);
	return in.verdict;
}

#define PEER "192.0.2.1:7"
#define OTHER_PORT "192.0.2.1:8"
#define STRANGER "192.0.2.99:7"

static void wait_ms(unsigned ms)
{
	altair_time until = now + ms * MS;

	for (;;) {
		altair_time next = drain();

		if (next > until)
			break;
		CHECK(next >= now);
		now = next;
		altair_tick(altair_punch_machine(punch), now);
	}
	now = until;
	altair_tick(altair_punch_machine(punch), now);
}

static void the_first_punch_leaves_at_once(void)
{
	begin(false);
	CHECK_STR(take_said(), "attempt PUNCH>7");
	begin(true);
	CHECK_STR(take_said(), "attempt PUNCH>7 PING>7");
}

static void an_attempt_is_five_punches_400_ms_apart(void)
{
	begin(false);
	take_said();
	for (int i = 1; i < ALTAIR_PUNCHES_PER_ATTEMPT; i++) {
		wait_ms(399);
		CHECK_STR(take_said(), "");
		wait_ms(1);
		CHECK_STR(take_said(), "PUNCH>7");
	}
	wait_ms(499);
	CHECK_STR(take_said(), "");
	wait_ms(1);
	CHECK_STR(take_said(), "attempt PUNCH>7");
}

static void five_attempts_with_growing_waits_fit_in_10_s(void)
{
	altair_punch_stats stats;

	begin(false);
	wait_ms(9999);
	altair_punch_get_stats(punch, &stats);
	CHECK_EQ(stats.sent, 4 * ALTAIR_PUNCHES_PER_ATTEMPT + 3);
	take_said();
	wait_ms(1);
	CHECK_STR(take_said(), "failed");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_FAILED);
	CHECK(drain() == ALTAIR_NEVER);
}

static void a_responder_answers_punch_with_pong(void)
{
	begin(false);
	wait_ms(100);
	take_said();
	CHECK_EQ(hear(PEER, "PUNCH"), ALTAIR_TAKEN);
	CHECK_STR(take_said(), "heard PONG>7");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
}

static void an_initiator_answers_punch_with_ping(void)
{
	begin(true);
	wait_ms(100);
	take_said();
	hear(PEER, "PUNCH");
	CHECK_STR(take_said(), "heard PING>7");
	wait_ms(20);
	hear(PEER, "PONG");
	CHECK_STR(take_said(), "connected PONG>7 PING>7 verified");
}

/* A PING right behind a PUNCH of ours would look unasked. */
static void an_answering_ping_keeps_clear_of_a_punch(void)
{
	begin(true);
	wait_ms(400);
	take_said();
	hear(PEER, "PUNCH");
	CHECK_STR(take_said(), "heard");
	wait_ms(1);
	CHECK_STR(take_said(), "PING>7");
}

static void pong_is_proof_and_tells_the_peer_so(void)
{
	begin(false);
	wait_ms(50);
	take_said();
	hear(PEER, "PONG");
	CHECK_STR(take_said(), "heard connected PONG>7 verified");
	hear(PEER, "PONG");
	CHECK_STR(take_said(), "");
}

/* An initiator's PONG looks the same; its PING comes behind it. */
static void no_initiator_is_said_when_no_ping_comes(void)
{
	begin(false);
	wait_ms(50);
	hear(PEER, "PONG");
	take_said();
	wait_ms(1599);
	CHECK_STR(take_said(), "");
	wait_ms(1);
	CHECK_STR(take_said(), "roles");
	begin(false);
	wait_ms(50);
	hear(PEER, "PONG");
	wait_ms(1000);
	take_said();
	hear(PEER, "PING");
	CHECK_STR(take_said(), "PONG>7");
	wait_ms(2000);
	CHECK_STR(take_said(), "");
}

static void a_late_responder_takes_ping_as_the_answer(void)
{
	begin(false);
	wait_ms(50);
	take_said();
	hear(PEER, "PING");
	CHECK_STR(take_said(), "heard PONG>7 connected verified");
}

/* The peer cannot hear us and goes on punching; its opening reaches us whole,
 * or its first PUNCH is lost. */
static void the_unasked_ping_proves_nothing(void)
{
	for (int whole = 0; whole < 2; whole++) {
		begin(false);
		wait_ms(1000);
		if (whole)
			hear(PEER, "PUNCH");
		hear(PEER, "PING");
		for (int i = 0; i < 20; i++) {
			wait_ms(400);
			hear(PEER, "PUNCH");
			CHECK_EQ(altair_punch_state(punch),
				 ALTAIR_PUNCH_PUNCHING);
		}
		wait_ms(9000);
		CHECK(strstr(take_said(), "failed"));
	}
}

static void in_the_first_interval_a_ping_is_the_answer(void)
{
	begin(false);
	wait_ms(10);
	hear(PEER, "PUNCH");
	wait_ms(1);
	take_said();
	hear(PEER, "PING");
	CHECK_STR(take_said(), "PONG>7 connected verified");
	begin(false);
	wait_ms(398);
	hear(PEER, "PUNCH");
	wait_ms(2);
	hear(PEER, "PING");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
}

static void later_no_ping_is_more_than_doubtful(void)
{
	begin(false);
	wait_ms(1000);
	hear(PEER, "PUNCH");
	wait_ms(300);
	hear(PEER, "PING");
	wait_ms(400);
	hear(PEER, "PING");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
	hear(PEER, "PONG");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
}

static void silence_after_a_doubtful_ping_is_proof(void)
{
	begin(false);
	wait_ms(1000);
	hear(PEER, "PUNCH");
	hear(PEER, "PING");
	wait_ms(1599);
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
	wait_ms(1);
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
}

/* The guide's program punches to the end of its attempt, satisfied or not. */
static void four_more_punches_only_prolong_the_doubt(void)
{
	begin(false);
	wait_ms(1000);
	hear(PEER, "PUNCH");
	hear(PEER, "PING");
	for (int i = 0; i < 4; i++) {
		wait_ms(400);
		hear(PEER, "PUNCH");
	}
	wait_ms(1599);
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
	wait_ms(1);
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
}

static void the_check_repeats_until_it_is_answered(void)
{
	begin(true);
	wait_ms(100);
	hear(PEER, "PUNCH");
	take_said();
	wait_ms(800);
	CHECK_STR(take_said(), "PING>7 PING>7");
	begin(false);
	wait_ms(100);
	hear(PEER, "PUNCH");
	take_said();
	wait_ms(800);
	CHECK_STR(take_said(), "PUNCH>7 PUNCH>7");
	hear(PEER, "PONG");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
}

static void a_responder_repeats_pong_to_who_has_pinged(void)
{
	begin(false);
	wait_ms(1000);
	hear(PEER, "PUNCH");
	hear(PEER, "PING");
	take_said();
	wait_ms(400);
	CHECK_STR(take_said(), "PONG>7");
}

static void hearing_without_proof_ends_one_way(void)
{
	altair_output out;

	begin(false);
	wait_ms(100);
	hear(PEER, "PUNCH");
	wait_ms(9899);
	take_said();
	now += MS;
	altair_tick(altair_punch_machine(punch), now);
	CHECK_EQ(altair_poll(altair_punch_machine(punch), &out), ALTAIR_EVENT);
	CHECK_EQ(out.event, ALTAIR_EV_FAILED);
	CHECK_EQ(out.reason, ALTAIR_E_ONE_WAY);
}

static int failure_after(void (*happening)(void))
{
	altair_output out = {0};

	begin(false);
	happening();
	wait_ms((unsigned)((ALTAIR_SEC(15) - MS - now) / MS));
	take_said();
	now += MS;
	altair_tick(altair_punch_machine(punch), now);
	altair_poll(altair_punch_machine(punch), &out);
	CHECK_EQ(out.event, ALTAIR_EV_FAILED);
	return out.reason;
}

static void nothing(void)
{
}

static void refused_by_peer(void)
{
	altair_addr peer = endpoint(PEER);

	altair_punch_refused(punch, &peer);
}

static void refused_by_other(void)
{
	altair_addr other = endpoint(STRANGER);

	altair_punch_refused(punch, &other);
}

static void refused_in_the_last_attempt(void)
{
	wait_ms(9500);
	refused_by_peer();
}

static void the_reason_of_a_failure_is_said(void)
{
	CHECK_EQ(failure_after(nothing), ALTAIR_E_TIMEOUT);
	CHECK_EQ(failure_after(refused_in_the_last_attempt), ALTAIR_E_NO_PEER);
	CHECK_EQ(failure_after(refused_by_peer), ALTAIR_E_TIMEOUT);
	CHECK_EQ(failure_after(refused_by_other), ALTAIR_E_TIMEOUT);
}

static void strangers_and_garbage_are_counted_and_ignored(void)
{
	static const char *const garbage[] = {"",      "PIN",	  "PINGS",
					      "punch", "PUNCH\n", "HELLO"};
	altair_punch_stats stats;

	begin(true);
	take_said();
	CHECK_EQ(hear(STRANGER, "PUNCH"), ALTAIR_NOT_MINE);
	CHECK_EQ(hear(STRANGER, "PONG"), ALTAIR_NOT_MINE);
	CHECK_EQ(hear(STRANGER, "HELLO"), ALTAIR_NOT_MINE);
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
		CHECK_EQ(hear(PEER, garbage[i]), ALTAIR_TAKEN);
	CHECK_STR(take_said(), "");
	altair_punch_get_stats(punch, &stats);
	CHECK_EQ(stats.strangers, 3);
	CHECK_EQ(stats.garbage, 6);
	CHECK_EQ(stats.heard, 0);
}

static void another_socket_and_merged_bursts_are_not_ours(void)
{
	altair_datagram in = {.path.remote = endpoint(PEER),
			      .bytes = {(const uint8_t *)"PONG", 4}};

	begin(true);
	take_said();
	in.path.sock = 1;
	altair_input(altair_punch_machine(punch), now, &in, 1);
	CHECK_EQ(in.verdict, ALTAIR_NOT_MINE);
	in.path.sock = 0;
	in.segment = 4;
	altair_input(altair_punch_machine(punch), now, &in, 1);
	CHECK_EQ(in.verdict, ALTAIR_NOT_MINE);
	CHECK_STR(take_said(), "");
}

static void another_port_of_the_peer_is_accepted(void)
{
	altair_path path;

	begin(false);
	wait_ms(1000);
	take_said();
	hear(OTHER_PORT, "PUNCH");
	CHECK_STR(take_said(), "heard PONG>8");
	wait_ms(50);
	hear(OTHER_PORT, "PONG");
	CHECK_STR(take_said(), "port-changed connected PONG>8 verified");
	CHECK_EQ(altair_punch_path(punch, &path), 0);
	CHECK_EQ(path.remote.port, 8);
}

static void another_port_proves_nothing_before_we_answered_it(void)
{
	begin(false);
	wait_ms(50);
	take_said();
	hear(OTHER_PORT, "PONG");
	CHECK_STR(take_said(), "heard");
	hear("192.0.2.1:9", "PING");
	CHECK_STR(take_said(), "PONG>9");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
}

static void the_exact_endpoint_beats_another_port(void)
{
	begin(false);
	wait_ms(1000);
	hear(OTHER_PORT, "PUNCH");
	hear(PEER, "PUNCH");
	take_said();
	CHECK_EQ(hear(OTHER_PORT, "PONG"), ALTAIR_NOT_MINE);
	CHECK_STR(take_said(), "");
	wait_ms(50);
	hear(PEER, "PONG");
	CHECK_STR(take_said(), "connected PONG>7 verified");
}

static void another_port_does_not_stop_the_punching(void)
{
	begin(false);
	wait_ms(1);
	hear(OTHER_PORT, "PUNCH");
	take_said();
	wait_ms(400);
	CHECK_STR(take_said(), "PUNCH>7 PUNCH>8");
}

static void a_spray_of_ports_makes_other_ports_strangers(void)
{
	char from[32];

	begin(false);
	wait_ms(1);
	for (unsigned port = 1000; port < 3000; port++) {
		snprintf(from, sizeof from, "192.0.2.1:%u", port);
		hear(from, "PUNCH");
	}
	wait_ms(100);
	take_said();
	CHECK_EQ(hear("192.0.2.1:1000", "PONG"), ALTAIR_NOT_MINE);
	CHECK_EQ(hear("192.0.2.1:2999", "PONG"), ALTAIR_NOT_MINE);
	CHECK_EQ(hear(OTHER_PORT, "PUNCH"), ALTAIR_NOT_MINE);
	CHECK_STR(take_said(), "");
	hear(PEER, "PONG");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
}

static void connect_as_responder(void)
{
	begin(false);
	wait_ms(50);
	hear(PEER, "PING");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
	take_said();
}

static void data_passes_after_the_connection_only(void)
{
	altair_datagram out;
	altair_punch_stats stats;
	altair_bytes hello = {(const uint8_t *)"hello", 5};

	begin(false);
	CHECK_EQ(altair_punch_wrap(punch, now, hello, &out), ALTAIR_E_STATE);
	connect_as_responder();
	CHECK_EQ(hear(PEER, "hello"), ALTAIR_PAYLOAD);
	CHECK_EQ(hear(PEER, ""), ALTAIR_PAYLOAD);
	CHECK_EQ(hear(OTHER_PORT, "hello"), ALTAIR_NOT_MINE);
	CHECK_EQ(hear(STRANGER, "hello"), ALTAIR_NOT_MINE);
	CHECK_EQ(altair_punch_wrap(punch, now, hello, &out), 0);
	CHECK(out.bytes.data == hello.data);
	CHECK_EQ(out.path.remote.port, 7);
	altair_punch_get_stats(punch, &stats);
	CHECK_EQ(stats.messages_in, 2);
	CHECK_EQ(stats.bytes_in, 5);
	CHECK_EQ(stats.messages_out, 1);
	CHECK_EQ(stats.bytes_out, 5);
}

static void words_and_long_messages_are_refused(void)
{
	static const uint8_t longest[ALTAIR_MESSAGE_MAX + 1];
	altair_bytes message = {(const uint8_t *)"PONG", 4};
	altair_datagram out;

	connect_as_responder();
	CHECK_EQ(altair_punch_wrap(punch, now, message, &out), ALTAIR_E_WORD);
	message = (altair_bytes){longest, sizeof longest};
	CHECK_EQ(altair_punch_wrap(punch, now, message, &out),
		 ALTAIR_E_TOO_LONG);
	message.len--;
	CHECK_EQ(altair_punch_wrap(punch, now, message, &out), 0);
}

static void late_words_disturb_nothing(void)
{
	connect_as_responder();
	CHECK_EQ(hear(PEER, "PUNCH"), ALTAIR_TAKEN);
	CHECK_STR(take_said(), "PONG>7");
	CHECK_EQ(hear(PEER, "PING"), ALTAIR_TAKEN);
	CHECK_STR(take_said(), "PONG>7");
	CHECK_EQ(hear(PEER, "PONG"), ALTAIR_TAKEN);
	CHECK_STR(take_said(), "");
	CHECK_EQ(hear(OTHER_PORT, "PUNCH"), ALTAIR_NOT_MINE);
	wait_ms(10000);
	take_said();
	CHECK_EQ(hear(PEER, "PUNCH"), ALTAIR_TAKEN);
	CHECK_STR(take_said(), "");
}

/* The peer missed the PONG that would have told it, and repeats its check. */
static void a_missed_pong_is_repeated_three_times(void)
{
	begin(true);
	wait_ms(50);
	hear(PEER, "PONG");
	take_said();
	for (int i = 0; i < 3; i++) {
		hear(PEER, "PONG");
		CHECK_STR(take_said(), "");
		wait_ms(400);
		hear(PEER, "PONG");
		CHECK_STR(take_said(), "PONG>7");
	}
	wait_ms(400);
	hear(PEER, "PONG");
	CHECK_STR(take_said(), "");
}

static void silence_of_15_s_sends_a_keepalive(void)
{
	altair_datagram out;
	altair_bytes hello = {(const uint8_t *)"hello", 5};

	connect_as_responder();
	wait_ms(14999);
	CHECK_STR(take_said(), "");
	wait_ms(1);
	CHECK_STR(take_said(), "PUNCH>7");
	wait_ms(10000);
	CHECK_EQ(altair_punch_wrap(punch, now, hello, &out), 0);
	wait_ms(14999);
	CHECK_STR(take_said(), "");
	wait_ms(1);
	CHECK_STR(take_said(), "PUNCH>7");
}

static void two_initiators_connect_and_say_so(void)
{
	begin(true);
	wait_ms(30);
	take_said();
	hear(PEER, "PING");
	CHECK_STR(take_said(), "heard PONG>7 connected roles");
	wait_ms(400);
	CHECK_STR(take_said(), "PING>7");
	hear(PEER, "PONG");
	CHECK_STR(take_said(), "verified");
	wait_ms(10000);
	CHECK_STR(take_said(), "");
}

static void an_unanswered_ping_test_is_said(void)
{
	begin(true);
	wait_ms(30);
	hear(PEER, "PING");
	wait_ms(9900);
	take_said();
	wait_ms(100);
	CHECK_STR(take_said(), "verified");
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CONNECTED);
}

static void the_round_trip_is_measured(void)
{
	altair_output out;

	begin(true);
	take_said();
	now += 42 * MS;
	hear(PEER, "PONG");
	while (altair_poll(altair_punch_machine(punch), &out) != ALTAIR_WAIT) {
		if (out.event == ALTAIR_EV_VERIFIED)
			CHECK(out.rtt == 42 * MS);
	}
}

static void a_round_trip_in_question_is_not_told(void)
{
	altair_output out;

	begin(true);
	wait_ms(25);
	hear(PEER, "PUNCH");
	take_said();
	now += 25 * MS; /* PONG: for the PING of 0 or of 25 ms? */
	hear(PEER, "PONG");
	while (altair_poll(altair_punch_machine(punch), &out) != ALTAIR_WAIT) {
		if (out.event == ALTAIR_EV_VERIFIED)
			CHECK(out.rtt == 0);
	}
}

static void a_closed_machine_is_silent(void)
{
	connect_as_responder();
	altair_punch_close(punch, now);
	CHECK_EQ(hear(PEER, "PING"), ALTAIR_NOT_MINE);
	CHECK_STR(take_said(), "");
	CHECK(drain() == ALTAIR_NEVER);
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_CLOSED);
}

static void after_the_attempts_the_hole_is_held_open(void)
{
	static max_align_t mem[1024];
	altair_punch_config config;

	altair_punch_config_default(&config);
	config.peer = endpoint(PEER);
	config.attempts = 1;
	config.timeout = ALTAIR_SEC(60);
	now = 0;
	said[0] = '\0';
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, now), 0);
	wait_ms(2000);
	CHECK_STR(take_said(),
		  "attempt PUNCH>7 PUNCH>7 PUNCH>7 PUNCH>7 PUNCH>7");
	wait_ms(100); /* where another attempt would begin */
	CHECK_STR(take_said(), "PUNCH>7");
	wait_ms(55000);
	CHECK_STR(take_said(), "PUNCH>7 PUNCH>7 PUNCH>7");
	config.keepalive = 0;
	now = 0;
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, now), 0);
	wait_ms(50000);
	CHECK_STR(take_said(),
		  "attempt PUNCH>7 PUNCH>7 PUNCH>7 PUNCH>7 PUNCH>7 PUNCH>7");
}

static void without_a_limit_the_attempts_go_on(void)
{
	static max_align_t mem[1024];
	altair_punch_config config;
	altair_punch_stats stats;

	altair_punch_config_default(&config);
	config.peer = endpoint(PEER);
	config.attempts = 0;
	config.timeout = ALTAIR_NEVER;
	now = 0;
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, now), 0);
	for (int i = 0; i < 100; i++) {
		wait_ms(10000);
		said[0] = '\0';
	}
	altair_punch_get_stats(punch, &stats);
	CHECK(stats.sent > 1600);
	CHECK_EQ(altair_punch_state(punch), ALTAIR_PUNCH_PUNCHING);
}

static void what_cannot_be_is_refused(void)
{
	static max_align_t mem[1024];
	altair_punch_config config;

	altair_punch_config_default(&config);
	CHECK_EQ(config.attempts, 5);
	CHECK(config.interval == ALTAIR_MSEC(400));
	CHECK(config.timeout == ALTAIR_SEC(10));
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, 0),
		 ALTAIR_E_ADDRESS);
	config.peer = endpoint("224.0.0.1:5");
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, 0),
		 ALTAIR_E_ADDRESS);
	config.peer = endpoint(PEER);
	CHECK_EQ(altair_punch_init(&punch, mem, 8, &config, 0), ALTAIR_E_SPACE);
	config.interval = ALTAIR_MSEC(9);
	CHECK_EQ(altair_punch_size(&config), 0);
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, 0),
		 ALTAIR_E_INVALID);
	config.interval = ALTAIR_MSEC(400);
	config.timeout = 0;
	CHECK_EQ(altair_punch_size(&config), 0);
	config.timeout = ALTAIR_SEC(1);
	config.keepalive = 1;
	CHECK_EQ(altair_punch_size(&config), 0);
	config.keepalive = 0;
	CHECK(altair_punch_size(&config) > 0);
}

static void a_slow_initiator_sends_no_unasked_ping(void)
{
	static max_align_t mem[1024];
	altair_punch_config config;

	altair_punch_config_default(&config);
	config.peer = endpoint(PEER);
	config.initiator = true;
	config.interval = ALTAIR_MSEC(1001);
	now = 0;
	said[0] = '\0';
	CHECK_EQ(altair_punch_init(&punch, mem, sizeof mem, &config, now), 0);
	CHECK_STR(take_said(), "attempt PUNCH>7");
}

/* A caller who never polls loses words, never events, and nothing grows. */
static void a_caller_who_does_not_poll_keeps_the_events(void)
{
	begin(false);
	wait_ms(50);
	take_said();
	for (int i = 0; i < 1000; i++)
		hear(PEER, "PUNCH");
	now += 10 * MS;
	hear(PEER, "PONG");
	CHECK(strstr(take_said(), "connected"));
}

static const struct check_test tests[] = {
	TEST(the_first_punch_leaves_at_once),
	TEST(an_attempt_is_five_punches_400_ms_apart),
	TEST(five_attempts_with_growing_waits_fit_in_10_s),
	TEST(a_responder_answers_punch_with_pong),
	TEST(an_initiator_answers_punch_with_ping),
	TEST(an_answering_ping_keeps_clear_of_a_punch),
	TEST(pong_is_proof_and_tells_the_peer_so),
	TEST(no_initiator_is_said_when_no_ping_comes),
	TEST(a_late_responder_takes_ping_as_the_answer),
	TEST(the_unasked_ping_proves_nothing),
	TEST(in_the_first_interval_a_ping_is_the_answer),
	TEST(later_no_ping_is_more_than_doubtful),
	TEST(silence_after_a_doubtful_ping_is_proof),
	TEST(four_more_punches_only_prolong_the_doubt),
	TEST(the_check_repeats_until_it_is_answered),
	TEST(a_responder_repeats_pong_to_who_has_pinged),
	TEST(hearing_without_proof_ends_one_way),
	TEST(the_reason_of_a_failure_is_said),
	TEST(strangers_and_garbage_are_counted_and_ignored),
	TEST(another_socket_and_merged_bursts_are_not_ours),
	TEST(another_port_of_the_peer_is_accepted),
	TEST(another_port_proves_nothing_before_we_answered_it),
	TEST(the_exact_endpoint_beats_another_port),
	TEST(another_port_does_not_stop_the_punching),
	TEST(a_spray_of_ports_makes_other_ports_strangers),
	TEST(data_passes_after_the_connection_only),
	TEST(words_and_long_messages_are_refused),
	TEST(late_words_disturb_nothing),
	TEST(a_missed_pong_is_repeated_three_times),
	TEST(silence_of_15_s_sends_a_keepalive),
	TEST(two_initiators_connect_and_say_so),
	TEST(an_unanswered_ping_test_is_said),
	TEST(the_round_trip_is_measured),
	TEST(a_round_trip_in_question_is_not_told),
	TEST(a_closed_machine_is_silent),
	TEST(after_the_attempts_the_hole_is_held_open),
	TEST(without_a_limit_the_attempts_go_on),
	TEST(what_cannot_be_is_refused),
	TEST(a_slow_initiator_sends_no_unasked_ping),
	TEST(a_caller_who_does_not_poll_keeps_the_events),
};
CHECK_MAIN(tests)
