/*
 * A client's stay: one connection at a time, and its rooms. A connection counts from its
 * welcome on; without one in ten seconds it is closed. Notes are made when they are
 * polled, from what the rooms have to say then: nothing is queued, so there is
 * nothing to run over.
 */
#include <altair/visit.h>

#include "base/assert.h"
#include "base/time.h"
#include "rendezvous/room.h"

#define ROOMS_MAX 64
#define WINDOW_MAX 64

/* Our own: after each loss in a row we come again between so many seconds. Nobody
 * tries twice in the first six, so a crowd is not denser than at its start. */
static const struct {
	uint8_t from, to;
} waits[] = {{0, 6}, {6, 14}, {8, 16}};

#define WAITS (sizeof waits / sizeof waits[0])

enum stay {
	IS_AWAY,    /* until connect_at */
	IS_CALLING, /* CONNECT was said */
	IS_OPEN,    /* not yet welcome, until welcome_by */
	IS_ONLINE,
	IS_LEAVING /* DISCONNECT is to be said */
};

struct altair_visit {
	altair_visit_config config;
	struct air_room_rules rules;
	enum stay stay;
	bool tell_online, tell_offline, tell_present, tell_absent;
	bool is_wanted_present, present_due;
	bool is_present; /* over this connection */
	enum altair_refusal refusal;
	unsigned losses;
	altair_time now, connect_at, welcome_by, present_at;
	struct air_room *rooms;
	size_t spki_len;
	uint8_t spki[ALTAIR_NOTE_SPKI_MAX];
	uint8_t nonce[ALTAIR_NOTE_NONCE_LEN];
	uint8_t signature[ALTAIR_NOTE_SIGNATURE_MAX];
};

void altair_visit_config_default(altair_visit_config *config)
{
	*config = (altair_visit_config){
		.size = sizeof *config,
		.mailboxes_max = 4,
		.window = 8,
		.window_len = 32 << 10,
		.resend = ALTAIR_SEC(2),
		.patience = ALTAIR_SEC(75),
		.answer = ALTAIR_SEC(10),
	};
}

static bool is_valid(const altair_visit_config *c)
{
	return c->size == sizeof *c && c->crypto && c->crypto->random &&
	       c->mailboxes_max >= 1 && c->mailboxes_max <= ROOMS_MAX &&
	       c->window >= 1 && c->window <= WINDOW_MAX &&
	       c->window_len >= ALTAIR_NOTE_BODY_MAX &&
	       c->window_len <= (1u << 20) && c->resend >= ALTAIR_MSEC(100) &&
	       c->resend <= ALTAIR_SEC(60) && c->patience >= c->resend &&
	       c->patience <= ALTAIR_SEC(3600) && c->answer > 0 &&
	       c->answer <= ALTAIR_SEC(600) &&
	       c->spki.len <= ALTAIR_NOTE_SPKI_MAX;
}

static altair_visit *lay_out(struct air_arena *arena,
			     const altair_visit_config *config)
{
	altair_visit *v = air_arena_take(arena, 1, sizeof *v);
	struct air_room *rooms =
		air_arena_take(arena, config->mailboxes_max, sizeof *rooms);

	for (unsigned i = 0; i < config->mailboxes_max; i++) {
		uint8_t *bytes = air_arena_reserve(arena, config->window_len);
		uint32_t *lens =
			air_arena_take(arena, config->window, sizeof *lens);

		if (!v || arena->failed)
			continue;
		rooms[i].bytes = bytes;
		rooms[i].lens = lens;
	}
	if (v)
		v->rooms = rooms;
	return v;
}

size_t altair_visit_size(const altair_visit_config *config)
{
	struct air_arena arena = {0};

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config);
	return arena.failed ? 0 : arena.used;
}

static int draw(const altair_visit *v, void *out, size_t len)
{
	return v->config.crypto->random(v->config.crypto->user, out, len);
}

int altair_visit_init(altair_visit **out, void *mem, size_t len,
		      const altair_visit_config *config, altair_time now)
{
	struct air_arena arena = {.mem = mem, .cap = len};
	altair_visit *v;

	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	v = lay_out(&arena, config);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	v->config = *config;
	v->rules = (struct air_room_rules){config->resend, config->patience,
					   config->window, config->window_len};
	v->now = v->connect_at = now;
	v->present_at = now;
	v->spki_len = config->spki.len;
	if (v->spki_len > 0)
		memcpy(v->spki, config->spki.data, v->spki_len);
	*out = v;
	return 0;
}

/* Something is to be done: a connection that nobody needed is needed. */
static void wake(altair_visit *v, altair_time now)
{
	v->now = now;
	if (v->stay == IS_AWAY && v->connect_at == ALTAIR_NEVER)
		v->connect_at = now;
}

