/*
 * A rendezvous server and clients that say what the test wants, in virtual time, with
 * hashes and signatures that are none: whoever can be present "signs" with the hash
 * of key and message.
 */
#ifndef ALTAIR_RENDEZVOUS_WORLD_H
#define ALTAIR_RENDEZVOUS_WORLD_H

#include "base/table.h"
#include "check.h"

#include <altair/rendezvous.h>

#include <stdlib.h>
#include <string.h>

static uint64_t toy_state;

static inline int toy_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++) {
		toy_state =
			toy_state * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(toy_state >> 56);
	}
	return 0;
}

static inline void toy_sha256(void *user, const altair_bytes *parts,
			      size_t count, uint8_t out[32])
{
	uint8_t key[16] = {0};

	(void)user;
	for (uint8_t part = 0; part < 4; part++) {
		uint64_t hash = 0;

		for (size_t i = 0; i < count; i++) {
			key[0] = part;
			memcpy(key + 8, &hash, sizeof hash);
			hash = air_siphash(key, parts[i]);
		}
		memcpy(out + 8 * part, &hash, sizeof hash);
	}
}

static const altair_crypto toy_crypto = {
	.size = sizeof toy_crypto, .random = toy_random, .sha256 = toy_sha256};

static inline void toy_sign(altair_bytes spki, altair_bytes message,
			    uint8_t out[32])
{
	toy_sha256(NULL, (altair_bytes[]){spki, message}, 2, out);
}

static inline bool toy_verify(void *user, altair_bytes spki,
			      altair_bytes message, altair_bytes signature)
{
	uint8_t right[32];

	(void)user;
	toy_sign(spki, message, right);
	return signature.len == 32 && memcmp(signature.data, right, 32) == 0;
}

struct world {
	altair_rendezvous *r;
	void *mem;
	altair_time now;
	altair_note note;  /* the last one that `expect` or `next` found */
	uint8_t nonce[64]; /* of the last welcome                        */
	altair_rendezvous_config config;
};

static inline void world_open(struct world *w)
{
	size_t len = altair_rendezvous_size(&w->config);

	toy_state = 1;
	CHECK(len > 0);
	w->mem = malloc(len);
	CHECK(w->mem);
	w->now = ALTAIR_SEC(1000);
	CHECK_EQ(altair_rendezvous_init(&w->r, w->mem, len, &w->config, w->now),
		 0);
}

static inline void world_default(struct world *w)
{
	*w = (struct world){0};
	altair_rendezvous_config_default(&w->config);
	w->config.crypto = &toy_crypto;
	w->config.verify = toy_verify;
	w->config.clients_max = 200;
	w->config.mailboxes_max = 500;
}

static inline void world_close(struct world *w)
{
	free(w->mem);
}

static inline altair_addr world_addr(unsigned host)
{
	return (altair_addr){
		.family = ALTAIR_IPV4,
		.ip = {192, 0, (uint8_t)(host >> 8), (uint8_t)host},
		.port = 4000};
}

/* The next note for a client; false: none. */
static inline bool world_next(struct world *w, uint32_t client)
{
	return altair_rendezvous_next(w->r, client, &w->note);
}

static inline void world_expect(struct world *w, uint32_t client,
				enum altair_note_type type)
{
	CHECK(world_next(w, client));
	CHECK_EQ(w->note.type, type);
}

static inline void world_refused(struct world *w, uint32_t client,
				 enum altair_refusal why)
{
	world_expect(w, client, ALTAIR_NOTE_ERROR);
	CHECK_EQ(w->note.refusal, why);
}

static inline void world_silent(struct world *w, uint32_t client)
{
	CHECK(!world_next(w, client));
}

/* A connection from a host; its welcome is read. */
static inline void world_join(struct world *w, uint32_t client, unsigned host)
{
	altair_addr addr = world_addr(host);

	CHECK_EQ(altair_rendezvous_joined(w->r, w->now, client, &addr), 0);
	world_expect(w, client, ALTAIR_NOTE_WELCOME);
	memcpy(w->nonce, w->note.nonce, ALTAIR_NOTE_NONCE_LEN);
	world_silent(w, client);
}

