/*
 * Streams of the TURN server: framing at every byte, what is no message, how
 * long each may take, how many there may be, and whose an allocation is when its
 * stream ends.
 */
#include "server_world.h"

#include <altair/roster.h>

#define FIRST ALTAIR_SERVER_STREAM
#define STREAMS 4

static altair_server_config stream_config(void)
{
	altair_server_config c = config();

	c.connections_max = STREAMS;
	return c;
}

static void begin_streams(void)
{
	altair_server_config c = stream_config();

	begin(&c);
}

static int accept_at(uint32_t sock, const char *from)
{
	altair_path path = {.local = addr(SERVER), .remote = addr(from)};
	int rc = altair_server_accepted(w.s, w.now, sock, &path);

	drain();
	return rc;
}

/* A client on a stream, not yet known. */
static void connect_as(uint32_t sock, const char *from, const char *user)
{
	CHECK_EQ(accept_at(sock, from), 0);
	be(from, user);
	me.sock = sock;
}

/* One with an allocation; the sock of its relay port. */
static uint32_t settle(uint32_t sock, const char *from, const char *user)
{
	connect_as(sock, from, user);
	get_challenged();
	CHECK_EQ(allocate(), 0);
	return 65536u + answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.port;
}

static altair_bytes binding_request(void)
{
	ask(AIR_STUN_BINDING);
	return air_stun_build_end(&me.b);
}

/* --- framing --------------------------------------------------------------- */

/* Everything that a client says in one go, in any two parts, is understood. */
static void split_at_every_byte(void)
{
	static const uint8_t more[] = {
		0x40, 0, 0, 5, 'h',  'e', 'l', 'l', 'o', 0xaa, 0xbb, 0xcc,
		0x40, 0, 0, 0, 0x40, 0,	  0,   4,   'm', 'o',  'r',  'e'};
	uint8_t all[20 + sizeof more];
	uint32_t sock;

	for (size_t cut = 0; cut <= sizeof all; cut++) {
		begin_streams();
		sock = settle(FIRST, ME, "user");
		CHECK_EQ(bind_channel(0x4000, PEER), 0);
		memcpy(all, binding_request().data, 20);
		memcpy(all + 20, more, sizeof more);
		w.sent_count = 0;
		CHECK(stream_brings(FIRST, all, cut));
		CHECK(stream_brings(FIRST, all + cut, sizeof all - cut));
		CHECK_EQ(w.sent_count, 4);
		CHECK_EQ(w.sent[0].path.sock, FIRST);
		CHECK_EQ(w.sent[0].len, 32);
		CHECK_EQ(w.sent[1].len, 5);
		CHECK_MEM(w.sent[1].bytes, "hello", 5);
		CHECK_EQ(w.sent[2].len, 0);
		CHECK_EQ(w.sent[2].path.sock, sock);
		CHECK_MEM(w.sent[3].bytes, "more", 4);
	}
}

static void one_byte_at_a_time(void)
{
	altair_bytes request;

	begin_streams();
	connect_as(FIRST, ME, "user");
	for (int round = 0; round < 3; round++) {
		request = binding_request();
		w.sent_count = 0;
		for (size_t i = 0; i < request.len; i++) {
			CHECK_EQ(w.sent_count, 0);
			CHECK(stream_brings(FIRST, request.data + i, 1));
		}
		CHECK_EQ(w.sent_count, 1);
		check_addr(last()->path.remote, ME);
		check_addr(last()->path.local, SERVER);
	}
}

/* Failures 12: what 16 bits cannot count closes, at every length, and nothing
 * of it is taken for the next message. */
static void lengths_that_wrap_end_the_stream(void)
{
	uint8_t head[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};

	for (unsigned len = 65516; len <= 65535; len++) {
		begin_streams();
		settle(FIRST, ME, "user");
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		CHECK(!stream_brings(FIRST, head, sizeof head));
		CHECK_EQ(stats().streams, 0);
		CHECK_EQ(stats().allocations, 0);
		CHECK_EQ(w.open_count, 0);
		settle(FIRST, ME, "user");
		head[0] = 0x40;
		CHECK(!stream_brings(FIRST, head, 4));
		head[0] = 0;
	}
}

