/* The attribute table and its codecs, row by row and length by length. */
#include "check.h"
#include "stun/attr.h"

#include <stdlib.h>

#define LENGTH_CAP 800

static const struct air_stun_header header = {
	.class = AIR_STUN_REQUEST,
	.method = AIR_STUN_BINDING,
	.transaction = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
			0x87, 0xdf, 0xae}};

static uint32_t seed = 1;

static uint8_t some_byte(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint8_t)(seed >> 24);
}

/* --- an independent reading of the RFCs ---------------------------------- */

static bool length_fits(const struct air_stun_row *row, size_t len)
{
	switch (row->type) {
	case AIR_STUN_MAPPED_ADDRESS:
	case AIR_STUN_XOR_MAPPED_ADDRESS:
	case AIR_STUN_XOR_PEER_ADDRESS:
	case AIR_STUN_XOR_RELAYED_ADDRESS:
	case AIR_STUN_ALTERNATE_SERVER:
	case AIR_STUN_RESPONSE_ORIGIN:
	case AIR_STUN_OTHER_ADDRESS:
		return len == 8 || len == 20;
	case AIR_STUN_MESSAGE_INTEGRITY:
		return len == 20;
	case AIR_STUN_MESSAGE_INTEGRITY_SHA256:
		return len >= 16 && len <= 32 && len % 4 == 0;
	case AIR_STUN_USERHASH:
		return len == 32;
	case AIR_STUN_ERROR_CODE:
	case AIR_STUN_ADDRESS_ERROR_CODE:
		return len >= 4 && len <= 4 + 763;
	case AIR_STUN_UNKNOWN_ATTRIBUTES:
		return len <= 512 && len % 2 == 0;
	case AIR_STUN_PASSWORD_ALGORITHM:
	case AIR_STUN_PASSWORD_ALGORITHMS:
		return len >= 4 && len <= 256 && len % 4 == 0;
	case AIR_STUN_CHANGE_REQUEST:
	case AIR_STUN_CHANNEL_NUMBER:
	case AIR_STUN_LIFETIME:
	case AIR_STUN_REQUESTED_ADDRESS_FAMILY:
	case AIR_STUN_REQUESTED_TRANSPORT:
	case AIR_STUN_PRIORITY:
	case AIR_STUN_RESPONSE_PORT:
	case AIR_STUN_CONNECTION_ID:
	case AIR_STUN_ADDITIONAL_ADDRESS_FAMILY:
	case AIR_STUN_FINGERPRINT:
		return len == 4;
	case AIR_STUN_RESERVATION_TOKEN:
	case AIR_STUN_ICMP:
	case AIR_STUN_ICE_CONTROLLED:
	case AIR_STUN_ICE_CONTROLLING:
		return len == 8;
	case AIR_STUN_EVEN_PORT:
		return len == 1;
	case AIR_STUN_DONT_FRAGMENT:
	case AIR_STUN_USE_CANDIDATE:
		return len == 0;
	case AIR_STUN_ALTERNATE_DOMAIN:
		return len <= 255;
	case AIR_STUN_DATA_ATTR:
	case AIR_STUN_ACCESS_TOKEN:
	case AIR_STUN_PADDING:
	case AIR_STUN_MOBILITY_TICKET:
		return true;
	default:
		return len <= 763;
	}
}

static bool list_fits(const uint8_t *p, size_t len, size_t *entries)
{
	for (*entries = 0; len > 0; ++*entries) {
		size_t params, padded;

		if (len < 4)
			return false;
		params = (size_t)p[2] << 8 | p[3];
		padded = 4 + (params + 3) / 4 * 4;
		if (padded > len)
			return false;
		p += padded;
		len -= padded;
	}
	return true;
}

