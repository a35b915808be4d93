/*
 * Fingerprints of keys for people: base32 (RFC 4648 6) of the first 125 bits of a
 * SHA-256. Whoever wants another key with the same text needs 2^125 trials; the last
 * three bits of 16 bytes are what makes five equal groups of it.
 */
#include <altair/secure.h>

#include <string.h>

#define GROUP 5	  /* signs */
#define SIGNS 25  /* without separators */
#define BITS 5	  /* of a sign */
#define PREFIX 16 /* bytes; of the last one 5 bits count */
#define LAST_BITS 0xf8

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

/* The five bits of sign `index`. */
static unsigned value_at(const uint8_t *bytes, size_t index)
{
	size_t bit = index * BITS;
	unsigned two = (unsigned)bytes[bit / 8] << 8;

	if (bit / 8 + 1 < PREFIX)
		two |= bytes[bit / 8 + 1];
	return (two >> (16 - BITS - bit % 8)) & 31;
}

void altair_fingerprint_format(const uint8_t hash[32],
			       char out[ALTAIR_FINGERPRINT_TEXT])
{
	size_t len = 0;

	for (size_t i = 0; i < SIGNS; i++) {
		if (i > 0 && i % GROUP == 0)
			out[len++] = '-';
		out[len++] = alphabet[value_at(hash, i)];
	}
	out[len] = '\0';
}

/* -1: no sign of the alphabet. */
static int value_of(char sign)
{
	if (sign >= 'A' && sign <= 'Z')
		return sign - 'A';
	if (sign >= 'a' && sign <= 'z')
		return sign - 'a';
	return sign >= '2' && sign <= '7' ? sign - '2' + 26 : -1;
}

static bool is_separator(char sign)
{
	return sign == '-' || sign == ' ' || sign == ':';
}

static void put(uint8_t *bytes, size_t index, unsigned value)
{
	size_t bit = index * BITS;
	unsigned two = value << (16 - BITS - bit % 8);

	bytes[bit / 8] |= (uint8_t)(two >> 8);
	if (bit / 8 + 1 < PREFIX)
		bytes[bit / 8 + 1] |= (uint8_t)two;
}

int altair_fingerprint_parse(uint8_t out[16], const char *text)
{
	uint8_t bytes[PREFIX] = {0};
	size_t signs = 0;

	for (; *text; text++) {
		int value = value_of(*text);

		if (is_separator(*text))
			continue;
		if (value < 0 || signs == SIGNS)
			return ALTAIR_E_INVALID;
		put(bytes, signs++, (unsigned)value);
	}
	if (signs != SIGNS)
		return ALTAIR_E_INVALID;
	memcpy(out, bytes, sizeof bytes);
	return 0;
}

bool altair_fingerprint_fits(const uint8_t fingerprint[16],
			     const uint8_t hash[32])
{
	return memcmp(fingerprint, hash, PREFIX - 1) == 0 &&
	       fingerprint[PREFIX - 1] == (hash[PREFIX - 1] & LAST_BITS);
}
