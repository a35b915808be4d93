/*
 * A stream of the driver against a listener in the test's hands: what arrives,
 * what waits, what is dropped, and how it ends.
 */
#define _GNU_SOURCE
#include "check.h"

#include "../../adapters/uv/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static uv_loop_t loop;
static struct air_stream stream;
static altair_addr remote, local;
static int listener, peer;
static char heard[64];
static size_t heard_len;
static int reason;
static bool is_open, is_closed, is_late;

/* ---- the stream's owner ---- */

static void on_opened(struct air_stream *s, const altair_addr *from)
{
	(void)s;
	is_open = true;
	local = *from;
}

static void on_received(struct air_stream *s, altair_bytes bytes)
{
	(void)s;
	CHECK(bytes.len <= sizeof heard - heard_len);
	memcpy(heard + heard_len, bytes.data, bytes.len);
	heard_len += bytes.len;
}

static void on_lost(struct air_stream *s, int why)
{
	reason = why;
	air_stream_close(s);
}

static void on_closed(struct air_stream *s)
{
	(void)s;
	is_closed = true;
}

static const struct air_stream_handlers handlers = {on_opened, on_received,
						    on_lost, on_closed};

/* ---- the loop ---- */

static altair_bytes text(const char *s)
{
	return (altair_bytes){(const uint8_t *)s, strlen(s)};
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	is_late = true;
}

static void run_until(const bool *done)
{
	uv_timer_t timer;

	is_late = false;
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_late, 20000, 0);
	while (!*done && !is_late)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK(!is_late);
}

static void listen_somewhere(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof in;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK_EQ(bind(listener, (struct sockaddr *)&in, len), 0);
	CHECK_EQ(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&in, &len);
	altair_addr_parse_ip(&remote, "127.0.0.1", ntohs(in.sin_port));
}

static void begin(void)
{
	uv_loop_init(&loop);
	memset(&stream, 0, sizeof stream);
	stream.handlers = &handlers;
	heard_len = 0;
	reason = 0;
	is_open = is_closed = false;
	listen_somewhere();
}

static void setup(void)
{
	begin();
	CHECK_EQ(air_stream_open(&stream, &loop, &remote, NULL, NULL), 0);
	CHECK_EQ(
		air_stream_send(&stream, text("early"), AIR_STREAM_WAITING_MAX),
		ALTAIR_E_STATE);
	run_until(&is_open);
	peer = accept(listener, NULL, NULL);
	CHECK(peer >= 0);
}

static void finish(void)
{
	if (!is_closed && !stream.is_over)
		air_stream_close(&stream);
	run_until(&is_closed);
	CHECK_EQ(uv_loop_close(&loop), 0);
	close(listener);
}

/* ---- tests ---- */

static void bytes_go_both_ways(void)
{
	struct sockaddr_in in;
	socklen_t len = sizeof in;
	char got[8];
	bool has_heard = false;

	setup();
	getpeername(peer, (struct sockaddr *)&in, &len);
	CHECK_EQ(local.port, ntohs(in.sin_port));
	CHECK_EQ(air_stream_send(&stream, text("ping"), AIR_STREAM_PAYLOAD_MAX),
		 0);
	CHECK_EQ(recv(peer, got, sizeof got, 0), 4);
	CHECK_MEM(got, "ping", 4);
	CHECK_EQ(send(peer, "pong", 4, 0), 4);
	while (!has_heard) {
		uv_run(&loop, UV_RUN_ONCE);
		has_heard = heard_len == 4;
	}
	CHECK_MEM(heard, "pong", 4);
	finish();
	close(peer);
}

/* Reads `len` bytes, each of which is the number of its message. */
static void read_messages(size_t count, size_t message_len)
{
	uint8_t bytes[4096];
	size_t at = 0, total = count * message_len;

	while (at < total) {
		ssize_t len = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT);

		if (len <= 0) {
			uv_run(&loop, UV_RUN_NOWAIT);
			continue;
		}
		for (ssize_t i = 0; i < len; i++, at++)
			CHECK_EQ(bytes[i], (uint8_t)(at / message_len));
	}
	CHECK_EQ(at, total);
}

/* Where nobody reads, messages are dropped whole, and what waits has a bound;
 * then it goes on. */
static void what_is_too_much_is_dropped(void)
{
	uint8_t message[1000];
	size_t count = 0;
	int error = 0;

	setup();
	while (error == 0 && count < 100000) {
		memset(message, (int)(count & 0xff), sizeof message);
		error = air_stream_send(&stream,
					(altair_bytes){message, sizeof message},
					AIR_STREAM_PAYLOAD_MAX);
		count += error == 0;
	}
	CHECK_EQ(error, ALTAIR_E_AGAIN);
	CHECK(stream.waiting <= AIR_STREAM_PAYLOAD_MAX);
	CHECK(count > 20);
	/* What is no payload still has room. */
	memset(message, (int)(count & 0xff), sizeof message);
	CHECK_EQ(air_stream_send(&stream,
				 (altair_bytes){message, sizeof message},
				 AIR_STREAM_WAITING_MAX),
		 0);
	read_messages(count + 1, sizeof message);
	CHECK_EQ(stream.waiting, 0);
	memset(message, 0, sizeof message);
	CHECK_EQ(air_stream_send(&stream,
				 (altair_bytes){message, sizeof message},
				 AIR_STREAM_PAYLOAD_MAX),
		 0);
	read_messages(1, sizeof message);
	finish();
	close(peer);
}

static void the_peer_ends_it(void)
{
	setup();
	close(peer);
	run_until(&is_closed);
	CHECK_EQ(reason, ALTAIR_E_NETWORK);
	finish();
}

static void nobody_listens(void)
{
	begin();
	close(listener);
	listener = -1;
	CHECK_EQ(air_stream_open(&stream, &loop, &remote, NULL, NULL), 0);
	run_until(&is_closed);
	CHECK_EQ(reason, ALTAIR_E_NETWORK);
	CHECK(!is_open);
	finish();
}

static void closed_while_it_connects(void)
{
	begin();
	CHECK_EQ(air_stream_open(&stream, &loop, &remote, NULL, NULL), 0);
	air_stream_close(&stream);
	run_until(&is_closed);
	CHECK(!is_open);
	finish();
}

static const struct check_test tests[] = {
	TEST(bytes_go_both_ways),	TEST(what_is_too_much_is_dropped),
	TEST(the_peer_ends_it),		TEST(nobody_listens),
	TEST(closed_while_it_connects),
};

CHECK_MAIN(tests)
