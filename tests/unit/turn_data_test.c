/*
 * Payload through the relay: Send and Data indications, ChannelData, ICMP, over
 * datagrams and streams; what is spoilt, forged or not permitted is dropped.
 */
#include "turn_world.h"

/* The payload with room around it; guards tell whether more is touched. */
static uint8_t room[ALTAIR_TURN_HEADROOM + 1500 + ALTAIR_TURN_TAILROOM];
static altair_datagram wrapped;

static int wrap(const char *peer, const char *payload, size_t len)
{
	altair_addr a = addr(peer);

	memset(room, 0xee, sizeof room);
	memcpy(room + ALTAIR_TURN_HEADROOM, payload, len);
	return altair_turn_wrap(w.t, &a, room + ALTAIR_TURN_HEADROOM, len,
				&wrapped);
}

static void begin_permitted(const altair_turn_config *c)
{
	begin_allocated(c);
	bind_to(PEER);
	grant(2);
}

static void begin_bound(const altair_turn_config *c)
{
	begin_permitted(c);
	grant(3);
}

static void nothing_leaves_without_permission(void)
{
	altair_turn_config c = config();

	begin(&c);
	permit(PEER);
	CHECK_EQ(wrap(PEER, "hello", 5), ALTAIR_E_STATE);
	challenge(0, 401);
	allocate(1, 600);
	CHECK_EQ(wrap(PEER, "hello", 5), ALTAIR_E_STATE);
	grant(2);
	CHECK_EQ(wrap(PEER, "hello", 5), 0);
	CHECK_EQ(wrap(PEER2, "hello", 5), ALTAIR_E_STATE);
	CHECK_EQ(wrap("203.0.113.9:6001", "hello", 5), 0);
	altair_turn_close(w.t, w.now);
	CHECK_EQ(wrap(PEER, "hello", 5), ALTAIR_E_STATE);
}

static void send_indication(void)
{
	altair_turn_config c = config();
	struct air_stun_message m;
	struct air_stun_value v;

	begin_permitted(&c);
	for (size_t len = 0; len < 9; len++) {
		size_t end = ALTAIR_TURN_HEADROOM + len + (4 - len % 4) % 4;

		CHECK_EQ(wrap(PEER, "payload!!", len), 0);
		CHECK_EQ(wrapped.path.sock, SOCK);
		check_addr(wrapped.path.remote, SERVER);
		CHECK_EQ(wrapped.bytes.len, 36 + len + (4 - len % 4) % 4);
		CHECK(air_stun_message_read(&m, wrapped.bytes,
					    AIR_STUN_SET_BASE |
						    AIR_STUN_SET_TURN));
		CHECK_EQ(m.header.class, AIR_STUN_INDICATION);
		CHECK_EQ(m.header.method, AIR_STUN_SEND);
		CHECK(air_stun_message_get(&m, AIR_STUN_XOR_PEER_ADDRESS, &v));
		check_addr(v.addr, PEER);
		CHECK(air_stun_message_get(&m, AIR_STUN_DATA_ATTR, &v));
		CHECK_EQ(v.bytes.len, len);
		CHECK(v.bytes.data == room + ALTAIR_TURN_HEADROOM);
		CHECK_MEM(v.bytes.data, "payload!!", len);
		for (size_t i = ALTAIR_TURN_HEADROOM + len; i < end; i++)
			CHECK_EQ(room[i], 0);
		CHECK_EQ(room[end], 0xee);
	}
	CHECK_EQ(stats().wrapped, 9);
}

static void channel_as_soon_as_it_is_bound(void)
{
	altair_turn_config c = config();

	begin_bound(&c);
	CHECK_EQ(wrap(PEER, "hello", 5), 0);
	CHECK_EQ(wrapped.bytes.len, 9);
	CHECK_MEM(wrapped.bytes.data, "\x40\0\0\5hello", 9);
	CHECK_EQ(room[ALTAIR_TURN_HEADROOM + 5], 0xee);
	/* another port of the same host has no channel */
	CHECK_EQ(wrap("203.0.113.9:6001", "hello", 5), 0);
	CHECK_EQ(wrapped.bytes.len, 44);
}

static void padding_over_a_stream(void)
{
	altair_turn_config c = config();

	begin_bound(&c);
	c.is_stream = true;
	begin(&c);
	altair_turn_opened(w.t, w.now);
	drain();
	challenge(0, 401);
	allocate(1, 600);
	bind_to(PEER);
	grant(3);
	CHECK_EQ(wrap(PEER, "hello", 5), 0);
	CHECK_EQ(wrapped.bytes.len, 12);
	CHECK_MEM(wrapped.bytes.data, "\x40\0\0\5hello\0\0\0", 12);
	CHECK_EQ(room[ALTAIR_TURN_HEADROOM + 8], 0xee);
}

static void ipv6_fills_the_headroom(void)
{
	altair_turn_config c = config();

	c.families = ALTAIR_TURN_IPV6;
	begin(&c);
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED6);
	deliver(finish(true));
	permit(PEER6);
	grant(2);
	CHECK_EQ(wrap(PEER6, "four", 4), 0);
	CHECK(wrapped.bytes.data == room);
	CHECK_EQ(wrapped.bytes.len, ALTAIR_TURN_HEADROOM + 4);
}

