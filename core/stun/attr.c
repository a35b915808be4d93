/*
 * STUN attributes (RFC 8489 14, RFC 8656 18, RFC 8445 16.1, RFC 6062 6.2, RFC
 * 5780 7, RFC 7635 6, RFC 8016 3.3): a table of attributes and a table of
 * codecs.
 *
 * The length rules of a row are checked before its codec runs, so a codec never
 * meets a value that is too short for its fixed fields. Reserved bits are
 * ignored when reading and zero when writing.
 */
#include "stun/attr.h"

#include "base/assert.h"

#include <string.h>

/* RFC 8489 14.8: text of fewer than 128 characters, 763 bytes when decoding.
 * RFC 8489 14.3 says 763 for USERNAME as well. */
#define TEXT_MAX 763

/* What a 16-bit message length leaves for the only attribute. */
#define WHOLE (AIR_STUN_BODY_MAX - AIR_STUN_TLV_LEN)

/* RFC 8489 14.13 gives no limit; no request of ours holds that many. */
#define TYPES_MAX (256 * 2)

#define ROW(name, text, set, kind, min, max, step)                             \
	{                                                                      \
		AIR_STUN_##name, min, max, step, AIR_STUN_##kind,              \
			AIR_STUN_SET_##set, text                               \
	}

