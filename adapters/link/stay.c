/*
 * Obeys altair/visit.h: connects when it says so, to each address of the server in
 * turn, and carries notes as JSON in WebSocket messages (docs/rendezvous.md).
 *
 * Invariant: the visit is polled dry before it is given the next note, and after
 * every call that changes it; so the order of its events is that of the wire.
 */
#define _GNU_SOURCE
#include "stay.h"

#include <altair/json.h>
#include <altair/udp.h>

#include <stdlib.h>
#include <string.h>

#define PATH "/v1"
#define PROTOCOL "altair.v1"

/* An address that does not answer for so long gives way to the next one. */
#define NEXT_AFTER ALTAIR_SEC(3)

/* ---- the connection ---- */

static void give_up(struct air_stay *s, int reason)
{
	s->is_connecting = false;
	s->reason = reason;
	s->handlers.online(s->user, reason);
	altair_visit_lost(s->visit, altair_clock_now());
}

/* The next address that can be tried. */
static void connect_next(struct air_stay *s)
{
	int error = s->name.count > 0 ? ALTAIR_E_NETWORK : ALTAIR_E_RESOLVE;

	if (s->reason)
		error = s->reason;
	s->next_at = altair_clock_now() + NEXT_AFTER;
	while (s->next < s->name.count)
		if (air_socket_connect(s->socket, &s->name.addrs[s->next++]) ==
		    0)
			return;
	give_up(s, error);
}

static void on_name(void *user)
{
	struct air_stay *s = user;

	for (size_t i = 0; i < s->name.count; i++)
		s->handlers.found(s->user, &s->name.addrs[i]);
	connect_next(s);
	s->handlers.kick(s->user);
}

static void begin(struct air_stay *s)
{
	s->next = 0;
	s->reason = 0;
	s->is_connecting = true;
	air_name_find(&s->name, s->loop, s->url.host, s->url.port);
}

static void on_opened(void *user)
{
	struct air_stay *s = user;

	altair_visit_opened(s->visit, altair_clock_now());
	s->next = s->name.count;
	s->is_connecting = false;
	s->handlers.kick(s->user);
}

static void on_lost(void *user, int reason)
{
	struct air_stay *s = user;

	s->reason = reason;
	connect_next(s);
	s->handlers.kick(s->user);
}

/* ---- notes ---- */

static void say(struct air_stay *s, const altair_note *note)
{
	int len = altair_note_format(note, s->text, sizeof s->text);

	if (len > 0) /* what is lost is said again */
		(void)air_socket_send(
			s->socket,
			(altair_bytes){(uint8_t *)s->text, (size_t)len});
}

static void obey(struct air_stay *s, enum altair_visit_step step,
		 const altair_visit_output *out)
{
	switch (step) {
	case ALTAIR_VISIT_CONNECT:
		begin(s);
		break;
	case ALTAIR_VISIT_DISCONNECT:
		air_socket_drop(s->socket);
		break;
	case ALTAIR_VISIT_NOTE:
		say(s, &out->note);
		break;
	case ALTAIR_VISIT_ONLINE:
		s->handlers.online(s->user, 0);
		break;
	default:
		s->handlers.event(s->user, step, out);
		break;
	}
}

static altair_time drain(struct air_stay *s)
{
	altair_visit_output out = {.deadline = ALTAIR_NEVER};
	enum altair_visit_step step;

	while (!s->is_closing) {
		step = altair_visit_poll(s->visit, &out);
		if (step == ALTAIR_VISIT_WAIT)
			return out.deadline;
		obey(s, step, &out);
	}
	return ALTAIR_NEVER;
}

static void on_text(void *user, altair_bytes text)
{
	struct air_stay *s = user;
	enum altair_visit_verdict verdict;
	altair_note note;
	uint32_t mailbox;

	if (altair_note_parse(&note, text, s->scratch, sizeof s->scratch) != 0)
		return; /* of a newer server, or nonsense */
	verdict = altair_visit_take(s->visit, altair_clock_now(), &note,
				    &mailbox);
	drain(s);
	if (s->is_closing)
		return;
	if (verdict == ALTAIR_VISIT_SERVERS)
		s->handlers.servers(s->user, &note);
	else if (verdict == ALTAIR_VISIT_BODY)
		s->handlers.body(s->user, mailbox, note.body);
	s->handlers.kick(s->user);
}

/* One address is tried, and there is another one. */
static bool has_another(const struct air_stay *s)
{
	return s->is_connecting && s->next > 0 && s->next < s->name.count;
}

altair_time air_stay_run(struct air_stay *stay, altair_time now)
{
	altair_time deadline;

	if (stay->is_closing)
		return ALTAIR_NEVER;
	if (has_another(stay) && now >= stay->next_at)
		connect_next(stay);
	altair_visit_tick(stay->visit, now);
	deadline = drain(stay);
	return has_another(stay) && stay->next_at < deadline ? stay->next_at
							     : deadline;
}

/* ---- its life ---- */

static int sign(void *user, altair_bytes message, uint8_t *out, size_t cap)
{
	const struct air_stay *s = user;

	if (cap < ALTAIR_SIGNATURE_MAX)
		return ALTAIR_E_SPACE;
	return altair_openssl_key_sign(s->key, message, out);
}

static int make_visit(struct air_stay *s)
{
	uint8_t spki[ALTAIR_SPKI_LEN];
	altair_visit_config config;
	size_t size;

	altair_visit_config_default(&config);
	altair_openssl_key_spki(s->key, spki);
	config.crypto = altair_openssl();
	config.spki = (altair_bytes){spki, sizeof spki};
	config.sign = sign;
	config.sign_user = s;
	config.mailboxes_max = AIR_STAY_MAILBOXES;
	size = altair_visit_size(&config);
	s->memory = malloc(size);
	if (size == 0 || !s->memory)
		return ALTAIR_E_MEMORY;
	return altair_visit_init(&s->visit, s->memory, size, &config,
				 altair_clock_now());
}

int air_stay_open(struct air_stay *stay, const char *ca)
{
	const struct air_socket_config config = {
		.url = stay->url,
		.ca = ca,
		.path = PATH,
		.protocol = PROTOCOL,
		.handlers = {on_opened, on_text, on_lost},
		.user = stay,
	};
	int error = make_visit(stay);

	if (!error)
		error = air_socket_open(&stay->socket, stay->loop, &config);
	stay->name.found = on_name;
	stay->name.user = stay;
	if (error)
		free(stay->memory);
	return error;
}

bool air_stay_is_idle(const struct air_stay *stay)
{
	return air_socket_is_idle(stay->socket);
}

static void on_part_closed(void *user)
{
	struct air_stay *s = user;

	if (--s->open_parts > 0)
		return;
	free(s->memory);
	s->closed(s->user);
}

void air_stay_close(struct air_stay *stay, void (*closed)(void *user))
{
	stay->is_closing = true;
	stay->closed = closed;
	stay->open_parts = 1;
	if (air_name_forget(&stay->name, on_part_closed))
		stay->open_parts++;
	air_socket_close(stay->socket, on_part_closed);
}
