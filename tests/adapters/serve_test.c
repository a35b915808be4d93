/*
 * adapters/serve over the loopback interface: real sockets, real threads, the
 * shipped server machine. Whatever a client waits for is a bounded poll(2).
 */
#define _GNU_SOURCE
#include <altair/error.h>
#include <altair/serve.h>
#include <altair/udp.h>

#include "check.h"

#include <poll.h>

#define WAIT_MS 5000
#define REQUEST_LEN 20

/* A binding request without attributes (RFC 8489 5); `number` is its
 * transaction id. */
static void write_request(uint8_t out[REQUEST_LEN], uint8_t number)
{
	static const uint8_t head[8] = {0x00, 0x01, 0x00, 0x00,
					0x21, 0x12, 0xa4, 0x42};

	memset(out, number, REQUEST_LEN);
	memcpy(out, head, sizeof head);
}

static altair_addr endpoint(const char *ip, uint16_t port)
{
	altair_addr addr = {.family = ALTAIR_NO_FAMILY};

	CHECK_EQ(altair_addr_parse_ip(&addr, ip, port), 0);
	return addr;
}

static altair_serve *start(const char *const *ip, size_t count,
			   unsigned threads)
{
	altair_addr listen[16];
	altair_serve_config config;
	altair_serve *serve = NULL;

	for (size_t i = 0; i < count; i++)
		listen[i] = endpoint(ip[i], 0);
	altair_serve_config_default(&config);
	config.listen = listen;
	config.listens = count;
	config.threads = threads;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), 0);
	return serve;
}

static altair_addr local_of(const altair_serve *serve, size_t index)
{
	altair_addr addr;

	CHECK_EQ(altair_serve_local(serve, index, &addr), 0);
	CHECK(addr.port != 0);
	return addr;
}

static altair_udp *open_client(const char *ip, unsigned flags)
{
	altair_addr local = endpoint(ip, 0);
	altair_udp *udp = NULL;

	CHECK_EQ(altair_udp_open(&udp, &local, flags, 64), 0);
	return udp;
}

static void send_to(altair_udp *udp, const altair_addr *to, altair_bytes bytes,
		    size_t segment)
{
	altair_datagram out = {
		.path = {.remote = *to},
		.bytes = bytes,
		.segment = segment,
	};

	CHECK_EQ(altair_udp_send(udp, &out, 1), 1);
}

static void ask(altair_udp *udp, const altair_addr *to, uint8_t number)
{
	uint8_t request[REQUEST_LEN];

	write_request(request, number);
	send_to(udp, to, (altair_bytes){request, sizeof request}, 0);
}

/* The next answer must be the one to request `number`, of `len` bytes. */
static void hear(altair_udp *udp, uint8_t number, size_t len, altair_addr *from)
{
	struct pollfd p = {.fd = altair_udp_fd(udp), .events = POLLIN};
	uint8_t request[REQUEST_LEN];
	altair_datagram in;

	write_request(request, number);
	CHECK_EQ(poll(&p, 1, WAIT_MS), 1);
	CHECK_EQ(altair_udp_receive(udp, 0, &in, 1), 1);
	CHECK_EQ(in.bytes.len, len);
	CHECK_EQ(in.bytes.data[0], 0x01);
	CHECK_EQ(in.bytes.data[1], 0x01);
	CHECK_MEM(in.bytes.data + 4, request + 4, 16);
	if (from)
		*from = in.path.remote;
}

static altair_server_stats stats_of(const altair_serve *serve)
{
	altair_server_stats stats;

	altair_serve_get_stats(serve, &stats);
	return stats;
}

static void answers_both_families(void)
{
	static const char *const ip[] = {"127.0.0.1", "::1"};
	altair_serve *serve = start(ip, 2, 1);
	altair_addr v4 = local_of(serve, 0), v6 = local_of(serve, 1), none;
	altair_udp *a = open_client("127.0.0.1", 0);
	altair_udp *b = open_client("::1", 0);

	ask(a, &v4, 1);
	hear(a, 1, 32, NULL);
	ask(b, &v6, 2);
	hear(b, 2, 44, NULL);
	CHECK_EQ(stats_of(serve).requests, 2);
	CHECK_EQ(stats_of(serve).ignored, 0);
	CHECK_EQ(altair_serve_local(serve, 2, &none), ALTAIR_E_INVALID);
	altair_udp_close(a);
	altair_udp_close(b);
	altair_serve_stop(serve);
}

