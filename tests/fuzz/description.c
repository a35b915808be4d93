/*
 * Any text as the peer's description. What is refused changes nothing; what is
 * taken may be given again and changes nothing either; limits hold; what the
 * agent then writes about itself is right for another one.
 */
#include "fuzz.h"
#include "ice/session.h"
#include "toy.h"

#include <string.h>

static altair_agent *begin(void *memory, size_t size, uint8_t last)
{
	altair_addr addr = {
		.family = ALTAIR_IPV4, .ip = {192, 0, 2, last}, .port = 5000};
	altair_agent_config config;
	altair_agent *a;

	altair_agent_config_default(&config);
	config.crypto = &toy_crypto;
	FUZZ_CHECK(altair_agent_size(&config) <= size);
	FUZZ_CHECK(altair_agent_init(&a, memory, size, &config, 0) == 0);
	FUZZ_CHECK(altair_agent_add_host(a, 0, 0, &addr) == 0);
	FUZZ_CHECK(altair_agent_gather(a, 0) == 0);
	altair_agent_seal(a, 0);
	return a;
}

static void drain(altair_agent *a)
{
	altair_output out;

	while (altair_poll(altair_agent_machine(a), &out) != ALTAIR_WAIT)
		;
}

struct view {
	struct air_credentials remote;
	uint32_t remotes, pairs;
	bool has_remote, is_ended;
};

static void look(const altair_agent *a, struct view *v)
{
	memset(v, 0, sizeof *v);
	v->remote = a->keys.remote;
	v->remotes = a->list.remotes_count;
	v->pairs = a->list.pairs_count;
	v->has_remote = a->keys.has_remote;
	v->is_ended = a->is_remote_ended;
}

static void give(altair_agent *a, const char *text)
{
	struct view before, after, again;
	int rc;

	look(a, &before);
	rc = altair_agent_accept(a, 0, text);
	drain(a);
	look(a, &after);
	if (rc != 0) {
		FUZZ_CHECK(rc == ALTAIR_E_SYNTAX || rc == ALTAIR_E_TOO_LONG);
		FUZZ_CHECK(!memcmp(&before, &after, sizeof after));
		return;
	}
	FUZZ_CHECK(after.remotes <= AIR_SIGNALLED_MAX);
	FUZZ_CHECK(altair_agent_accept(a, 0, text) == 0);
	drain(a);
	look(a, &again);
	FUZZ_CHECK(!memcmp(&after, &again, sizeof after));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(16) uint8_t memory[2][1 << 16];
	static char text[ALTAIR_AGENT_DESCRIPTION_MAX + 2];
	char ours[ALTAIR_AGENT_DESCRIPTION_TEXT];
	altair_agent *a, *b;
	int written;

	if (len > sizeof text - 1)
		len = sizeof text - 1;
	memcpy(text, data, len);
	text[len] = '\0';
	toy_state = 1;
	a = begin(memory[0], sizeof memory[0], 1);
	b = begin(memory[1], sizeof memory[1], 2);
	give(a, text);
	written = altair_agent_describe(a, ours, sizeof ours);
	FUZZ_CHECK(written > 0 && (size_t)written == strlen(ours));
	FUZZ_CHECK(altair_agent_accept(b, 0, ours) == 0);
	FUZZ_CHECK(b->list.remotes_count == 1);
	return 0;
}