/* The longest message passes, a longer one ends the stream. */
static void messages_have_a_longest(void)
{
	static uint8_t message[16388];
	uint32_t sock;

	begin_streams();
	sock = settle(FIRST, ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	message[0] = 0x40;
	message[2] = 16380 >> 8;
	message[3] = 16380 & 255;
	CHECK(stream_brings(FIRST, message, 16000));
	CHECK(stream_brings(FIRST, message + 16000, 384));
	CHECK_EQ(last()->path.sock, sock);
	CHECK_EQ(last()->len, 16380);
	message[3]++;
	CHECK(!stream_brings(FIRST, message, 4));
}

/* Strangers have less: 2 KiB, and nothing but STUN. */
static void strangers_say_little(void)
{
	uint8_t head[20] = {0, 1, 0x07, 0xec, 0x21, 0x12, 0xa4, 0x42};
	static const uint8_t channel[] = {0x40, 0, 0, 0};

	begin_streams();
	connect_as(FIRST, ME, "user");
	CHECK(stream_brings(FIRST, head, sizeof head)); /* 2048 in all */
	connect_as(FIRST + 1, ME, "user");
	head[3] += 4;
	CHECK(!stream_brings(FIRST + 1, head, sizeof head));
	connect_as(FIRST + 1, ME, "user");
	CHECK(!stream_brings(FIRST + 1, channel, 4));
	connect_as(FIRST + 1, ME, "user");
	get_challenged();
	CHECK(!stream_brings(FIRST + 1, channel, 4));
	CHECK_EQ(stats().streams, 1);
}

static void nonsense_ends_the_stream(void)
{
	static const uint8_t no_cookie[20] = {0, 1, 0, 0, 1, 2, 3};
	static const char *const all[] = {
		"GET / HTTP/1.1", "\x16\x03\x01\x02\x00\x01",
		"\x80\x81\x82\x83", "\xff\xff\xff\xff"};
	static const uint8_t broken[] = {0, 1,	0,  4,	0x21, 0x12, 0xa4, 0x42,
					 1, 2,	3,  4,	5,    6,    7,	  8,
					 9, 10, 11, 12, 0x80, 0x22, 0xff, 0xff};

	begin_streams();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		connect_as(FIRST, ME, "user");
		CHECK(!stream_brings(FIRST, all[i], 4));
	}
	connect_as(FIRST, ME, "user");
	CHECK(!stream_brings(FIRST, no_cookie, sizeof no_cookie));
	CHECK_EQ(w.shuts, 0); /* the driver knows */
	/* Framed like STUN, but none. */
	connect_as(FIRST, ME, "user");
	CHECK(!stream_brings(FIRST, broken, sizeof broken));
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut, FIRST);
	CHECK_EQ(w.sent_count, 0);
}

/* --- relaying -------------------------------------------------------------- */

static void check_padded(const char *data)
{
	const struct sent *s = last();
	size_t len = strlen(data), padded = (len + 3) / 4 * 4;

	CHECK_EQ(s->path.sock, me.sock);
	CHECK_EQ(s->len, padded + 4);
	CHECK_EQ(s->bytes[2] << 8 | s->bytes[3], len);
	CHECK_MEM(s->bytes + 4, data, len);
	for (size_t i = len; i < padded; i++)
		CHECK_EQ(s->bytes[4 + i], 0);
}

static void what_is_relayed_is_padded(void)
{
	static const char *const all[] = {"", "1", "12", "123", "1234"};
	uint32_t sock;

	begin_streams();
	sock = settle(FIRST, ME, "user");
	CHECK_EQ(bind_channel(0x7fff, PEER), 0);
	CHECK_EQ(permit(PEER2), 0);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(send_from(PEER, sock, all[i]), 1);
		check_padded(all[i]);
		CHECK_EQ(send_from(PEER2, sock, all[i]), 1);
		CHECK_EQ(last()->len % 4, 0);
	}
	CHECK_EQ(send_to(PEER2, "x"), 1);
	check_relayed(sock, PEER2, "x");
}

/* The same address and port over UDP is another client. */
static void the_transport_is_part_of_a_client(void)
{
	uint32_t sock;

	begin_streams();
	sock = settle(FIRST, ME, "user");
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(arrive(ME, "other") == sock, false);
	CHECK_EQ(send_to(PEER, "x"), 0);
	CHECK_EQ(stats().allocations, 2);
	be(ME, "user");
	me.sock = FIRST;
	CHECK_EQ(send_to(PEER, "x"), 1);
	check_relayed(sock, PEER, "x");
}

