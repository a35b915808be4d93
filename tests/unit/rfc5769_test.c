/*
 * The test vectors of RFC 5769 and of RFC 8489 B.1: each is read and its proofs
 * hold; each is built again and equals the printed bytes.
 */
#include "check.h"
#include "stun/auth.h"
#include "vectors/rfc5769.h"

#include <altair/openssl.h>

#define ALL 15u
#define VIEW(array) ((altair_bytes){array, sizeof array})

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const char matrix[] = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83"
			     "\xe3\x82\xaf\xe3\x82\xb9";

static struct air_stun_message read(altair_bytes bytes)
{
	struct air_stun_message m;

	CHECK(air_stun_message_read(&m, bytes, ALL));
	CHECK_EQ(m.unknown_count, 0);
	return m;
}

static altair_bytes text_of(const struct air_stun_message *m, uint16_t type)
{
	struct air_stun_value v;

	CHECK(air_stun_message_get(m, type, &v));
	return v.bytes;
}

static uint64_t number_of(const struct air_stun_message *m, uint16_t type)
{
	struct air_stun_value v;

	CHECK(air_stun_message_get(m, type, &v));
	return v.number;
}

static void check_text(const struct air_stun_message *m, uint16_t type,
		       const char *text)
{
	CHECK(air_bytes_equal(text_of(m, type), air_text(text)));
}

static void check_proofs(const struct air_stun_message *m)
{
	altair_bytes key = air_text(password), wrong = air_text("wrong");

	CHECK(air_stun_check_sha1(m, altair_openssl(), key));
	CHECK(!air_stun_check_sha1(m, altair_openssl(), wrong));
	CHECK(air_stun_check_fingerprint(m));
}

static void check_mapped(const struct air_stun_message *m, const char *text)
{
	struct air_stun_value v;
	char found[ALTAIR_ADDR_TEXT];

	CHECK(air_stun_message_get(m, AIR_STUN_XOR_MAPPED_ADDRESS, &v));
	CHECK(altair_addr_format(&v.addr, found, sizeof found) > 0);
	CHECK_STR(found, text);
}

static void the_request_is_read(void)
{
	struct air_stun_message m = read(VIEW(request));

	CHECK_EQ(m.header.class, AIR_STUN_REQUEST);
	CHECK_EQ(m.header.method, AIR_STUN_BINDING);
	check_text(&m, AIR_STUN_SOFTWARE, "STUN test client");
	check_text(&m, AIR_STUN_USERNAME, "evtj:h6vY");
	CHECK_EQ(number_of(&m, AIR_STUN_PRIORITY), 0x6e0001ff);
	CHECK(number_of(&m, AIR_STUN_ICE_CONTROLLED) == 0x932ff9b151263b36u);
	check_proofs(&m);
}

static void the_ipv4_response_is_read(void)
{
	struct air_stun_message m = read(VIEW(response_v4));

	CHECK_EQ(m.header.class, AIR_STUN_SUCCESS);
	check_text(&m, AIR_STUN_SOFTWARE, "test vector");
	check_mapped(&m, "192.0.2.1:32853");
	check_proofs(&m);
}

