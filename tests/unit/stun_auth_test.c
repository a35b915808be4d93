/* Message integrity in both variants, and FINGERPRINT, where RFC 5769 is
 * silent. */
#include "check.h"
#include "base/crc32.h"
#include "stun/auth.h"

#include <altair/openssl.h>

#define ALL 15u
#define VIEW(array) ((altair_bytes){array, sizeof array})

static const struct air_stun_header header = {.class = AIR_STUN_REQUEST,
					      .method = AIR_STUN_BINDING,
					      .transaction = {9, 8, 7}};
static uint8_t out[512];

static altair_bytes key(void)
{
	return air_text("the key");
}

static void begin(struct air_stun_builder *b)
{
	struct air_stun_value user = {.bytes = air_text("user")};

	air_stun_build(b, out, sizeof out, &header);
	air_stun_build_attr(b, AIR_STUN_USERNAME, &user);
}

static struct air_stun_message end(struct air_stun_builder *b)
{
	struct air_stun_message m;

	CHECK(air_stun_message_read(&m, air_stun_build_end(b), ALL));
	return m;
}

static void the_crc_is_the_one_of_the_rfc(void)
{
	static const uint8_t check[] = "123456789";
	uint8_t bytes[64];

	/* The check value of CRC-32 (ITU-T V.42). */
	CHECK_EQ(air_crc32(&(altair_bytes){check, 9}, 1), 0xcbf43926);
	CHECK_EQ(air_crc32(NULL, 0), 0);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t cut = 0; cut <= sizeof bytes; cut++) {
		altair_bytes parts[] = {{bytes, cut},
					{bytes + cut, sizeof bytes - cut}};

		CHECK_EQ(air_crc32(parts, 2), air_crc32(&VIEW(bytes), 1));
	}
}

static void the_crc_agrees_with_the_bitwise_one(void)
{
	uint8_t bytes[256];
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < sizeof bytes; i++) {
		altair_bytes so_far = {bytes, i + 1};

		bytes[i] = (uint8_t)(255 - i);
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		CHECK_EQ(air_crc32(&so_far, 1), ~crc);
	}
}

static void all_proofs_together(void)
{
	struct air_stun_builder b;
	struct air_stun_message m;

	begin(&b);
	air_stun_build_sha1(&b, altair_openssl(), key());
	air_stun_build_sha256(&b, altair_openssl(), key(), 32);
	air_stun_build_fingerprint(&b);
	m = end(&b);
	CHECK_EQ(m.attr_count, 4);
	CHECK(air_stun_check_sha1(&m, altair_openssl(), key()));
	CHECK(air_stun_check_sha256(&m, altair_openssl(), key(), 32));
	CHECK(air_stun_check_fingerprint(&m));
	CHECK(!air_stun_check_sha1(&m, altair_openssl(), air_text("no")));
	CHECK(!air_stun_check_sha256(&m, altair_openssl(), air_text("no"), 32));
}

static void a_proof_that_is_not_there_does_not_hold(void)
{
	struct air_stun_builder b;
	struct air_stun_message m;

	begin(&b);
	m = end(&b);
	CHECK(!air_stun_check_sha1(&m, altair_openssl(), key()));
	CHECK(!air_stun_check_sha256(&m, altair_openssl(), key(), 16));
	CHECK(!air_stun_check_fingerprint(&m));
}

static void a_cut_mac_holds_only_where_it_is_allowed(void)
{
	for (size_t len = 16; len <= 32; len += 4) {
		struct air_stun_builder b;
		struct air_stun_message m;

		begin(&b);
		air_stun_build_sha256(&b, altair_openssl(), key(), len);
		m = end(&b);
		CHECK(air_stun_check_sha256(&m, altair_openssl(), key(), 16));
		CHECK(air_stun_check_sha256(&m, altair_openssl(), key(), len));
		CHECK(!air_stun_check_sha256(&m, altair_openssl(), key(),
					     len + 4));
	}
}

static void a_mac_of_a_wrong_length_is_not_built(void)
{
	for (size_t len = 0; len <= 32; len++) {
		struct air_stun_builder b;

		begin(&b);
		air_stun_build_sha256(&b, altair_openssl(), key(), len);
		CHECK_EQ(air_stun_build_end(&b).len > 0,
			 len >= 16 && len % 4 == 0);
	}
}

static void a_failed_builder_is_not_signed(void)
{
	struct air_stun_builder b;

	air_stun_build(&b, out, 19, &header);
	air_stun_build_sha1(&b, altair_openssl(), key());
	air_stun_build_sha256(&b, altair_openssl(), key(), 32);
	air_stun_build_fingerprint(&b);
	CHECK_EQ(air_stun_build_end(&b).len, 0);
}

static void every_flipped_bit_before_a_mac_is_noticed(void)
{
	struct air_stun_builder b;
	size_t len;

	begin(&b);
	air_stun_build_sha256(&b, altair_openssl(), key(), 16);
	len = air_stun_build_end(&b).len;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct air_stun_message m;

		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (air_stun_message_read(&m, (altair_bytes){out, len}, ALL))
			CHECK(!air_stun_check_sha256(&m, altair_openssl(),
						     key(), 16));
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static const struct check_test tests[] = {
	TEST(the_crc_is_the_one_of_the_rfc),
	TEST(the_crc_agrees_with_the_bitwise_one),
	TEST(all_proofs_together),
	TEST(a_proof_that_is_not_there_does_not_hold),
	TEST(a_cut_mac_holds_only_where_it_is_allowed),
	TEST(a_mac_of_a_wrong_length_is_not_built),
	TEST(a_failed_builder_is_not_signed),
	TEST(every_flipped_bit_before_a_mac_is_noticed),
};

CHECK_MAIN(tests)
