/*
 * Several nodes. The node that has a nameplate decides who claims it, the one where a key is
 * present takes its calls; from then on the nodes of the two sides know each other.
 * Nothing here is relied on: what is lost is asked again by a client that repeats its
 * claim, its call or its message.
 */
#include "rendezvous/node.h"

#include "base/time.h"
#include "rendezvous/client.h"
#include "rendezvous/directory.h"
#include "rendezvous/plate.h"
#include "rendezvous/post.h"
#include "rendezvous/side.h"
#include "rendezvous/take.h"

#define PATIENCE ALTAIR_SEC(5) /* for an answer */
#define REFRESH ALTAIR_SEC(60)
#define SETTLE ALTAIR_SEC(2) /* after the directory is back */
#define TRIES_MAX 8
#define MISSES_MAX 2
#define ASKS_MAX 3

bool air_node_is_ready(const altair_rendezvous *r, altair_time now)
{
	return !r->config.has_directory ||
	       (r->is_up && now >= air_time_after(r->up_since, SETTLE));
}

void air_node_ask_plate(altair_rendezvous *r, altair_time now, uint32_t side)
{
	air_side_become(r, side, SIDE_ASKS_PLATE,
			air_time_after(now, PATIENCE));
	air_directory_plate(r, side, ALTAIR_DIRECTORY_TAKE, false);
}

void air_node_plate_used(altair_rendezvous *r, uint32_t side)
{
	air_directory_plate(r, side, ALTAIR_DIRECTORY_PUT, true);
}

void air_node_seek(altair_rendezvous *r, altair_time now, uint32_t side,
		   const altair_note *note)
{
	struct air_side *s = air_side_at(r, side);

	air_queue_clear(&r->pool, &s->held);
	if (!r->is_up ||
	    !air_queue_push(&r->pool, &s->held, note, r->config.queue_len)) {
		if (s->state == SIDE_SEEKS)
			air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, 2);
		return;
	}
	if (s->state == SIDE_SEEKS && s->ends_at == ALTAIR_NEVER)
		air_side_become(r, side, SIDE_SEEKS,
				air_time_after(now, PATIENCE));
	s->nameplate = note->nameplate;
	if (note->type == ALTAIR_NOTE_CLAIM)
		air_directory_listener(r, side);
	else
		air_directory_called(r, side, note->key);
}

void air_node_register(altair_rendezvous *r, altair_time now, uint32_t side)
{
	if (air_side_at(r, side)->client == AIR_NONE)
		return; /* it may be elsewhere */
	air_side_at(r, side)->is_unsaid = !r->is_up;
	air_directory_side(r, side, ALTAIR_DIRECTORY_PUT);
	if (r->config.has_directory)
		air_side_refresh_at(r, side, air_time_after(now, REFRESH));
}

/* Who is away is not here. What the directory has forgotten it learns again. */
void air_node_refresh(altair_rendezvous *r, altair_time now, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);

	air_side_refresh_at(r, side, air_time_after(now, REFRESH));
	if (s->state == SIDE_IS_OPEN && s->client != AIR_NONE)
		air_directory_plate(r, side, ALTAIR_DIRECTORY_TAKE, false);
	else if (s->has_mailbox && s->client != AIR_NONE)
		air_directory_side(r, side,
				   s->is_unsaid ? ALTAIR_DIRECTORY_PUT
						: ALTAIR_DIRECTORY_TAKE);
	/* It may have been claimed while the directory was away. */
	if (s->is_unsaid && s->state == SIDE_IS_PAIRED && !s->is_caller &&
	    s->nameplate)
		air_node_plate_used(r, side);
	s->is_unsaid = s->is_unsaid && !r->is_up;
	if (s->state == SIDE_IS_PAIRED && air_side_near(r, side) == AIR_NONE &&
	    air_node_is_ready(r, now))
		air_directory_find(r, side, ASKED_ALIVE);
}

void air_node_unregister(altair_rendezvous *r, uint32_t side)
{
	const struct air_side *s = air_side_at(r, side);

	if (s->has_mailbox && s->state >= SIDE_WAITS)
		air_directory_side(r, side, ALTAIR_DIRECTORY_FORGET);
}

void air_node_look_up(altair_rendezvous *r, uint32_t side)
{
	air_directory_find(r, side, ASKED_OTHER);
}

