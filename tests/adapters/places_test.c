/*
 * Who may stay when places, handshakes or descriptors are rare: on the loopback
 * interface, with one thread and with several.
 */
#define _GNU_SOURCE
#include "streams_world.h"

/* One a second from one address: of many at once hardly any is begun, whatever the
 * clock shows, and who comes from elsewhere is served. */
static void handshakes_have_a_rate(void)
{
	altair_server_config c = relay_config();
	altair_time began = altair_clock_now();
	uint64_t open = 0, most;
	SSL *ssl;

	c.tls_rate = 1;
	start_with(&c, NULL);
	for (int i = 0; i < 50; i++) {
		ssl = begin_tls(connect_from("127.0.0.1"), TLS1_3_VERSION);
		open += SSL_connect(ssl) == 1;
		leave(ssl);
	}
	most = (altair_clock_now() - began) / ALTAIR_SEC(1) + 2;
	CHECK(open >= 1 && open <= most);
	CHECK_EQ(stats().streams_refused, 50 - open);
	leave(secure(connect_from("127.0.0.2"), TLS1_3_VERSION));
	stop();
}

/* When all places are taken the oldest stranger gives way. */
static void a_stranger_gives_way(void)
{
	altair_server_config c = relay_config();
	int fd[3];

	c.connections_max = 2;
	start_with(&c, NULL);
	for (int i = 0; i < 3; i++) {
		fd[i] = connect_from("127.0.0.1");
		say(fd[i], binding, sizeof binding);
		hear_binding(fd[i]);
	}
	hear_end(fd[0]);
	for (int i = 1; i < 3; i++) {
		say(fd[i], binding, sizeof binding);
		hear_binding(fd[i]);
		close(fd[i]);
	}
	CHECK_EQ(stats().streams_shut, 1);
	stop();
}

/* Without descriptors nobody is accepted; once there are some, all are. */
static void descriptors_run_out(void)
{
	struct rlimit before, none;
	int fd[3], next;

	start();
	for (int i = 0; i < 3; i++)
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	next = dup(0);
	close(next);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)next;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 3; i++) {
		struct sockaddr_in to = endpoint("127.0.0.1", w.port);
		struct timeval wait = {.tv_sec = WAIT_S};

		setsockopt(fd[i], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		CHECK_EQ(connect(fd[i], (struct sockaddr *)&to, sizeof to), 0);
		say(fd[i], binding, sizeof binding);
	}
	CHECK_EQ(stats().streams, 0);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 3; i++) {
		hear_binding(fd[i]);
		close(fd[i]);
	}
	stop();
}

/* Several threads share the port, and the places of a prefix. */
static void several_threads(void)
{
	int fd[50], next;

	threads = 3;
	start();
	threads = 1;
	for (int i = 0; i < 50; i++) {
		fd[i] = connect_from("127.0.0.1");
		say(fd[i], binding, sizeof binding);
		hear_binding(fd[i]);
	}
	CHECK_EQ(stats().streams, 50);
	next = connect_from("127.0.0.1");
	hear_end(next);
	next = connect_from("127.0.0.2");
	say(next, binding, sizeof binding);
	hear_binding(next);
	close(next);
	close(fd[7]);
	await_streams(49);
	fd[7] = connect_from("127.0.0.1");
	say(fd[7], binding, sizeof binding);
	hear_binding(fd[7]);
	for (int i = 0; i < 50; i++)
		close(fd[i]);
	await_streams(0);
	stop();
}

/* True when one from there is answered; who is refused is told by a reset. */
static bool is_served(int fd)
{
	uint8_t answer[32];

	return send(fd, binding, sizeof binding, MSG_NOSIGNAL) > 0 &&
	       recv(fd, answer, sizeof answer, MSG_WAITALL) == sizeof answer;
}

/* The places in all are those of all threads together: one thread may have nearly
 * all, and idle strangers on one, which have all the time in the world, keep nobody
 * out of another for longer than it takes to wake it. */
