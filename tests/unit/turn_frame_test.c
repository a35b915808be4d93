/*
 * Streams: messages of both kinds, cut at every byte and in every size of chunk,
 * too long ones skipped, nonsense noticed; and what the client does otherwise
 * over a stream.
 */
#include "turn_world.h"

#include "turn/frame.h"

/* A STUN message of 28 bytes, ChannelData of 5, of 0 and of 4 bytes. */
static const uint8_t stream[] = {
	0x01, 0x03, 0,	 8,   0x21, 0x12, 0xa4, 0x42, 1,    2,	  3,
	4,    5,    6,	 7,   8,    9,	  10,	11,   12,   0x80, 0x28,
	0,    4,    1,	 2,   3,    4,	  0x40, 0x00, 0,    5,	  'h',
	'e',  'l',  'l', 'o', 0,    0,	  0,	0x4f, 0xff, 0,	  0,
	0x40, 0x01, 0,	 4,   'g',  'o',  'o',	'd',
};
static const size_t lengths[] = {28, 12, 4, 8};

static struct air_frame frame;
static uint8_t memory[256];

static void begin_frame(size_t max)
{
	struct air_arena arena = {memory, sizeof memory, 0, false};

	air_frame_init(&frame, &arena, max);
}

static size_t seen, seen_at;

/* Gives one chunk and checks every message that it completes. */
static void feed(const uint8_t *data, size_t len)
{
	altair_bytes in = {data, len}, message;

	while (air_frame_next(&frame, &in, &message) == FRAME_GIVES_MESSAGE) {
		CHECK(seen < 4);
		CHECK_EQ(message.len, lengths[seen]);
		CHECK_MEM(message.data, stream + seen_at, message.len);
		seen_at += lengths[seen++];
	}
	CHECK_EQ(in.len, 0);
}

static void split_at_every_byte(void)
{
	for (size_t cut = 0; cut <= sizeof stream; cut++) {
		begin_frame(64);
		seen = seen_at = 0;
		feed(stream, cut);
		feed(stream + cut, sizeof stream - cut);
		CHECK_EQ(seen, 4);
	}
}

static void chunks_of_every_size(void)
{
	for (size_t size = 1; size <= sizeof stream; size++) {
		begin_frame(28);
		seen = seen_at = 0;
		for (size_t at = 0; at < sizeof stream; at += size)
			feed(stream + at, sizeof stream - at < size
						  ? sizeof stream - at
						  : size);
		CHECK_EQ(seen, 4);
	}
}

static void whole_messages_are_not_copied(void)
{
	altair_bytes in = {stream, sizeof stream}, message;

	begin_frame(64);
	CHECK_EQ(air_frame_next(&frame, &in, &message), FRAME_GIVES_MESSAGE);
	CHECK(message.data == stream);
}

/* The long one is passed over, in whatever pieces, and the next one found. */
static void too_long_is_skipped(void)
{
	static uint8_t bytes[4 + 200 + 12];
	altair_bytes message = {NULL, 0};

	bytes[0] = 0x40;
	bytes[3] = 199;
	memcpy(bytes + 204, stream + 28, 12);
	for (size_t size = 1; size <= sizeof bytes; size++) {
		size_t count = 0;

		begin_frame(64);
		for (size_t at = 0; at < sizeof bytes; at += size) {
			altair_bytes in = {bytes + at,
					   sizeof bytes - at < size
						   ? sizeof bytes - at
						   : size};

			while (air_frame_next(&frame, &in, &message) ==
			       FRAME_GIVES_MESSAGE)
				count++;
		}
		CHECK_EQ(count, 1);
		CHECK_EQ(message.len, 12);
	}
}

/* 65532 bytes of body and the header are more than 16 bits. */
static void longest_lengths(void)
{
	static const uint8_t heads[][4] = {{0x00, 0x03, 0xff, 0xfc},
					   {0x40, 0x00, 0xff, 0xff}};
	static const size_t want[] = {65552, 65540};

	for (size_t i = 0; i < 2; i++) {
		altair_bytes in = {heads[i], 4}, message;

		begin_frame(64);
		CHECK_EQ(air_frame_next(&frame, &in, &message),
			 FRAME_WANTS_MORE);
		CHECK_EQ(frame.skip, want[i] - 4);
	}
}