bool air_node_asks_after(altair_rendezvous *r, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);

	if (!r->config.has_directory || s->state < SIDE_WAITS ||
	    s->state == SIDE_IS_OVER || s->asks == ASKS_MAX)
		return false;
	s->asks++;
	air_directory_find(r, side, ASKED_MOVED);
	return true;
}

/* To the node of the other side, about this one. */
static void post_other(altair_rendezvous *r, uint32_t side,
		       enum air_post_kind kind, altair_note *fields)
{
	const struct air_side *s = air_side_at(r, side);

	if (!s->has_node || !s->has_mailbox)
		return;
	memcpy(fields->mailbox, s->mailbox, sizeof fields->mailbox);
	fields->is_caller = !s->is_caller;
	air_post_send(r, s->node, kind, fields);
}

void air_node_here(altair_rendezvous *r, uint32_t side)
{
	altair_note fields = {0};

	memcpy(fields.token, air_side_at(r, side)->token, sizeof fields.token);
	post_other(r, side, POST_HERE, &fields);
}

void air_node_forward(altair_rendezvous *r, uint32_t side,
		      const altair_note *note)
{
	bool is_ack = note->type == ALTAIR_NOTE_ACK;
	altair_note fields = {.number = note->number};

	if (!is_ack)
		fields.body = note->body;
	if (air_side_at(r, side)->has_node && r->is_up)
		r->stats.forwarded += !is_ack;
	else
		r->stats.dropped += !is_ack;
	post_other(r, side, is_ack ? POST_ACK : POST_MESSAGE, &fields);
}

void air_node_gone(altair_rendezvous *r, uint32_t side, bool failed)
{
	altair_note fields = {.failed = failed};

	if (air_side_at(r, side)->state == SIDE_IS_PAIRED)
		post_other(r, side, POST_GONE, &fields);
}

altair_time air_node_present(altair_rendezvous *r, altair_time now,
			     const uint8_t *key)
{
	air_directory_present(r, key, ALTAIR_DIRECTORY_PUT);
	return r->config.has_directory ? air_time_after(now, REFRESH)
				       : ALTAIR_NEVER;
}

void air_node_absent(altair_rendezvous *r, const uint8_t *key)
{
	air_directory_present(r, key, ALTAIR_DIRECTORY_FORGET);
}

static void set_node(altair_rendezvous *r, uint32_t side, const uint8_t *node)
{
	struct air_side *s = air_side_at(r, side);

	s->has_node = memcmp(node, r->config.node, sizeof s->node) != 0;
	memcpy(s->node, node, sizeof s->node);
}

/* The nameplate is ours. */
static void got_plate(altair_rendezvous *r, altair_time now, uint32_t side)
{
	struct air_side *s = air_side_at(r, side);

	if (air_plate_find(r, s->nameplate) != AIR_NONE ||
	    !air_plate_open(r, side, s->nameplate)) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, 2);
		return;
	}
	air_side_become(r, side, SIDE_IS_OPEN,
			air_time_after(now, r->config.unpaired));
	air_side_announce(r, now, side);
}

static void tell_moved(altair_rendezvous *r, uint32_t side, const uint8_t *node)
{
	const struct air_side *s = air_side_at(r, side);
	altair_note fields = {.is_caller = s->is_caller};

	memcpy(fields.mailbox, s->mailbox, sizeof fields.mailbox);
	memcpy(fields.token, s->token, sizeof fields.token);
	air_post_send(r, node, POST_MOVED, &fields);
}

/* A listener is back that another node had, or this server before it forgot. */
static void move_plate(altair_rendezvous *r, altair_time now, uint32_t side,
		       const struct air_listing *listing)
{
	if (!air_listing_is_of(r, listing, side)) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_USED, 0);
		return;
	}
	tell_moved(r, side, listing->node);
	air_directory_plate(r, side, ALTAIR_DIRECTORY_PUT, listing->is_used);
	if (listing->is_used)
		air_take_wait(r, now, side);
	else
		got_plate(r, now, side);
}

