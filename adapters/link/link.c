/*
 * One session with one peer: the server (stay.c), introductions (introduce.c), the
 * protected path (talk.c), and what the user is told of it.
 *
 * Everything begins at once: candidates are gathered while the server is connected
 * to, and the server's own address is asked as a STUN server before that.
 *
 * Invariants: events and messages come from the loop, never from within a call of
 * the user; after LEFT or FAILED nothing is told any more; CONNECTED comes once.
 * Work that a callback finds is done in its turn of the loop (air_link_kick).
 */
#define _GNU_SOURCE
#include "link.h"

#include <altair/udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is said at the end may take so long to leave. */
#define CLOSING_PATIENCE ALTAIR_MSEC(500)
/* A ticket waits so long for candidates. */
#define TICKET_PATIENCE ALTAIR_SEC(3)

/* ---- what the user is told ---- */

static void tell(altair_uv_link *link, altair_uv_link_event *event)
{
	if (link->is_over || link->is_closing)
		return;
	event->since = altair_clock_now() - link->opened_at;
	if (event->kind == ALTAIR_UV_LINK_LEFT ||
	    event->kind == ALTAIR_UV_LINK_FAILED)
		link->is_over = true;
	link->handlers.event(link->user, link, event);
}

void air_link_fail(altair_uv_link *link, int reason, const char *text)
{
	altair_uv_link_event event = {
		.kind = ALTAIR_UV_LINK_FAILED, .reason = reason, .text = text};

	tell(link, &event);
}

void air_link_show(altair_uv_link *link, const char *text)
{
	altair_uv_link_event event = {.kind = ALTAIR_UV_LINK_SHOW,
				      .text = text};

	tell(link, &event);
}

static void tell_path(altair_uv_link *link, enum altair_uv_link_kind kind)
{
	altair_uv_link_event event = {
		.kind = kind, .peer = link->peer, .has_pair = link->has_pair};

	event.path.size = sizeof event.path;
	(void)altair_agent_selected(link->talk.agent, &event.path);
	tell(link, &event);
}

void air_link_introduce(altair_uv_link *link, const altair_uv_link_peer *peer,
			bool has_pair, bool is_client)
{
	altair_uv_link_event event = {.kind = ALTAIR_UV_LINK_INTRODUCED,
				      .peer = *peer,
				      .has_pair = has_pair};
	int error;

	link->peer = *peer;
	link->has_pair = has_pair;
	link->is_introduced = true;
	error = air_talk_expect(&link->talk, peer->key, is_client);
	if (error)
		air_link_fail(link, error, altair_strerror(error));
	tell(link, &event);
	explicit_bzero(&event, sizeof event);
}

/* ---- tickets ---- */

static void show_ticket(altair_uv_link *link)
{
	char text[ALTAIR_UV_LINK_TICKET_TEXT];
	struct air_ticket *ticket = &link->ticket;

	link->is_shown = true;
	memcpy(ticket->key, link->hash, sizeof ticket->key);
	if (altair_uv_agent_hosts(link->talk.driver) == 0)
		air_link_fail(link, ALTAIR_E_NETWORK,
			      "this host has no network: no interface that is "
			      "up has an address that can be used");
	else if (altair_agent_describe(link->talk.agent, ticket->lines,
				       sizeof ticket->lines) > 0 &&
		 air_ticket_format(ticket, text, sizeof text) > 0)
		air_link_show(link, text);
	else
		air_link_fail(link, ALTAIR_E_SPACE,
			      altair_strerror(ALTAIR_E_SPACE));
}

/* Both sides work it out from both tickets. */
static void take_ticket(altair_uv_link *link)
{
	static const char label[] = "altair 1 pair of tickets";
	const altair_crypto *crypto = altair_openssl();
	bool is_first = memcmp(link->ticket.secret, link->theirs->secret,
			       AIR_TICKET_SECRET) < 0;
	const struct air_ticket *first =
		is_first ? &link->ticket : link->theirs;
	const struct air_ticket *second =
		is_first ? link->theirs : &link->ticket;
	const altair_bytes parts[] = {
		{(const uint8_t *)label, sizeof label},
		{first->secret, AIR_TICKET_SECRET},
		{first->key, sizeof first->key},
		{second->key, sizeof second->key},
	};
	altair_uv_link_peer peer;

	crypto->hmac_sha256(crypto->user,
			    (altair_bytes){second->secret, AIR_TICKET_SECRET},
			    parts, sizeof parts / sizeof *parts, peer.pair);
	memcpy(peer.key, link->theirs->key, sizeof peer.key);
	air_link_introduce(link, &peer, true, is_first);
	explicit_bzero(&peer, sizeof peer);
}