static bool contents_fit(const struct air_stun_row *row, const uint8_t *p,
			 size_t len)
{
	size_t entries;

	switch (row->kind) {
	case AIR_STUN_ADDRESS:
	case AIR_STUN_XOR_ADDRESS:
		return (p[1] != 1 || len == 8) && (p[1] != 2 || len == 20);
	case AIR_STUN_ERROR_TEXT:
		return (p[2] & 7) >= 3 && (p[2] & 7) <= 6 && p[3] <= 99;
	case AIR_STUN_ALGORITHM:
		return list_fits(p, len, &entries) && entries == 1;
	case AIR_STUN_ALGORITHMS:
		return list_fits(p, len, &entries);
	default:
		return true;
	}
}

/* --- the table ----------------------------------------------------------- */

static void every_row_is_found_in_order(void)
{
	size_t found = 0;

	for (size_t i = 0; i < air_stun_row_count; i++) {
		const struct air_stun_row *row = &air_stun_rows[i];

		CHECK(air_stun_row(row->type) == row);
		CHECK(i == 0 || row[-1].type < row->type);
		CHECK(row->min <= row->max && row->step > 0);
		CHECK((row->max - row->min) % row->step == 0);
		CHECK(strlen(row->name) > 0);
	}
	for (unsigned type = 0; type <= 0xffff; type++)
		found += air_stun_row((uint16_t)type) != NULL;
	CHECK_EQ(found, air_stun_row_count);
}

/* Bytes of one test value: random, or made to meet the codec's branches. */
static void fill(uint8_t *p, size_t len, unsigned how)
{
	for (size_t i = 0; i < len; i++)
		p[i] = how == 0 ? 0 : how == 1 ? 0xff : some_byte();
	if (len >= 4 && how >= 3) {
		p[1] = (uint8_t)(how - 3); /* families 0 to 3 */
		p[2] = how % 2 ? 0 : (uint8_t)(how - 2);
		p[3] = (uint8_t)(len > 4 ? how * 4 : how);
	}
	if (len >= 4 && how == 7)
		p[3] = (uint8_t)(len - 4);
}

static size_t accepted, refused;

/* One length of one attribute, in memory of exactly that size. */
static void try_length(const struct air_stun_row *row, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	for (unsigned how = 0; how < 12; how++) {
		struct air_stun_value v;
		bool right, got;

		fill(exact, len, how);
		right = length_fits(row, len) && contents_fit(row, exact, len);
		got = air_stun_attr_decode(row, &header,
					   (altair_bytes){exact, len}, &v);
		CHECK_EQ(got, right);
		accepted += got;
		refused += !got;
	}
	free(exact);
}

static void every_attribute_with_every_length(void)
{
	for (size_t i = 0; i < air_stun_row_count; i++) {
		const struct air_stun_row *row = &air_stun_rows[i];
		size_t most = row->max < LENGTH_CAP ? row->max : LENGTH_CAP;

		for (size_t len = 0; len <= most + 8; len++)
			try_length(row, len);
	}
	CHECK(accepted > 40000 && refused > 3000);
}

/* --- there and back ------------------------------------------------------ */