static void between_a_stream_and_a_datagram_client(void)
{
	char here[ALTAIR_ADDR_TEXT], there[ALTAIR_ADDR_TEXT];
	altair_addr a;

	begin_streams();
	settle(FIRST, ME, "user");
	a = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr;
	altair_addr_format(&a, here, sizeof here);
	arrive(OTHER, "other");
	a = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr;
	altair_addr_format(&a, there, sizeof there);
	CHECK_EQ(bind_channel(0x4001, here), 0);
	be(ME, "user");
	me.sock = FIRST;
	me.transactions = 100;
	get_challenged();
	CHECK_EQ(bind_channel(0x4002, there), 0);
	CHECK_EQ(send_to(there, "hello"), 1);
	check_channel(OTHER, 0x4001, "hello");
	be(OTHER, "other");
	CHECK_EQ(send_to(here, "hello"), 1);
	me.sock = FIRST;
	check_padded("hello");
}

/* --- ends ------------------------------------------------------------------ */

static void an_allocation_ends_with_its_stream(void)
{
	altair_server_config c = stream_config();

	c.quota_user = 1;
	begin(&c);
	settle(FIRST, ME, "user");
	CHECK_EQ(w.open_count, 1);
	altair_server_lost(w.s, FIRST);
	drain();
	CHECK_EQ(w.open_count, 0);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(stats().streams, 0);
	altair_server_lost(w.s, FIRST); /* once more is harmless */
	settle(FIRST, ME, "user");
	CHECK_EQ(stats().allocations, 1);
}

static void an_operator_ends_the_stream_with_the_session(void)
{
	begin_streams();
	settle(FIRST, ME, "user");
	CHECK_EQ(altair_server_end(w.s, 1), 0);
	drain();
	CHECK_EQ(w.open_count, 0);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut, FIRST);
	CHECK_EQ(stats().streams, 0);
	settle(FIRST, ME, "user");
	CHECK_EQ(stats().allocations, 1);
}

/* While its ports are being opened, too. */
static void a_stream_that_ends_while_ports_open(void)
{
	altair_output out;

	begin_streams();
	connect_as(FIRST, ME, "user");
	get_challenged();
	w.holds_opens = true;
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_number(AIR_STUN_LIFETIME, 600);
	sign();
	CHECK_EQ(send_it(), 0);
	CHECK_EQ(w.open_count, 1);
	altair_server_lost(w.s, FIRST);
	altair_server_opened(w.s, w.now, w.open[0], 0);
	CHECK_EQ(altair_poll(w.m, &out), ALTAIR_EVENT);
	CHECK_EQ(out.event, ALTAIR_EV_RELAY_CLOSE);
	CHECK_EQ(stats().allocations, 0);
	w.open_count = 0;
	drain();
}

static uint8_t ticket[16];

