/*
 * Notes of clients. Every one may come again, after a loss, with the same token: then
 * the answer is the same, and nothing is made twice.
 */
#include "rendezvous/take.h"

#include "base/assert.h"
#include "base/time.h"
#include "rendezvous/client.h"
#include "rendezvous/node.h"
#include "rendezvous/plate.h"
#include "rendezvous/side.h"

#define RETRY 2 /* seconds, told with "busy" */

static void refuse(altair_rendezvous *r, altair_time now, uint32_t client,
		   const altair_note *note, struct air_refusal why)
{
	air_client_refuse(r, now, client, note->token, why);
}

/* True if this connection may have one side more; else it is told. It counts
 * against that rate of its source. */
static bool may_have(altair_rendezvous *r, altair_time now, uint32_t client,
		     const altair_note *note, enum air_rate rate)
{
	struct air_client *c = &r->clients[client];
	struct air_refusal limit = {ALTAIR_REFUSED_LIMIT, 0};
	struct air_refusal busy = {ALTAIR_REFUSED_BUSY, RETRY};

	if (!air_source_may(&r->sources, c->source, rate, now,
			    &limit.seconds)) {
		refuse(r, now, client, note, limit);
		return false;
	}
	if (c->sides >= r->config.sides_client) {
		refuse(r, now, client, note, limit);
		return false;
	}
	if (r->sides.used < r->sides_max)
		return true;
	refuse(r, now, client, note, busy);
	return false;
}

/* A new side for the connection; there is room. */
static uint32_t make_side(altair_rendezvous *r, altair_time now,
			  uint32_t client, const altair_note *note,
			  bool is_caller)
{
	uint32_t side = air_side_make(r, note->token, is_caller);

	AIR_ASSERT(side != AIR_NONE);
	air_side_bind(r, now, side, client);
	return side;
}

static void tell_message(altair_rendezvous *r, uint32_t side, altair_bytes body,
			 uint32_t number)
{
	const struct air_side *s = air_side_at(r, side);
	altair_note message = {.type = ALTAIR_NOTE_MESSAGE,
			       .has_token = true,
			       .number = number,
			       .body = body};

	memcpy(message.token, s->token, sizeof message.token);
	air_client_pass(r, s->client, &message);
}

/* Passes a message or an acknowledgement of this side to the other one. */
static void forward(altair_rendezvous *r, uint32_t side,
		    const altair_note *note)
{
	uint32_t other = air_side_near(r, side);
	altair_note on = {.type = note->type == ALTAIR_NOTE_ACK
					  ? ALTAIR_NOTE_ACK
					  : ALTAIR_NOTE_MESSAGE,
			  .has_token = true,
			  .number = note->number,
			  .body = note->body};

	if (other == AIR_NONE) {
		air_node_forward(r, side, note);
		return;
	}
	memcpy(on.token, air_side_at(r, other)->token, sizeof on.token);
	air_client_pass(r, air_side_at(r, other)->client, &on);
}

/* The side with the token of a note, tied to this connection; AIR_NONE: there is
 * none, or one of another seat: then it is told. */
static uint32_t take_side(altair_rendezvous *r, altair_time now,
			  uint32_t client, const altair_note *note,
			  bool is_caller)
{
	static const struct air_refusal no = {ALTAIR_REFUSED_NOT_ALLOWED, 0};
	uint32_t side = air_side_find(r, note->token);
	const struct air_client *c = &r->clients[client];

	if (side == AIR_NONE)
		return AIR_NONE;
	if (air_side_at(r, side)->is_caller == is_caller &&
	    (air_side_at(r, side)->client == client ||
	     c->sides < r->config.sides_client)) {
		air_side_bind(r, now, side, client);
		return side;
	}
	refuse(r, now, client, note, no);
	return AIR_NONE;
}