static void limits_of_wrap(void)
{
	static uint8_t
		large[ALTAIR_TURN_HEADROOM + 65001 + ALTAIR_TURN_TAILROOM];
	altair_turn_config c = config();
	altair_addr a = addr(PEER);

	begin_permitted(&c);
	CHECK_EQ(altair_turn_wrap(w.t, &a, large + ALTAIR_TURN_HEADROOM, 65000,
				  &wrapped),
		 0);
	CHECK_EQ(wrapped.bytes.len, 65036);
	CHECK_EQ(altair_turn_wrap(w.t, &a, large + ALTAIR_TURN_HEADROOM, 65001,
				  &wrapped),
		 ALTAIR_E_TOO_LONG);
	random_fails = true;
	CHECK_EQ(wrap(PEER, "hello", 5), ALTAIR_E_RANDOM);
	CHECK_EQ(wrap("224.0.0.1:5", "hello", 5), ALTAIR_E_ADDRESS);
}

/* --- from the peer ------------------------------------------------------- */

/* Begins a Data indication from `peer`. */
static void data_from(const char *peer)
{
	struct air_stun_header h = {.class = AIR_STUN_INDICATION,
				    .method = AIR_STUN_DATA,
				    .transaction = {1, 2, 3}};

	air_stun_build(&reply, reply_bytes, sizeof reply_bytes, &h);
	if (peer)
		add_addr(AIR_STUN_XOR_PEER_ADDRESS, peer);
}

static altair_bytes data(const char *peer, const char *payload)
{
	data_from(peer);
	add_bytes(AIR_STUN_DATA_ATTR, text(payload));
	return finish(false);
}

static void check_payload(const char *peer, const char *payload)
{
	check_addr(w.got.path.remote, peer);
	CHECK_EQ(w.got.path.sock, SOCK);
	CHECK_EQ(w.got.bytes.len, strlen(payload));
	CHECK_MEM(w.got.bytes.data, payload, strlen(payload));
	CHECK(w.got.bytes.data > w.got_bytes);
}

static void data_indication(void)
{
	altair_turn_config c = config();

	begin_permitted(&c);
	CHECK_EQ(deliver(data(PEER, "hello")), ALTAIR_PAYLOAD);
	check_payload(PEER, "hello");
	check_addr(w.got.path.local, RELAYED);
	CHECK_EQ(deliver(data("203.0.113.9:1", "")), ALTAIR_PAYLOAD);
	check_payload("203.0.113.9:1", "");
	CHECK_EQ(stats().payloads, 2);
}

/* The permission's answer may be overtaken by what it lets in. */
static void data_before_the_permission_is_known(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	CHECK_EQ(deliver(data(PEER, "hello")), ALTAIR_TAKEN);
	permit(PEER);
	CHECK_EQ(deliver(data(PEER, "hello")), ALTAIR_PAYLOAD);
	refuse(2, 403);
	CHECK_EQ(deliver(data(PEER, "hello")), ALTAIR_TAKEN);
}