static void answers_nothing_but_requests(void)
{
	static const char *const ip[] = {"127.0.0.1"};
	altair_serve *serve = start(ip, 1, 1);
	altair_addr to = local_of(serve, 0);
	altair_udp *udp = open_client("127.0.0.1", 0);
	static uint8_t longest[65507];
	uint8_t answer[REQUEST_LEN];

	write_request(answer, 3);
	answer[0] = answer[1] = 0x01;
	send_to(udp, &to, (altair_bytes){answer, 0}, 0);
	send_to(udp, &to, (altair_bytes){(const uint8_t *)"PUNCH", 5}, 0);
	send_to(udp, &to, (altair_bytes){answer, sizeof answer}, 0);
	send_to(udp, &to, (altair_bytes){longest, sizeof longest}, 0);
	ask(udp, &to, 4);
	hear(udp, 4, 32, NULL);
	CHECK_EQ(stats_of(serve).requests, 1);
	CHECK_EQ(stats_of(serve).ignored, 4);
	altair_udp_close(udp);
	altair_serve_stop(serve);
}

static void answer_leaves_from_what_was_asked(void)
{
	static const char *const ip[] = {"0.0.0.0"};
	altair_serve *serve = start(ip, 1, 1);
	altair_addr to = endpoint("127.9.8.7", local_of(serve, 0).port), from;
	altair_udp *udp = open_client("127.0.0.1", 0);

	ask(udp, &to, 5);
	hear(udp, 5, 32, &from);
	CHECK(altair_addr_equal(&from, &to));
	altair_udp_close(udp);
	altair_serve_stop(serve);
}

static void a_burst_is_answered_by_a_burst(void)
{
	static const char *const ip[] = {"127.0.0.1"};
	altair_serve *serve = start(ip, 1, 1);
	altair_addr to = local_of(serve, 0);
	altair_udp *udp = open_client("127.0.0.1", ALTAIR_UDP_MERGE);
	struct pollfd p = {.fd = altair_udp_fd(udp), .events = POLLIN};
	uint8_t requests[32][REQUEST_LEN];
	altair_datagram in;

	for (uint8_t i = 0; i < 32; i++)
		write_request(requests[i], i);
	send_to(udp, &to, (altair_bytes){requests[0], sizeof requests},
		REQUEST_LEN);
	CHECK_EQ(poll(&p, 1, WAIT_MS), 1);
	CHECK_EQ(altair_udp_receive(udp, 0, &in, 1), 1);
	CHECK_EQ(in.segment, 32);
	CHECK_EQ(in.bytes.len, 32 * 32);
	for (size_t i = 0; i < 32; i++)
		CHECK_MEM(in.bytes.data + 32 * i + 4, requests[i] + 4, 16);
	CHECK_EQ(stats_of(serve).requests, 32);
	altair_udp_close(udp);
	altair_serve_stop(serve);
}

/* Successes and refusals have different lengths, so that none can be merged
 * with its neighbour: more answers than datagrams came in. */
static void answers_that_cannot_merge_all_leave(void)
{
	static const char *const ip[] = {"127.0.0.1"};
	altair_serve *serve = start(ip, 1, 1);
	altair_addr to = local_of(serve, 0);
	altair_udp *udp = open_client("127.0.0.1", ALTAIR_UDP_MERGE);
	struct pollfd p = {.fd = altair_udp_fd(udp), .events = POLLIN};
	uint8_t requests[64][REQUEST_LEN + 24];
	altair_datagram in[64];
	size_t got = 0;

	memset(requests, 0, sizeof requests);
	for (uint8_t i = 0; i < 64; i++) {
		/* SOFTWARE (0x8022), or 0x7fff, which nobody understands. */
		bool known = i % 2 == 0;
		uint8_t attribute[4] = {known ? 0x80 : 0x7f,
					known ? 0x22 : 0xff, 0, 20};

		write_request(requests[i], i);
		requests[i][3] = 24;
		memcpy(requests[i] + REQUEST_LEN, attribute, 4);
	}
	send_to(udp, &to, (altair_bytes){requests[0], sizeof requests},
		sizeof requests[0]);
	while (got < 64) {
		CHECK_EQ(poll(&p, 1, WAIT_MS), 1);
		for (int n = altair_udp_receive(udp, 0, in, 64); n > 0; n--)
			got += altair_datagram_split(&in[n - 1], NULL, 0);
	}
	CHECK_EQ(got, 64);
	CHECK_EQ(stats_of(serve).requests, 32);
	CHECK_EQ(stats_of(serve).errors, 32);
	altair_udp_close(udp);
	altair_serve_stop(serve);
}