static void answer_plate(altair_rendezvous *r, altair_time now, uint32_t side,
			 altair_bytes value)
{
	struct air_side *s = air_side_at(r, side);
	struct air_listing listing;

	if (s->state != SIDE_ASKS_PLATE)
		return; /* said again, only */
	if (!air_listing_read(value, &listing)) {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, 2);
	} else if (air_listing_is_of(r, &listing, side) && !listing.is_used &&
		   memcmp(listing.node, r->config.node, sizeof listing.node) ==
			   0) {
		got_plate(r, now, side);
	} else if (s->resumes) {
		move_plate(r, now, side, &listing);
	} else if (++s->tries < TRIES_MAX) {
		s->nameplate = air_plate_draw(r, s->tries);
		air_node_ask_plate(r, now, side);
	} else {
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, 2);
	}
}

/* Posts the claim or call that was kept to the node which the directory named. */
static void post_held(altair_rendezvous *r, uint32_t side, const uint8_t *node)
{
	struct air_side *s = air_side_at(r, side);
	altair_note note;

	if (!air_queue_pop(&r->pool, &s->held, &note, r->held))
		return;
	memcpy(note.token, s->token, sizeof note.token);
	air_post_send(r, node,
		      note.type == ALTAIR_NOTE_CLAIM ? POST_CLAIM : POST_CALL,
		      &note);
}

/* The directory says that the nameplate is here. */
static void claim_here(altair_rendezvous *r, altair_time now, uint32_t side)
{
	uint32_t other = AIR_NONE;
	enum altair_refusal why;
	altair_note note;

	if (!air_queue_pop(&r->pool, &air_side_at(r, side)->held, &note,
			   r->held))
		return;
	why = air_take_claimed(r, now, &note, true, &other);
	if (other != AIR_NONE)
		air_take_join(r, now, side, other);
	else
		air_side_refuse(r, now, side, why, 0);
}

/* True if somebody is here who waits with this nameplate. */
static bool is_waiting(const altair_rendezvous *r, uint32_t nameplate)
{
	uint32_t plate = air_plate_find(r, nameplate);
	const struct air_plate *it;

	if (plate == AIR_NONE)
		return false;
	it = air_plate_at(r, plate);
	return it->is_open && air_side_at(r, it->side)->client != AIR_NONE;
}

static void answer_seek(altair_rendezvous *r, altair_time now, uint32_t side,
			altair_bytes value)
{
	struct air_side *s = air_side_at(r, side);
	bool is_claim = s->nameplate != 0;
	struct air_listing listing;

	if (is_claim && air_listing_read(value, &listing))
		s->is_claimed = listing.is_used;
	if (value.len >= ALTAIR_RENDEZVOUS_NODE_LEN &&
	    memcmp(value.data, r->config.node, sizeof r->config.node) != 0)
		post_held(r, side, value.data);
	else if (s->state != SIDE_SEEKS)
		return;
	else if (is_claim && (value.len > 0 || is_waiting(r, s->nameplate)))
		claim_here(r, now, side);
	else if (!air_node_is_ready(r, now))
		air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, 2);
	else
		air_side_refuse(r, now, side,
				is_claim ? ALTAIR_REFUSED_NO_SUCH_NAMEPLATE
					 : ALTAIR_REFUSED_ABSENT,
				0);
}

/* The other side is not in the directory: it may be away, and then it comes back
 * or ends before we ask again; or we have missed that it has ended. */
static void answer_alive(altair_rendezvous *r, altair_time now, uint32_t side,
			 altair_bytes value)
{
	struct air_side *s = air_side_at(r, side);

	if (s->state != SIDE_IS_PAIRED || air_side_other(r, side) != AIR_NONE)
		return;
	s->misses = value.len > 0 ? 0 : s->misses + 1;
	if (s->misses >= MISSES_MAX)
		air_side_end(r, now, side, false);
}

/* Where the other side is. One that is away here has come back there. */
static void answer_other(altair_rendezvous *r, altair_time now, uint32_t side,
			 altair_bytes value)
{
	const struct air_side *s = air_side_at(r, side);
	uint32_t other = air_side_other(r, side);

	if (value.len != ALTAIR_RENDEZVOUS_NODE_LEN || s->state < SIDE_WAITS ||
	    s->state == SIDE_IS_OVER || air_side_near(r, side) != AIR_NONE ||
	    memcmp(value.data, r->config.node, value.len) == 0)
		return;
	set_node(r, side, value.data);
	if (other != AIR_NONE)
		air_side_drop(r, now, other);
	else if (s->state != SIDE_WAITS)
		return;
	air_side_pair(r, now, side, s->token);
	air_node_here(r, side);
	air_side_announce(r, now, side);
}

