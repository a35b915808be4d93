/*
 * A connection has a queue of notes. It is in the list `ready` once when the driver has to
 * be told something about it: that there are notes (again), or that it is to be closed.
 *
 * Presence: the connections with one key are in one chain, the newest first.
 */
#include "rendezvous/client.h"

#include "base/assert.h"
#include "base/time.h"
#include "rendezvous/node.h"
#include "rendezvous/side.h"

#define FLUSH ALTAIR_SEC(5) /* for the last notes of one that is closed */
#define REFUSALS 200	    /* of notes, and it is closed */
#define FORGIVEN 4	    /* of them, for each note that was not too many */

static struct air_client *at(altair_rendezvous *r, uint32_t client)
{
	AIR_ASSERT(client < r->clients_max);
	return &r->clients[client];
}

static void make_ready(altair_rendezvous *r, uint32_t client)
{
	struct air_client *c = at(r, client);

	if (c->is_ready)
		return;
	c->is_ready = true;
	c->next_ready = AIR_NONE;
	if (r->first_ready == AIR_NONE)
		r->first_ready = client;
	else
		at(r, r->last_ready)->next_ready = client;
	r->last_ready = client;
}

static void arm(altair_rendezvous *r, uint32_t client)
{
	const struct air_client *c = at(r, client);
	altair_time next = air_time_sooner(c->close_at, c->idle_at);

	air_heap_set(&r->timers, client, air_time_sooner(next, c->refresh_at));
}

static bool push(altair_rendezvous *r, uint32_t client, const altair_note *note)
{
	struct air_client *c = at(r, client);

	if (!air_queue_push(&r->pool, &c->queue, note, r->config.queue_len))
		return false;
	if (!c->is_told)
		make_ready(r, client);
	return true;
}

/* At once: nothing more goes to it. */
static void shut(altair_rendezvous *r, uint32_t client)
{
	struct air_client *c = at(r, client);

	air_queue_clear(&r->pool, &c->queue);
	c->is_closing = c->is_shut = true;
	c->close_at = c->idle_at = c->refresh_at = ALTAIR_NEVER;
	arm(r, client);
	make_ready(r, client);
	r->stats.closed++;
}

void air_client_say(altair_rendezvous *r, altair_time now, uint32_t client,
		    const altair_note *note)
{
	(void)now;
	if (client == AIR_NONE || at(r, client)->is_closing)
		return;
	if (!push(r, client, note))
		shut(r, client);
}

void air_client_pass(altair_rendezvous *r, uint32_t client,
		     const altair_note *note)
{
	bool is_message = note->type == ALTAIR_NOTE_MESSAGE;

	if (client != AIR_NONE && !at(r, client)->is_closing &&
	    push(r, client, note))
		r->stats.forwarded += is_message;
	else
		r->stats.dropped += is_message;
}

void air_client_refuse(altair_rendezvous *r, altair_time now, uint32_t client,
		       const uint8_t *token, struct air_refusal refusal)
{
	altair_note note = {.type = ALTAIR_NOTE_ERROR,
			    .refusal = refusal.why,
			    .seconds = refusal.seconds,
			    .has_token = token};

	if (token)
		memcpy(note.token, token, sizeof note.token);
	r->stats.refused++;
	if (refusal.why == ALTAIR_REFUSED_LIMIT)
		r->stats.refused_limit++;
	air_client_say(r, now, client, &note);
}

void air_client_close(altair_rendezvous *r, altair_time now, uint32_t client)
{
	struct air_client *c = at(r, client);

	if (c->is_closing)
		return;
	c->is_closing = true;
	c->close_at = air_time_after(now, FLUSH);
	arm(r, client);
	if (!c->queue.first)
		shut(r, client);
}

void air_client_changed(altair_rendezvous *r, altair_time now, uint32_t client)
{
	struct air_client *c = at(r, client);

	if (!c->is_there || c->is_closing)
		return;
	if (c->sides > 0 || c->is_present)
		c->idle_at = ALTAIR_NEVER;
	else if (c->idle_at == ALTAIR_NEVER)
		c->idle_at = air_time_after(now, r->config.idle);
	arm(r, client);
}

/* True if it has not sent too many notes. */
static bool has_credit(const altair_rendezvous *r, altair_time now,
		       struct air_client *c)
{
	altair_time ahead = c->notes_next > now ? c->notes_next - now : 0;