static void the_ipv6_response_is_read(void)
{
	struct air_stun_message m = read(VIEW(response_v6));

	check_mapped(&m, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
	check_proofs(&m);
}

static struct air_stun_user matrix_user(void)
{
	return (struct air_stun_user){air_text(matrix), air_text("example.org"),
				      air_text("TheMatrIX")};
}

static void the_long_term_request_is_read(void)
{
	struct air_stun_message m = read(VIEW(request_long_term));
	struct air_stun_user user = matrix_user();
	uint8_t key[16];

	check_text(&m, AIR_STUN_USERNAME, matrix);
	check_text(&m, AIR_STUN_NONCE, "f//499k954d6OL34oL9FSTvy64sA");
	check_text(&m, AIR_STUN_REALM, "example.org");
	air_stun_key_md5(altair_openssl(), &user, key);
	CHECK(air_stun_check_sha1(&m, altair_openssl(), VIEW(key)));
	CHECK(!air_stun_check_fingerprint(&m));
}

/*
 * B.1 as printed says 0x9c, the length with its header, where 0x88 belongs, and
 * its MAC was made with that. So it is refused as it is; its USERHASH, its key
 * and its MAC are checked over the printed bytes, and the message with the
 * right length is read.
 */
static void the_sha256_request_is_read(void)
{
	enum { MAC_AT = sizeof request_sha256 - 36 };
	struct air_stun_user user = matrix_user();
	struct air_stun_message m;
	uint8_t key[32], hash[32], mac[32], copy[sizeof request_sha256];
	altair_bytes covered = {request_sha256, MAC_AT};

	CHECK(!air_stun_message_read(&m, VIEW(request_sha256), ALL));
	air_stun_key_sha256(altair_openssl(), &user, key);
	altair_openssl()->hmac_sha256(NULL, VIEW(key), &covered, 1, mac);
	CHECK_MEM(mac, request_sha256 + MAC_AT + 4, 32);

	memcpy(copy, request_sha256, sizeof copy);
	copy[3] = sizeof copy - 20;
	m = read(VIEW(copy));
	air_stun_userhash(altair_openssl(), &user, hash);
	CHECK(air_bytes_equal(text_of(&m, AIR_STUN_USERHASH), VIEW(hash)));
	CHECK(!air_stun_check_sha256(&m, altair_openssl(), VIEW(key), 32));
}

/* Adds the attributes of a vector again, in its order, up to its proofs. */
static void rebuild(struct air_stun_builder *b,
		    const struct air_stun_message *m, uint8_t *buffer,
		    size_t cap)
{
	air_stun_build(b, buffer, cap, &m->header);
	for (size_t i = 0; i < m->attr_count; i++) {
		uint16_t type = m->attrs[i].type;
		struct air_stun_value v;

		if (type == AIR_STUN_MESSAGE_INTEGRITY ||
		    type == AIR_STUN_MESSAGE_INTEGRITY_SHA256)
			return;
		CHECK(air_stun_message_get(m, type, &v));
		air_stun_build_attr(b, type, &v);
	}
}

static void the_long_term_request_is_built(void)
{
	struct air_stun_message m = read(VIEW(request_long_term));
	struct air_stun_user user = matrix_user();
	struct air_stun_builder b;
	uint8_t key[32], out[256];
	altair_bytes built;

	air_stun_key_md5(altair_openssl(), &user, key);
	rebuild(&b, &m, out, sizeof out);
	air_stun_build_sha1(&b, altair_openssl(), (altair_bytes){key, 16});
	built = air_stun_build_end(&b);
	CHECK(air_bytes_equal(built, VIEW(request_long_term)));
}

/* B.1 again: everything but the length and the MAC made with it is the same. */
static void the_sha256_request_is_built(void)
{
	struct air_stun_user user = matrix_user();
	struct air_stun_message m;
	struct air_stun_builder b;
	uint8_t key[32], out[256], copy[sizeof request_sha256];
	altair_bytes built;

	memcpy(copy, request_sha256, sizeof copy);
	copy[3] = sizeof copy - 20;
	m = read(VIEW(copy));
	air_stun_key_sha256(altair_openssl(), &user, key);
	rebuild(&b, &m, out, sizeof out);
	air_stun_build_sha256(&b, altair_openssl(), VIEW(key), 32);
	built = air_stun_build_end(&b);
	CHECK_EQ(built.len, sizeof copy);
	CHECK_MEM(out, copy, sizeof copy - 32);
	CHECK(air_stun_message_read(&m, built, ALL));
	CHECK(air_stun_check_sha256(&m, altair_openssl(), VIEW(key), 32));
}

/*
 * The first three pad with spaces. They are built with our zeros, then the
 * spaces are put in and the proofs are built again over those bytes.
 */
static void build_with_spaces(altair_bytes vector)
{
	struct air_stun_message m = read(vector);
	struct air_stun_builder b;
	uint8_t out[256];
	altair_bytes built;

	rebuild(&b, &m, out, sizeof out);
	CHECK_EQ(b.w.len, vector.len - 24 - 8);
	for (size_t i = 0; i < m.attr_count; i++) {
		size_t end = m.attrs[i].at + 4u + m.attrs[i].len;

		for (; end % 4 != 0; end++) {
			CHECK_EQ(out[end], 0);
			out[end] = ' ';
		}
	}
	air_stun_build_sha1(&b, altair_openssl(), air_text(password));
	air_stun_build_fingerprint(&b);
	built = air_stun_build_end(&b);
	CHECK(air_bytes_equal(built, vector));
}

static void the_others_are_built(void)
{
	build_with_spaces(VIEW(request));
	build_with_spaces(VIEW(response_v4));
	build_with_spaces(VIEW(response_v6));
}

/* Of a vector with FINGERPRINT no bit may change unnoticed; behind the proofs,
 * FINGERPRINT alone notices. */
static void every_flipped_bit_is_noticed(void)
{
	uint8_t copy[sizeof request];

	for (size_t bit = 0; bit < 8 * sizeof request; bit++) {
		struct air_stun_message m;

		memcpy(copy, request, sizeof request);
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!air_stun_message_read(&m, VIEW(copy), ALL) ||
		      !air_stun_check_fingerprint(&m));
		if (bit / 8 < sizeof request - 8 &&
		    air_stun_message_read(&m, VIEW(copy), ALL))
			CHECK(!air_stun_check_sha1(&m, altair_openssl(),
						   air_text(password)));
	}
}

static const struct check_test tests[] = {
	TEST(the_request_is_read),
	TEST(the_ipv4_response_is_read),
	TEST(the_ipv6_response_is_read),
	TEST(the_long_term_request_is_read),
	TEST(the_sha256_request_is_read),
	TEST(the_long_term_request_is_built),
	TEST(the_sha256_request_is_built),
	TEST(the_others_are_built),
	TEST(every_flipped_bit_is_noticed),
};

CHECK_MAIN(tests)