/* Where this side is, which has been away here for a minute. */
static void answer_moved(altair_rendezvous *r, altair_time now, uint32_t side,
			 altair_bytes value)
{
	uint32_t other = air_side_other(r, side);

	if (air_side_at(r, side)->client != AIR_NONE)
		return;
	if (value.len != ALTAIR_RENDEZVOUS_NODE_LEN ||
	    memcmp(value.data, r->config.node, value.len) == 0) {
		air_side_leave(r, now, side, false);
		return;
	}
	if (other != AIR_NONE)
		set_node(r, other, value.data);
	air_side_drop(r, now, side);
}

void altair_rendezvous_answer(altair_rendezvous *r, altair_time now,
			      uint64_t cookie, bool is_known,
			      altair_bytes value)
{
	uint32_t side;
	enum air_asked about = air_directory_asked(r, cookie, &side);

	if (about == ASKED_NOTHING)
		return;
	if (!is_known) {
		enum air_side_state state = air_side_at(r, side)->state;

		if (state == SIDE_SEEKS || state == SIDE_ASKS_PLATE)
			air_side_refuse(r, now, side, ALTAIR_REFUSED_BUSY, 2);
		return;
	}
	if (about == ASKED_PLATE)
		answer_plate(r, now, side, value);
	else if (about == ASKED_OTHER)
		answer_other(r, now, side, value);
	else if (about == ASKED_ALIVE)
		answer_alive(r, now, side, value);
	else if (about == ASKED_MOVED)
		answer_moved(r, now, side, value);
	else
		answer_seek(r, now, side, value);
}

/* A claim for a nameplate that should be here. */
static void posted_claim(altair_rendezvous *r, altair_time now,
			 const uint8_t *from, const altair_note *post)
{
	altair_note answer = {0};
	uint32_t side = AIR_NONE;

	memcpy(answer.token, post->token, sizeof answer.token);
	answer.refusal = air_take_claimed(r, now, post, true, &side);
	if (side == AIR_NONE) {
		air_post_send(r, from, POST_REFUSED, &answer);
		return;
	}
	set_node(r, side, from);
	memcpy(answer.mailbox, air_side_at(r, side)->mailbox,
	       sizeof answer.mailbox);
	air_post_send(r, from, POST_JOINED, &answer);
}

static void posted_call(altair_rendezvous *r, altair_time now,
			const uint8_t *from, const altair_note *post)
{
	altair_note answer = {0};
	uint32_t side = AIR_NONE;

	memcpy(answer.token, post->token, sizeof answer.token);
	answer.refusal = air_take_called(r, now, post, &side);
	if (side == AIR_NONE) {
		air_post_send(r, from, POST_REFUSED, &answer);
		return;
	}
	set_node(r, side, from);
	memcpy(answer.mailbox, air_side_at(r, side)->mailbox,
	       sizeof answer.mailbox);
	air_post_send(r, from, POST_JOINED, &answer);
}

/* Our claim or call has found its mailbox. */
static void posted_joined(altair_rendezvous *r, altair_time now,
			  const uint8_t *from, const altair_note *post)
{
	uint32_t side = air_side_find(r, post->token);
	struct air_side *s;

	if (side == AIR_NONE)
		return; /* it asks again, or has left */
	s = air_side_at(r, side);
	if (s->state == SIDE_SEEKS &&
	    air_side_in(r, post->mailbox, true) == AIR_NONE) {
		air_side_enter(r, side, post->mailbox);
		air_side_pair(r, now, side, s->token);
		set_node(r, side, from);
		air_side_announce(r, now, side);
	} else if (s->has_mailbox && air_ids_equal(s->mailbox, post->mailbox) &&
		   s->is_caller) {
		set_node(r, side, from);
	}
}

static void posted_refused(altair_rendezvous *r, altair_time now,
			   const altair_note *post)
{
	uint32_t side = air_side_find(r, post->token);

	if (side != AIR_NONE && air_side_at(r, side)->state == SIDE_SEEKS)
		air_side_refuse(r, now, side, post->refusal, 0);
}