static struct air_stun_value some_value(const struct air_stun_row *row,
					uint8_t *space, size_t round)
{
	struct air_stun_value v = {0};
	size_t most = row->max < LENGTH_CAP ? row->max : LENGTH_CAP;

	for (size_t i = 0; i < LENGTH_CAP; i++)
		space[i] = some_byte();
	v.bytes.data = space;
	v.number = (uint64_t)some_byte() << 56 | some_byte();
	switch (row->kind) {
	case AIR_STUN_ADDRESS:
	case AIR_STUN_XOR_ADDRESS:
		v.addr.family = round % 2 ? ALTAIR_IPV4 : ALTAIR_IPV6;
		v.addr.port = (uint16_t)(some_byte() << 8 | some_byte());
		memcpy(v.addr.ip, space, round % 2 ? 4 : 16);
		v.number = 0;
		break;
	case AIR_STUN_ERROR_TEXT:
		v.number = 300 + round % 400;
		v.bytes.len = round % (most - 4 + 1);
		v.family = row->type == AIR_STUN_ERROR_CODE
				   ? 0
				   : (uint8_t)(round % 3);
		break;
	case AIR_STUN_ICMP_ERROR:
		v.number = round;
		v.family = some_byte();
		v.code = some_byte();
		break;
	case AIR_STUN_ALGORITHM:
		v.number = round % 0x10000;
		v.bytes.len = round % 253;
		break;
	case AIR_STUN_ALGORITHMS:
		memset(space, 0, LENGTH_CAP);
		v.number = 0;
		v.bytes.len = 4 + round % 64 * 4;
		break;
	case AIR_STUN_BYTES:
		v.number = 0;
		v.bytes.len = row->min +
			      round * row->step %
				      (size_t)(most - row->min + row->step);
		break;
	default: /* the numbers */
		v.number &=
			UINT64_MAX >> (64 - (8u << (row->kind - AIR_STUN_U8)));
	}
	return v;
}

static void check_same(const struct air_stun_value *a,
		       const struct air_stun_value *b)
{
	CHECK(air_bytes_equal(a->bytes, b->bytes));
	CHECK_MEM(&a->addr, &b->addr, sizeof a->addr);
	CHECK_EQ(a->number, b->number);
	CHECK_EQ(a->family, b->family);
	CHECK_EQ(a->code, b->code);
}

static void what_is_encoded_is_decoded(void)
{
	static uint8_t space[LENGTH_CAP], wire[LENGTH_CAP + 16];

	for (size_t i = 0; i < air_stun_row_count; i++) {
		const struct air_stun_row *row = &air_stun_rows[i];

		for (size_t round = 0; round < 900; round++) {
			struct air_stun_value in =
				some_value(row, space, round);
			struct air_stun_value out;
			struct air_writer w = air_writer(wire, sizeof wire);
			altair_bytes value = {wire + 4, 0};

			memset(wire, 0xa5, sizeof wire);
			air_stun_attr_encode(&w, &header, row->type, &in);
			CHECK(!w.failed);
			CHECK_EQ(w.len % 4, 0);
			CHECK_EQ(wire[0] << 8 | wire[1], row->type);
			value.len = (size_t)wire[2] << 8 | wire[3];
			CHECK(w.len >= 4 + value.len && w.len < 8 + value.len);
			for (size_t k = 4 + value.len; k < w.len; k++)
				CHECK_EQ(wire[k], 0);
			CHECK(air_stun_attr_decode(row, &header, value, &out));
			check_same(&in, &out);
		}
	}
}

static void a_value_that_breaks_the_rules_is_not_written(void)
{
	static const uint8_t text[LENGTH_CAP];
	static const struct {
		uint16_t type;
		size_t len;
	} cases[] = {{AIR_STUN_USERNAME, 764},
		     {AIR_STUN_MESSAGE_INTEGRITY, 19},
		     {AIR_STUN_MESSAGE_INTEGRITY_SHA256, 18},
		     {AIR_STUN_UNKNOWN_ATTRIBUTES, 3},
		     {AIR_STUN_USERHASH, 33}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t wire[LENGTH_CAP + 16];
		struct air_writer w = air_writer(wire, sizeof wire);
		struct air_stun_value v = {.bytes = {text, cases[i].len}};

		air_stun_attr_encode(&w, &header, cases[i].type, &v);
		CHECK(w.failed);
	}
}

static void a_full_buffer_fails_the_writer(void)
{
	struct air_stun_value v = {
		.addr = {.family = ALTAIR_IPV6, .port = 1, .ip = {0x20, 1}}};

	for (size_t cap = 0; cap < 24; cap++) {
		uint8_t *exact = malloc(cap + 1);
		struct air_writer w = air_writer(exact, cap);

		air_stun_attr_encode(&w, &header, AIR_STUN_XOR_MAPPED_ADDRESS,
				     &v);
		CHECK(w.failed);
		free(exact);
	}
}

