/*
 * The blocking API: the guide's eight tests by name (docs/manual.md has the
 * table), then every error that altair/conn.h names and a caller can meet.
 * Loopback only. Waits have a deadline; none is the thing tested, except that a
 * timeout does not come early.
 */
#define _GNU_SOURCE
#include "side.h"

#include <altair/serve.h>
#include <altair/udp.h>

#include <signal.h>
#include <sys/time.h>

/* --- the guide's eight tests ---------------------------------------------- */

static void test_prepare_local_endpoint(void)
{
	altair_conn *conn;
	altair_addr local;

	CHECK_EQ(altair_conn_prepare(&conn, NULL), 0);
	CHECK(conn != NULL);
	CHECK(altair_conn_fd(conn) >= 0);
	CHECK_EQ(altair_conn_local(conn, &local), 0);
	CHECK_EQ(local.family, ALTAIR_IPV4);
	CHECK(local.port != 0);
	altair_conn_close(conn);
	altair_conn_close(NULL);
}

static void test_send_and_receive_message(void)
{
	altair_addr one_local, two_local, from;
	altair_conn *one = prepare(&one_local), *two = prepare(&two_local);
	char buf[64];
	size_t len;

	CHECK_EQ(altair_conn_send(one, text("HELLO"), &two_local), 0);
	CHECK_EQ(altair_conn_receive(two, PATIENCE, buf, sizeof buf, &len,
				     &from),
		 0);
	CHECK_EQ(len, 5);
	CHECK_MEM(buf, "HELLO", 5);
	CHECK(altair_addr_equal(&from, &one_local));
	altair_conn_close(one);
	altair_conn_close(two);
}

static void test_punch_message(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, target = wire_local(fd);
	altair_conn *conn = prepare(&local);

	CHECK_EQ(altair_conn_send_punch(conn, &target), 0);
	CHECK(wire_hears(fd, PATIENCE, "PUNCH"));
	altair_conn_close(conn);
	close(fd);
}

static void test_send_punch(void)
{
	altair_addr local, target = closed_port();
	altair_conn *conn = prepare(&local);

	CHECK_EQ(altair_conn_send_punch(conn, &target), 0);
	altair_conn_close(conn);
}

static void test_receive_message_timeout(void)
{
	altair_addr local;
	altair_conn *conn = prepare(&local);
	altair_time start = altair_clock_now();
	char buf[64];
	size_t len;

	CHECK_EQ(altair_conn_receive(conn, ALTAIR_MSEC(100), buf, sizeof buf,
				     &len, NULL),
		 ALTAIR_E_TIMEOUT);
	CHECK(altair_clock_now() - start >= ALTAIR_MSEC(100));
	CHECK_EQ(altair_conn_receive(conn, 0, buf, sizeof buf, &len, NULL),
		 ALTAIR_E_TIMEOUT);
	altair_conn_close(conn);
}

static void test_parse_endpoint_valid_ipv4(void)
{
	char ip[ALTAIR_ADDR_TEXT];
	altair_addr addr;

	CHECK_EQ(altair_addr_parse(&addr, "192.168.1.1:5000"), 0);
	CHECK(altair_addr_format_ip(&addr, ip, sizeof ip) > 0);
	CHECK_STR(ip, "192.168.1.1");
	CHECK_EQ(addr.port, 5000);
}

static void test_parse_endpoint_missing_port(void)
{
	altair_addr addr;

	CHECK_EQ(altair_addr_parse(&addr, "192.168.1.1"), ALTAIR_E_NO_PORT);
}

static void test_parse_endpoint_invalid_port(void)
{
	altair_addr addr;

	CHECK(altair_addr_parse(&addr, "192.168.1.1:abc") < 0);
	CHECK_EQ(altair_addr_parse(&addr, "192.168.1.1:65536"), ALTAIR_E_PORT);
}

static void test_parse_endpoint_empty_string(void)
{
	altair_addr addr;

	CHECK_EQ(altair_addr_parse(&addr, ""), ALTAIR_E_SYNTAX);
}

static void test_default_config(void)
{
	altair_punch_config config;

	altair_punch_config_default(&config);
	CHECK_EQ(config.attempts, 5);
	CHECK_EQ(config.interval, ALTAIR_MSEC(400));
	CHECK_EQ(config.timeout, ALTAIR_SEC(10));
	CHECK_EQ(ALTAIR_PUNCHES_PER_ATTEMPT, 5);
}