/* The kernel spreads the clients over the threads; none may be forgotten. */
static void every_thread_answers(void)
{
	static const char *const ip[] = {"127.0.0.1", "::1"};
	altair_serve *serve = start(ip, 2, 4);
	altair_addr v4 = local_of(serve, 0), v6 = local_of(serve, 1);
	altair_udp *a[64], *b[64];

	for (uint8_t i = 0; i < 64; i++) {
		a[i] = open_client("127.0.0.1", 0);
		b[i] = open_client("::1", 0);
		ask(a[i], &v4, i);
		ask(b[i], &v6, i);
	}
	for (uint8_t i = 0; i < 64; i++) {
		hear(a[i], i, 32, NULL);
		hear(b[i], i, 44, NULL);
		altair_udp_close(a[i]);
		altair_udp_close(b[i]);
	}
	CHECK_EQ(stats_of(serve).requests, 128);
	altair_serve_stop(serve);
}

/* Even where both could share the port. */
static void a_second_server_is_refused(void)
{
	static const char *const ip[] = {"127.0.0.1"};
	altair_serve *serve = start(ip, 1, 2), *second = NULL;
	altair_addr listen[2] = {endpoint("127.0.0.1", 0), local_of(serve, 0)};
	altair_addr elsewhere = endpoint("192.0.2.1", 0);
	altair_serve_config config;
	size_t failed = 9;

	altair_serve_config_default(&config);
	config.listen = listen;
	config.listens = 2;
	config.threads = 2;
	CHECK_EQ(altair_serve_start(&second, &config, &failed),
		 ALTAIR_E_IN_USE);
	CHECK_EQ(failed, 1);
	config.listen = &elsewhere;
	config.listens = 1;
	CHECK_EQ(altair_serve_start(&second, &config, &failed),
		 ALTAIR_E_ADDRESS);
	CHECK_EQ(failed, 0);
	CHECK(second == NULL);
	altair_serve_stop(serve);
	/* And the port is free again at once. */
	config.listen = &listen[1];
	CHECK_EQ(altair_serve_start(&second, &config, NULL), 0);
	altair_serve_stop(second);
}

/* RFC 5780: four sockets, each of which answers for any other. */
static void another_socket_answers(void)
{
	static const uint8_t flags[] = {0, 2, 4, 6};
	/* Where they are among the listeners: A1:P1, A1:P2, A2:P1, A2:P2. */
	static const size_t index[] = {0, 2, 3, 1};
	altair_addr listen = endpoint("127.0.0.1", 0), from, at[4];
	altair_addr other = endpoint("127.0.0.2", 0);
	uint8_t request[28] = {0};
	altair_serve_config config;
	altair_serve *serve = NULL;
	int rc = ALTAIR_E_IN_USE;

	altair_serve_config_default(&config);
	config.listen = &listen;
	config.listens = 1;
	config.alternates = &other;
	config.alternate_count = 1;
	config.threads = 2;
	/* A free port of one address may be taken on the other. */
	for (int i = 0; i < 5 && rc == ALTAIR_E_IN_USE; i++)
		rc = altair_serve_start(&serve, &config, NULL);
	CHECK_EQ(rc, 0);
	for (size_t i = 0; i < 4; i++)
		at[i] = local_of(serve, index[i]);
	for (size_t i = 0; i < 16; i++) {
		/* Above ten a second to one source they would be short. */
		altair_udp *udp =
			open_client(i % 2 ? "127.0.0.1" : "127.0.0.9", 0);

		write_request(request, 1);
		memcpy(request + 20, (uint8_t[]){0, 3, 0, 4, 0, 0, 0}, 7);
		request[3] = 8;
		request[27] = flags[i % 4];
		send_to(udp, &at[i / 4], (altair_bytes){request, 28}, 0);
		hear(udp, 1, 56, &from);
		CHECK(altair_addr_equal(&from, &at[(i / 4) ^ (i % 4)]));
		altair_udp_close(udp);
	}
	altair_serve_stop(serve);
}