/* As settle, with a ticket (RFC 8016). */
static uint32_t settle_mobile(uint32_t sock, const char *from)
{
	connect_as(sock, from, "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_bytes(AIR_STUN_MOBILITY_TICKET, "", 0);
	CHECK_EQ(answer_to_signed(), 0);
	memcpy(ticket, answer_value(AIR_STUN_MOBILITY_TICKET).bytes.data, 16);
	return 65536u + answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.port;
}

static int show_ticket(void)
{
	int code;

	ask(AIR_STUN_REFRESH);
	with_bytes(AIR_STUN_MOBILITY_TICKET, ticket, sizeof ticket);
	code = answer_to_signed();
	if (code == 0)
		memcpy(ticket,
		       answer_value(AIR_STUN_MOBILITY_TICKET).bytes.data, 16);
	return code;
}

static void a_ticket_outlives_its_stream(void)
{
	uint32_t sock;

	begin_streams();
	sock = settle_mobile(FIRST, ME);
	CHECK_EQ(permit(PEER), 0);
	altair_server_lost(w.s, FIRST);
	drain();
	CHECK_EQ(stats().allocations, 1);
	CHECK_EQ(send_from(PEER, sock, "to nobody"), 0);
	CHECK_EQ(stats().dropped, 1);
	/* Whoever gets the number, and the address, is somebody else. */
	connect_as(FIRST, ME, "user");
	CHECK_EQ(send_to(PEER, "x"), 0);
	connect_as(FIRST + 1, OTHER, "user");
	get_challenged();
	CHECK_EQ(show_ticket(), 0);
	CHECK_EQ(send_from(PEER, sock, "again"), 1);
	CHECK_EQ(last()->path.sock, FIRST + 1);
	CHECK_EQ(send_to(PEER, "here"), 1);
	check_relayed(sock, PEER, "here");
}

/* Two that wait, and one that nobody comes for. */
static void who_waits_for_a_client_expires(void)
{
	uint32_t first, second;

	begin_streams();
	first = settle_mobile(FIRST, ME);
	second = settle_mobile(FIRST + 1, OTHER);
	CHECK(first != second);
	CHECK_EQ(permit(PEER), 0);
	altair_server_lost(w.s, FIRST);
	altair_server_lost(w.s, FIRST + 1);
	drain();
	wait_seconds(200);
	connect_as(FIRST + 2, ME, "user");
	get_challenged();
	CHECK_EQ(show_ticket(), 0);
	wait_seconds(400);
	CHECK_EQ(stats().allocations, 1);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(send_from(PEER, second, "x"), 1);
	CHECK_EQ(last()->path.sock, FIRST + 2);
}

/* It moves from stream to stream, and either may end meanwhile. */
static void a_stream_that_ends_in_a_move(void)
{
	uint32_t sock;

	begin_streams();
	sock = settle_mobile(FIRST, ME);
	CHECK_EQ(permit(PEER), 0);
	connect_as(FIRST + 1, OTHER, "user");
	get_challenged();
	CHECK_EQ(show_ticket(), 0);
	CHECK_EQ(send_from(PEER, sock, "x"), 1);
	CHECK_EQ(last()->path.sock, FIRST);
	altair_server_lost(w.s, FIRST + 1);
	CHECK_EQ(send_from(PEER, sock, "x"), 1);
	CHECK_EQ(last()->path.sock, FIRST);
	connect_as(FIRST + 1, OTHER, "user");
	get_challenged();
	CHECK_EQ(show_ticket(), 0);
	altair_server_lost(w.s, FIRST);
	CHECK_EQ(send_from(PEER, sock, "x"), 1);
	CHECK_EQ(last()->path.sock, FIRST + 1);
	altair_server_lost(w.s, FIRST + 1);
	CHECK_EQ(send_from(PEER, sock, "x"), 0);
	CHECK_EQ(stats().allocations, 1);
}

/* --- deadlines ------------------------------------------------------------- */

static void who_says_nothing_is_shut_after_five_seconds(void)
{
	begin_streams();
	connect_as(FIRST, ME, "user");
	CHECK(stream_brings(FIRST, "\0\1\0\0", 4)); /* not a whole message */
	wait_seconds(4);
	CHECK_EQ(w.shuts, 0);
	wait_seconds(1);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut, FIRST);
	CHECK_EQ(stats().streams, 0);
	CHECK_EQ(stats().streams_shut, 1);
	CHECK_EQ(accept_at(FIRST, ME), 0);
}

/* However much they say. */
static void who_proves_nothing_is_shut_after_ten(void)
{
	begin_streams();
	connect_as(FIRST, ME, "user");
	for (int i = 0; i < 9; i++) {
		altair_bytes request = binding_request();

		CHECK(stream_brings(FIRST, request.data, request.len));
		wait_seconds(1);
	}
	CHECK_EQ(w.sent_count, 9);
	CHECK_EQ(w.shuts, 0);
	wait_seconds(1);
	CHECK_EQ(w.shuts, 1);
}

static void who_is_refused_ten_times_is_shut(void)
{
	begin_streams();
	connect_as(FIRST, ME, "user");
	for (int i = 0; i < 10; i++)
		get_challenged();
	CHECK_EQ(w.shuts, 0);
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	CHECK_EQ(send_it(), 0);
	CHECK_EQ(w.shuts, 1);
}

static void who_has_an_allocation_stays(void)
{
	begin_streams();
	settle(FIRST, ME, "user");
	wait_seconds(300);
	CHECK_EQ(refresh(600), 0);
	wait_seconds(599);
	CHECK_EQ(w.shuts, 0);
	CHECK_EQ(stats().allocations, 1);
	wait_seconds(1);
	CHECK_EQ(stats().allocations, 0);
	wait_seconds(60);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.deadline, ALTAIR_NEVER);
}

