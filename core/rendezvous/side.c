/*
 * A mailbox is nothing but two sides with the same id. Either may be missing here:
 * not come yet, at another node, or over. Invariants: no two sides have the same token,
 * or the same mailbox and seat; a side with an open plate is SIDE_IS_OPEN; one that is
 * away has an end.
 */
#include "rendezvous/side.h"

#include "base/assert.h"
#include "base/time.h"
#include "rendezvous/client.h"
#include "rendezvous/node.h"
#include "rendezvous/plate.h"

#define RETRY 2		   /* seconds, told with "busy" */
#define ASKS ALTAIR_SEC(5) /* whether a side has moved */

static altair_bytes id(const uint8_t *bytes)
{
	return (altair_bytes){bytes, ALTAIR_NOTE_ID_LEN};
}

uint32_t air_side_find(const altair_rendezvous *r, const uint8_t *token)
{
	uint32_t side = *air_chain_head(&r->by_token, id(token)) - 1;

	while (side != AIR_NONE &&
	       !air_ids_equal(air_side_at(r, side)->token, token))
		side = air_side_at(r, side)->by_token - 1;
	return side;
}

uint32_t air_side_in(const altair_rendezvous *r, const uint8_t *mailbox,
		     bool is_caller)
{
	uint32_t side = *air_chain_head(&r->by_mailbox, id(mailbox)) - 1;

	while (side != AIR_NONE) {
		const struct air_side *s = air_side_at(r, side);

		if (s->is_caller == is_caller &&
		    air_ids_equal(s->mailbox, mailbox))
			break;
		side = s->by_mailbox - 1;
	}
	return side;
}

uint32_t air_side_other(const altair_rendezvous *r, uint32_t side)
{
	const struct air_side *s = air_side_at(r, side);

	return s->has_mailbox ? air_side_in(r, s->mailbox, !s->is_caller)
			      : AIR_NONE;
}

uint32_t air_side_near(const altair_rendezvous *r, uint32_t side)
{
	uint32_t other = air_side_other(r, side);

	if (other != AIR_NONE && r->config.has_directory &&
	    air_side_at(r, other)->client == AIR_NONE)
		return AIR_NONE;
	return other;
}

static void arm(altair_rendezvous *r, uint32_t side)
{
	const struct air_side *s = air_side_at(r, side);
	altair_time next = air_time_sooner(s->ends_at, s->away_at);

	air_heap_set(&r->timers, r->clients_max + side,
		     air_time_sooner(next, s->refresh_at));
}

uint32_t air_side_make(altair_rendezvous *r, const uint8_t *token,
		       bool is_caller)
{
	uint32_t *head = air_chain_head(&r->by_token, id(token));
	uint32_t side = air_store_take(&r->sides);
	struct air_side *s;

	if (side == AIR_NONE)
		return AIR_NONE;
	s = air_side_at(r, side);
	*s = (struct air_side){.state = SIDE_SEEKS,
			       .is_caller = is_caller,
			       .generation = ++r->generations,
			       .client = AIR_NONE,
			       .next_of_client = AIR_NONE,
			       .by_token = *head,
			       .plate = AIR_NONE,
			       .ends_at = ALTAIR_NEVER,
			       .away_at = ALTAIR_NEVER,
			       .refresh_at = ALTAIR_NEVER};
	memcpy(s->token, token, sizeof s->token);
	*head = side + 1;
	r->stats.sides++;
	return side;
}

void air_side_enter(altair_rendezvous *r, uint32_t side, const uint8_t *mailbox)
{
	struct air_side *s = air_side_at(r, side);
	uint32_t *head = air_chain_head(&r->by_mailbox, id(mailbox));

	AIR_ASSERT(!s->has_mailbox);
	memcpy(s->mailbox, mailbox, sizeof s->mailbox);
	s->has_mailbox = true;
	s->by_mailbox = *head;
	*head = side + 1;
}

