/*
 * The end of a conversation. Invariants: pending messages have the numbers `first` to
 * `first` + `pending` - 1 and lie in `bytes` in that order; the first `sent` of them
 * have been sent since the other side was last known to be there. Message 1 of a
 * caller travels in its claim or call, so that who has lost everything but this
 * note can still answer it.
 */
#include "rendezvous/room.h"

#include "base/time.h"

void air_room_begin(struct air_room *room, enum air_room_kind kind,
		    const uint8_t *token, altair_time now)
{
	*room = (struct air_room){.kind = kind,
				  .first = 1,
				  .resend_at = ALTAIR_NEVER,
				  .retry_at = now,
				  .asked_at = now,
				  .heard_at = now,
				  .bytes = room->bytes,
				  .lens = room->lens};
	memcpy(room->token, token, sizeof room->token);
}

static size_t bytes_before(const struct air_room *room, unsigned index)
{
	size_t len = 0;

	for (unsigned i = 0; i < index; i++)
		len += room->lens[i];
	return len;
}

int air_room_add(struct air_room *room, const struct air_room_rules *rules,
		 altair_bytes body, altair_time now)
{
	size_t used = bytes_before(room, room->pending);

	if (body.len > ALTAIR_NOTE_BODY_MAX)
		return ALTAIR_E_TOO_LONG;
	if (room->pending == rules->window ||
	    body.len > rules->window_len - used)
		return ALTAIR_E_FULL;
	if (room->pending == 0)
		room->heard_at = now;
	if (body.len > 0)
		memcpy(room->bytes + used, body.data, body.len);
	room->lens[room->pending++] = (uint32_t)body.len;
	return 0;
}

void air_room_detach(struct air_room *room, altair_time now)
{
	if (room->kind == ROOM_IS_CLOSING)
		room->kind = ROOM_IS_FREE;
	room->link = ROOM_TO_ASK;
	room->retry_at = now;
	room->asked_at = now;
	room->heard_at = now;
	room->resend_at = ALTAIR_NEVER;
	room->sent = 0;
	room->ack_due = false;
}

static bool is_caller(const struct air_room *room)
{
	return room->kind == ROOM_CLAIMS || room->kind == ROOM_CALLS;
}

/* Message 1 is in the claim or call, as long as it is pending. */
static bool asks_with_body(const struct air_room *room)
{
	return is_caller(room) && room->first == 1 && room->pending > 0;
}

static void refuse(struct air_room *room, enum altair_refusal why,
		   uint32_t seconds)
{
	room->news |= room->is_joined ? NEWS_GONE : NEWS_REFUSED;
	room->refusal = why;
	room->seconds = seconds;
}

/* The other side is there: what is pending goes, and how far we are. */
static void take_joined(struct air_room *room, altair_time now,
			const altair_note *note)
{
	if (!room->has_mailbox)
		memcpy(room->mailbox, note->mailbox, sizeof room->mailbox);
	room->has_mailbox = true;
	room->link = ROOM_IS_ATTACHED;
	/* It may be the answer to our claim, which has message 1. */
	room->sent = asks_with_body(room) && room->sent > 0;
	room->ack_due = room->received > 0;
	room->heard_at = now;
	if (!room->is_joined)
		room->news |= NEWS_JOINED;
	room->is_joined = true;
}

static void take_nameplate(struct air_room *room, const altair_note *note)
{
	if (room->kind != ROOM_LISTENS || room->is_joined)
		return;
	if (room->nameplate != note->nameplate)
		room->news |= NEWS_NAMEPLATE;
	memcpy(room->mailbox, note->mailbox, sizeof room->mailbox);
	room->has_mailbox = true;
	room->nameplate = note->nameplate;
	room->seconds = note->seconds;
	room->link = ROOM_IS_ATTACHED;
	room->resend_at = ALTAIR_NEVER;
}

static bool take_message(struct air_room *room, altair_time now,
			 const altair_note *note)
{
	if (!room->is_joined)
		return false;
	room->heard_at = now;
	room->ack_due = true;
	if (note->number != room->received + 1)
		return false;
	room->received++;
	return true;
}