/* A room that is free begins; its number, or an error. */
static int begin(altair_visit *v, altair_time now, enum air_room_kind kind)
{
	uint8_t token[ALTAIR_NOTE_ID_LEN];
	unsigned i = 0;
	int error;

	wake(v, now);
	while (i < v->config.mailboxes_max && v->rooms[i].kind != ROOM_IS_FREE)
		i++;
	if (i == v->config.mailboxes_max)
		return ALTAIR_E_FULL;
	error = draw(v, token, sizeof token);
	if (error < 0)
		return error;
	air_room_begin(&v->rooms[i], kind, token, now);
	return (int)i;
}

int altair_visit_listen(altair_visit *v, altair_time now)
{
	return begin(v, now, ROOM_LISTENS);
}

static int begin_with(altair_visit *v, altair_time now, enum air_room_kind kind,
		      altair_bytes body)
{
	int room;

	if (body.len > ALTAIR_NOTE_BODY_MAX)
		return ALTAIR_E_TOO_LONG;
	room = begin(v, now, kind);
	if (room >= 0)
		air_room_add(&v->rooms[room], &v->rules, body, now);
	return room;
}

int altair_visit_claim(altair_visit *v, altair_time now, uint32_t nameplate,
		       altair_bytes body)
{
	int room;

	if (nameplate < 1 || nameplate > ALTAIR_NOTE_NAMEPLATE_MAX)
		return ALTAIR_E_INVALID;
	room = begin_with(v, now, ROOM_CLAIMS, body);
	if (room >= 0)
		v->rooms[room].nameplate = nameplate;
	return room;
}

int altair_visit_call(altair_visit *v, altair_time now, const uint8_t *key,
		      const uint8_t *pair, altair_bytes body)
{
	int room = begin_with(v, now, ROOM_CALLS, body);

	if (room < 0)
		return room;
	memcpy(v->rooms[room].key, key, ALTAIR_NOTE_KEY_LEN);
	memcpy(v->rooms[room].pair, pair, ALTAIR_NOTE_ID_LEN);
	return room;
}

int altair_visit_present(altair_visit *v, altair_time now)
{
	if (v->spki_len == 0 || !v->config.sign)
		return ALTAIR_E_STATE;
	wake(v, now);
	v->is_wanted_present = true;
	v->present_due = !v->is_present;
	v->present_at = now;
	return 0;
}

/* The room with this number, or NULL if there is none, or it is over. */
static struct air_room *room_at(const altair_visit *v, uint32_t mailbox)
{
	if (mailbox >= v->config.mailboxes_max ||
	    v->rooms[mailbox].kind == ROOM_IS_FREE ||
	    v->rooms[mailbox].kind == ROOM_IS_CLOSING)
		return NULL;
	return &v->rooms[mailbox];
}

int altair_visit_send(altair_visit *v, altair_time now, uint32_t mailbox,
		      altair_bytes body)
{
	struct air_room *room = room_at(v, mailbox);

	v->now = now;
	return room ? air_room_add(room, &v->rules, body, now) : ALTAIR_E_STATE;
}

unsigned altair_visit_pending(const altair_visit *v, uint32_t mailbox)
{
	const struct air_room *room = room_at(v, mailbox);

	return room ? room->pending : 0;
}

void altair_visit_close(altair_visit *v, altair_time now, uint32_t mailbox,
			bool failed)
{
	struct air_room *room = room_at(v, mailbox);

	v->now = now;
	if (!room)
		return;
	if (v->stay != IS_ONLINE ||
	    (room->link == ROOM_TO_ASK && !room->has_mailbox)) {
		room->kind = ROOM_IS_FREE;
		return;
	}
	room->kind = ROOM_IS_CLOSING;
	room->failed = failed;
}

static bool is_idle(const altair_visit *v)
{
	for (unsigned i = 0; i < v->config.mailboxes_max; i++)
		if (v->rooms[i].kind != ROOM_IS_FREE)
			return false;
	return !v->is_wanted_present;
}

/* A random moment of the time after `from`. */
static altair_time within(const altair_visit *v, altair_time from,
			  altair_time time)
{
	uint64_t drawn;

	if (draw(v, &drawn, sizeof drawn) < 0)
		drawn = time / 2;
	return air_time_after(from, drawn % time);
}

static void leave(altair_visit *v, altair_time connect_at)
{
	if (v->stay == IS_ONLINE)
		v->tell_offline = true;
	v->tell_online = v->tell_present = false;
	v->stay = IS_AWAY;
	v->connect_at = connect_at;
	v->is_present = false;
	for (unsigned i = 0; i < v->config.mailboxes_max; i++)
		if (v->rooms[i].kind != ROOM_IS_FREE)
			air_room_detach(&v->rooms[i], v->now);
}

