/* One attribute: a row, then its value. */
#include "fuzz.h"
#include "stun/attr.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t buffer[1 << 17];
	const struct air_stun_row *row;
	struct air_stun_header header = {.method = AIR_STUN_BINDING};
	struct air_stun_value v, again;
	struct air_writer w = air_writer(buffer, sizeof buffer);
	altair_bytes value;

	if (len < 2)
		return 0;
	row = &air_stun_rows[data[0] % air_stun_row_count];
	memset(header.transaction, data[1], sizeof header.transaction);
	value = (altair_bytes){data + 2, len - 2};
	if (!air_stun_attr_decode(row, &header, value, &v))
		return 0;
	FUZZ_CHECK(value.len >= row->min && value.len <= row->max);
	FUZZ_CHECK(v.bytes.len <= value.len);
	if ((row->kind == AIR_STUN_ADDRESS ||
	     row->kind == AIR_STUN_XOR_ADDRESS) &&
	    v.addr.family == ALTAIR_NO_FAMILY)
		return 0;
	air_stun_attr_encode(&w, &header, row->type, &v);
	FUZZ_CHECK(!w.failed && w.len % 4 == 0);
	value = (altair_bytes){buffer + 4, (size_t)buffer[2] << 8 | buffer[3]};
	FUZZ_CHECK(value.len == len - 2);
	FUZZ_CHECK(air_stun_attr_decode(row, &header, value, &again));
	FUZZ_CHECK(air_bytes_equal(v.bytes, again.bytes));
	FUZZ_CHECK(!memcmp(&v.addr, &again.addr, sizeof v.addr));
	FUZZ_CHECK(v.number == again.number && v.code == again.code);
	return 0;
}