static void take_ack(struct air_room *room, altair_time now,
		     const altair_note *note)
{
	unsigned count;
	size_t done, used;

	room->heard_at = now;
	if (note->number < room->first ||
	    note->number - room->first >= room->pending)
		return;
	count = note->number - room->first + 1;
	done = bytes_before(room, count);
	used = bytes_before(room, room->pending);
	memmove(room->bytes, room->bytes + done, used - done);
	memmove(room->lens, room->lens + count,
		(room->pending - count) * sizeof *room->lens);
	room->first += count;
	room->pending -= count;
	room->sent = room->sent > count ? room->sent - count : 0;
	if (room->pending == 0) {
		room->news |= NEWS_ACKED;
		room->resend_at = ALTAIR_NEVER;
	}
}

/* An error about a room that is attached: only some end it. */
static void take_trouble(struct air_room *room,
			 const struct air_room_rules *rules, altair_time now,
			 const altair_note *note)
{
	altair_time wait = ALTAIR_SEC(note->seconds ? note->seconds : 1);

	switch (note->refusal) {
	case ALTAIR_REFUSED_NOT_ALLOWED: /* the server takes us for away */
		room->link = ROOM_TO_ASK;
		room->retry_at = air_time_after(now, rules->resend);
		break;
	case ALTAIR_REFUSED_LIMIT:
	case ALTAIR_REFUSED_BUSY:
		room->resend_at = air_time_after(now, wait);
		break;
	case ALTAIR_REFUSED_EXPIRED:
		refuse(room, note->refusal, 0);
		break;
	default:
		break;
	}
}

static void take_error(struct air_room *room,
		       const struct air_room_rules *rules, altair_time now,
		       const altair_note *note)
{
	bool is_later =
		note->refusal == ALTAIR_REFUSED_BUSY ||
		(note->refusal == ALTAIR_REFUSED_LIMIT && room->has_mailbox);
	altair_time wait = ALTAIR_SEC(note->seconds ? note->seconds : 1);

	if (room->link == ROOM_IS_ATTACHED) {
		take_trouble(room, rules, now, note);
	} else if (is_later &&
		   air_time_after(now, wait) <
			   air_time_after(room->asked_at, rules->patience)) {
		room->link = ROOM_TO_ASK;
		room->retry_at = air_time_after(now, wait);
		room->resend_at = ALTAIR_NEVER;
	} else {
		refuse(room, note->refusal, note->seconds);
	}
}

bool air_room_take(struct air_room *room, const struct air_room_rules *rules,
		   altair_time now, const altair_note *note)
{
	if (room->kind == ROOM_IS_CLOSING ||
	    room->news & (NEWS_GONE | NEWS_REFUSED))
		return false;
	switch (note->type) {
	case ALTAIR_NOTE_NAMEPLATE:
		take_nameplate(room, note);
		break;
	case ALTAIR_NOTE_JOINED:
		take_joined(room, now, note);
		break;
	case ALTAIR_NOTE_MESSAGE:
		return take_message(room, now, note);
	case ALTAIR_NOTE_ACK:
		take_ack(room, now, note);
		break;
	case ALTAIR_NOTE_GONE:
		room->news |= NEWS_GONE;
		room->failed = note->failed;
		break;
	case ALTAIR_NOTE_ERROR:
		take_error(room, rules, now, note);
		break;
	default:
		break;
	}
	return false;
}

void air_room_tick(struct air_room *room, const struct air_room_rules *rules,
		   altair_time now)
{
	if (room->kind == ROOM_IS_FREE || room->kind == ROOM_IS_CLOSING)
		return;
	if (room->resend_at <= now) {
		room->resend_at = ALTAIR_NEVER;
		room->sent = 0;
		if (room->link == ROOM_HAS_ASKED)
			room->link = ROOM_TO_ASK;
	}
	if (room->pending > 0 && room->is_joined &&
	    now >= air_time_after(room->heard_at, rules->patience))
		room->news |= NEWS_GONE;
}

static void begin_note(const struct air_room *room, altair_note *out,
		       enum altair_note_type type)
{
	*out = (altair_note){.type = type, .has_token = true};
	memcpy(out->token, room->token, sizeof out->token);
}