static void test_ping_pong_simulation(void)
{
	struct side sides[2];

	make_pair(sides);
	CHECK(sides[0].rtt < PATIENCE); /* 0 where PING was repeated */
	CHECK_EQ(sides[1].rtt, 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(altair_conn_validate(sides[i].conn), 0);
	close_pair(sides);
}

/* --- preparing ------------------------------------------------------------ */

static void test_prepare_errors(void)
{
	altair_addr taken,
		foreign = {.family = ALTAIR_IPV4, .ip = {192, 0, 2, 1}};
	altair_conn *conn = prepare(&taken), *other;

	CHECK_EQ(altair_conn_prepare(&other, &taken), ALTAIR_E_IN_USE);
	CHECK_EQ(altair_conn_prepare(&other, &foreign), ALTAIR_E_ADDRESS);
	altair_conn_close(conn);
}

/* --- discovery ------------------------------------------------------------ */

static altair_serve *start_servers(altair_addr servers[2])
{
	altair_addr listen[2] = {loopback(0), loopback(0)};
	altair_serve_config config;
	altair_serve *serve;

	altair_serve_config_default(&config);
	config.listen = listen;
	config.listens = 2;
	config.threads = 1;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		CHECK_EQ(altair_serve_local(serve, i, &servers[i]), 0);
	return serve;
}

static void test_discover_finds_this_socket(void)
{
	altair_addr servers[2], local, mapped;
	altair_serve *serve = start_servers(servers);
	altair_conn *conn = prepare(&local);
	enum altair_mapping mapping;

	CHECK_EQ(altair_conn_discover(conn, servers, 2, &mapped, &mapping), 0);
	CHECK(altair_addr_equal(&mapped, &local));
	CHECK_EQ(mapping, ALTAIR_MAPPING_STABLE);
	CHECK_EQ(altair_conn_discover(conn, servers, 1, &mapped, NULL), 0);
	altair_conn_close(conn);
	altair_serve_stop(serve);
}

/* A slow server's answer, after the discovery ended without it. */
static void test_late_answers_are_not_messages(void)
{
	static const uint8_t answer[12] = {0x01, 0x01, 0, 12,	0x21, 0x12,
					   0xa4, 0x42, 0, 0x20, 0,    8};
	uint8_t late[32] = {0};
	altair_addr servers[2], asked[2], local, mapped;
	altair_serve *serve = start_servers(servers);
	altair_conn *conn = prepare(&local);
	int fd = wire_open("127.0.0.1", 0);

	asked[0] = wire_local(fd);
	asked[1] = servers[0];
	CHECK_EQ(altair_conn_discover(conn, asked, 2, &mapped, NULL), 0);
	CHECK_EQ(wire_receive(fd, PATIENCE, late, 20, NULL), 20);
	memcpy(late, answer, 8);
	memcpy(late + 20, answer + 8, 4);
	late[25] = 1; /* IPv4 */
	wire_send(fd, &local, late, sizeof late);
	wire_say(fd, &local, "hello");
	receive_text(conn, "hello");
	altair_conn_close(conn);
	altair_serve_stop(serve);
	close(fd);
}

static void test_discover_errors(void)
{
	altair_addr local, mapped, v6, silent, multicast;
	altair_conn *conn = prepare(&local);
	int fd = wire_open("127.0.0.1", 0);

	silent = wire_local(fd);
	CHECK_EQ(altair_addr_parse(&v6, "[2001:db8::1]:3478"), 0);
	CHECK_EQ(altair_addr_parse(&multicast, "224.0.0.1:3478"), 0);
	CHECK_EQ(altair_conn_discover(conn, &silent, 0, &mapped, NULL),
		 ALTAIR_E_INVALID);
	CHECK_EQ(altair_conn_discover(conn, &silent, 65, &mapped, NULL),
		 ALTAIR_E_INVALID);
	CHECK_EQ(altair_conn_discover(conn, &v6, 1, &mapped, NULL),
		 ALTAIR_E_FAMILY);
	CHECK_EQ(altair_conn_discover(conn, &multicast, 1, &mapped, NULL),
		 ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_conn_discover(conn, &silent, 1, &mapped, NULL),
		 ALTAIR_E_NO_ANSWER);
	altair_conn_close(conn);
	close(fd);
}

/* --- listening ------------------------------------------------------------ */

static void test_listen_for_punch_takes_the_first_word(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, from, ours = wire_local(fd);
	altair_conn *conn = prepare(&local);
	char word[8];

	wire_say(fd, &local, "PUNC");
	wire_say(fd, &local, "PUNCHX");
	wire_say(fd, &local, "");
	wire_say(fd, &local, "PONG");
	CHECK_EQ(altair_conn_listen_for_punch(conn, PATIENCE, &from, word), 0);
	CHECK_STR(word, "PONG");
	CHECK(altair_addr_equal(&from, &ours));
	CHECK_EQ(altair_conn_listen_for_punch(conn, ALTAIR_MSEC(20), &from,
					      word),
		 ALTAIR_E_TIMEOUT);
	altair_conn_close(conn);
	close(fd);
}

/* --- data ----------------------------------------------------------------- */

static void test_send_errors_before_the_connection(void)
{
	static const char *const words[] = {"PUNCH", "PING", "PONG"};
	static const uint8_t bytes[ALTAIR_MESSAGE_MAX + 1];
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, v6, to = wire_local(fd);
	altair_conn *conn = prepare(&local);

	CHECK_EQ(altair_addr_parse(&v6, "[::1]:5000"), 0);
	CHECK_EQ(altair_conn_send(conn, text("x"), NULL), ALTAIR_E_STATE);
	CHECK_EQ(altair_conn_send(conn, text("x"), &v6), ALTAIR_E_FAMILY);
	CHECK_EQ(altair_conn_send_punch(conn, &v6), ALTAIR_E_FAMILY);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(altair_conn_send(conn, text(words[i]), &to),
			 ALTAIR_E_WORD);
	CHECK_EQ(altair_conn_send(conn, (altair_bytes){bytes, sizeof bytes},
				  &to),
		 ALTAIR_E_TOO_LONG);
	CHECK_EQ(altair_conn_send(conn, (altair_bytes){bytes, sizeof bytes - 1},
				  &to),
		 0);
	altair_conn_close(conn);
	close(fd);
}

static void test_calls_that_need_a_connection(void)
{
	altair_addr local, peer;
	altair_conn *conn = prepare(&local);

	CHECK_EQ(altair_conn_peer(conn, &peer), ALTAIR_E_STATE);
	CHECK_EQ(altair_conn_ping_pong(conn, PATIENCE, NULL), ALTAIR_E_STATE);
	CHECK_EQ(altair_conn_validate(conn), ALTAIR_E_STATE);
	altair_conn_close(conn);
}

static void test_data_over_the_connection(void)
{
	static const uint8_t bytes[ALTAIR_MESSAGE_MAX + 1];
	struct side sides[2];
	altair_addr peer, stranger = loopback(9);
	char word[8];

	make_pair(sides);
	CHECK_EQ(altair_conn_peer(sides[0].conn, &peer), 0);
	CHECK_EQ(altair_conn_send(sides[0].conn, text("one"), NULL), 0);
	CHECK_EQ(altair_conn_send(sides[0].conn, text("two"), &peer), 0);
	receive_text(sides[1].conn, "one");
	receive_text(sides[1].conn, "two");
	CHECK_EQ(altair_conn_send(sides[1].conn, text("PING?"), NULL), 0);
	receive_text(sides[0].conn, "PING?");
	CHECK_EQ(altair_conn_send(sides[0].conn, text("x"), &stranger),
		 ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_conn_send(sides[0].conn, text("PING"), NULL),
		 ALTAIR_E_WORD);
	CHECK_EQ(altair_conn_send(sides[0].conn,
				  (altair_bytes){bytes, sizeof bytes}, NULL),
		 ALTAIR_E_TOO_LONG);
	CHECK_EQ(altair_conn_listen_for_punch(sides[0].conn, PATIENCE, &peer,
					      word),
		 ALTAIR_E_STATE);
	CHECK_EQ(
		altair_conn_simultaneous_punch(sides[0].conn, &sides[0].config),
		ALTAIR_E_STATE);
	close_pair(sides);
}

static void test_receive_cuts_and_tells_the_length(void)
{
	static uint8_t longest[65507];
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local;
	altair_conn *conn = prepare(&local);
	char buf[4] = "";
	size_t len;

	longest[0] = 'a';
	longest[3] = 'd';
	wire_send(fd, &local, longest, sizeof longest);
	wire_send(fd, &local, "", 0);
	wire_say(fd, &local, "full");
	CHECK_EQ(altair_conn_receive(conn, PATIENCE, buf, sizeof buf, &len,
				     NULL),
		 ALTAIR_E_SPACE);
	CHECK_EQ(len, sizeof longest);
	CHECK_MEM(buf, longest, sizeof buf);
	CHECK_EQ(altair_conn_receive(conn, PATIENCE, buf, 0, &len, NULL), 0);
	CHECK_EQ(len, 0);
	receive_text(conn, "full");
	altair_conn_close(conn);
	close(fd);
}

/* Answers like a responder that has proved nothing but itself. */
static void connect_by_pong(struct side *side, int fd, altair_addr *local)
{
	char buf[64];
	altair_addr peer = wire_local(fd);

	side->conn = prepare(local);
	side->config = towards(&peer);
	side->config.keepalive = ALTAIR_MSEC(50);
	CHECK_EQ(pthread_create(&side->thread, NULL, run_side, side), 0);
	CHECK_EQ(wire_receive(fd, PATIENCE, buf, sizeof buf, NULL), 5);
	CHECK_MEM(buf, "PUNCH", 5);
	wire_say(fd, local, "PONG");
}

/* Answers our first PUNCH with PING, as an initiator does that was there before,
 * and leaves our PING unanswered. */
static void connect_by_ping(struct side *side, int fd, altair_addr *local)
{
	altair_addr peer = wire_local(fd);

	side->conn = prepare(local);
	side->config = towards(&peer);
	side->config.initiator = true;
	side->config.interval = ALTAIR_SEC(1); /* so that PING is soon enough */
	side->config.timeout = side->timeout ? side->timeout : PATIENCE;
	CHECK_EQ(pthread_create(&side->thread, NULL, run_side, side), 0);
	CHECK(wire_hears(fd, PATIENCE, "PUNCH"));
	CHECK(wire_hears(fd, PATIENCE, "PING"));
	wire_say(fd, local, "PING");
}

/* Messages that come while ping-pong still waits are kept for the receive. */
static void test_messages_during_ping_pong_are_kept(void)
{
	static uint8_t longest[65507];
	int fd = wire_open("127.0.0.1", 0);
	struct side side = {0};
	altair_addr local, from;
	uint8_t buf[8];
	size_t len;

	connect_by_ping(&side, fd, &local);
	wire_say(fd, &local, "early");
	wire_send(fd, &local, longest, sizeof longest);
	wire_send(fd, &local, longest, sizeof longest); /* does not fit */
	wire_say(fd, &local, "small");
	wire_say(fd, &local, "PONG");
	pthread_join(side.thread, NULL);
	CHECK_EQ(side.punched, 0);
	CHECK_EQ(side.ping_ponged, 0);
	CHECK_EQ(
		altair_conn_receive(side.conn, 0, buf, sizeof buf, &len, &from),
		0);
	CHECK_MEM(buf, "early", 5);
	CHECK(altair_addr_equal(&from, &side.config.peer));
	CHECK_EQ(altair_conn_receive(side.conn, 0, buf, sizeof buf, &len, NULL),
		 ALTAIR_E_SPACE);
	CHECK_EQ(len, sizeof longest);
	receive_text(side.conn, "small");
	wire_say(fd, &local, "later");
	receive_text(side.conn, "later");
	altair_conn_close(side.conn);
	close(fd);
}

static void test_ping_pong_ends_without_pong(void)
{
	int fd = wire_open("127.0.0.1", 0);
	struct side side = {.timeout = ALTAIR_SEC(2)};
	altair_addr local;

	connect_by_ping(&side, fd, &local);
	pthread_join(side.thread, NULL);
	CHECK_EQ(side.punched, 0);
	CHECK_EQ(side.ping_ponged, ALTAIR_E_TIMEOUT);
	CHECK_EQ(altair_conn_ping_pong(side.conn, ALTAIR_NEVER, NULL),
		 ALTAIR_E_TIMEOUT);
	altair_conn_close(side.conn);
	close(fd);
}

static void test_ping_pong_tells_the_round_trip(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, peer = wire_local(fd);
	struct side side = {.conn = prepare(&local), .config = towards(&peer)};

	side.config.initiator = true;
	side.config.interval = ALTAIR_SEC(60); /* one PUNCH, not repeated */
	side.config.timeout = ALTAIR_NEVER;
	CHECK_EQ(pthread_create(&side.thread, NULL, run_side, &side), 0);
	CHECK(wire_hears(fd, PATIENCE, "PUNCH"));
	wire_say(fd, &local, "PONG");
	pthread_join(side.thread, NULL);
	CHECK_EQ(side.ping_ponged, 0);
	CHECK(side.rtt > 0 && side.rtt < ALTAIR_SEC(60));
	altair_conn_close(side.conn);
	close(fd);
}

static void *receive_nothing(void *argument)
{
	char buf[8];
	size_t len;

	altair_conn_receive(argument, ALTAIR_NEVER, buf, sizeof buf, &len,
			    NULL);
	return NULL;
}

static void test_receive_keeps_the_mapping_open(void)
{
	int fd = wire_open("127.0.0.1", 0);
	struct side side;
	altair_addr local;
	pthread_t receiver;

	connect_by_pong(&side, fd, &local);
	wire_say(fd, &local, "PING");
	pthread_join(side.thread, NULL);
	CHECK_EQ(side.ping_ponged, 0);
	CHECK_EQ(pthread_create(&receiver, NULL, receive_nothing, side.conn),
		 0);
	for (int punches = 0; punches < 3;)
		punches += wire_hears(fd, PATIENCE, "PUNCH");
	wire_say(fd, &local, "enough");
	pthread_join(receiver, NULL);
	altair_conn_close(side.conn);
	close(fd);
}

/* --- signals -------------------------------------------------------------- */

static void on_alarm(int number)
{
	(void)number;
}

static void set_alarm(suseconds_t every)
{
	struct itimerval timer = {{0, every}, {0, every}};

	signal(SIGALRM, every ? on_alarm : SIG_IGN);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void test_signals_interrupt(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local, from, silent = wire_local(fd);
	altair_punch_config config = towards(&silent);
	altair_conn *conn = prepare(&local);
	char buf[8];
	size_t len;

	set_alarm(50000);
	CHECK_EQ(altair_conn_receive(conn, ALTAIR_NEVER, buf, sizeof buf, &len,
				     NULL),
		 ALTAIR_E_INTERRUPTED);
	CHECK_EQ(altair_conn_listen_for_punch(conn, ALTAIR_NEVER, &from, buf),
		 ALTAIR_E_INTERRUPTED);
	CHECK_EQ(altair_conn_simultaneous_punch(conn, &config),
		 ALTAIR_E_INTERRUPTED);
	CHECK_EQ(altair_conn_discover(conn, &silent, 1, &from, NULL),
		 ALTAIR_E_INTERRUPTED);
	set_alarm(0);
	altair_conn_close(conn);
	close(fd);
}

/* --- IPv6 ----------------------------------------------------------------- */

static void test_ipv6(void)
{
	altair_addr any_port, local[2];
	struct side sides[2];
	int error;

	CHECK_EQ(altair_addr_parse_ip(&any_port, "::1", 0), 0);
	error = altair_conn_prepare(&sides[0].conn, &any_port);
	if (error == ALTAIR_E_FAMILY || error == ALTAIR_E_ADDRESS) {
		printf("# this host has no IPv6\n");
		return;
	}
	CHECK_EQ(error, 0);
	CHECK_EQ(altair_conn_prepare(&sides[1].conn, &any_port), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(altair_conn_local(sides[i].conn, &local[i]), 0);
	for (int i = 0; i < 2; i++)
		sides[i].config = towards(&local[1 - i]);
	connect_sides(sides);
	CHECK_EQ(sides[0].punched, 0);
	CHECK_EQ(sides[1].punched, 0);
	CHECK_EQ(altair_conn_send(sides[0].conn, text("six"), NULL), 0);
	receive_text(sides[1].conn, "six");
	close_pair(sides);
}

static const struct check_test tests[] = {
	TEST(test_prepare_local_endpoint),
	TEST(test_send_and_receive_message),
	TEST(test_punch_message),
	TEST(test_send_punch),
	TEST(test_receive_message_timeout),
	TEST(test_parse_endpoint_valid_ipv4),
	TEST(test_parse_endpoint_missing_port),
	TEST(test_parse_endpoint_invalid_port),
	TEST(test_parse_endpoint_empty_string),
	TEST(test_default_config),
	TEST(test_ping_pong_simulation),
	TEST(test_prepare_errors),
	TEST(test_discover_finds_this_socket),
	TEST(test_late_answers_are_not_messages),
	TEST(test_discover_errors),
	TEST(test_listen_for_punch_takes_the_first_word),
	TEST(test_send_errors_before_the_connection),
	TEST(test_calls_that_need_a_connection),
	TEST(test_data_over_the_connection),
	TEST(test_receive_cuts_and_tells_the_length),
	TEST(test_messages_during_ping_pong_are_kept),
	TEST(test_ping_pong_ends_without_pong),
	TEST(test_ping_pong_tells_the_round_trip),
	TEST(test_receive_keeps_the_mapping_open),
	TEST(test_signals_interrupt),
	TEST(test_ipv6),
};

CHECK_MAIN(tests)