static void take_listen(altair_rendezvous *r, altair_time now, uint32_t client,
			const altair_note *note)
{
	struct air_refusal limit = {ALTAIR_REFUSED_LIMIT, 10};
	uint8_t mailbox[ALTAIR_NOTE_ID_LEN];
	uint32_t side, number;

	if (air_side_find(r, note->token) != AIR_NONE) {
		side = take_side(r, now, client, note, false);
		if (side != AIR_NONE)
			air_side_announce(r, now, side);
		return;
	}
	if (!may_have(r, now, client, note, RATE_OF_ASKING))
		return;
	number = air_node_is_ready(r, now) ? air_plate_draw(r, 0) : 0;
	if (!number || !air_draw(r, mailbox, sizeof mailbox)) {
		refuse(r, now, client, note,
		       (struct air_refusal){ALTAIR_REFUSED_BUSY, RETRY});
		return;
	}
	side = make_side(r, now, client, note, false);
	if (!air_side_count(r, side)) {
		air_side_refuse(r, now, side, limit.why, limit.seconds);
		return;
	}
	air_side_enter(r, side, mailbox);
	air_side_at(r, side)->nameplate = number;
	if (r->config.has_directory) {
		air_node_ask_plate(r, now, side);
	} else if (!air_plate_open(r, side, number)) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, RETRY);
	} else {
		air_side_become(r, side, SIDE_IS_OPEN,
				air_time_after(now, r->config.unpaired));
		air_side_announce(r, now, side);
	}
}

/* The listener who had the plate, if he is still there. */
static uint32_t listener_of(const altair_rendezvous *r,
			    const struct air_plate *plate)
{
	const struct air_side *s = air_side_at(r, plate->side);

	return s->generation && !s->is_caller &&
			       s->nameplate == plate->number &&
			       s->state == SIDE_IS_PAIRED
		       ? plate->side
		       : AIR_NONE;
}

enum altair_refusal air_take_claimed(altair_rendezvous *r, altair_time now,
				     const altair_note *claim, bool is_sure,
				     uint32_t *side)
{
	uint32_t plate = air_plate_find(r, claim->nameplate);
	const struct air_plate *it;

	if (plate == AIR_NONE)
		return ALTAIR_REFUSED_NO_SUCH_NAMEPLATE;
	it = air_plate_at(r, plate);
	if (it->is_open && !is_sure && r->config.has_directory &&
	    (r->is_up || air_side_at(r, it->side)->client == AIR_NONE))
		return ALTAIR_REFUSED_NO_SUCH_NAMEPLATE;
	if (it->is_open) {
		*side = it->side;
		air_side_pair(r, now, *side, claim->token);
		air_side_announce(r, now, *side);
	} else if (it->has_expired) {
		return ALTAIR_REFUSED_EXPIRED;
	} else {
		if (air_ids_equal(it->claimed_by, claim->token))
			*side = listener_of(r, it);
		if (*side == AIR_NONE)
			return ALTAIR_REFUSED_USED;
	}
	tell_message(r, *side, claim->body, 1);
	return ALTAIR_REFUSED_NOT;
}

/* A claimer or caller says it again: message 1 goes once more. */
static void repeat(altair_rendezvous *r, altair_time now, uint32_t client,
		   const altair_note *note)
{
	uint32_t side = take_side(r, now, client, note, true), other;
	altair_note first = {
		.type = ALTAIR_NOTE_SEND, .number = 1, .body = note->body};

	if (side == AIR_NONE)
		return;
	other = air_side_near(r, side);
	if (air_side_at(r, side)->state == SIDE_SEEKS) {
		air_node_seek(r, now, side, note);
		return;
	}
	if (other == AIR_NONE && note->type == ALTAIR_NOTE_CALL) {
		air_node_seek(r, now, side, note);
	} else if (note->type == ALTAIR_NOTE_CALL) {
		air_take_called(r, now, note, &other);
	} else {
		forward(r, side, &first);
		if (other == AIR_NONE)
			air_node_look_up(r, side);
	}
	air_side_announce(r, now, side);
}

void air_take_join(altair_rendezvous *r, altair_time now, uint32_t side,
		   uint32_t other)
{
	const uint8_t *mailbox = air_side_at(r, other)->mailbox;

	if (air_side_in(r, mailbox, true) != AIR_NONE) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_USED, 0);
		return;
	}
	air_side_enter(r, side, mailbox);
	air_side_pair(r, now, side, air_side_at(r, side)->token);
	air_side_announce(r, now, side);
}