/* The claim or call, with message 1. */
static void say_first(struct air_room *room, altair_note *out)
{
	begin_note(room, out,
		   room->kind == ROOM_CLAIMS ? ALTAIR_NOTE_CLAIM
					     : ALTAIR_NOTE_CALL);
	out->nameplate = room->nameplate;
	memcpy(out->key, room->key, sizeof out->key);
	memcpy(out->pair, room->pair, sizeof out->pair);
	out->body = (altair_bytes){room->bytes, room->lens[0]};
	room->sent = 1;
}

static void say_ask(struct air_room *room, const struct air_room_rules *rules,
		    altair_time now, altair_note *out)
{
	if (room->has_mailbox) {
		begin_note(room, out, ALTAIR_NOTE_RESUME);
		memcpy(out->mailbox, room->mailbox, sizeof out->mailbox);
		out->is_caller = is_caller(room);
		if (room->kind == ROOM_LISTENS && !room->is_joined)
			out->nameplate = room->nameplate;
		room->sent = 0;
	} else if (is_caller(room)) {
		say_first(room, out);
	} else {
		begin_note(room, out, ALTAIR_NOTE_LISTEN);
	}
	room->link = ROOM_HAS_ASKED;
	room->resend_at = air_time_after(now, rules->resend);
}

static void say_message(struct air_room *room,
			const struct air_room_rules *rules, altair_time now,
			altair_note *out)
{
	if (room->sent == 0 && asks_with_body(room)) {
		say_first(room, out);
	} else {
		begin_note(room, out, ALTAIR_NOTE_SEND);
		out->number = room->first + room->sent;
		out->body = (altair_bytes){
			room->bytes + bytes_before(room, room->sent),
			room->lens[room->sent]};
		room->sent++;
	}
	room->resend_at = air_time_after(now, rules->resend);
}

bool air_room_say(struct air_room *room, const struct air_room_rules *rules,
		  altair_time now, altair_note *out)
{
	if (room->kind == ROOM_IS_CLOSING) {
		begin_note(room, out, ALTAIR_NOTE_CLOSE);
		out->failed = room->failed;
		room->kind = ROOM_IS_FREE;
		return true;
	}
	if (room->kind == ROOM_IS_FREE ||
	    room->news & (NEWS_GONE | NEWS_REFUSED))
		return false;
	if (room->link == ROOM_TO_ASK && room->retry_at <= now) {
		say_ask(room, rules, now, out);
		return true;
	}
	if (room->link != ROOM_IS_ATTACHED || !room->is_joined)
		return false;
	if (room->ack_due) {
		begin_note(room, out, ALTAIR_NOTE_ACK);
		out->number = room->received;
		room->ack_due = false;
		return true;
	}
	if (room->sent == room->pending)
		return false;
	say_message(room, rules, now, out);
	return true;
}

bool air_room_tell(struct air_room *room, enum altair_visit_step *step,
		   altair_visit_output *out)
{
	static const enum altair_visit_step steps[] = {
		ALTAIR_VISIT_CALLED,  ALTAIR_VISIT_NAMEPLATE,
		ALTAIR_VISIT_JOINED,  ALTAIR_VISIT_ACKED,
		ALTAIR_VISIT_REFUSED, ALTAIR_VISIT_GONE,
	};
	unsigned first = 0;

	if (room->kind == ROOM_IS_FREE || room->kind == ROOM_IS_CLOSING ||
	    !room->news)
		return false;
	while (!(room->news >> first & 1))
		first++;
	room->news &= ~(1u << first);
	*step = steps[first];
	out->nameplate = room->nameplate;
	out->seconds = room->seconds;
	out->failed = room->failed;
	out->refusal = room->refusal;
	memcpy(out->pair, room->pair, sizeof out->pair);
	if (*step == ALTAIR_VISIT_REFUSED || *step == ALTAIR_VISIT_GONE)
		room->kind = ROOM_IS_FREE;
	return true;
}

altair_time air_room_deadline(const struct air_room *room,
			      const struct air_room_rules *rules)
{
	altair_time next = room->resend_at;

	if (room->kind == ROOM_IS_FREE)
		return ALTAIR_NEVER;
	if (room->link == ROOM_TO_ASK)
		next = air_time_sooner(next, room->retry_at);
	if (room->pending > 0 && room->is_joined)
		next = air_time_sooner(
			next, air_time_after(room->heard_at, rules->patience));
	return next;
}