/* The other side is at `from`: what was said to be here of it is no longer. */
static void posted_here(altair_rendezvous *r, altair_time now, uint32_t side,
			const altair_note *post)
{
	uint32_t other = air_side_other(r, side);

	if (other != AIR_NONE) {
		if (!air_ids_equal(air_side_at(r, other)->token, post->token))
			return;
		air_side_drop(r, now, other);
	}
	air_side_pair(r, now, side, post->token);
	air_side_announce(r, now, side);
}

static void posted_to_side(altair_rendezvous *r, altair_time now, uint32_t side,
			   enum air_post_kind kind, const altair_note *post)
{
	const struct air_side *s = air_side_at(r, side);
	altair_note note = *post;

	memcpy(note.token, s->token, sizeof note.token);
	if (kind == POST_HERE) {
		posted_here(r, now, side, post);
		return;
	}
	if (s->state == SIDE_WAITS) {
		air_side_pair(r, now, side, s->token);
		air_side_announce(r, now, side);
	}
	note.type = kind == POST_ACK ? ALTAIR_NOTE_ACK : ALTAIR_NOTE_MESSAGE;
	if (s->state == SIDE_IS_PAIRED)
		air_client_pass(r, s->client, &note);
}

/* This side has come back at another node. Its plate, if open, went with it. */
static void posted_moved(altair_rendezvous *r, altair_time now,
			 const altair_note *post)
{
	uint32_t side = air_side_in(r, post->mailbox, post->is_caller);

	if (side == AIR_NONE ||
	    !air_ids_equal(air_side_at(r, side)->token, post->token))
		return;
	if (air_side_at(r, side)->plate != AIR_NONE)
		air_plate_remove(r, air_side_at(r, side)->plate);
	air_side_drop(r, now, side);
}

static void posted_gone(altair_rendezvous *r, altair_time now,
			const uint8_t *from, const altair_note *post)
{
	uint32_t side = air_side_in(r, post->mailbox, post->is_caller);
	const struct air_side *s;

	/* What a node forgets that the other side has left is no news. */
	if (side == AIR_NONE || air_side_near(r, side) != AIR_NONE)
		return;
	s = air_side_at(r, side);
	if (s->state == SIDE_IS_PAIRED && s->has_node &&
	    memcmp(s->node, from, sizeof s->node) == 0)
		air_side_end(r, now, side, post->failed);
}

void altair_rendezvous_posted(altair_rendezvous *r, altair_time now,
			      const uint8_t *from, altair_bytes bytes)
{
	enum air_post_kind kind;
	altair_note post;
	uint32_t side;

	if (!r->config.has_directory || !air_post_read(bytes, &kind, &post))
		return;
	switch (kind) {
	case POST_CLAIM:
		posted_claim(r, now, from, &post);
		return;
	case POST_CALL:
		posted_call(r, now, from, &post);
		return;
	case POST_JOINED:
		posted_joined(r, now, from, &post);
		return;
	case POST_REFUSED:
		posted_refused(r, now, &post);
		return;
	case POST_GONE:
		posted_gone(r, now, from, &post);
		return;
	case POST_MOVED:
		posted_moved(r, now, &post);
		return;
	case POST_MESSAGE:
	case POST_ACK:
	case POST_HERE:
		side = air_side_in(r, post.mailbox, post.is_caller);
		if (side == AIR_NONE)
			return;
		set_node(r, side, from);
		posted_to_side(r, now, side, kind, &post);
	}
}

/* Spread over the two seconds by their numbers. */
static altair_time spread(altair_time now, uint32_t entry)
{
	return now + ALTAIR_MSEC(entry * 2654435761u % 2000);
}

void altair_rendezvous_directory(altair_rendezvous *r, altair_time now,
				 bool is_up)
{
	bool is_back = is_up && !r->is_up;

	if (!r->config.has_directory)
		return;
	r->is_up = is_up;
	if (!is_back)
		return;
	r->up_since = now;
	for (uint32_t i = 0; i < r->sides.fresh; i++) {
		if (!air_side_at(r, i)->generation ||
		    air_side_at(r, i)->state == SIDE_SEEKS)
			continue;
		air_side_at(r, i)->is_unsaid = true;
		air_side_refresh_at(r, i, spread(now, i));
	}
	for (uint32_t i = 0; i < r->clients_max; i++)
		if (r->clients[i].is_there && r->clients[i].is_present)
			air_client_refresh_at(r, i, spread(now, i));
}