static void who_has_none_is_shut_after_a_minute(void)
{
	begin_streams();
	settle(FIRST, ME, "user");
	wait_seconds(30);
	CHECK_EQ(refresh(0), 0);
	wait_seconds(59);
	CHECK_EQ(w.shuts, 0);
	wait_seconds(1);
	CHECK_EQ(w.shuts, 1);
}

/* The times and the longest message are the configuration's. */
static void times_are_those_of_the_configuration(void)
{
	altair_server_config c = stream_config();
	uint8_t head[20] = {0, 1, 0x0f, 0xec, 0x21, 0x12, 0xa4, 0x42};

	c.silence_max = ALTAIR_SEC(2);
	c.proof_max = ALTAIR_SEC(4);
	c.idle_max = ALTAIR_SEC(7);
	c.message_max = 4096;
	begin(&c);
	CHECK_EQ(accept_at(FIRST, ME), 0);
	connect_as(FIRST + 1, ME, "user");
	get_challenged();
	settle(FIRST + 2, OTHER, "user");
	wait_seconds(2);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut, FIRST);
	wait_seconds(2);
	CHECK_EQ(w.shuts, 2);
	CHECK_EQ(w.shut, FIRST + 1);
	CHECK_EQ(refresh(0), 0);
	wait_seconds(6);
	CHECK_EQ(w.shuts, 2);
	CHECK(stream_brings(FIRST + 2, head, sizeof head)); /* 4096 in all */
	wait_seconds(1);
	CHECK_EQ(w.shuts, 3);
	settle(FIRST + 2, OTHER, "user");
	head[3] += 4;
	CHECK(!stream_brings(FIRST + 2, head, sizeof head));
}

/* --- limits ---------------------------------------------------------------- */

static void a_prefix_has_so_many_strangers(void)
{
	altair_server_config c = stream_config();

	c.connections_prefix = 2;
	begin(&c);
	CHECK_EQ(accept_at(FIRST, ME), 0);
	CHECK_EQ(accept_at(FIRST + 1, "203.0.113.5:40001"), 0);
	CHECK_EQ(accept_at(FIRST + 2, "203.0.113.5:40002"), ALTAIR_E_FULL);
	CHECK_EQ(accept_at(FIRST + 2, "[::ffff:203.0.113.5]:3"), ALTAIR_E_FULL);
	CHECK_EQ(stats().streams_refused, 2);
	CHECK_EQ(accept_at(FIRST + 2, OTHER), 0);
	/* Who proves who they are makes room for another. */
	be(ME, "user");
	me.sock = FIRST;
	get_challenged();
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(accept_at(FIRST + 3, "203.0.113.5:40003"), 0);
	CHECK_EQ(accept_at(FIRST + 4, "203.0.113.5:40004"), ALTAIR_E_FULL);
	altair_server_lost(w.s, FIRST + 1);
	CHECK_EQ(accept_at(FIRST + 1, "203.0.113.5:40004"), 0);
	CHECK_EQ(w.shuts, 0);
}

/* Who has proved who they are, and never has an allocation, cannot hold all places
 * from one prefix; others come in, and when they go so do more of this one. */
static void a_prefix_with_proof_has_so_many_streams(void)
{
	altair_server_config c = stream_config();
	char from[32];

	c.connections_max = 10;
	c.connections_prefix = 2;
	c.quota_prefix = 3;
	begin(&c);
	for (uint32_t i = 0; i < 5; i++) {
		snprintf(from, sizeof from, "203.0.113.5:%u", 4000 + i);
		connect_as(FIRST + i, from, "user");
		get_challenged();
		CHECK_EQ(refresh(600), 437); /* and so it is proved */
	}
	CHECK_EQ(accept_at(FIRST + 5, "203.0.113.5:5000"), ALTAIR_E_FULL);
	CHECK_EQ(stats().streams, 5);
	CHECK_EQ(stats().streams_refused, 1);
	settle(FIRST + 5, OTHER, "other");
	/* Recovery: lost, and shut for want of an allocation. */
	altair_server_lost(w.s, FIRST + 1);
	CHECK_EQ(accept_at(FIRST + 1, "203.0.113.5:5000"), 0);
	CHECK_EQ(accept_at(FIRST + 6, "203.0.113.5:5001"), ALTAIR_E_FULL);
	wait_seconds(60);
	CHECK_EQ(stats().streams, 1);
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(from, sizeof from, "203.0.113.5:%u", 6000 + i);
		settle(FIRST + 6 + i, from, "third");
	}
	CHECK_EQ(stats().allocations, 4);
	CHECK_EQ(accept_at(FIRST, "203.0.113.5:7000"), 0);
	CHECK_EQ(accept_at(FIRST + 1, "203.0.113.5:7001"), 0);
	CHECK_EQ(accept_at(FIRST + 2, "203.0.113.5:7002"), ALTAIR_E_FULL);
}

