/*
 * No allocation for a datagram: 10,000 of them through each driver, with the
 * linker counting every call of malloc and its kin from our code. What a driver
 * takes when it opens is not counted, and shows that counting works.
 */
#define _GNU_SOURCE
#include <altair/altair.h>

#include "check.h"

#include <poll.h>
#include <stdlib.h>

#define DATAGRAMS 10000
#define WAIT_MS 2000

static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

static altair_addr loopback(void)
{
	altair_addr addr = {0};

	CHECK_EQ(altair_addr_parse_ip(&addr, "127.0.0.1", 0), 0);
	return addr;
}

/* Takes what has arrived at the server, answers it, and gives the time to the
 * kernel's loopback: one turn of any driver. */
static void serve_one(altair_udp *udp, altair_machine *server)
{
	struct pollfd fd = {.fd = altair_udp_fd(udp), .events = POLLIN};
	altair_datagram batch[8];
	altair_output out;
	int count;

	CHECK_EQ(poll(&fd, 1, WAIT_MS), 1);
	count = altair_udp_receive(udp, 0, batch, 8);
	CHECK(count > 0);
	altair_input(server, 0, batch, (size_t)count);
	while (altair_poll(server, &out) == ALTAIR_SEND)
		CHECK_EQ(altair_udp_send(udp, &out.datagram, 1), 1);
}

static void a_server_answers_without_allocating(void)
{
	static const uint8_t request[20] = {0x00, 0x01, 0x00, 0x00,
					    0x21, 0x12, 0xa4, 0x42};
	altair_addr local = loopback();
	altair_server_config config;
	altair_datagram question = {.bytes = {request, sizeof request}};
	altair_datagram answer;
	altair_udp *client, *udp;
	altair_server *server;
	size_t len;
	void *mem;

	allocations = 0;
	CHECK_EQ(altair_udp_open(&client, &local, 0, 1), 0);
	CHECK_EQ(altair_udp_open(&udp, &local, ALTAIR_UDP_MERGE, 8), 0);
	altair_server_config_default(&config);
	len = altair_server_size(&config);
	mem = malloc(len);
	CHECK(mem != NULL);
	CHECK_EQ(altair_server_init(&server, mem, len, &config, 0), 0);
	CHECK_EQ(altair_udp_local(udp, &question.path.remote), 0);
	CHECK(allocations >= 3);
	allocations = 0;
	for (int i = 0; i < DATAGRAMS; i++) {
		struct pollfd fd = {.fd = altair_udp_fd(client),
				    .events = POLLIN};

		CHECK_EQ(altair_udp_send(client, &question, 1), 1);
		serve_one(udp, altair_server_machine(server));
		CHECK_EQ(poll(&fd, 1, WAIT_MS), 1);
		CHECK_EQ(altair_udp_receive(client, 0, &answer, 1), 1);
		CHECK_EQ(answer.bytes.len, 32);
	}
	CHECK_EQ(allocations, 0);
	altair_udp_close(client);
	altair_udp_close(udp);
	free(mem);
}

static void blocking_calls_exchange_messages_without_allocating(void)
{
	altair_bytes hello = {(const uint8_t *)"hello", 5};
	altair_addr local = loopback(), at[2], from;
	altair_conn *conn[2];
	char buf[16];
	size_t len;

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(altair_conn_prepare(&conn[i], &local), 0);
		CHECK_EQ(altair_conn_local(conn[i], &at[i]), 0);
	}
	allocations = 0;
	for (int i = 0; i < DATAGRAMS; i++) {
		int to = i & 1;

		CHECK_EQ(altair_conn_send(conn[!to], hello, &at[to]), 0);
		CHECK_EQ(altair_conn_receive(conn[to], ALTAIR_SEC(2), buf,
					     sizeof buf, &len, &from),
			 0);
		CHECK_EQ(len, 5);
		CHECK(altair_addr_equal(&from, &at[!to]));
	}
	CHECK_EQ(allocations, 0);
	altair_conn_close(conn[0]);
	altair_conn_close(conn[1]);
}

static const struct check_test tests[] = {
	TEST(a_server_answers_without_allocating),
	TEST(blocking_calls_exchange_messages_without_allocating),
};
CHECK_MAIN(tests)