static void nonsense_breaks_it_for_good(void)
{
	static const uint8_t bad[][4] = {{0x50, 0, 0, 0},
					 {0x80, 0, 0, 0},
					 {0xff, 0xff, 0, 4},
					 {0x01, 0x03, 0, 7}};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		altair_bytes in = {bad[i], 4}, message;

		begin_frame(64);
		CHECK_EQ(air_frame_next(&frame, &in, &message),
			 FRAME_IS_BROKEN);
		in = (altair_bytes){stream, sizeof stream};
		CHECK_EQ(air_frame_next(&frame, &in, &message),
			 FRAME_IS_BROKEN);
		air_frame_reset(&frame);
		CHECK_EQ(air_frame_next(&frame, &in, &message),
			 FRAME_GIVES_MESSAGE);
	}
}

/* The public side: a datagram for altair_input, from the server. */
static void unframed_for_the_machine(void)
{
	altair_turn_config c = config();
	altair_bytes in, bytes;
	altair_datagram d;

	c.is_stream = true;
	begin(&c);
	altair_turn_opened(w.t, w.now);
	drain();
	answer(0, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	bytes = finish(false);
	for (size_t i = 0; i < bytes.len; i++) {
		in = (altair_bytes){bytes.data + i, 1};
		CHECK_EQ(altair_turn_unframe(w.t, &in, &d), i + 1 == bytes.len);
	}
	CHECK_EQ(d.path.sock, SOCK);
	check_addr(d.path.remote, SERVER);
	altair_input(w.m, w.now, &d, 1);
	drain();
	event(0, ALTAIR_EV_RELAYED, 0);
	/* A message that looks like STUN and is none. */
	in.data = (const uint8_t *)"\1\1\0\0no magic cookie.....";
	in.len = 20;
	CHECK_EQ(altair_turn_unframe(w.t, &in, &d), ALTAIR_E_INVALID);
	in = (altair_bytes){stream, sizeof stream};
	CHECK_EQ(altair_turn_unframe(w.t, &in, &d), ALTAIR_E_INVALID);
}

/* --- the client over a stream -------------------------------------------- */

static void over_a_stream(void)
{
	altair_turn_config c = config();

	c.is_stream = true;
	begin(&c);
	CHECK_EQ(w.sent_count, 0);
	altair_turn_opened(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 1);
	run_until(39000);
	CHECK_EQ(w.sent_count, 1);
	run_until(40000);
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.told[0].at, MS(39500));
}

static void stream_to_another_server(void)
{
	altair_turn_config c = config();

	c.is_stream = true;
	begin(&c);
	altair_turn_opened(w.t, w.now);
	drain();
	answer(0, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 300);
	add_addr(AIR_STUN_ALTERNATE_SERVER, OTHER);
	deliver(finish(false));
	event(0, ALTAIR_EV_RELAY_MOVED, 0);
	CHECK_EQ(w.sent_count, 1);
	altair_turn_opened(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 2);
	check_addr(w.sent[1].to, OTHER);
	altair_turn_lost(w.t, ALTAIR_E_NETWORK);
	drain();
	event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_NETWORK);
}

/* RFC 8489 9.2.5: nothing better will come over a stream. */
static void unproved_over_a_stream(void)
{
	altair_turn_config c = config();

	c.is_stream = true;
	begin(&c);
	altair_turn_opened(w.t, w.now);
	drain();
	challenge(0, 401);
	answer(1, AIR_STUN_SUCCESS);
	add_addr(AIR_STUN_XOR_RELAYED_ADDRESS, RELAYED);
	deliver(finish(false));
	event(0, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_INTEGRITY);
}

static const struct check_test tests[] = {
	TEST(split_at_every_byte),
	TEST(chunks_of_every_size),
	TEST(whole_messages_are_not_copied),
	TEST(too_long_is_skipped),
	TEST(longest_lengths),
	TEST(nonsense_breaks_it_for_good),
	TEST(unframed_for_the_machine),
	TEST(over_a_stream),
	TEST(stream_to_another_server),
	TEST(unproved_over_a_stream),
};

CHECK_MAIN(tests)