static void come_again(altair_visit *v)
{
	altair_time from = ALTAIR_SEC(waits[v->losses].from);
	altair_time to = ALTAIR_SEC(waits[v->losses].to);

	if (v->losses < WAITS - 1)
		v->losses++;
	leave(v, within(v, v->now + from, to - from));
}

void altair_visit_opened(altair_visit *v, altair_time now)
{
	v->now = now;
	if (v->stay != IS_CALLING)
		return;
	v->stay = IS_OPEN;
	v->welcome_by = air_time_after(now, v->config.answer);
}

void altair_visit_lost(altair_visit *v, altair_time now)
{
	v->now = now;
	if (v->stay != IS_AWAY && v->stay != IS_LEAVING)
		come_again(v);
}

void altair_visit_hurry(altair_visit *v, altair_time now)
{
	v->now = now;
	if (v->stay == IS_AWAY && v->connect_at != ALTAIR_NEVER)
		v->connect_at = now;
}

static void take_welcome(altair_visit *v, const altair_note *note)
{
	if (v->stay != IS_OPEN)
		return;
	v->stay = IS_ONLINE;
	v->losses = 0;
	v->tell_online = true;
	v->tell_offline = false;
	memcpy(v->nonce, note->nonce, sizeof v->nonce);
	v->present_due = v->is_wanted_present;
	v->present_at = v->now;
	for (unsigned i = 0; i < v->config.mailboxes_max; i++)
		if (v->rooms[i].kind != ROOM_IS_FREE)
			air_room_detach(&v->rooms[i], v->now);
}

/* The server ends it. One that needs nobody lets us stay away until we need it. */
static void take_bye(altair_visit *v, const altair_note *note)
{
	altair_time wait = ALTAIR_SEC(note->seconds);
	altair_time at = wait ? within(v, v->now + wait / 2, wait)
			      : within(v, v->now, ALTAIR_SEC(waits[0].to));

	if (wait == 0 && is_idle(v))
		at = ALTAIR_NEVER;
	leave(v, at);
	v->stay = IS_LEAVING;
}

static void take_called(altair_visit *v, const altair_note *note)
{
	struct air_room *room;
	int i = begin(v, v->now, ROOM_IS_CALLED);

	if (i < 0)
		return; /* the caller asks again */
	room = &v->rooms[i];
	memcpy(room->token, note->token, sizeof room->token);
	memcpy(room->mailbox, note->mailbox, sizeof room->mailbox);
	memcpy(room->pair, note->pair, sizeof room->pair);
	room->has_mailbox = true;
	room->is_joined = true;
	room->link = ROOM_IS_ATTACHED;
	room->news = NEWS_CALLED;
}

/* The server does not take our word for who we are, or not now. */
static void take_refusal(altair_visit *v, const altair_note *note)
{
	if (!v->is_wanted_present || v->is_present)
		return;
	if (note->refusal == ALTAIR_REFUSED_NOT_ALLOWED) {
		v->is_wanted_present = false;
		v->tell_absent = true;
		v->refusal = note->refusal;
	} else if (note->refusal == ALTAIR_REFUSED_LIMIT ||
		   note->refusal == ALTAIR_REFUSED_BUSY) {
		v->present_due = true;
		v->present_at = air_time_after(
			v->now, ALTAIR_SEC(note->seconds ? note->seconds : 1));
	}
}

static uint32_t find(const altair_visit *v, const altair_note *note)
{
	uint32_t i = 0;

	while (i < v->config.mailboxes_max &&
	       (v->rooms[i].kind == ROOM_IS_FREE ||
		memcmp(v->rooms[i].token, note->token, sizeof note->token)))
		i++;
	return i;
}

static enum altair_visit_verdict
take_of_room(altair_visit *v, const altair_note *note, uint32_t *mailbox)
{
	uint32_t room = find(v, note);

	if (room == v->config.mailboxes_max) {
		if (note->type == ALTAIR_NOTE_CALLED)
			take_called(v, note);
		return ALTAIR_VISIT_TAKEN;
	}
	if (!air_room_take(&v->rooms[room], &v->rules, v->now, note))
		return ALTAIR_VISIT_TAKEN;
	*mailbox = room;
	return ALTAIR_VISIT_BODY;
}