static void channel_data(void)
{
	static const uint8_t hello[] = "\x40\0\0\5hello\0\0";
	altair_turn_config c = config();

	begin_bound(&c);
	CHECK_EQ(deliver((altair_bytes){hello, 9}), ALTAIR_PAYLOAD);
	check_payload(PEER, "hello");
	CHECK_EQ(deliver((altair_bytes){hello, 11}), ALTAIR_PAYLOAD);
	check_payload(PEER, "hello");
	for (size_t len = 4; len < 9; len++)
		CHECK_EQ(deliver((altair_bytes){hello, len}), ALTAIR_TAKEN);
	CHECK_EQ(deliver((altair_bytes){hello, 3}), ALTAIR_NOT_MINE);
	CHECK_EQ(deliver_from(OTHER, (altair_bytes){hello, 9}),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(stats().ignored, 5);
}

/* RFC 8656 12: the server may use the channel before we know. */
static void channel_data_before_the_answer(void)
{
	altair_turn_config c = config();

	begin_permitted(&c);
	CHECK_EQ(deliver((altair_bytes){(const uint8_t *)"\x40\0\0\2hi", 6}),
		 ALTAIR_PAYLOAD);
	check_payload(PEER, "hi");
}

/* RFC 8656 12.5: a server must use a channel as long as it is bound there. */
static void channel_data_after_forgetting(void)
{
	static const uint8_t hi[] = "\x40\0\0\2hi";
	altair_turn_config c = config();

	begin_bound(&c);
	forget(PEER);
	CHECK_EQ(deliver((altair_bytes){hi, 6}), ALTAIR_TAKEN);
	permit(PEER);
	CHECK_EQ(deliver((altair_bytes){hi, 6}), ALTAIR_PAYLOAD);
	check_payload(PEER, "hi");
}

static void channels_nobody_bound(void)
{
	static const char *const numbers[] = {"\x40\x01", "\x4f\xff",
					      "\x40\x10", "\x4a\xbc"};
	altair_turn_config c = config();

	begin_bound(&c);
	for (size_t i = 0; i < 4; i++) {
		uint8_t bytes[6] = {0, 0, 0, 2, 'h', 'i'};

		memcpy(bytes, numbers[i], 2);
		CHECK_EQ(deliver((altair_bytes){bytes, 6}), ALTAIR_TAKEN);
	}
	/* outside of the range of channels: not TURN */
	CHECK_EQ(deliver((altair_bytes){(const uint8_t *)"\x50\0\0\2hi", 6}),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(deliver((altair_bytes){(const uint8_t *)"\x3f\xff\0\2hi", 6}),
		 ALTAIR_NOT_MINE);
}

static void data_that_is_not_for_us(void)
{
	altair_turn_config c = config();
	altair_bytes bytes;

	begin_permitted(&c);
	CHECK_EQ(deliver(data(PEER2, "hello")), ALTAIR_TAKEN);
	CHECK_EQ(deliver(data(NULL, "hello")), ALTAIR_TAKEN);
	data_from(PEER);
	CHECK_EQ(deliver(finish(false)), ALTAIR_TAKEN); /* no DATA */
	data_from(PEER);
	add_number(AIR_STUN_PRIORITY, 1); /* must be understood, is not */
	add_bytes(AIR_STUN_DATA_ATTR, text("hello"));
	CHECK_EQ(deliver(finish(false)), ALTAIR_TAKEN);
	bytes = data(PEER, "hello");
	CHECK_EQ(deliver_from(OTHER, bytes), ALTAIR_NOT_MINE);
	reply_bytes[bytes.len - 1] ^= 1; /* FINGERPRINT */
	CHECK_EQ(deliver(bytes), ALTAIR_TAKEN);
	CHECK_EQ(stats().payloads, 0);
	CHECK_EQ(stats().ignored, 5);
	forget(PEER);
	CHECK_EQ(deliver(data(PEER, "hello")), ALTAIR_TAKEN);
}

/* Of two peers in one indication the first one sent it. */
static void first_peer_wins(void)
{
	altair_turn_config c = config();

	begin_permitted(&c);
	data_from(PEER2);
	add_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
	add_bytes(AIR_STUN_DATA_ATTR, text("hello"));
	CHECK_EQ(deliver(finish(false)), ALTAIR_TAKEN);
	data_from(PEER);
	add_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER2);
	add_bytes(AIR_STUN_DATA_ATTR, text("hello"));
	CHECK_EQ(deliver(finish(false)), ALTAIR_PAYLOAD);
	check_payload(PEER, "hello");
}

static void every_prefix_is_refused(void)
{
	altair_turn_config c = config();
	altair_bytes bytes;

	begin_permitted(&c);
	bytes = data(PEER, "hello");
	for (size_t len = 0; len < bytes.len; len++)
		CHECK(deliver((altair_bytes){bytes.data, len}) !=
		      ALTAIR_PAYLOAD);
}

static void merged_bursts_are_refused(void)
{
	altair_turn_config c = config();
	altair_bytes bytes;

	begin_permitted(&c);
	bytes = data(PEER, "hello");
	w.got = (altair_datagram){
		.path = {.sock = SOCK, .remote = addr(SERVER)},
		.bytes = bytes,
		.segment = bytes.len};
	altair_input(w.m, w.now, &w.got, 1);
	CHECK_EQ(w.got.verdict, ALTAIR_NOT_MINE);
}

static void icmp(void)
{
	struct air_stun_value v = {.family = 3, .code = 1, .number = 0};
	altair_turn_config c = config();
	const altair_output *out;

	begin_permitted(&c);
	data_from(PEER);
	air_stun_build_attr(&reply, AIR_STUN_ICMP, &v);
	CHECK_EQ(deliver(finish(false)), ALTAIR_TAKEN);
	out = event(2, ALTAIR_EV_UNREACHABLE, 0);
	check_addr(out->addr, PEER);
	CHECK_EQ(out->number, 3);
	CHECK_EQ(out->total, 1);
	data_from(PEER2); /* nobody we talk to */
	air_stun_build_attr(&reply, AIR_STUN_ICMP, &v);
	CHECK_EQ(deliver(finish(false)), ALTAIR_TAKEN);
	CHECK_EQ(w.told_count, 3);
}

static const struct check_test tests[] = {
	TEST(nothing_leaves_without_permission),
	TEST(send_indication),
	TEST(channel_as_soon_as_it_is_bound),
	TEST(padding_over_a_stream),
	TEST(ipv6_fills_the_headroom),
	TEST(limits_of_wrap),
	TEST(data_indication),
	TEST(data_before_the_permission_is_known),
	TEST(channel_data),
	TEST(channel_data_before_the_answer),
	TEST(channel_data_after_forgetting),
	TEST(channels_nobody_bound),
	TEST(data_that_is_not_for_us),
	TEST(first_peer_wins),
	TEST(every_prefix_is_refused),
	TEST(merged_bursts_are_refused),
	TEST(icmp),
};

CHECK_MAIN(tests)