	if (r->config.notes_rate == 0)
		return true;
	if (ahead > ALTAIR_SEC(2))
		return false;
	c->notes_next = now + ahead + ALTAIR_SEC(1) / r->config.notes_rate;
	return true;
}

bool altair_rendezvous_may_speak(altair_rendezvous *r, altair_time now,
				 uint32_t client)
{
	static const struct air_refusal limit = {ALTAIR_REFUSED_LIMIT, 1};
	struct air_client *c;

	if (client >= r->clients_max || !r->clients[client].is_there ||
	    r->clients[client].is_closing)
		return false;
	c = at(r, client);
	if (has_credit(r, now, c)) {
		c->refusals -= c->refusals < FORGIVEN ? c->refusals : FORGIVEN;
		return true;
	}
	air_client_refuse(r, now, client, NULL, limit);
	if (++c->refusals >= REFUSALS)
		air_client_close(r, now, client);
	return false;
}

void air_client_refresh_at(altair_rendezvous *r, uint32_t client,
			   altair_time when)
{
	at(r, client)->refresh_at = when;
	arm(r, client);
}

static altair_bytes key_of(const uint8_t *key)
{
	return (altair_bytes){key, ALTAIR_NOTE_KEY_LEN};
}

uint32_t air_client_present(const altair_rendezvous *r, const uint8_t *key)
{
	uint32_t client = *air_chain_head(&r->by_key, key_of(key)) - 1;

	while (client != AIR_NONE &&
	       (memcmp(r->clients[client].key, key, ALTAIR_NOTE_KEY_LEN) ||
		r->clients[client].is_closing))
		client = r->clients[client].next_present - 1;
	return client;
}

static void leave_presence(altair_rendezvous *r, uint32_t client)
{
	struct air_client *c = at(r, client);
	uint32_t *link = air_chain_head(&r->by_key, key_of(c->key));

	if (!c->is_present)
		return;
	while (*link != client + 1)
		link = &at(r, *link - 1)->next_present;
	*link = c->next_present;
	c->is_present = false;
	c->refresh_at = ALTAIR_NEVER;
	r->stats.present--;
	if (air_client_present(r, c->key) == AIR_NONE)
		air_node_absent(r, c->key);
}

static void enter_presence(altair_rendezvous *r, altair_time now,
			   uint32_t client, const uint8_t *key)
{
	struct air_client *c = at(r, client);
	uint32_t *head = air_chain_head(&r->by_key, key_of(key));

	leave_presence(r, client);
	memcpy(c->key, key, sizeof c->key);
	c->next_present = *head;
	*head = client + 1;
	c->is_present = true;
	r->stats.present++;
	c->refresh_at = air_node_present(r, now, c->key);
	air_client_changed(r, now, client);
}

static bool is_signed(const altair_rendezvous *r, uint32_t client,
		      const altair_note *note)
{
	static const char text[] = ALTAIR_NOTE_PRESENCE;
	uint8_t message[sizeof text - 1 + ALTAIR_NOTE_NONCE_LEN];

	if (!r->config.verify || note->spki.len == 0 ||
	    note->spki.len > ALTAIR_NOTE_SPKI_MAX || note->signature.len == 0)
		return false;
	memcpy(message, text, sizeof text - 1);
	memcpy(message + sizeof text - 1, r->clients[client].nonce,
	       ALTAIR_NOTE_NONCE_LEN);
	return r->config.verify(r->config.verify_user, note->spki,
				(altair_bytes){message, sizeof message},
				note->signature);
}

void air_client_take_present(altair_rendezvous *r, altair_time now,
			     uint32_t client, const altair_note *note)
{
	const altair_crypto *crypto = r->config.crypto;
	struct air_refusal no = {ALTAIR_REFUSED_NOT_ALLOWED, 0};
	struct air_refusal limit = {ALTAIR_REFUSED_LIMIT, 0};
	uint8_t key[ALTAIR_NOTE_KEY_LEN];

	/* A signature costs: the right ones are counted, too. */
	if (!air_source_may(&r->sources, at(r, client)->source,
			    RATE_OF_RETURNING, now, &limit.seconds)) {
		air_client_refuse(r, now, client, NULL, limit);
		return;
	}
	if (!is_signed(r, client, note)) {
		air_client_refuse(r, now, client, NULL, no);
		return;
	}
	crypto->sha256(crypto->user, &note->spki, 1, key);
	enter_presence(r, now, client, key);
	air_client_say(r, now, client,
		       &(altair_note){.type = ALTAIR_NOTE_PRESENT});
}

