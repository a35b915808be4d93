/* A datagram: reading it is safe, and what is read survives being written
 * again. */
#include "base/crc32.h"
#include "fuzz.h"
#include "stun/auth.h"

#include <string.h>

#define ALL 15u

/* Hashes are not what is tested: these only read every byte they are given. */
static void sum20(void *user, altair_bytes key, const altair_bytes *parts,
		  size_t count, uint8_t out[20])
{
	(void)user;
	memset(out, (int)((air_crc32(parts, count) ^ air_crc32(&key, 1)) & 255),
	       20);
}

static void sum32(void *user, altair_bytes key, const altair_bytes *parts,
		  size_t count, uint8_t out[32])
{
	sum20(user, key, parts, count, out);
	memset(out + 20, 0, 12);
}

static const altair_crypto crypto = {
	.size = sizeof crypto, .hmac_sha1 = sum20, .hmac_sha256 = sum32};

static void check_places(const struct air_stun_message *m)
{
	size_t end = AIR_STUN_HEADER_LEN;

	FUZZ_CHECK(m->attr_count + m->unknown_count <= AIR_STUN_ATTRS_MAX);
	for (size_t i = 0; i < m->attr_count; i++) {
		FUZZ_CHECK(m->attrs[i].at >= end);
		end = m->attrs[i].at + 4u + m->attrs[i].len;
		FUZZ_CHECK(end <= m->bytes.len);
	}
	for (size_t i = 0; i < m->unknown_count; i++)
		FUZZ_CHECK(!(m->unknown[i] & AIR_STUN_OPTIONAL));
}

/* An address of unknown family is read as none, which cannot be written. */
static bool can_be_written(const struct air_stun_row *row,
			   const struct air_stun_value *v)
{
	return (row->kind != AIR_STUN_ADDRESS &&
		row->kind != AIR_STUN_XOR_ADDRESS) ||
	       v->addr.family != ALTAIR_NO_FAMILY;
}

static void check_again(const struct air_stun_message *m, const uint8_t *buffer,
			size_t len, size_t count)
{
	struct air_stun_message again;

	FUZZ_CHECK(air_stun_message_read(&again, (altair_bytes){buffer, len},
					 ALL));
	FUZZ_CHECK(again.attr_count == count);
	FUZZ_CHECK(again.header.class == m->header.class);
	FUZZ_CHECK(again.header.method == m->header.method);
	for (size_t i = 0; i < again.attr_count; i++) {
		uint16_t type = again.attrs[i].type;
		struct air_stun_value a, b;

		FUZZ_CHECK(air_stun_message_get(&again, type, &a));
		if (!air_stun_message_get(m, type, &b) ||
		    !can_be_written(air_stun_row(type), &b))
			continue;
		FUZZ_CHECK(air_bytes_equal(a.bytes, b.bytes));
		FUZZ_CHECK(a.number == b.number && a.code == b.code);
		FUZZ_CHECK(!memcmp(&a.addr, &b.addr, sizeof a.addr));
	}
}

static void write_again(const struct air_stun_message *m)
{
	static uint8_t buffer[1 << 16];
	struct air_stun_builder b;
	size_t count = 0;
	altair_bytes built;

	air_stun_build(&b, buffer, sizeof buffer, &m->header);
	for (size_t i = 0; i < m->attr_count; i++) {
		struct air_stun_place p = m->attrs[i];
		const struct air_stun_row *row = air_stun_row(p.type);
		altair_bytes bytes = {m->bytes.data + p.at + 4, p.len};
		struct air_stun_value v;

		FUZZ_CHECK(air_stun_attr_decode(row, &m->header, bytes, &v));
		if (!can_be_written(row, &v))
			continue;
		air_stun_build_attr(&b, p.type, &v);
		count++;
	}
	built = air_stun_build_end(&b);
	FUZZ_CHECK(built.len >= AIR_STUN_HEADER_LEN &&
		   built.len <= m->bytes.len);
	check_again(m, buffer, built.len, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	altair_bytes datagram = {data, len}, key = {data, len % 32};
	struct air_stun_message m;

	for (unsigned understood = 0; understood <= ALL; understood += 5) {
		if (!air_stun_message_read(&m, datagram, understood))
			continue;
		FUZZ_CHECK(air_stun_recognise(datagram));
		check_places(&m);
		air_stun_check_fingerprint(&m);
		air_stun_check_sha1(&m, &crypto, key);
		air_stun_check_sha256(&m, &crypto, key, 16);
		write_again(&m);
	}
	return 0;
}