/* Out of its client's list. */
static void untie(altair_rendezvous *r, altair_time now, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);
	struct air_client *c;
	uint32_t *link;

	if (s->client == AIR_NONE)
		return;
	c = &r->clients[s->client];
	link = &c->first_side;
	while (*link != side)
		link = &air_side_at(r, *link)->next_of_client;
	*link = s->next_of_client;
	c->sides--;
	air_client_changed(r, now, s->client);
	s->client = AIR_NONE;
}

void air_side_bind(altair_rendezvous *r, altair_time now, uint32_t side,
		   uint32_t client)
{
	struct air_side *s = air_side_at(r, side);
	struct air_client *c = &r->clients[client];

	if (s->client == client)
		return;
	untie(r, now, side);
	s->client = client;
	s->next_of_client = c->first_side;
	c->first_side = side;
	c->sides++;
	s->away_at = ALTAIR_NEVER;
	s->asks = 0;
	arm(r, side);
	air_client_changed(r, now, client);
}

void air_side_unbind(altair_rendezvous *r, altair_time now, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);

	untie(r, now, side);
	s->away_at = air_time_after(now, r->config.away);
	arm(r, side);
}

void air_side_away_until(altair_rendezvous *r, uint32_t side, altair_time at)
{
	air_side_at(r, side)->away_at = at;
	arm(r, side);
}

bool air_side_count(altair_rendezvous *r, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);
	uint32_t source = r->clients[s->client].source;

	if (s->is_open || !air_source_open(&r->sources, source))
		return s->is_open;
	s->is_open = true;
	s->source = source;
	return true;
}

static void uncount(altair_rendezvous *r, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);

	if (s->is_open)
		air_source_paired(&r->sources, s->source);
	s->is_open = false;
}

void air_side_become(altair_rendezvous *r, uint32_t side,
		     enum air_side_state state, altair_time ends_at)
{
	struct air_side *s = air_side_at(r, side);

	s->state = state;
	s->ends_at = ends_at;
	if (state == SIDE_IS_PAIRED || state == SIDE_IS_OVER)
		uncount(r, side);
	if (state != SIDE_SEEKS)
		air_queue_clear(&r->pool, &s->held);
	arm(r, side);
}

void air_side_refresh_at(altair_rendezvous *r, uint32_t side, altair_time at)
{
	air_side_at(r, side)->refresh_at = at;
	arm(r, side);
}

void air_side_pair(altair_rendezvous *r, altair_time now, uint32_t side,
		   const uint8_t *by)
{
	struct air_side *s = air_side_at(r, side);

	if (s->plate != AIR_NONE) {
		air_plate_use(r, now, s->plate, by);
		air_node_plate_used(r, side);
	}
	if (s->state != SIDE_IS_PAIRED)
		r->stats.joined += !s->is_caller;
	air_side_become(r, side, SIDE_IS_PAIRED, ALTAIR_NEVER);
	air_node_register(r, now, side);
}

/* Seconds that are left until then, at least 1. */
static uint32_t seconds_until(altair_time then, altair_time now)
{
	altair_time left = then > now ? then - now : 0;

	return (uint32_t)(left / ALTAIR_SEC(1)) + (left < ALTAIR_SEC(1));
}

void air_side_announce(altair_rendezvous *r, altair_time now, uint32_t side)
{
	const struct air_side *s = air_side_at(r, side);
	altair_note note = {.type = ALTAIR_NOTE_JOINED, .has_token = true};

	if (s->client == AIR_NONE || s->state == SIDE_SEEKS ||
	    s->state == SIDE_ASKS_PLATE)
		return;
	memcpy(note.token, s->token, sizeof note.token);
	memcpy(note.mailbox, s->mailbox, sizeof note.mailbox);
	if (s->state == SIDE_IS_OPEN) {
		note.type = ALTAIR_NOTE_NAMEPLATE;
		note.nameplate = s->nameplate;
		note.seconds = seconds_until(s->ends_at, now);
	} else if (s->state == SIDE_IS_OVER) {
		note.type = ALTAIR_NOTE_GONE;
		note.failed = s->failed;
	}
	air_client_say(r, now, s->client, &note);
	if (note.type == ALTAIR_NOTE_GONE)
		air_side_drop(r, now, side);
}

