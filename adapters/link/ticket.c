/*
 * "altair1" and base64url (RFC 4648 5, no padding) of fields, each a byte that
 * says which, two of length (network order), and the value:
 *     1  SHA-256 of the public key, 32 bytes
 *     2  a secret of this ticket, 16 bytes
 *     3  the attribute lines (RFC 8839 5), LF between them
 *     0  at the end: the first four bytes of the SHA-256 of all before it, so that
 *        a text that was cut or mistyped is noticed
 * Unknown fields are passed over.
 */
#define _GNU_SOURCE
#include "ticket.h"

#include <altair/openssl.h>

#include <ctype.h>
#include <string.h>

#define PREFIX "altair1"
#define FIELD_HEAD 3
#define SUM_LEN 4

enum field { FIELD_SUM, FIELD_KEY, FIELD_SECRET, FIELD_LINES };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789-_";

static void sum(const uint8_t *bytes, size_t len, uint8_t out[SUM_LEN])
{
	const altair_crypto *crypto = altair_openssl();
	const altair_bytes part = {bytes, len};
	uint8_t hash[32];

	crypto->sha256(crypto->user, &part, 1, hash);
	memcpy(out, hash, SUM_LEN);
}

static size_t put(uint8_t *at, enum field field, const void *value, size_t len)
{
	at[0] = (uint8_t)field;
	at[1] = (uint8_t)(len >> 8);
	at[2] = (uint8_t)len;
	memcpy(at + FIELD_HEAD, value, len);
	return FIELD_HEAD + len;
}

/* The lines with LF alone. */
static size_t shorten(char *out, const char *lines)
{
	size_t len = 0;

	for (; *lines; lines++)
		if (*lines != '\r')
			out[len++] = *lines;
	return len;
}

/* Returns the length, or 0 where there is no room. */
static size_t encode(const uint8_t *bytes, size_t len, char *out, size_t cap)
{
	size_t written = 0;
	uint32_t bits = 0;
	unsigned count = 0;

	if (cap < (len * 4 + 2) / 3 + 1)
		return 0;
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= 6; count -= 6)
			out[written++] = digits[bits >> (count - 6) & 63];
	}
	if (count > 0)
		out[written++] = digits[bits << (6 - count) & 63];
	out[written] = '\0';
	return written;
}

int air_ticket_format(const struct air_ticket *ticket, char *out, size_t cap)
{
	uint8_t bytes[4 * FIELD_HEAD + sizeof *ticket + SUM_LEN];
	char lines[sizeof ticket->lines];
	uint8_t check[SUM_LEN];
	size_t len = 0, text;

	len += put(bytes, FIELD_KEY, ticket->key, sizeof ticket->key);
	len += put(bytes + len, FIELD_SECRET, ticket->secret,
		   sizeof ticket->secret);
	len += put(bytes + len, FIELD_LINES, lines,
		   shorten(lines, ticket->lines));
	sum(bytes, len, check);
	len += put(bytes + len, FIELD_SUM, check, sizeof check);
	if (cap < sizeof PREFIX)
		return ALTAIR_E_SPACE;
	memcpy(out, PREFIX, sizeof PREFIX);
	text = encode(bytes, len, out + sizeof PREFIX - 1,
		      cap - sizeof PREFIX + 1);
	return text > 0 ? (int)(text + sizeof PREFIX - 1) : ALTAIR_E_SPACE;
}

/* Returns the length, or -1 for what is none. */
static int decode(const char *text, uint8_t *out, size_t cap)
{
	uint32_t bits = 0;
	unsigned count = 0;
	size_t len = 0;

	for (; *text; text++) {
		const char *digit = strchr(digits, *text);

		if (isspace((unsigned char)*text))
			continue;
		if (!digit || len == cap)
			return -1;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			out[len++] = (uint8_t)(bits >> count);
		}
	}
	return (bits & ((1u << count) - 1)) == 0 && count < 6 ? (int)len : -1;
}

/* Takes one field; false: it is not as long as it has to be. */
static bool take(struct air_ticket *out, unsigned field, const uint8_t *value,
		 size_t len)
{
	switch (field) {
	case FIELD_KEY:
		if (len != sizeof out->key)
			return false;
		memcpy(out->key, value, len);
		return true;
	case FIELD_SECRET:
		if (len != sizeof out->secret)
			return false;
		memcpy(out->secret, value, len);
		return true;
	case FIELD_LINES:
		if (len >= sizeof out->lines || memchr(value, 0, len))
			return false;
		memcpy(out->lines, value, len);
		out->lines[len] = '\0';
		return true;
	default:
		return true;
	}
}

/* All fields; they end exactly at the sum. */
static int read_fields(struct air_ticket *out, const uint8_t *bytes, size_t len)
{
	uint8_t check[SUM_LEN];
	unsigned seen = 0;
	size_t at = 0;

	while (len - at >= FIELD_HEAD) {
		const uint8_t *value = bytes + at + FIELD_HEAD;
		size_t value_len = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
		unsigned field = bytes[at];

		if (value_len > len - at - FIELD_HEAD)
			return ALTAIR_E_SYNTAX;
		if (field == FIELD_SUM) {
			sum(bytes, at, check);
			return value_len == sizeof check &&
					       at + FIELD_HEAD + value_len ==
						       len &&
					       memcmp(value, check,
						      sizeof check) == 0 &&
					       (seen & 14) == 14
				       ? 0
				       : ALTAIR_E_SYNTAX;
		}
		if (!take(out, field, value, value_len))
			return ALTAIR_E_SYNTAX;
		seen |= field < 8 ? 1u << field : 0;
		at += FIELD_HEAD + value_len;
	}
	return ALTAIR_E_SYNTAX;
}

int air_ticket_parse(struct air_ticket *out, const char *text)
{
	uint8_t bytes[4 * FIELD_HEAD + sizeof *out + SUM_LEN];
	struct air_ticket ticket = {.lines = ""};
	int len, error;

	text += strspn(text, " \t\r\n");
	if (strncmp(text, PREFIX, sizeof PREFIX - 1) != 0)
		return ALTAIR_E_SYNTAX;
	len = decode(text + sizeof PREFIX - 1, bytes, sizeof bytes);
	if (len < 0)
		return ALTAIR_E_SYNTAX;
	error = read_fields(&ticket, bytes, (size_t)len);
	if (!error)
		*out = ticket;
	return error;
}