static void the_total_of_several_threads(void)
{
	altair_server_config c = relay_config();
	char from[24];
	int first[13], fd[100];

	c.connections_max = 16;
	c.silence_max = c.proof_max = ALTAIR_SEC(3600);
	threads = 3;
	start_with(&c, NULL);
	threads = 1;
	for (int i = 0; i < 13; i++) {
		first[i] = connect_from("127.0.0.1");
		CHECK(is_served(first[i]));
	}
	CHECK_EQ(stats().streams, 13);
	CHECK_EQ(stats().streams_shut, 0);
	for (int i = 0; i < 100; i++) {
		bool is_in = false;

		snprintf(from, sizeof from, "127.0.1.%d", i + 1);
		for (int tries = 0; tries < WAIT_S * 100 && !is_in; tries++) {
			fd[i] = connect_from(from);
			is_in = is_served(fd[i]);
			if (is_in)
				break;
			close(fd[i]);
			poll(NULL, 0, 10);
		}
		CHECK(is_in);
	}
	for (int i = 0; i < WAIT_S * 100 && stats().streams > 16; i++)
		poll(NULL, 0, 10);
	CHECK(stats().streams <= 16);
	for (int i = 0; i < 13; i++)
		close(first[i]);
	for (int i = 0; i < 100; i++)
		close(fd[i]);
	await_streams(0);
	stop();
}

/* An alternate's addresses answer over TCP, too, from where they are asked (RFC 5780
 * 6), each for itself: none can open a connection to a client. */
static void alternates_over_tcp(void)
{
	altair_server_config relay = relay_config();
	altair_addr listen, other, at;
	altair_serve_config c;
	int rc = ALTAIR_E_IN_USE;

	altair_addr_parse_ip(&listen, "127.0.0.1", 0);
	altair_addr_parse_ip(&other, "127.0.0.2", 0);
	altair_serve_config_default(&c);
	c.listen = &listen;
	c.listens = 1;
	c.alternates = &other;
	c.alternate_count = 1;
	c.threads = 2;
	c.relay = &relay;
	/* A free port of one address may be taken on the other. */
	for (int i = 0; i < 5 && rc == ALTAIR_E_IN_USE; i++)
		rc = altair_serve_start(&w.serve, &c, NULL);
	CHECK_EQ(rc, 0);
	for (size_t i = 0; i < 4; i++) {
		struct sockaddr_in to;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		CHECK_EQ(altair_serve_local(w.serve, i, &at), 0);
		to = endpoint(at.ip[3] == 1 ? "127.0.0.1" : "127.0.0.2",
			      at.port);
		CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
		CHECK(is_served(fd));
		close(fd);
	}
	altair_serve_stop(w.serve);
}

/* The port of a TCP server is taken, whatever UDP has. */
static void the_port_is_taken(void)
{
	altair_server_config relay = relay_config();
	struct sockaddr_in any = endpoint("127.0.0.1", 0);
	socklen_t len = sizeof any;
	altair_serve_config c;
	altair_addr local;
	altair_serve *serve;
	size_t failed = 7;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_EQ(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
	CHECK_EQ(listen(fd, 1), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	altair_addr_parse_ip(&local, "127.0.0.1", ntohs(any.sin_port));
	altair_serve_config_default(&c);
	c.listen = &local;
	c.listens = 1;
	c.threads = 1;
	c.relay = &relay;
	CHECK_EQ(altair_serve_start(&serve, &c, &failed), ALTAIR_E_IN_USE);
	CHECK_EQ(failed, 0);
	close(fd);
}

static const struct check_test tests[] = {
	TEST(handshakes_have_a_rate),
	TEST(a_stranger_gives_way),
	TEST(descriptors_run_out),
	TEST(several_threads),
	TEST(the_total_of_several_threads),
	TEST(alternates_over_tcp),
	TEST(the_port_is_taken),
};
CHECK_MAIN(tests)
