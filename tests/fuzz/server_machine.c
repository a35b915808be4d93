/*
 * Datagrams and bursts against the binding server, judged by a second reading
 * of each request: who must be answered, with what, and how long.
 */
#include "fuzz.h"
#include "stun/auth.h"

#include <altair/server.h>

#include <string.h>

#define BATCH 4
#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_TURN | AIR_STUN_SET_ICE)

static altair_datagram batch[BATCH];
static size_t batch_count;

static void fill_batch(struct air_reader *r)
{
	for (batch_count = 0; batch_count < BATCH && r->len > 0;
	     batch_count++) {
		altair_datagram *d = &batch[batch_count];
		uint8_t how = air_read_u8(r);
		size_t len = air_read_u16(r) % 2100;

		memset(d, 0, sizeof *d);
		d->path.remote.family = how & 1 ? ALTAIR_IPV6 : ALTAIR_IPV4;
		d->path.remote.ip[0] = 198;
		d->path.remote.port = how & 2 ? 0 : 1024;
		d->path.sock = (uint32_t)batch_count;
		d->segment = how & 4 ? 20 + (how >> 3) * 4u : 0;
		d->bytes = air_read_bytes(r, len < r->len ? len : r->len);
	}
}

/* What the server makes of one request, said again. */
static size_t expected_len(const altair_path *path, altair_bytes request)
{
	struct air_stun_message m;
	size_t fingerprint = 0;

	if (path->remote.port == 0 || request.len > 2048 ||
	    !air_stun_message_read(&m, request, UNDERSTOOD) ||
	    m.header.class != AIR_STUN_REQUEST ||
	    m.header.method != AIR_STUN_BINDING)
		return 0;
	if (air_stun_message_place(&m, AIR_STUN_FINGERPRINT))
		fingerprint = 8;
	if (fingerprint && !air_stun_check_fingerprint(&m))
		return 0;
	if (m.unknown_count > 0)
		return 32 + fingerprint + (2 * m.unknown_count + 3) / 4 * 4;
	return (path->remote.family == ALTAIR_IPV4 ? 32 : 44) + fingerprint;
}

static size_t expected_of(const altair_datagram *d)
{
	size_t segment = d->segment ? d->segment : d->bytes.len;
	size_t sum = 0;

	for (size_t at = 0; at < d->bytes.len; at += segment) {
		size_t left = d->bytes.len - at;
		altair_bytes one = {d->bytes.data + at,
				    left < segment ? left : segment};

		sum += expected_len(&d->path, one);
	}
	return sum;
}

static void check_answer(const altair_datagram *out, altair_bytes one)
{
	struct air_stun_message m;
	struct air_stun_value v;

	FUZZ_CHECK(air_stun_message_read(&m, one, 15));
	FUZZ_CHECK(m.header.method == AIR_STUN_BINDING);
	if (m.header.class == AIR_STUN_SUCCESS) {
		FUZZ_CHECK(air_stun_message_get(&m, AIR_STUN_XOR_MAPPED_ADDRESS,
						&v));
		FUZZ_CHECK(altair_addr_equal(&v.addr, &out->path.remote));
	} else {
		FUZZ_CHECK(m.header.class == AIR_STUN_ERROR);
		FUZZ_CHECK(air_stun_message_get(&m, AIR_STUN_UNKNOWN_ATTRIBUTES,
						&v));
		FUZZ_CHECK(v.bytes.len > 0);
		FUZZ_CHECK(air_stun_message_place(&m, AIR_STUN_ERROR_CODE));
	}
	FUZZ_CHECK(!air_stun_message_place(&m, AIR_STUN_FINGERPRINT) ||
		   air_stun_check_fingerprint(&m));
}

static void check_burst(const altair_datagram *out)
{
	size_t segment = out->segment ? out->segment : out->bytes.len;

	FUZZ_CHECK(out->bytes.len > 0 && segment > 0);
	for (size_t at = 0; at < out->bytes.len; at += segment) {
		size_t left = out->bytes.len - at;
		altair_bytes one = {out->bytes.data + at,
				    left < segment ? left : segment};

		check_answer(out, one);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 18];
	struct air_reader r = air_reader((altair_bytes){data, len});
	size_t got[BATCH] = {0};
	altair_server_config c;
	altair_server *s;
	altair_output out;

	altair_server_config_default(&c);
	c.batch_max = BATCH;
	c.buffer_len = 64u << 10;
	FUZZ_CHECK(altair_server_size(&c) <= sizeof memory);
	FUZZ_CHECK(altair_server_init(&s, memory, sizeof memory, &c, 0) == 0);
	fill_batch(&r);
	altair_input(altair_server_machine(s), 0, batch, batch_count);
	while (altair_poll(altair_server_machine(s), &out) == ALTAIR_SEND) {
		FUZZ_CHECK(out.datagram.path.sock < batch_count);
		got[out.datagram.path.sock] += out.datagram.bytes.len;
		check_burst(&out.datagram);
	}
	for (size_t i = 0; i < batch_count; i++)
		FUZZ_CHECK(got[i] == expected_of(&batch[i]));
	return 0;
}