void air_side_refuse(altair_rendezvous *r, altair_time now, uint32_t side,
		     enum altair_refusal why, uint32_t seconds)
{
	const struct air_side *s = air_side_at(r, side);

	air_client_refuse(r, now, s->client, s->token,
			  (struct air_refusal){why, seconds});
	air_side_drop(r, now, side);
}

void air_side_end(altair_rendezvous *r, altair_time now, uint32_t side,
		  bool failed)
{
	struct air_side *s = air_side_at(r, side);

	if (s->plate != AIR_NONE)
		air_plate_end(r, now, s->plate);
	s->failed = failed;
	air_side_become(r, side, SIDE_IS_OVER, ALTAIR_NEVER);
	air_side_announce(r, now, side);
}

void air_side_leave(altair_rendezvous *r, altair_time now, uint32_t side,
		    bool failed)
{
	uint32_t other = air_side_other(r, side);

	if (other != AIR_NONE && air_side_at(r, side)->state != SIDE_IS_OVER)
		air_side_end(r, now, other, failed);
	if (air_side_near(r, side) == AIR_NONE)
		air_node_gone(r, side, failed);
	air_side_drop(r, now, side);
}

static void remove_from(altair_rendezvous *r, uint32_t side)
{
	const struct air_side *s = air_side_at(r, side);
	uint32_t *link = air_chain_head(&r->by_token, id(s->token));

	while (*link != side + 1)
		link = &air_side_at(r, *link - 1)->by_token;
	*link = s->by_token;
	if (!s->has_mailbox)
		return;
	link = air_chain_head(&r->by_mailbox, id(s->mailbox));
	while (*link != side + 1)
		link = &air_side_at(r, *link - 1)->by_mailbox;
	*link = s->by_mailbox;
}

void air_side_drop(altair_rendezvous *r, altair_time now, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);

	if (s->plate != AIR_NONE) {
		air_plate_end(r, now, s->plate);
		air_node_plate_used(r, side);
	}
	air_node_unregister(r, side);
	untie(r, now, side);
	uncount(r, side);
	air_queue_clear(&r->pool, &s->held);
	remove_from(r, side);
	s->generation = 0;
	air_heap_set(&r->timers, r->clients_max + side, ALTAIR_NEVER);
	air_store_give(&r->sides, side);
	r->stats.sides--;
}

/* The time of its state is over. */
static void expire(altair_rendezvous *r, altair_time now, uint32_t side)
{
	bool is_claimed = air_side_at(r, side)->is_claimed;

	switch (air_side_at(r, side)->state) {
	case SIDE_ASKS_PLATE:
	case SIDE_SEEKS:
		air_side_refuse(r, now, side,
				is_claimed ? ALTAIR_REFUSED_USED
					   : ALTAIR_REFUSED_BUSY,
				is_claimed ? 0 : RETRY);
		break;
	case SIDE_IS_OPEN:
		air_side_refuse(r, now, side, ALTAIR_REFUSED_EXPIRED, 0);
		break;
	case SIDE_WAITS:
		air_side_end(r, now, side, false);
		break;
	case SIDE_IS_PAIRED:
	case SIDE_IS_OVER:
		AIR_ASSERT(false);
	}
}

void air_side_due(altair_rendezvous *r, altair_time now, uint32_t side)
{
	const struct air_side *s = air_side_at(r, side);

	if (s->away_at <= now && !air_node_asks_after(r, side))
		air_side_leave(r, now, side, false);
	else if (s->away_at <= now)
		air_side_away_until(r, side, air_time_after(now, ASKS));
	else if (s->ends_at <= now)
		expire(r, now, side);
	else if (s->refresh_at <= now)
		air_node_refresh(r, now, side);
	else
		arm(r, side);
}
