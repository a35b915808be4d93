/*
 * A rendezvous server, its clients, other nodes and the directory, as the input says:
 * notes with few tokens, so that they meet; answers and posts that are right, late or
 * nonsense. After every step no mailbox has two sides of one seat, memory keeps to
 * its limits; when all have left, nothing is left.
 */
#include "fuzz.h"

#include "rendezvous/side.h"
#include "toy.h"

#include <altair/rendezvous.h>

#include <string.h>

#define CLIENTS 6
#define MEM_MAX (4u << 20)

static struct {
	const uint8_t *data;
	size_t len;
} input;

static altair_rendezvous *r;
static altair_time now;
static uint64_t cookies[4];
static uint8_t values[4][ALTAIR_RENDEZVOUS_VALUE_MAX];
static size_t value_lens[4];
static unsigned cookie_count;
static uint8_t last_post[ALTAIR_RENDEZVOUS_POST_MAX];
static size_t last_post_len;
static uint8_t mailboxes[4][ALTAIR_NOTE_ID_LEN];

static uint8_t byte(void)
{
	if (input.len == 0)
		return 0;
	input.len--;
	return *input.data++;
}

static bool accept_odd(void *user, altair_bytes spki, altair_bytes message,
		       altair_bytes signature)
{
	(void)user;
	(void)spki;
	(void)message;
	return signature.len & 1;
}

static void fill_note(altair_note *note)
{
	static uint8_t bytes[ALTAIR_NOTE_BODY_MAX + 1];
	static const size_t lens[] = {0,
				      1,
				      300,
				      4000,
				      ALTAIR_NOTE_BODY_MAX,
				      ALTAIR_NOTE_BODY_MAX + 1};

	*note = (altair_note){0};
	note->type = (enum altair_note_type)(byte() % 18);
	note->has_token = true;
	memset(note->token, byte() % 8, sizeof note->token);
	memcpy(note->mailbox, mailboxes[byte() % 4], sizeof note->mailbox);
	memset(note->key, byte() % 2, sizeof note->key);
	note->is_caller = byte() & 1;
	note->failed = byte() & 1;
	note->nameplate = byte() % 12;
	note->number = byte() % 5;
	note->body = (altair_bytes){bytes, lens[byte() % 6]};
	note->spki = (altair_bytes){bytes, byte() % 3};
	note->signature = (altair_bytes){bytes, byte() % 3};
}

static void remember_mailbox(const altair_note *note)
{
	if (note->type == ALTAIR_NOTE_NAMEPLATE ||
	    note->type == ALTAIR_NOTE_JOINED ||
	    note->type == ALTAIR_NOTE_CALLED)
		memcpy(mailboxes[note->token[0] % 4], note->mailbox,
		       sizeof mailboxes[0]);
}

static void read_notes(uint32_t client)
{
	altair_note note;

	while (altair_rendezvous_next(r, client, &note)) {
		FUZZ_CHECK(note.type != ALTAIR_NOTE_NONE);
		FUZZ_CHECK(note.body.len <= ALTAIR_NOTE_BODY_MAX);
		remember_mailbox(&note);
	}
}

static void remember_ask(const altair_rendezvous_ask *ask)
{
	unsigned i = cookie_count++ % 4;

	FUZZ_CHECK(ask->key.len > 0 &&
		   ask->key.len <= ALTAIR_RENDEZVOUS_KEY_MAX);
	FUZZ_CHECK(ask->value.len <= sizeof values[i]);
	cookies[i] = ask->cookie;
	if (ask->value.len > 0)
		memcpy(values[i], ask->value.data, ask->value.len);
	value_lens[i] = ask->value.len;
}

static void poll_all(void)
{
	altair_rendezvous_output out;
	enum altair_rendezvous_step step;
	unsigned steps = 0;

	while ((step = altair_rendezvous_poll(r, &out)) !=
	       ALTAIR_RENDEZVOUS_WAIT) {
		FUZZ_CHECK(steps++ < 5000);
		if (step == ALTAIR_RENDEZVOUS_CLOSE)
			altair_rendezvous_left(r, now, out.client);
		if (step == ALTAIR_RENDEZVOUS_ASK)
			remember_ask(&out.ask);
		if (step != ALTAIR_RENDEZVOUS_POST)
			continue;
		FUZZ_CHECK(out.bytes.len <= sizeof last_post);
		memcpy(last_post, out.bytes.data, out.bytes.len);
		last_post_len = out.bytes.len;
	}
}