static void a_prefix_of_ipv6_has_64_bits(void)
{
	altair_server_config c = stream_config();

	c.connections_prefix = 1;
	begin(&c);
	CHECK_EQ(accept_at(FIRST, "[2001:db8::1]:1"), 0);
	CHECK_EQ(accept_at(FIRST + 1, "[2001:db8::ffff:0:0:2]:1"),
		 ALTAIR_E_FULL);
	CHECK_EQ(accept_at(FIRST + 1, "[2001:db8:0:1::1]:1"), 0);
	c.connections_prefix = 0;
	begin(&c);
	for (uint32_t i = 0; i < STREAMS; i++)
		CHECK_EQ(accept_at(FIRST + i, ME), 0);
}

/* The oldest stranger gives way, and never who has proved who they are. */
static void when_all_places_are_taken(void)
{
	begin_streams();
	CHECK_EQ(accept_at(FIRST + 2, "203.0.113.7:1"), 0);
	settle(FIRST, ME, "user");
	for (uint32_t i = 1; i < STREAMS; i++)
		if (i != 2)
			CHECK_EQ(accept_at(FIRST + i, OTHER), 0);
	CHECK_EQ(w.shuts, 0);
	CHECK_EQ(accept_at(FIRST + STREAMS, OTHER), 0);
	CHECK_EQ(w.shuts, 1);
	CHECK_EQ(w.shut, FIRST + 2);
	CHECK_EQ(accept_at(FIRST + 2, OTHER), 0);
	CHECK_EQ(w.shut, FIRST + 1);
	CHECK_EQ(stats().streams, STREAMS);
	CHECK_EQ(stats().streams_shut, 2);
	CHECK_EQ(stats().allocations, 1);
}

static void when_all_have_proved_themselves(void)
{
	static const char *const names[] = {"user", "other", "third", "user"};
	char from[32];

	begin_streams();
	for (uint32_t i = 0; i < STREAMS; i++) {
		snprintf(from, sizeof from, "203.0.113.5:%u", 4000 + i);
		settle(FIRST + i, from, names[i]);
	}
	CHECK_EQ(accept_at(FIRST + STREAMS, OTHER), ALTAIR_E_FULL);
	CHECK_EQ(w.shuts, 0);
	altair_server_lost(w.s, FIRST + 1);
	CHECK_EQ(accept_at(FIRST + STREAMS, OTHER), 0);
}

/* So many handshakes a second from one prefix, whatever becomes of the streams. */
static void handshakes_are_rare(void)
{
	altair_server_config c = stream_config();

	c.tls_rate = 3;
	begin(&c);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(accept_at(FIRST, ME), 0);
		CHECK_EQ(altair_server_secured(w.s, w.now, FIRST), 0);
		altair_server_lost(w.s, FIRST);
	}
	CHECK_EQ(accept_at(FIRST, ME), 0);
	CHECK_EQ(altair_server_secured(w.s, w.now, FIRST), ALTAIR_E_FULL);
	CHECK_EQ(stats().streams_refused, 1);
	CHECK_EQ(accept_at(FIRST + 1, OTHER), 0);
	CHECK_EQ(altair_server_secured(w.s, w.now, FIRST + 1), 0);
	altair_server_lost(w.s, FIRST);
	wait_seconds(1);
	CHECK_EQ(accept_at(FIRST, ME), 0);
	CHECK_EQ(altair_server_secured(w.s, w.now, FIRST), 0);
	CHECK_EQ(altair_server_secured(w.s, w.now, FIRST + 2),
		 ALTAIR_E_INVALID);
	c.tls_rate = 0;
	begin(&c);
	CHECK_EQ(accept_at(FIRST, ME), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(altair_server_secured(w.s, w.now, FIRST), 0);
}