/* Returns when to be called again. */
static altair_time run_tickets(altair_uv_link *link, altair_time now)
{
	altair_time show_at = link->opened_at + TICKET_PATIENCE;

	if (!link->is_shown && (link->talk.is_gathered || now >= show_at))
		show_ticket(link);
	if (link->theirs && !link->is_introduced && !link->is_over)
		take_ticket(link);
	return link->is_shown ? ALTAIR_NEVER : show_at;
}

/* ---- the turn of the loop ---- */

static void check_gone(altair_uv_link *link)
{
	altair_uv_link_event event = {.kind = ALTAIR_UV_LINK_LEFT};

	if (!link->is_gone || link->is_over)
		return;
	if (!link->is_connected)
		air_link_fail(
			link, ALTAIR_E_CLOSED,
			"the other side has gone before there was a path");
	else if (link->talk.is_silent)
		tell(link, &event);
}

static altair_time earlier(altair_time a, altair_time b)
{
	return a < b ? a : b;
}

/* The server and the STUN servers are asked before the code is stretched, which
 * takes about 20 ms: two turns of the loop. True: this was the first. */
static bool begin_late(altair_uv_link *link)
{
	int error;

	if (link->turns == 2)
		return false;
	if (link->turns++ == 0) {
		air_stay_run(&link->stay, altair_clock_now());
		return true;
	}
	error = air_introduce_begin(link);
	if (error)
		air_link_fail(link, error, altair_strerror(error));
	return false;
}

static altair_time run(altair_uv_link *link)
{
	altair_time now = altair_clock_now(), deadline = ALTAIR_NEVER;

	if (!link->has_no_server) {
		if (begin_late(link))
			return now;
		deadline = air_introduce_run(link, now);
		/* Also when it is over: the other side has to be told. */
		deadline = earlier(deadline, air_stay_run(&link->stay, now));
	}
	if (link->is_over)
		return deadline;
	if (link->way == ALTAIR_UV_LINK_TICKET)
		deadline = earlier(deadline, run_tickets(link, now));
	deadline = earlier(deadline, air_talk_run(&link->talk, now));
	check_gone(link);
	return deadline;
}

static void set_timer(altair_uv_link *link, altair_time deadline);

void air_link_kick(altair_uv_link *link)
{
	set_timer(link, 0);
}

static void close_parts(altair_uv_link *link);

static void ring(uv_timer_t *timer)
{
	altair_uv_link *link = timer->data;
	altair_time deadline;

	if (link->is_closing) {
		close_parts(link);
		return;
	}
	deadline = run(link);
	if (deadline != ALTAIR_NEVER && !link->is_closing &&
	    !uv_is_active((uv_handle_t *)timer)) /* else it was kicked */
		set_timer(link, deadline);
}

/* Rounded up: a tick too early helps nobody. */
static void set_timer(altair_uv_link *link, altair_time deadline)
{
	altair_time now = altair_clock_now();
	uint64_t wait = 0;

	if (uv_is_closing((uv_handle_t *)&link->timer))
		return;
	if (deadline > now)
		wait = (deadline - now + ALTAIR_MSEC(1) - 1) / ALTAIR_MSEC(1);
	uv_update_time(link->loop);
	uv_timer_start(&link->timer, ring, wait, 0);
}

void air_link_begin(altair_uv_link *link)
{
	uv_timer_init(link->loop, &link->timer);
	link->timer.data = link;
}

/* ---- from the server ---- */

static void on_found(void *user, const altair_addr *addr)
{
	altair_uv_link *link = user;

	/* One too many, or of a family that we have not, is left out. */
	(void)altair_agent_add_server(link->talk.agent, altair_clock_now(),
				      addr);
	altair_uv_agent_kick(link->talk.driver);
}

static const char *server_sentence(int reason)
{
	switch (reason) {
	case ALTAIR_E_RESOLVE:
		return "the server's name has no address; is it right, and is "
		       "there a network";
	case ALTAIR_E_TLS:
		return "the server could not prove who it is; compare its "
		       "address with what it shows when it starts";
	case ALTAIR_E_SERVER:
		return "what answers at the server's address is no altair "
		       "server";
	default:
		return "the server cannot be reached; does it run, and does a "
		       "firewall let TCP through";
	}
}

static void on_online(void *user, int reason)
{
	altair_uv_link *link = user;
	bool is_first = !link->was_online;
	altair_uv_link_event event = {
		.kind = ALTAIR_UV_LINK_SERVER,
		.reason = reason,
		.text = reason ? server_sentence(reason) : NULL,
	};

	if (reason ? link->is_offline_told
		   : link->was_online && !link->is_offline_told)
		return;
	link->is_offline_told = reason != 0;
	link->was_online |= reason == 0;
	tell(link, &event);
	if (!reason || !is_first)
		return;
	if (link->way == ALTAIR_UV_LINK_TICKET)
		air_servers_skip(&link->servers);
	else
		air_link_fail(link, reason, event.text);
}

