/*
 * The text of a fingerprint, forth and back, against RFC 4648's own base32, and every
 * form that must not pass for it.
 */
#include "check.h"

#include <altair/secure.h>

#include <string.h>

static uint8_t hash[32];
static char text[ALTAIR_FINGERPRINT_TEXT];

static void fill(uint8_t seed)
{
	for (size_t i = 0; i < sizeof hash; i++)
		hash[i] = (uint8_t)(seed + i * 37);
}

/* "foobar" is MZXW6YTBOI====== in RFC 4648 10: its first 45 bits are nine signs. */
static void is_base32(void)
{
	memset(hash, 0, sizeof hash);
	memcpy(hash, "foobar", 6);
	altair_fingerprint_format(hash, text);
	CHECK(strncmp(text, "mzxw6-ytbo", 10) == 0);
	CHECK_EQ(strlen(text), ALTAIR_FINGERPRINT_TEXT - 1);
	memset(hash, 0xff, sizeof hash);
	altair_fingerprint_format(hash, text);
	CHECK_STR(text, "77777-77777-77777-77777-77777");
}

static void there_and_back(void)
{
	uint8_t back[16];

	for (unsigned seed = 0; seed < 256; seed++) {
		fill((uint8_t)seed);
		altair_fingerprint_format(hash, text);
		CHECK_EQ(altair_fingerprint_parse(back, text), 0);
		CHECK(altair_fingerprint_fits(back, hash));
		CHECK_MEM(back, hash, 15);
	}
}

static void each_bit_counts(void)
{
	uint8_t fingerprint[16];

	fill(1);
	altair_fingerprint_format(hash, text);
	CHECK_EQ(altair_fingerprint_parse(fingerprint, text), 0);
	for (size_t bit = 0; bit < 256; bit++) {
		hash[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		CHECK_EQ(altair_fingerprint_fits(fingerprint, hash),
			 bit >= ALTAIR_FINGERPRINT_BITS);
		hash[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
}

static void forgives(void)
{
	static const char *const same[] = {"mzxw6-ytboi-aaaaa-aaaaa-aaaaa",
					   "MZXW6-YTBOI-AAAAA-AAAAA-AAAAA",
					   "mzxw6ytboiaaaaaaaaaaaaaaa",
					   "mzxw6 ytboi aaaaa aaaaa aaaaa",
					   "Mz:xw:6y:tb:oi:aaaaaaaaaaaaaaa"};
	uint8_t want[16] = "foobar", got[16];

	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		CHECK_EQ(altair_fingerprint_parse(got, same[i]), 0);
		CHECK_MEM(got, want, sizeof want);
	}
}

static void refuses(void)
{
	static const char *const wrong[] = {
		"", "-", "mzxw6-ytboi-aaaaa-aaaaa-aaaa", /* one sign short  */
		"mzxw6-ytboi-aaaaa-aaaaa-aaaaaa",	 /* one too many    */
		"mzxw6-ytboi-aaaaa-aaaaa",		 /* truncated       */
		"mzxw6-ytboi-aaaaa-aaaaa-aaaa1",	 /* not in base32   */
		"mzxw6-ytboi-aaaaa-aaaaa-aaaa=",
		"mzxw6-ytboi-aaaaa-aaaaa-aaaa\xc3\xa9",
		"mzxw6/ytboi/aaaaa/aaaaa/aaaaa",
		/* a SHA-1 and a SHA-256 in hexadecimal */
		"8843d7f92416211de9ebb963ff4ce28125932878",
		"c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4"
		"f"
		"2"};
	uint8_t got[16] = "untouched";

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_EQ(altair_fingerprint_parse(got, wrong[i]),
			 ALTAIR_E_INVALID);
	CHECK_MEM(got, "untouched", 9);
}

static const struct check_test tests[] = {
	TEST(is_base32), TEST(there_and_back), TEST(each_bit_counts),
	TEST(forgives),	 TEST(refuses),
};

CHECK_MAIN(tests)
