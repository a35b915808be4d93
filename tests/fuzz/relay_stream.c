/*
 * A server's stream, cut at every point: whatever the split, the same messages
 * come out of the same bytes, or the same end; a message is whole, and none of a
 * stranger is ChannelData or longer than 2 KiB. The first byte says whether the
 * client has proved who he is.
 */
#include "fuzz.h"
#include "server/state.h"
#include "toy.h"

#include <altair/server.h>

#include <string.h>

#define LEN_MAX 400 /* of which every split is tried */
#define STRANGER_MAX 2048

static struct {
	altair_server *s;
	altair_path path;
	bool is_proved;
} w;

static void begin(void)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 21];
	altair_server_config c;

	altair_server_config_default(&c);
	toy_state = 1;
	c.allocations_max = 1;
	c.connections_max = 1;
	c.batch_max = 1;
	c.buffer_len = 4096;
	c.challenge_rate = 0;
	c.crypto = &toy_crypto;
	c.relay_ipv4 =
		(altair_addr){.family = ALTAIR_IPV4, .ip = {198, 51, 100, 1}};
	FUZZ_CHECK(altair_server_size(&c) > 0);
	FUZZ_CHECK(altair_server_size(&c) <= sizeof memory);
	FUZZ_CHECK(altair_server_init(&w.s, memory, sizeof memory, &c, 1) == 0);
	w.path = (altair_path){.sock = ALTAIR_SERVER_STREAM,
			       .remote = {.family = ALTAIR_IPV4,
					  .ip = {203, 0, 113, 7},
					  .port = 40000}};
}

/* What came out, in one number. */
static uint64_t add(uint64_t sum, altair_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		sum = (sum ^ bytes.data[i]) * 1099511628211u;
	return (sum ^ bytes.len) * 1099511628211u;
}

static void check_message(altair_bytes message)
{
	FUZZ_CHECK(message.len >= 4);
	FUZZ_CHECK(message.data[0] < 0x80);
	if (w.is_proved)
		return;
	FUZZ_CHECK(message.len <= STRANGER_MAX);
	FUZZ_CHECK(message.data[0] < 0x40);
}

/* One part, as a message of its own memory. */
static int take(const uint8_t *data, size_t len, uint64_t *sum)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	altair_bytes in = {exact, len};
	altair_datagram d;
	int rc;

	if (!exact)
		abort();
	memcpy(exact, data, len);
	while ((rc = altair_server_unframe(w.s, w.path.sock, &in, &d)) == 1) {
		check_message(d.bytes);
		*sum = add(*sum, d.bytes);
	}
	FUZZ_CHECK(rc < 0 || in.len == 0);
	free(exact);
	return rc;
}

static uint64_t run(const uint8_t *data, size_t len, size_t first, size_t each)
{
	uint64_t sum = 1;
	int rc = 0;

	FUZZ_CHECK(altair_server_accepted(w.s, 1, w.path.sock, &w.path) == 0);
	if (w.is_proved)
		air_server_stream_prove(&w.s->streams, 1, &w.path);
	for (size_t at = 0; at < len && rc == 0;) {
		size_t part = at == 0 && first > 0 ? first : each;

		part = part < len - at ? part : len - at;
		rc = take(data + at, part, &sum);
		at += part;
	}
	altair_server_lost(w.s, w.path.sock);
	return rc < 0 ? sum + 1 : sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t whole;

	if (len == 0)
		return 0;
	begin();
	w.is_proved = data[0] & 1;
	data++;
	len--;
	whole = run(data, len, 0, len);
	FUZZ_CHECK(run(data, len, 0, 1) == whole);
	FUZZ_CHECK(run(data, len, 0, 7) == whole);
	for (size_t at = 1; at < len && at < LEN_MAX; at++)
		FUZZ_CHECK(run(data, len, at, len) == whole);
	return 0;
}