/* Whoever trusts the server for introductions does so for relays over TLS. */
static void open_tls(altair_uv_link *link)
{
	const struct air_url *url = &link->stay.url;
	int error;

	if (link->has_tls)
		return;
	error = url->is_pinned ? altair_openssl_tls_pin(&link->tls, url->sha256)
			       : altair_openssl_tls_open(&link->tls, link->ca);
	link->has_tls = error == 0;
}

static void on_servers(void *user, const altair_note *welcome)
{
	altair_uv_link *link = user;

	for (size_t i = 0; i < welcome->turn_count; i++)
		if (welcome->turn[i].url.len > 6 &&
		    memcmp(welcome->turn[i].url.data, "turns:", 6) == 0)
			open_tls(link);
	air_servers_take(&link->servers, welcome);
}

static void on_visit(void *user, enum altair_visit_step step,
		     const altair_visit_output *out)
{
	altair_uv_link *link = user;

	if (!link->is_over && !link->is_closing)
		air_introduce_event(link, step, out);
}

static void on_body(void *user, uint32_t mailbox, altair_bytes body)
{
	altair_uv_link *link = user;

	if (!link->is_over && !link->is_closing)
		air_introduce_body(link, mailbox, body);
}

static void on_kick(void *user)
{
	air_link_kick(user);
}

/* ---- from the protected path ---- */

static void on_lines(void *user, const char *lines)
{
	air_introduce_tell(user, lines);
}

static void on_opened(void *user)
{
	altair_uv_link *link = user;

	link->is_connected = true;
	tell_path(link, ALTAIR_UV_LINK_CONNECTED);
}

static void on_message(void *user, altair_bytes message)
{
	altair_uv_link *link = user;

	if (link->handlers.message && !link->is_over && !link->is_closing)
		link->handlers.message(link->user, link, message);
}

static void on_moved(void *user)
{
	tell_path(user, ALTAIR_UV_LINK_PATH);
}

static void on_silent(void *user, bool is_silent)
{
	altair_uv_link *link = user;
	altair_uv_link_event event = {
		.kind = ALTAIR_UV_LINK_SILENT,
		.reason = is_silent ? ALTAIR_E_TIMEOUT : 0,
	};

	if (is_silent && !link->has_no_server) /* the network has changed? */
		altair_visit_hurry(link->stay.visit, altair_clock_now());
	if (link->is_connected)
		tell(link, &event);
}

static const char *talk_sentence(int reason)
{
	switch (reason) {
	case ALTAIR_E_IDENTITY:
		return "who answers is not who was introduced; nothing was "
		       "disclosed";
	case ALTAIR_E_TIMEOUT:
		return "there is a path, but the peer does not answer on it";
	default:
		return altair_strerror(reason);
	}
}

static void on_over(void *user, int reason)
{
	altair_uv_link *link = user;
	altair_agent_verdict verdict = {.size = sizeof verdict};
	altair_uv_link_event left = {.kind = ALTAIR_UV_LINK_LEFT};
	char text[400];

	if (link->talk.has_no_path) {
		altair_agent_get_verdict(link->talk.agent, &verdict);
		snprintf(text, sizeof text, "no path: %s; %s", verdict.sentence,
			 verdict.advice);
		air_link_fail(link, reason, text);
	} else if (reason == ALTAIR_E_CLOSED && link->is_connected) {
		tell(link, &left);
	} else {
		air_link_fail(link, reason, talk_sentence(reason));
	}
}

/* ---- the user's calls ---- */

int altair_uv_link_send(altair_uv_link *link, altair_bytes message)
{
	if (!link->is_connected || link->is_over || link->is_closing)
		return ALTAIR_E_STATE;
	return air_talk_send(&link->talk, message);
}

int altair_uv_link_path(const altair_uv_link *link, altair_agent_pair *out)
{
	if (link->is_closing)
		return ALTAIR_E_STATE;
	return altair_agent_selected(link->talk.agent, out);
}

const altair_agent *altair_uv_link_agent(const altair_uv_link *link)
{
	return link->talk.agent;
}