static void take_claim(altair_rendezvous *r, altair_time now, uint32_t client,
		       const altair_note *note)
{
	uint32_t side, other = AIR_NONE;
	enum altair_refusal why;

	if (air_side_find(r, note->token) != AIR_NONE) {
		repeat(r, now, client, note);
		return;
	}
	if (!may_have(r, now, client, note, RATE_OF_ASKING))
		return;
	side = make_side(r, now, client, note, true);
	why = air_take_claimed(r, now, note, false, &other);
	if (other != AIR_NONE)
		air_take_join(r, now, side, other);
	else if (why == ALTAIR_REFUSED_NO_SUCH_NAMEPLATE &&
		 r->config.has_directory)
		air_node_seek(r, now, side, note);
	else
		air_side_refuse(r, now, side, why, 0);
}

/* The mailbox of a call: everybody who knows the caller's token comes to the same
 * one, and nobody comes from it to the token. */
static void mailbox_of(const altair_rendezvous *r, const uint8_t *token,
		       uint8_t out[ALTAIR_NOTE_ID_LEN])
{
	const altair_crypto *crypto = r->config.crypto;
	altair_bytes parts = {token, ALTAIR_NOTE_ID_LEN};
	uint8_t hash[32];

	crypto->sha256(crypto->user, &parts, 1, hash);
	memcpy(out, hash, ALTAIR_NOTE_ID_LEN);
}

static void tell_called(altair_rendezvous *r, altair_time now, uint32_t side,
			const uint8_t *pair)
{
	const struct air_side *s = air_side_at(r, side);
	altair_note called = {.type = ALTAIR_NOTE_CALLED, .has_token = true};

	memcpy(called.token, s->token, sizeof called.token);
	memcpy(called.mailbox, s->mailbox, sizeof called.mailbox);
	memcpy(called.pair, pair, sizeof called.pair);
	air_client_say(r, now, s->client, &called);
}

/* A new side for who is called. */
static enum altair_refusal make_called(altair_rendezvous *r, altair_time now,
				       uint32_t client, const uint8_t *mailbox,
				       uint32_t *side)
{
	uint8_t token[ALTAIR_NOTE_ID_LEN];

	if (r->clients[client].sides >= r->config.sides_client ||
	    r->sides.used == r->sides_max || !air_draw(r, token, sizeof token))
		return ALTAIR_REFUSED_BUSY;
	*side = air_side_make(r, token, false);
	air_side_enter(r, *side, mailbox);
	air_side_bind(r, now, *side, client);
	air_side_pair(r, now, *side, token);
	return ALTAIR_REFUSED_NOT;
}

enum altair_refusal air_take_called(altair_rendezvous *r, altair_time now,
				    const altair_note *call, uint32_t *side)
{
	uint32_t client = air_client_present(r, call->key);
	uint8_t mailbox[ALTAIR_NOTE_ID_LEN];
	enum altair_refusal why;

	mailbox_of(r, call->token, mailbox);
	*side = air_side_in(r, mailbox, false);
	if (*side == AIR_NONE) {
		if (client == AIR_NONE)
			return ALTAIR_REFUSED_ABSENT;
		why = make_called(r, now, client, mailbox, side);
		if (why != ALTAIR_REFUSED_NOT)
			return why;
		tell_called(r, now, *side, call->pair);
	} else if (air_side_at(r, *side)->client == AIR_NONE &&
		   client != AIR_NONE &&
		   air_side_at(r, *side)->state == SIDE_IS_PAIRED &&
		   r->clients[client].sides < r->config.sides_client) {
		air_side_bind(r, now, *side, client);
		tell_called(r, now, *side, call->pair);
	}
	tell_message(r, *side, call->body, 1);
	return ALTAIR_REFUSED_NOT;
}