/* An operator sees what is TLS, and what only has the same number later. */
static void a_session_over_tls_is_one(void)
{
	altair_session session;
	size_t place = 0;

	begin_streams();
	connect_as(FIRST, ME, "user");
	CHECK_EQ(altair_server_secured(w.s, w.now, FIRST), 0);
	get_challenged();
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(altair_server_list(w.s, &place, &session, 1), 1);
	CHECK(session.is_secure);
	altair_server_lost(w.s, FIRST);
	settle(FIRST, ME, "user");
	place = 0;
	CHECK_EQ(altair_server_list(w.s, &place, &session, 1), 1);
	CHECK(!session.is_secure);
}

static void numbers_that_are_none(void)
{
	altair_bytes in = {(const uint8_t *)"x", 1};
	altair_datagram d;

	begin_streams();
	CHECK_EQ(accept_at(FIRST - 1, ME), ALTAIR_E_INVALID);
	CHECK_EQ(accept_at(FIRST + STREAMS + 1, ME), ALTAIR_E_INVALID);
	CHECK_EQ(accept_at(FIRST + STREAMS, ME), 0);
	CHECK_EQ(accept_at(FIRST + STREAMS, ME), ALTAIR_E_INVALID);
	CHECK_EQ(altair_server_unframe(w.s, FIRST, &in, &d), ALTAIR_E_INVALID);
	CHECK_EQ(altair_server_unframe(w.s, 7, &in, &d), ALTAIR_E_INVALID);
	altair_server_lost(w.s, 7);
	altair_server_lost(w.s, UINT32_MAX);
	/* A datagram with such a number is nobody's. */
	CHECK_EQ(deliver(FIRST, ME, binding_request(), 0), ALTAIR_NOT_MINE);
	CHECK_EQ(w.sent_count, 0);
}

/* A server of STUN alone has streams, too, or none. */
static void without_a_relay(void)
{
	altair_server_config c;
	altair_bytes request;

	config();
	altair_server_config_default(&c);
	begin(&c);
	CHECK_EQ(accept_at(FIRST, ME), ALTAIR_E_INVALID);
	c.connections_max = 2;
	CHECK_EQ(altair_server_size(&c), 0);
	c.crypto = &w.crypto;
	begin(&c);
	connect_as(FIRST, ME, "user");
	request = binding_request();
	CHECK(stream_brings(FIRST, request.data, request.len));
	CHECK_EQ(w.sent_count, 1);
	wait_seconds(10);
	CHECK_EQ(w.shuts, 1);
	c.connections_max = 100001;
	CHECK_EQ(altair_server_size(&c), 0);
}

static const struct check_test tests[] = {
	TEST(split_at_every_byte),
	TEST(one_byte_at_a_time),
	TEST(lengths_that_wrap_end_the_stream),
	TEST(messages_have_a_longest),
	TEST(strangers_say_little),
	TEST(nonsense_ends_the_stream),
	TEST(what_is_relayed_is_padded),
	TEST(the_transport_is_part_of_a_client),
	TEST(between_a_stream_and_a_datagram_client),
	TEST(an_allocation_ends_with_its_stream),
	TEST(an_operator_ends_the_stream_with_the_session),
	TEST(a_stream_that_ends_while_ports_open),
	TEST(a_ticket_outlives_its_stream),
	TEST(who_waits_for_a_client_expires),
	TEST(a_stream_that_ends_in_a_move),
	TEST(who_says_nothing_is_shut_after_five_seconds),
	TEST(who_proves_nothing_is_shut_after_ten),
	TEST(who_is_refused_ten_times_is_shut),
	TEST(who_has_an_allocation_stays),
	TEST(who_has_none_is_shut_after_a_minute),
	TEST(times_are_those_of_the_configuration),
	TEST(a_prefix_has_so_many_strangers),
	TEST(a_prefix_with_proof_has_so_many_streams),
	TEST(a_prefix_of_ipv6_has_64_bits),
	TEST(when_all_places_are_taken),
	TEST(when_all_have_proved_themselves),
	TEST(handshakes_are_rare),
	TEST(a_session_over_tls_is_one),
	TEST(numbers_that_are_none),
	TEST(without_a_relay),
};
CHECK_MAIN(tests)