static void wrong_configurations_are_refused(void)
{
	altair_addr v6 = {.family = ALTAIR_IPV6, .ip = {[15] = 1}, .port = 1};
	altair_addr any = endpoint("0.0.0.0", 0);
	size_t failed = 9;
	altair_addr listen[17] = {endpoint("127.0.0.1", 0)};
	altair_serve_config config;
	altair_serve *serve = NULL;

	altair_serve_config_default(&config);
	config.listen = listen;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), ALTAIR_E_INVALID);
	config.listens = 17;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), ALTAIR_E_INVALID);
	config.listens = 1;
	config.alternates = &v6;
	config.alternate_count = 1;
	CHECK_EQ(altair_serve_start(&serve, &config, &failed),
		 ALTAIR_E_INVALID);
	CHECK_EQ(failed, 1);
	config.alternates = &listen[0];
	config.listen = &any;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), ALTAIR_E_INVALID);
	config.listen = listen;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), ALTAIR_E_INVALID);
	config.alternate_count = 3;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), ALTAIR_E_INVALID);
	config.alternate_count = 0;
	config.size = 0;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), ALTAIR_E_INVALID);
	altair_serve_stop(NULL);
}

static void stops_under_load(void)
{
	static const char *const ip[] = {"127.0.0.1"};
	altair_udp *udp = open_client("127.0.0.1", 0);

	for (int turn = 0; turn < 20; turn++) {
		altair_serve *serve = start(ip, 1, 0);
		altair_addr to = local_of(serve, 0);

		for (uint8_t i = 0; i < 100; i++)
			ask(udp, &to, i);
		altair_serve_stop(serve);
	}
	altair_udp_close(udp);
}

/* Each thread is asked, also while it works; without TURN there is nothing. */
static void every_desk_answers(void)
{
	static const char *const ip[] = {"127.0.0.1"};
	altair_serve *serve = start(ip, 1, 4);
	altair_addr to = local_of(serve, 0);
	altair_udp *udp = open_client("127.0.0.1", 0);
	altair_server_config config;
	altair_session_peer peer;
	altair_session session;
	uint64_t place = 0;

	altair_server_config_default(&config);
	ask(udp, &to, 1);
	CHECK_EQ(altair_serve_list(serve, &place, &session, 1), 0);
	CHECK_EQ(place, (uint64_t)4 << 32);
	CHECK_EQ(altair_serve_list(serve, &place, &session, 1), 0);
	for (uint64_t id = 0; id < 9; id++) {
		CHECK_EQ(altair_serve_find(serve, id, &session),
			 ALTAIR_E_INVALID);
		CHECK_EQ(altair_serve_peers(serve, id, &peer, 1), 0);
		CHECK_EQ(altair_serve_end(serve, id), ALTAIR_E_INVALID);
	}
	altair_serve_drain(serve, true);
	CHECK_EQ(altair_serve_renew(serve, &config), ALTAIR_E_INVALID);
	hear(udp, 1, 32, NULL);
	altair_udp_close(udp);
	altair_serve_stop(serve);
}

static const struct check_test tests[] = {
	TEST(answers_both_families),
	TEST(answers_nothing_but_requests),
	TEST(answer_leaves_from_what_was_asked),
	TEST(a_burst_is_answered_by_a_burst),
	TEST(answers_that_cannot_merge_all_leave),
	TEST(every_thread_answers),
	TEST(every_desk_answers),
	TEST(a_second_server_is_refused),
	TEST(another_socket_answers),
	TEST(wrong_configurations_are_refused),
	TEST(stops_under_load),
};
CHECK_MAIN(tests)