static void take_call(altair_rendezvous *r, altair_time now, uint32_t client,
		      const altair_note *note)
{
	uint32_t side, other = AIR_NONE;
	enum altair_refusal why;

	if (air_side_find(r, note->token) != AIR_NONE) {
		repeat(r, now, client, note);
		return;
	}
	if (!may_have(r, now, client, note, RATE_OF_ASKING))
		return;
	if (r->sides.used + 2 > r->sides_max) {
		refuse(r, now, client, note,
		       (struct air_refusal){ALTAIR_REFUSED_BUSY, RETRY});
		return;
	}
	side = make_side(r, now, client, note, true);
	why = air_take_called(r, now, note, &other);
	if (other != AIR_NONE)
		air_take_join(r, now, side, other);
	else if (why == ALTAIR_REFUSED_ABSENT && r->config.has_directory)
		air_node_seek(r, now, side, note);
	else
		air_side_refuse(r, now, side, why,
				why == ALTAIR_REFUSED_BUSY ? RETRY : 0);
}

void air_take_wait(altair_rendezvous *r, altair_time now, uint32_t side)
{
	air_side_become(r, side, SIDE_WAITS,
			air_time_after(now, r->config.away));
	air_node_register(r, now, side);
	air_node_look_up(r, side);
	air_side_announce(r, now, side);
}

/* A side that is here comes back. */
static void come_back(altair_rendezvous *r, altair_time now, uint32_t client,
		      const altair_note *note)
{
	static const struct air_refusal no = {ALTAIR_REFUSED_NOT_ALLOWED, 0};
	const struct air_side *s =
		air_side_at(r, air_side_find(r, note->token));
	uint32_t side, other;

	if (!s->has_mailbox || !air_ids_equal(s->mailbox, note->mailbox)) {
		refuse(r, now, client, note, no);
		return;
	}
	side = take_side(r, now, client, note, note->is_caller);
	if (side == AIR_NONE)
		return;
	other = air_side_near(r, side);
	if (s->state == SIDE_IS_PAIRED || s->state == SIDE_WAITS)
		air_node_register(r, now, side);
	if (other != AIR_NONE && s->state == SIDE_IS_PAIRED) {
		air_side_announce(r, now, other);
	} else if (s->state >= SIDE_WAITS) {
		air_node_here(r, side);
		air_node_look_up(r, side);
	}
	air_side_announce(r, now, side);
}

/* A listener whom nobody had claimed wants his nameplate back. */
static void reopen(altair_rendezvous *r, altair_time now, uint32_t side,
		   uint32_t number)
{
	uint32_t plate = air_plate_find(r, number);
	struct air_side *s = air_side_at(r, side);

	s->nameplate = number;
	s->resumes = true;
	if (plate != AIR_NONE) {
		air_side_refuse(r, now, side,
				air_plate_at(r, plate)->has_expired
					? ALTAIR_REFUSED_EXPIRED
					: ALTAIR_REFUSED_USED,
				0);
	} else if (r->config.has_directory && !r->is_up) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, RETRY);
	} else if (r->config.has_directory) {
		air_node_ask_plate(r, now, side);
	} else if (!air_plate_open(r, side, number)) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, RETRY);
	} else {
		air_side_become(r, side, SIDE_IS_OPEN,
				air_time_after(now, r->config.unpaired));
		air_side_announce(r, now, side);
	}
}

static void take_resume(altair_rendezvous *r, altair_time now, uint32_t client,
			const altair_note *note)
{
	uint32_t side, other;

	if (air_side_find(r, note->token) != AIR_NONE) {
		come_back(r, now, client, note);
		return;
	}
	if (!may_have(r, now, client, note, RATE_OF_RETURNING))
		return;
	if (air_side_in(r, note->mailbox, note->is_caller) != AIR_NONE) {
		refuse(r, now, client, note,
		       (struct air_refusal){ALTAIR_REFUSED_NOT_ALLOWED, 0});
		return;
	}
	side = make_side(r, now, client, note, note->is_caller);
	air_side_enter(r, side, note->mailbox);
	other = air_side_other(r, side);
	if (other != AIR_NONE) {
		air_side_pair(r, now, other, note->token);
		air_side_announce(r, now, other);
		air_side_pair(r, now, side, note->token);
		air_side_announce(r, now, side);
		air_node_look_up(r, side);
	} else if (!air_side_count(r, side)) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_LIMIT, 10);
	} else if (note->nameplate && !note->is_caller) {
		reopen(r, now, side, note->nameplate);
	} else {
		air_take_wait(r, now, side);
	}
}