const struct air_stun_row air_stun_rows[] = {
	ROW(MAPPED_ADDRESS, "MAPPED-ADDRESS", BASE, ADDRESS, 8, 20, 12),
	ROW(CHANGE_REQUEST, "CHANGE-REQUEST", BEHAVIOUR, U32, 4, 4, 1),
	ROW(USERNAME, "USERNAME", BASE, BYTES, 0, TEXT_MAX, 1),
	ROW(MESSAGE_INTEGRITY, "MESSAGE-INTEGRITY", BASE, BYTES, 20, 20, 1),
	ROW(ERROR_CODE, "ERROR-CODE", BASE, ERROR_TEXT, 4, 4 + TEXT_MAX, 1),
	ROW(UNKNOWN_ATTRIBUTES, "UNKNOWN-ATTRIBUTES", BASE, BYTES, 0, TYPES_MAX,
	    2),
	ROW(CHANNEL_NUMBER, "CHANNEL-NUMBER", TURN, U16, 4, 4, 1),
	ROW(LIFETIME, "LIFETIME", TURN, U32, 4, 4, 1),
	ROW(XOR_PEER_ADDRESS, "XOR-PEER-ADDRESS", TURN, XOR_ADDRESS, 8, 20, 12),
	ROW(DATA_ATTR, "DATA", TURN, BYTES, 0, WHOLE, 1),
	ROW(REALM, "REALM", BASE, BYTES, 0, TEXT_MAX, 1),
	ROW(NONCE, "NONCE", BASE, BYTES, 0, TEXT_MAX, 1),
	ROW(XOR_RELAYED_ADDRESS, "XOR-RELAYED-ADDRESS", TURN, XOR_ADDRESS, 8,
	    20, 12),
	ROW(REQUESTED_ADDRESS_FAMILY, "REQUESTED-ADDRESS-FAMILY", TURN, U8, 4,
	    4, 1),
	ROW(EVEN_PORT, "EVEN-PORT", TURN, U8, 1, 1, 1),
	ROW(REQUESTED_TRANSPORT, "REQUESTED-TRANSPORT", TURN, U8, 4, 4, 1),
	ROW(DONT_FRAGMENT, "DONT-FRAGMENT", TURN, BYTES, 0, 0, 1),
	ROW(ACCESS_TOKEN, "ACCESS-TOKEN", TURN, BYTES, 0, WHOLE, 1),
	ROW(MESSAGE_INTEGRITY_SHA256, "MESSAGE-INTEGRITY-SHA256", BASE, BYTES,
	    16, 32, 4),
	ROW(PASSWORD_ALGORITHM, "PASSWORD-ALGORITHM", BASE, ALGORITHM, 4, 256,
	    4),
	ROW(USERHASH, "USERHASH", BASE, BYTES, 32, 32, 1),
	ROW(XOR_MAPPED_ADDRESS, "XOR-MAPPED-ADDRESS", BASE, XOR_ADDRESS, 8, 20,
	    12),
	ROW(RESERVATION_TOKEN, "RESERVATION-TOKEN", TURN, BYTES, 8, 8, 1),
	ROW(PRIORITY, "PRIORITY", ICE, U32, 4, 4, 1),
	ROW(USE_CANDIDATE, "USE-CANDIDATE", ICE, BYTES, 0, 0, 1),
	ROW(PADDING, "PADDING", BEHAVIOUR, BYTES, 0, WHOLE, 1),
	ROW(RESPONSE_PORT, "RESPONSE-PORT", BEHAVIOUR, U16, 4, 4, 1),
	ROW(CONNECTION_ID, "CONNECTION-ID", TURN, U32, 4, 4, 1),
	ROW(ADDITIONAL_ADDRESS_FAMILY, "ADDITIONAL-ADDRESS-FAMILY", TURN, U8, 4,
	    4, 1),
	ROW(ADDRESS_ERROR_CODE, "ADDRESS-ERROR-CODE", TURN, ERROR_TEXT, 4,
	    4 + TEXT_MAX, 1),
	ROW(PASSWORD_ALGORITHMS, "PASSWORD-ALGORITHMS", BASE, ALGORITHMS, 4,
	    256, 4),
	ROW(ALTERNATE_DOMAIN, "ALTERNATE-DOMAIN", BASE, BYTES, 0, 255, 1),
	ROW(ICMP, "ICMP", TURN, ICMP_ERROR, 8, 8, 1),
	ROW(SOFTWARE, "SOFTWARE", BASE, BYTES, 0, TEXT_MAX, 1),
	ROW(ALTERNATE_SERVER, "ALTERNATE-SERVER", BASE, ADDRESS, 8, 20, 12),
	ROW(FINGERPRINT, "FINGERPRINT", BASE, U32, 4, 4, 1),
	ROW(ICE_CONTROLLED, "ICE-CONTROLLED", ICE, U64, 8, 8, 1),
	ROW(ICE_CONTROLLING, "ICE-CONTROLLING", ICE, U64, 8, 8, 1),
	ROW(RESPONSE_ORIGIN, "RESPONSE-ORIGIN", BEHAVIOUR, ADDRESS, 8, 20, 12),
	ROW(OTHER_ADDRESS, "OTHER-ADDRESS", BEHAVIOUR, ADDRESS, 8, 20, 12),
	ROW(THIRD_PARTY_AUTHORIZATION, "THIRD-PARTY-AUTHORIZATION", TURN, BYTES,
	    0, TEXT_MAX, 1),
	ROW(MOBILITY_TICKET, "MOBILITY-TICKET", TURN, BYTES, 0, WHOLE, 1),
};

const size_t air_stun_row_count = sizeof air_stun_rows / sizeof *air_stun_rows;