static void check(void)
{
	altair_rendezvous_stats stats;
	uint64_t sides = 0;

	altair_rendezvous_get_stats(r, &stats);
	for (uint32_t i = 0; i < r->sides.fresh; i++) {
		const struct air_side *s = air_side_at(r, i);

		if (!s->generation)
			continue;
		sides++;
		FUZZ_CHECK(air_side_find(r, s->token) == i);
		FUZZ_CHECK(!s->has_mailbox ||
			   air_side_in(r, s->mailbox, s->is_caller) == i);
		FUZZ_CHECK(s->client != AIR_NONE || s->away_at != ALTAIR_NEVER);
		FUZZ_CHECK((s->state == SIDE_IS_OPEN) ==
			   (s->plate != AIR_NONE));
	}
	FUZZ_CHECK(sides == stats.sides && sides <= 16);
	FUZZ_CHECK(stats.waiting <= 96 << 10);
}

static void post_something(void)
{
	uint8_t node[ALTAIR_RENDEZVOUS_NODE_LEN];
	uint8_t how = byte();

	memset(node, byte() % 3, sizeof node);
	if (how % 4 == 0 && last_post_len > 0)
		last_post[byte() % last_post_len] = byte();
	if (how % 4 == 1 && last_post_len > 1)
		last_post[1] = byte() % 11;
	if (how % 4 == 2 && last_post_len > 0)
		last_post_len = byte() % last_post_len;
	altair_rendezvous_posted(r, now, node,
				 (altair_bytes){last_post, last_post_len});
}

static void answer_something(void)
{
	uint8_t value[ALTAIR_RENDEZVOUS_VALUE_MAX];
	static const size_t lens[] = {0, 16, 25, 64};
	unsigned which = byte() % 4;
	uint64_t cookie = cookies[which];

	/* As a directory would that nobody else writes to, but for a byte. */
	if (byte() & 1) {
		memcpy(value, values[which], sizeof value);
		if (byte() % 8 == 0)
			value[byte() % 25] ^= 1;
		altair_rendezvous_answer(
			r, now, cookie, true,
			(altair_bytes){value, value_lens[which]});
		return;
	}
	memset(value, byte() % 3, sizeof value);
	value[16] = byte() & 1;
	if (byte() % 16 == 0)
		cookie ^= (uint64_t)byte() << (byte() % 64);
	altair_rendezvous_answer(r, now, cookie, byte() % 8 > 0,
				 (altair_bytes){value, lens[byte() % 4]});
}

static void step(void)
{
	altair_addr addr = {.family = ALTAIR_IPV4, .ip = {10, 0, 0, 1}};
	uint8_t op = byte();
	uint32_t client = byte() % CLIENTS;
	altair_note note;

	switch (op % 12) {
	case 0:
		addr.ip[3] = byte() % 3;
		altair_rendezvous_joined(r, now, client, &addr);
		break;
	case 1:
		altair_rendezvous_left(r, now, client);
		break;
	case 2:
		now += ALTAIR_MSEC(200) * (1u + byte() * (byte() & 15u));
		altair_rendezvous_tick(r, now);
		break;
	case 3:
		post_something();
		break;
	case 4:
		answer_something();
		break;
	case 5:
		altair_rendezvous_directory(r, now, byte() % 4 > 0);
		break;
	case 6:
		read_notes(client);
		break;
	case 7:
		if (byte() == 77)
			altair_rendezvous_drain(r, now, 5);
		else if (byte() == 78)
			altair_rendezvous_garbled(r, now, client);
		break;
	default:
		fill_note(&note);
		if (altair_rendezvous_may_speak(r, now, client))
			altair_rendezvous_take(r, now, client, &note);
	}
}

static void start(uint8_t kind)
{
	static uint8_t mem[MEM_MAX] __attribute__((aligned(16)));
	static altair_crypto crypto;
	altair_rendezvous_config config;
	size_t len;

	crypto = toy_crypto;
	altair_rendezvous_config_default(&config);
	config.crypto = &crypto;
	config.verify = accept_odd;
	config.clients_max = CLIENTS;
	config.mailboxes_max = 8;
	config.pool_len = 96 << 10;
	config.sides_client = 6;
	config.has_directory = kind & 1;
	memset(config.node, 1, sizeof config.node);
	len = altair_rendezvous_size(&config);
	FUZZ_CHECK(len > 0 && len <= sizeof mem);
	FUZZ_CHECK(altair_rendezvous_init(&r, mem, len, &config, now) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	altair_rendezvous_stats stats;

	input.data = data;
	input.len = len;
	now = ALTAIR_SEC(10);
	toy_state = 1;
	cookie_count = 0;
	last_post_len = 0;
	memset(mailboxes, 1, sizeof mailboxes);
	start(byte());
	while (input.len > 0) {
		step();
		poll_all();
		check();
	}
	for (uint32_t i = 0; i < CLIENTS; i++)
		altair_rendezvous_left(r, now, i);
	for (int i = 0; i < 400; i++) {
		poll_all();
		now += ALTAIR_SEC(5);
		altair_rendezvous_tick(r, now);
	}
	poll_all();
	altair_rendezvous_get_stats(r, &stats);
	FUZZ_CHECK(!stats.clients && !stats.sides && !stats.nameplates &&
		   !stats.present && !stats.waiting);
	return 0;
}