int altair_uv_link_take(altair_uv_link *link, const char *ticket)
{
	int error;

	if (link->way != ALTAIR_UV_LINK_TICKET || link->theirs ||
	    link->is_over || link->is_closing)
		return ALTAIR_E_STATE;
	link->theirs = malloc(sizeof *link->theirs);
	if (!link->theirs)
		return ALTAIR_E_MEMORY;
	error = air_ticket_parse(link->theirs, ticket);
	if (!error && memcmp(link->theirs->secret, link->ticket.secret,
			     AIR_TICKET_SECRET) == 0)
		error = ALTAIR_E_INVALID;
	if (!error)
		error = air_talk_accept(&link->talk, link->theirs->lines);
	if (error) {
		explicit_bzero(link->theirs, sizeof *link->theirs);
		free(link->theirs);
		link->theirs = NULL;
		return error;
	}
	altair_agent_end_of_candidates(link->talk.agent, altair_clock_now());
	air_link_kick(link);
	return 0;
}

/* ---- the private loop ---- */

static bool is_private(const altair_uv_link *link)
{
	return link->loop == &link->own;
}

int altair_uv_link_fd(const altair_uv_link *link)
{
	return is_private(link) ? uv_backend_fd(link->loop) : ALTAIR_E_STATE;
}

int altair_uv_link_timeout(const altair_uv_link *link)
{
	return is_private(link) ? uv_backend_timeout(link->loop)
				: ALTAIR_E_STATE;
}

static void end_private(altair_uv_link *link)
{
	void (*closed)(void *user) = link->closed;
	void *user = link->user;

	while (uv_loop_close(link->loop) == UV_EBUSY)
		uv_run(link->loop, UV_RUN_NOWAIT);
	free(link);
	if (closed)
		closed(user);
}

bool altair_uv_link_turn(altair_uv_link *link)
{
	uv_run(link->loop, UV_RUN_NOWAIT);
	if (!link->is_closing || link->open_parts > 0)
		return true;
	end_private(link);
	return false;
}

/* ---- the end ---- */

void air_link_free_things(altair_uv_link *link)
{
	if (link->has_dtls)
		altair_openssl_dtls_close(&link->dtls);
	if (link->has_tls)
		altair_openssl_tls_close(&link->tls);
	altair_openssl_key_free(link->key);
	if (link->known)
		explicit_bzero(link->known,
			       link->known_count * sizeof *link->known);
	if (link->theirs)
		explicit_bzero(link->theirs, sizeof *link->theirs);
	explicit_bzero(&link->peer, sizeof link->peer);
	explicit_bzero(&link->ticket, sizeof link->ticket);
	explicit_bzero(&link->code, sizeof link->code);
	free(link->known);
	free(link->theirs);
	free(link->ca);
}

static void part_closed(altair_uv_link *link)
{
	void (*closed)(void *user) = link->closed;
	void *user = link->user;

	if (--link->open_parts > 0)
		return;
	air_link_free_things(link);
	if (is_private(link))
		return; /* its turn ends it */
	free(link);
	if (closed)
		closed(user);
}

static void on_part_closed(void *user)
{
	part_closed(user);
}

static void on_talk_closed(void *user)
{
	struct air_talk *talk = user;

	part_closed(talk->user);
}

static void on_timer_closed(uv_handle_t *timer)
{
	part_closed(timer->data);
}

/* When all is said, or it has taken too long. */
static void close_parts(altair_uv_link *link)
{
	altair_time now = altair_clock_now();

	if (!link->has_no_server && !air_stay_is_idle(&link->stay) &&
	    now < link->patience) {
		set_timer(link, now + ALTAIR_MSEC(2));
		return;
	}
	link->open_parts = 2;
	uv_close((uv_handle_t *)&link->timer, on_timer_closed);
	if (!link->has_no_server) {
		link->open_parts++;
		air_stay_close(&link->stay, on_part_closed);
	}
	if (link->talk.driver) {
		link->open_parts++;
		air_talk_close(&link->talk, on_talk_closed);
	}
	air_servers_close(&link->servers, on_part_closed, link);
}

void altair_uv_link_close(altair_uv_link *link, void (*closed)(void *user))
{
	if (link->is_closing)
		return;
	link->closed = closed;
	link->patience = altair_clock_now() + CLOSING_PATIENCE;
	air_talk_goodbye(&link->talk);
	if (!link->has_no_server && link->stay.visit) {
		air_introduce_end(link);
		air_stay_run(&link->stay, altair_clock_now());
	}
	link->is_closing = true;
	air_link_kick(link);
}

const struct air_stay_handlers air_link_stay_handlers = {
	.found = on_found,
	.online = on_online,
	.servers = on_servers,
	.event = on_visit,
	.body = on_body,
	.kick = on_kick,
};

const struct air_talk_handlers air_link_talk_handlers = {
	.lines = on_lines,
	.gathered = on_kick,
	.opened = on_opened,
	.message = on_message,
	.moved = on_moved,
	.silent = on_silent,
	.over = on_over,
	.kick = on_kick,
};