const struct air_stun_row *air_stun_row(uint16_t type)
{
	size_t low = 0, high = air_stun_row_count;

	/* Invariant: the row, if there is one, is in [low, high). */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (air_stun_rows[middle].type == type)
			return &air_stun_rows[middle];
		if (air_stun_rows[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What a codec works with, in both directions; `out` is all zero before. */
struct context {
	const struct air_stun_row *row;
	const struct air_stun_header *header;
};

static size_t rounded(size_t len)
{
	return (len + 3) / 4 * 4;
}

static bool decode_bytes(struct context c, struct air_reader *r,
			 struct air_stun_value *out)
{
	(void)c;
	out->bytes = air_read_bytes(r, r->len);
	return true;
}

static void encode_bytes(struct context c, struct air_writer *w,
			 const struct air_stun_value *value)
{
	(void)c;
	air_write_bytes(w, value->bytes);
}

/* Bytes of an integer kind. */
static size_t width(struct context c)
{
	return (size_t)1 << (c.row->kind - AIR_STUN_U8);
}

static bool decode_number(struct context c, struct air_reader *r,
			  struct air_stun_value *out)
{
	for (size_t i = 0; i < width(c); i++)
		out->number = out->number << 8 | air_read_u8(r);
	return true;
}

static void encode_number(struct context c, struct air_writer *w,
			  const struct air_stun_value *value)
{
	for (size_t i = width(c); i-- > 0;)
		air_write_u8(w, (uint8_t)(value->number >> 8 * i));
	air_write_zeros(w, c.row->min - width(c));
}

/* RFC 8489 14.2: what port and IP are XORed with, IP first; zeros for a plain
 * address. */
static void make_mask(struct context c, uint8_t mask[16])
{
	struct air_writer w = air_writer(mask, 16);

	if (c.row->kind == AIR_STUN_ADDRESS) {
		air_write_zeros(&w, 16);
		return;
	}
	air_write_u32(&w, AIR_STUN_COOKIE);
	air_write_bytes(&w, (altair_bytes){c.header->transaction,
					   AIR_STUN_TRANSACTION_LEN});
}

static bool decode_address(struct context c, struct air_reader *r,
			   struct air_stun_value *out)
{
	size_t ip_len = r->len - 4;
	uint8_t family, mask[16];
	uint16_t port;
	altair_bytes ip;

	air_read_u8(r); /* reserved */
	family = air_read_u8(r);
	port = air_read_u16(r);
	ip = air_read_bytes(r, ip_len);
	if (family != AIR_STUN_IPV4 && family != AIR_STUN_IPV6)
		return true; /* RFC 8489 6.3.3: to be ignored */
	if (ip_len != (family == AIR_STUN_IPV4 ? 4u : 16u))
		return false;
	make_mask(c, mask);
	out->addr.family = family == AIR_STUN_IPV4 ? ALTAIR_IPV4 : ALTAIR_IPV6;
	out->addr.port = (uint16_t)(port ^ (mask[0] << 8 | mask[1]));
	for (size_t i = 0; i < ip_len; i++)
		out->addr.ip[i] = ip.data[i] ^ mask[i];
	return true;
}

static void encode_address(struct context c, struct air_writer *w,
			   const struct air_stun_value *value)
{
	const altair_addr *addr = &value->addr;
	size_t ip_len = addr->family == ALTAIR_IPV4 ? 4 : 16;
	uint8_t mask[16];

	AIR_ASSERT(addr->family != ALTAIR_NO_FAMILY);
	make_mask(c, mask);
	air_write_u8(w, 0);
	air_write_u8(w, ip_len == 4 ? AIR_STUN_IPV4 : AIR_STUN_IPV6);
	air_write_u16(w, (uint16_t)(addr->port ^ (mask[0] << 8 | mask[1])));
	for (size_t i = 0; i < ip_len; i++)
		air_write_u8(w, addr->ip[i] ^ mask[i]);
}

/* RFC 8489 14.8; with a family in the first byte RFC 8656 18.12. */
static bool decode_error(struct context c, struct air_reader *r,
			 struct air_stun_value *out)
{
	uint8_t hundreds, rest;

	(void)c;
	out->family = air_read_u8(r);
	air_read_u8(r); /* reserved */
	hundreds = air_read_u8(r) & 7;
	rest = air_read_u8(r);
	out->bytes = air_read_bytes(r, r->len);
	out->number = hundreds * 100u + rest;
	return hundreds >= 3 && hundreds <= 6 && rest <= 99;
}

static void encode_error(struct context c, struct air_writer *w,
			 const struct air_stun_value *value)
{
	bool has_family = c.row->type == AIR_STUN_ADDRESS_ERROR_CODE;

	AIR_ASSERT(value->number >= 300 && value->number <= 699);
	air_write_u8(w, has_family ? value->family : 0);
	air_write_u8(w, 0);
	air_write_u8(w, (uint8_t)(value->number / 100));
	air_write_u8(w, (uint8_t)(value->number % 100));
	air_write_bytes(w, value->bytes);
}

/* RFC 8656 18.13. */
static bool decode_icmp(struct context c, struct air_reader *r,
			struct air_stun_value *out)
{
	(void)c;
	air_read_u16(r); /* reserved */
	out->family = air_read_u8(r);
	out->code = air_read_u8(r);
	out->number = air_read_u32(r);
	return true;
}

static void encode_icmp(struct context c, struct air_writer *w,
			const struct air_stun_value *value)
{
	(void)c;
	air_write_u16(w, 0);
	air_write_u8(w, value->family);
	air_write_u8(w, value->code);
	air_write_u32(w, (uint32_t)value->number);
}

bool air_stun_algorithm_next(struct air_reader *r, struct air_stun_value *out)
{
	size_t len;
	altair_bytes padded;

	if (r->len == 0)
		return false;
	out->number = air_read_u16(r);
	len = air_read_u16(r);
	padded = air_read_bytes(r, rounded(len));
	out->bytes = (altair_bytes){padded.data, r->failed ? 0 : len};
	return !r->failed;
}

static bool decode_algorithm(struct context c, struct air_reader *r,
			     struct air_stun_value *out)
{
	(void)c;
	return air_stun_algorithm_next(r, out) && r->len == 0;
}

static void encode_algorithm(struct context c, struct air_writer *w,
			     const struct air_stun_value *value)
{
	size_t len = value->bytes.len;

	(void)c;
	air_write_u16(w, (uint16_t)value->number);
	air_write_u16(w, (uint16_t)len);
	air_write_bytes(w, value->bytes);
	air_write_zeros(w, rounded(len) - len);
}

static bool decode_algorithms(struct context c, struct air_reader *r,
			      struct air_stun_value *out)
{
	struct air_stun_value each;
	struct air_reader walk = *r;

	while (air_stun_algorithm_next(&walk, &each))
		;
	decode_bytes(c, r, out);
	return !walk.failed;
}

static const struct codec {
	bool (*decode)(struct context, struct air_reader *,
		       struct air_stun_value *);
	void (*encode)(struct context, struct air_writer *,
		       const struct air_stun_value *);
} codecs[AIR_STUN_KINDS] = {
	[AIR_STUN_BYTES] = {decode_bytes, encode_bytes},
	[AIR_STUN_U8] = {decode_number, encode_number},
	[AIR_STUN_U16] = {decode_number, encode_number},
	[AIR_STUN_U32] = {decode_number, encode_number},
	[AIR_STUN_U64] = {decode_number, encode_number},
	[AIR_STUN_ADDRESS] = {decode_address, encode_address},
	[AIR_STUN_XOR_ADDRESS] = {decode_address, encode_address},
	[AIR_STUN_ERROR_TEXT] = {decode_error, encode_error},
	[AIR_STUN_ICMP_ERROR] = {decode_icmp, encode_icmp},
	[AIR_STUN_ALGORITHM] = {decode_algorithm, encode_algorithm},
	[AIR_STUN_ALGORITHMS] = {decode_algorithms, encode_bytes},
};

static bool length_allowed(const struct air_stun_row *row, size_t len)
{
	return len >= row->min && len <= row->max &&
	       (len - row->min) % row->step == 0;
}

bool air_stun_attr_decode(const struct air_stun_row *row,
			  const struct air_stun_header *header,
			  altair_bytes bytes, struct air_stun_value *out)
{
	struct air_reader r = air_reader(bytes);

	memset(out, 0, sizeof *out);
	return length_allowed(row, bytes.len) &&
	       codecs[row->kind].decode((struct context){row, header}, &r, out);
}

void air_stun_attr_encode(struct air_writer *w,
			  const struct air_stun_header *header, uint16_t type,
			  const struct air_stun_value *value)
{
	const struct air_stun_row *row = air_stun_row(type);
	size_t start, len;

	AIR_ASSERT(row);
	air_write_u16(w, type);
	air_write_u16(w, 0);
	start = w->len;
	codecs[row->kind].encode((struct context){row, header}, w, value);
	len = w->len - start;
	if (!length_allowed(row, len)) {
		w->failed = true;
		return;
	}
	air_patch_u16(w, start - 2, (uint16_t)len);
	air_write_zeros(w, rounded(len) - len);
}
