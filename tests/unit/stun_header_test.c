/* The STUN header: what is recognised, what is decoded, and back. */
#include "check.h"
#include "stun/header.h"

#include <stdlib.h>

static const uint8_t binding[20] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4,
				    0x42, 1,	2,    3,    4,	  5,	6,
				    7,	  8,	9,    10,   11,	  12};

static altair_bytes whole(const uint8_t *data, size_t len)
{
	return (altair_bytes){data, len};
}

static void reads_a_binding_request(void)
{
	struct air_stun_header h;

	CHECK(air_stun_header_decode(whole(binding, 20), &h));
	CHECK_EQ(h.class, AIR_STUN_REQUEST);
	CHECK_EQ(h.method, AIR_STUN_BINDING);
	CHECK_MEM(h.transaction, binding + 8, 12);
}

static void knows_the_types_of_the_rfc(void)
{
	static const struct {
		uint16_t type, method;
		enum air_stun_class class;
	} cases[] = {
		{0x0001, 0x001, AIR_STUN_REQUEST},
		{0x0011, 0x001, AIR_STUN_INDICATION},
		{0x0101, 0x001, AIR_STUN_SUCCESS},
		{0x0111, 0x001, AIR_STUN_ERROR},
		{0x0003, 0x003, AIR_STUN_REQUEST},
		{0x0016, 0x006, AIR_STUN_INDICATION},
		{0x3eef, 0xfff, AIR_STUN_REQUEST},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct air_stun_header h;
		uint8_t bytes[20];

		memcpy(bytes, binding, sizeof bytes);
		bytes[0] = (uint8_t)(cases[i].type >> 8);
		bytes[1] = (uint8_t)cases[i].type;
		CHECK(air_stun_header_decode(whole(bytes, 20), &h));
		CHECK_EQ(h.method, cases[i].method);
		CHECK_EQ(h.class, cases[i].class);
	}
}

static void every_type_survives_the_round_trip(void)
{
	for (unsigned type = 0; type < 0x4000; type++) {
		struct air_stun_header h;
		uint8_t in[20], out[20];
		struct air_writer w = air_writer(out, sizeof out);

		memcpy(in, binding, sizeof in);
		in[0] = (uint8_t)(type >> 8);
		in[1] = (uint8_t)type;
		CHECK(air_stun_header_decode(whole(in, 20), &h));
		air_stun_header_encode(&w, &h);
		CHECK(!w.failed);
		CHECK_MEM(in, out, 20);
	}
}

static void refuses_what_is_no_stun(void)
{
	struct air_stun_header h;
	uint8_t bytes[20];

	for (size_t len = 0; len < 20; len++) {
		uint8_t *exact = malloc(len + 1);

		memcpy(exact + 1, binding, len);
		CHECK(!air_stun_recognise(whole(exact + 1, len)));
		CHECK(!air_stun_header_decode(whole(exact + 1, len), &h));
		free(exact);
	}
	for (int bit = 0; bit < 64; bit++) {
		bool in_cookie = bit >= 32, in_top = bit < 2;

		memcpy(bytes, binding, sizeof bytes);
		bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		CHECK_EQ(air_stun_recognise(whole(bytes, 20)),
			 !in_cookie && !in_top);
	}
}

static void refuses_a_length_that_is_not_the_datagrams(void)
{
	struct air_stun_header h;
	uint8_t bytes[28] = {0};

	memcpy(bytes, binding, sizeof binding);
	for (unsigned length = 0; length <= 0xffff; length++) {
		bytes[2] = (uint8_t)(length >> 8);
		bytes[3] = (uint8_t)length;
		CHECK_EQ(air_stun_header_decode(whole(bytes, 28), &h),
			 length == 8);
		CHECK_EQ(air_stun_header_decode(whole(bytes, 20), &h),
			 length == 0);
		CHECK(!air_stun_header_decode(whole(bytes, 23), &h));
	}
}

static const struct check_test tests[] = {
	TEST(reads_a_binding_request),
	TEST(knows_the_types_of_the_rfc),
	TEST(every_type_survives_the_round_trip),
	TEST(refuses_what_is_no_stun),
	TEST(refuses_a_length_that_is_not_the_datagrams),
};

CHECK_MAIN(tests)