static inline altair_note world_note(enum altair_note_type type, uint8_t token)
{
	altair_note note = {.type = type, .has_token = true};

	memset(note.token, token, sizeof note.token);
	return note;
}

static inline void world_take(struct world *w, uint32_t client,
			      const altair_note *note)
{
	if (altair_rendezvous_may_speak(w->r, w->now, client))
		altair_rendezvous_take(w->r, w->now, client, note);
}

/* Listens; the nameplate. */
static inline uint32_t world_listen(struct world *w, uint32_t client,
				    uint8_t token)
{
	altair_note note = world_note(ALTAIR_NOTE_LISTEN, token);

	world_take(w, client, &note);
	world_expect(w, client, ALTAIR_NOTE_NAMEPLATE);
	return w->note.nameplate;
}

static inline altair_bytes world_text(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}

static inline void world_claim(struct world *w, uint32_t client, uint8_t token,
			       uint32_t nameplate)
{
	altair_note note = world_note(ALTAIR_NOTE_CLAIM, token);

	note.nameplate = nameplate;
	note.body = world_text("first");
	world_take(w, client, &note);
}

static inline void world_send(struct world *w, uint32_t client, uint8_t token,
			      uint32_t number, const char *text)
{
	altair_note note = world_note(ALTAIR_NOTE_SEND, token);

	note.number = number;
	note.body = world_text(text);
	world_take(w, client, &note);
}

static inline void world_close_side(struct world *w, uint32_t client,
				    uint8_t token, bool failed)
{
	altair_note note = world_note(ALTAIR_NOTE_CLOSE, token);

	note.failed = failed;
	world_take(w, client, &note);
}

static inline void world_resume(struct world *w, uint32_t client, uint8_t token,
				const uint8_t *mailbox, bool is_caller)
{
	altair_note note = world_note(ALTAIR_NOTE_RESUME, token);

	memcpy(note.mailbox, mailbox, sizeof note.mailbox);
	note.is_caller = is_caller;
	world_take(w, client, &note);
}

static inline void world_leave(struct world *w, uint32_t client)
{
	altair_rendezvous_left(w->r, w->now, client);
}

/* Time goes on; all that is due happens at its time. */
static inline void world_pass(struct world *w, altair_time time)
{
	altair_time until = w->now + time;

	for (;;) {
		altair_rendezvous_output out;

		while (altair_rendezvous_poll(w->r, &out) !=
		       ALTAIR_RENDEZVOUS_WAIT)
			;
		if (out.deadline > until)
			break;
		w->now = out.deadline > w->now ? out.deadline : w->now;
		altair_rendezvous_tick(w->r, w->now);
	}
	w->now = until;
	altair_rendezvous_tick(w->r, w->now);
}

/* True if the driver is told to close this client, among whatever else. */
static inline bool world_is_closed(struct world *w, uint32_t client)
{
	altair_rendezvous_output out;
	enum altair_rendezvous_step step;
	bool is_closed = false;

	while ((step = altair_rendezvous_poll(w->r, &out)) !=
	       ALTAIR_RENDEZVOUS_WAIT)
		is_closed |=
			step == ALTAIR_RENDEZVOUS_CLOSE && out.client == client;
	return is_closed;
}

/* Client 0 (token 1) listens, client 1 (token 2) claims; all notes are read. */
static inline uint32_t world_pair(struct world *w, uint8_t mailbox[16])
{
	uint32_t nameplate;

	world_join(w, 0, 1);
	world_join(w, 1, 2);
	nameplate = world_listen(w, 0, 1);
	memcpy(mailbox, w->note.mailbox, 16);
	world_claim(w, 1, 2, nameplate);
	world_expect(w, 0, ALTAIR_NOTE_JOINED);
	world_expect(w, 0, ALTAIR_NOTE_MESSAGE);
	world_silent(w, 0);
	world_expect(w, 1, ALTAIR_NOTE_JOINED);
	world_silent(w, 1);
	return nameplate;
}

#endif