static void say_bye(altair_rendezvous *r, altair_time now, uint32_t client,
		    uint32_t seconds)
{
	air_client_say(
		r, now, client,
		&(altair_note){.type = ALTAIR_NOTE_BYE, .seconds = seconds});
	air_client_close(r, now, client);
}

void air_client_due(altair_rendezvous *r, altair_time now, uint32_t client)
{
	struct air_client *c = at(r, client);

	if (c->close_at <= now) {
		shut(r, client);
		return;
	}
	if (c->idle_at <= now) {
		c->idle_at = ALTAIR_NEVER;
		say_bye(r, now, client, 0);
	}
	if (c->refresh_at <= now)
		c->refresh_at = air_node_present(r, now, c->key);
	arm(r, client);
}

int altair_rendezvous_joined(altair_rendezvous *r, altair_time now,
			     uint32_t client, const altair_addr *remote)
{
	altair_note welcome = {.type = ALTAIR_NOTE_WELCOME};
	struct air_client *c;
	uint32_t source;

	if (client >= r->clients_max || r->clients[client].is_there)
		return ALTAIR_E_INVALID;
	if (!air_draw(r, welcome.nonce, sizeof welcome.nonce))
		return ALTAIR_E_RANDOM;
	source = r->is_draining ? AIR_NONE
				: air_source_connect(&r->sources, remote);
	if (source == AIR_NONE) {
		r->stats.refused_clients++;
		return ALTAIR_E_FULL;
	}
	c = at(r, client);
	*c = (struct air_client){.is_there = true,
				 .source = source,
				 .first_side = AIR_NONE,
				 .close_at = ALTAIR_NEVER,
				 .idle_at = ALTAIR_NEVER,
				 .refresh_at = ALTAIR_NEVER};
	memcpy(c->nonce, welcome.nonce, sizeof c->nonce);
	r->stats.clients++;
	air_client_say(r, now, client, &welcome);
	air_client_changed(r, now, client);
	return 0;
}

/* Out of the list of what to poll. */
static void make_unready(altair_rendezvous *r, uint32_t client)
{
	uint32_t before = AIR_NONE, it = r->first_ready;

	if (!at(r, client)->is_ready)
		return;
	while (it != client) {
		before = it;
		it = at(r, it)->next_ready;
	}
	if (before == AIR_NONE)
		r->first_ready = at(r, client)->next_ready;
	else
		at(r, before)->next_ready = at(r, client)->next_ready;
	if (r->last_ready == client)
		r->last_ready = before;
}

void altair_rendezvous_left(altair_rendezvous *r, altair_time now,
			    uint32_t client)
{
	struct air_client *c;

	if (client >= r->clients_max || !r->clients[client].is_there)
		return;
	c = at(r, client);
	c->is_closing = true;
	leave_presence(r, client);
	while (c->first_side != AIR_NONE)
		air_side_unbind(r, now, c->first_side);
	air_queue_clear(&r->pool, &c->queue);
	make_unready(r, client);
	air_heap_set(&r->timers, client, ALTAIR_NEVER);
	air_source_disconnect(&r->sources, c->source);
	c->is_there = false;
	r->stats.clients--;
}

void altair_rendezvous_drain(altair_rendezvous *r, altair_time now,
			     uint32_t seconds)
{
	r->is_draining = true;
	for (uint32_t i = 0; i < r->clients_max; i++)
		if (r->clients[i].is_there && !r->clients[i].is_closing)
			say_bye(r, now, i, seconds);
}

bool air_client_poll(altair_rendezvous *r, uint32_t *client, bool *is_close)
{
	struct air_client *c;

	if (r->first_ready == AIR_NONE)
		return false;
	*client = r->first_ready;
	c = at(r, *client);
	r->first_ready = c->next_ready;
	c->is_ready = false;
	c->is_told = true;
	*is_close = c->is_shut;
	return true;
}

bool altair_rendezvous_next(altair_rendezvous *r, uint32_t client,
			    altair_note *out)
{
	struct air_client *c;

	if (client >= r->clients_max || !r->clients[client].is_there)
		return false;
	c = at(r, client);
	if (air_queue_pop(&r->pool, &c->queue, out, r->body))
		return true;
	c->is_told = false;
	if (c->is_closing && !c->is_shut)
		shut(r, client);
	return false;
}