/* The side that a note is about, if it is of this connection; else it is told. */
static uint32_t own_side(altair_rendezvous *r, altair_time now, uint32_t client,
			 const altair_note *note)
{
	static const struct air_refusal no = {ALTAIR_REFUSED_NOT_ALLOWED, 0};
	uint32_t side = air_side_find(r, note->token);

	if (side != AIR_NONE && air_side_at(r, side)->client == client)
		return side;
	refuse(r, now, client, note, no);
	return AIR_NONE;
}

static void take_send(altair_rendezvous *r, altair_time now, uint32_t client,
		      const altair_note *note)
{
	uint32_t side = own_side(r, now, client, note);
	struct air_side *s;

	if (side == AIR_NONE)
		return;
	s = air_side_at(r, side);
	if (s->state < SIDE_WAITS) {
		r->stats.dropped++;
		return;
	}
	forward(r, side, note);
	/* What comes again has not arrived: perhaps the other side has moved. */
	if (note->number <= s->highest && air_side_near(r, side) == AIR_NONE)
		air_node_look_up(r, side);
	else
		s->highest = note->number;
}

static void take_ack(altair_rendezvous *r, altair_time now, uint32_t client,
		     const altair_note *note)
{
	uint32_t side = own_side(r, now, client, note);

	if (side != AIR_NONE && air_side_at(r, side)->state >= SIDE_WAITS)
		forward(r, side, note);
}

static void take_close(altair_rendezvous *r, altair_time now, uint32_t client,
		       const altair_note *note)
{
	uint32_t side = air_side_find(r, note->token);

	if (side == AIR_NONE || air_side_at(r, side)->client != client)
		return;
	r->stats.burned += note->failed;
	air_side_leave(r, now, side, note->failed);
}

void altair_rendezvous_garbled(altair_rendezvous *r, altair_time now,
			       uint32_t client)
{
	static const struct air_refusal invalid = {ALTAIR_REFUSED_INVALID, 0};

	if (client >= r->clients_max || !r->clients[client].is_there ||
	    r->clients[client].is_closing)
		return;
	r->stats.garbled++;
	air_client_refuse(r, now, client, NULL, invalid);
	air_client_close(r, now, client);
}

static bool is_sound(const altair_note *note)
{
	return note->body.len <= ALTAIR_NOTE_BODY_MAX &&
	       note->number <= ALTAIR_NOTE_NUMBER_MAX &&
	       note->nameplate <= ALTAIR_NOTE_NAMEPLATE_MAX;
}

void altair_rendezvous_take(altair_rendezvous *r, altair_time now,
			    uint32_t client, const altair_note *note)
{
	static void (*const takers[])(altair_rendezvous *, altair_time,
				      uint32_t, const altair_note *) = {
		[ALTAIR_NOTE_LISTEN] = take_listen,
		[ALTAIR_NOTE_CLAIM] = take_claim,
		[ALTAIR_NOTE_PRESENT] = air_client_take_present,
		[ALTAIR_NOTE_CALL] = take_call,
		[ALTAIR_NOTE_RESUME] = take_resume,
		[ALTAIR_NOTE_SEND] = take_send,
		[ALTAIR_NOTE_ACK] = take_ack,
		[ALTAIR_NOTE_CLOSE] = take_close,
	};

	if (client >= r->clients_max || !r->clients[client].is_there ||
	    r->clients[client].is_closing)
		return;
	if ((size_t)note->type >= sizeof takers / sizeof *takers ||
	    !takers[note->type] || !is_sound(note)) {
		altair_rendezvous_garbled(r, now, client);
		return;
	}
	r->stats.notes++;
	takers[note->type](r, now, client, note);
}