/* --- single layouts ------------------------------------------------------ */

static struct air_stun_value decode(uint16_t type, const void *data, size_t len)
{
	struct air_stun_value v;

	CHECK(air_stun_attr_decode(air_stun_row(type), &header,
				   (altair_bytes){data, len}, &v));
	return v;
}

static void reserved_bits_are_ignored(void)
{
	static const uint8_t channel[] = {0x40, 0x01, 0xff, 0xff};
	static const uint8_t transport[] = {17, 0xff, 0xff, 0xff};
	static const uint8_t error[] = {0xff, 0xff, 0xfc, 1, 'x'};
	static const uint8_t icmp[] = {0xff, 0xff, 3, 4, 0, 0, 0x05, 0xdc};
	static const uint8_t even[] = {0xff};
	static const uint8_t mapped[] = {0xff, 1, 0x12, 0x34, 192, 0, 2, 1};
	struct air_stun_value v;

	CHECK_EQ(decode(AIR_STUN_CHANNEL_NUMBER, channel, 4).number, 0x4001);
	CHECK_EQ(decode(AIR_STUN_REQUESTED_TRANSPORT, transport, 4).number, 17);
	CHECK(decode(AIR_STUN_EVEN_PORT, even, 1).number &
	      AIR_STUN_EVEN_PORT_RESERVE);
	v = decode(AIR_STUN_ERROR_CODE, error, 5);
	CHECK_EQ(v.number, 401);
	CHECK_EQ(v.bytes.len, 1);
	v = decode(AIR_STUN_ICMP, icmp, 8);
	CHECK_EQ(v.family, 3);
	CHECK_EQ(v.code, 4);
	CHECK_EQ(v.number, 1500);
	v = decode(AIR_STUN_MAPPED_ADDRESS, mapped, 8);
	CHECK_EQ(v.addr.port, 0x1234);
	CHECK_EQ(v.addr.family, ALTAIR_IPV4);
}

static void an_unknown_family_is_no_address(void)
{
	static const uint8_t odd[20] = {0, 3, 0x12, 0x34};

	CHECK_EQ(decode(AIR_STUN_XOR_MAPPED_ADDRESS, odd, 8).addr.family, 0);
	CHECK_EQ(decode(AIR_STUN_XOR_MAPPED_ADDRESS, odd, 20).addr.family, 0);
}

static void an_algorithm_list_is_walked(void)
{
	static const uint8_t list[] = {0,   2,	 0,   0, 0, 9, 0, 3,
				       'a', 'b', 'c', 0, 0, 1, 0, 0};
	struct air_reader r = air_reader((altair_bytes){list, sizeof list});
	struct air_stun_value v;

	CHECK(air_stun_algorithm_next(&r, &v));
	CHECK_EQ(v.number, AIR_STUN_ALGORITHM_SHA256);
	CHECK_EQ(v.bytes.len, 0);
	CHECK(air_stun_algorithm_next(&r, &v));
	CHECK_EQ(v.number, 9);
	CHECK(air_bytes_equal(v.bytes, air_text("abc")));
	CHECK(air_stun_algorithm_next(&r, &v));
	CHECK_EQ(v.number, AIR_STUN_ALGORITHM_MD5);
	CHECK(!air_stun_algorithm_next(&r, &v));
	CHECK(!r.failed);
}

static const struct check_test tests[] = {
	TEST(every_row_is_found_in_order),
	TEST(every_attribute_with_every_length),
	TEST(what_is_encoded_is_decoded),
	TEST(a_value_that_breaks_the_rules_is_not_written),
	TEST(a_full_buffer_fails_the_writer),
	TEST(reserved_bits_are_ignored),
	TEST(an_unknown_family_is_no_address),
	TEST(an_algorithm_list_is_walked),
};

CHECK_MAIN(tests)