enum altair_visit_verdict altair_visit_take(altair_visit *v, altair_time now,
					    const altair_note *note,
					    uint32_t *mailbox)
{
	v->now = now;
	if (note->type == ALTAIR_NOTE_WELCOME) {
		take_welcome(v, note);
		return ALTAIR_VISIT_SERVERS;
	}
	if (v->stay != IS_ONLINE)
		return ALTAIR_VISIT_TAKEN;
	if (note->type == ALTAIR_NOTE_BYE) {
		take_bye(v, note);
	} else if (note->type == ALTAIR_NOTE_PRESENT) {
		v->tell_present = !v->is_present;
		v->is_present = true;
	} else if (note->has_token) {
		return take_of_room(v, note, mailbox);
	} else if (note->type == ALTAIR_NOTE_ERROR) {
		take_refusal(v, note);
	}
	return ALTAIR_VISIT_TAKEN;
}

void altair_visit_tick(altair_visit *v, altair_time now)
{
	v->now = now;
	if (v->stay == IS_OPEN && v->welcome_by <= now) {
		come_again(v);
		v->stay = IS_LEAVING;
	}
	if (v->stay != IS_ONLINE)
		return;
	for (unsigned i = 0; i < v->config.mailboxes_max; i++)
		air_room_tick(&v->rooms[i], &v->rules, now);
}

/* Signs the nonce; false when that fails: then we are not present. */
static bool say_present(altair_visit *v, altair_note *out)
{
	static const char text[] = ALTAIR_NOTE_PRESENCE;
	uint8_t message[sizeof text - 1 + ALTAIR_NOTE_NONCE_LEN];
	int len;

	memcpy(message, text, sizeof text - 1);
	memcpy(message + sizeof text - 1, v->nonce, sizeof v->nonce);
	len = v->config.sign(v->config.sign_user,
			     (altair_bytes){message, sizeof message},
			     v->signature, sizeof v->signature);
	v->present_due = false;
	if (len <= 0) {
		v->is_wanted_present = false;
		v->tell_absent = true;
		v->refusal = ALTAIR_REFUSED_NOT_ALLOWED;
		return false;
	}
	*out = (altair_note){.type = ALTAIR_NOTE_PRESENT,
			     .spki = {v->spki, v->spki_len},
			     .signature = {v->signature, (size_t)len}};
	return true;
}

static bool say(altair_visit *v, altair_note *out)
{
	if (v->stay != IS_ONLINE)
		return false;
	if (v->present_due && v->present_at <= v->now && say_present(v, out))
		return true;
	for (unsigned i = 0; i < v->config.mailboxes_max; i++)
		if (air_room_say(&v->rooms[i], &v->rules, v->now, out))
			return true;
	return false;
}

static bool is_said(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

/* What belongs to no room; ALTAIR_VISIT_WAIT: nothing. */
static enum altair_visit_step tell(altair_visit *v, altair_visit_output *out)
{
	if (v->stay == IS_LEAVING) {
		v->stay = IS_AWAY;
		return ALTAIR_VISIT_DISCONNECT;
	}
	if (is_said(&v->tell_offline))
		return ALTAIR_VISIT_OFFLINE;
	if (is_said(&v->tell_online))
		return ALTAIR_VISIT_ONLINE;
	if (is_said(&v->tell_present))
		return ALTAIR_VISIT_PRESENT;
	if (is_said(&v->tell_absent)) {
		out->mailbox = ALTAIR_VISIT_NONE;
		out->refusal = v->refusal;
		return ALTAIR_VISIT_REFUSED;
	}
	if (v->stay == IS_AWAY && v->connect_at <= v->now) {
		v->stay = IS_CALLING;
		return ALTAIR_VISIT_CONNECT;
	}
	return ALTAIR_VISIT_WAIT;
}

static altair_time deadline(const altair_visit *v)
{
	altair_time next = ALTAIR_NEVER;

	if (v->stay == IS_AWAY)
		return v->connect_at;
	if (v->stay == IS_OPEN)
		return v->welcome_by;
	if (v->stay != IS_ONLINE)
		return ALTAIR_NEVER;
	if (v->present_due)
		next = v->present_at;
	for (unsigned i = 0; i < v->config.mailboxes_max; i++)
		next = air_time_sooner(
			next, air_room_deadline(&v->rooms[i], &v->rules));
	return next;
}

enum altair_visit_step altair_visit_poll(altair_visit *v,
					 altair_visit_output *out)
{
	enum altair_visit_step step;

	*out = (altair_visit_output){0};
	step = tell(v, out);
	if (step != ALTAIR_VISIT_WAIT)
		return step;
	for (unsigned i = 0; i < v->config.mailboxes_max; i++) {
		out->mailbox = i;
		if (air_room_tell(&v->rooms[i], &step, out))
			return step;
	}
	if (say(v, &out->note))
		return ALTAIR_VISIT_NOTE;
	out->deadline = deadline(v);
	return ALTAIR_VISIT_WAIT;
}
