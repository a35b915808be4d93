/*
 * A ticket is pasted as one line, or as several where something has broken it: it
 * is tried after each line, alone and behind what came before.
 */
#define _GNU_SOURCE
#include "tickets.h"

#include "print.h"

#include <string.h>

#define LOOKUP_MS 3000

/* ---- theirs ---- */

static void on_end(void *user, bool at_start)
{
	struct tickets *t = user;

	(void)at_start;
	air_run_end(t->chat->run,
		    air_chat_report_failure(
			    &t->chat->report, EXIT_USAGE,
			    "no ticket of the other side came: give it on "
			    "standard input"));
}

static void add(struct tickets *t, altair_bytes line)
{
	if (line.len >= sizeof t->text - t->len)
		t->len = 0; /* too long to be one: begin with this line */
	if (line.len >= sizeof t->text)
		return;
	memcpy(t->text + t->len, line.data, line.len);
	t->len += line.len;
	t->text[t->len] = '\0';
}

static int try_it(struct tickets *t, altair_bytes line)
{
	altair_uv_link *link = t->chat->link[0].link;
	size_t before = t->len;
	int error;

	add(t, line);
	error = altair_uv_link_take(link, t->text);
	if (error == ALTAIR_E_SYNTAX && before > 0 && t->len > before)
		error = altair_uv_link_take(link, t->text + before);
	return error;
}

static void on_line(void *user, altair_bytes line, bool is_cut)
{
	struct tickets *t = user;
	int error = ALTAIR_E_SYNTAX;

	if (line.len == 0)
		return;
	if (!is_cut)
		error = try_it(t, line);
	if (error == 0) {
		air_input_stop(t->chat->input);
	} else if (error == ALTAIR_E_INVALID) {
		t->len = 0;
		air_print_note("this is your own ticket: give theirs");
	} else {
		air_print_note("this is no whole ticket yet: give the rest, or "
			       "all of it again");
	}
}

/* Ours is shown first: it has to be given away, whatever stdin is. */
static void on_shown(void *user)
{
	struct tickets *t = user;
	struct input *input = t->chat->input;

	t->chat->shown = NULL;
	input->on_line = on_line;
	input->on_end = on_end;
	input->user = t;
	air_input_start(input);
}

/* ---- ours ---- */

static void open_link(struct tickets *t)
{
	struct chat *chat = t->chat;
	int code;

	air_tickets_stop(t);
	chat->config.way = ALTAIR_UV_LINK_TICKET;
	chat->config.server = NULL;
	chat->config.stun = t->stun;
	chat->config.stun_count = t->stun_count;
	chat->shown = on_shown;
	chat->user = t;
	code = air_chat_open(chat);
	if (code)
		air_run_end(chat->run, code);
}

/* Two of IPv4 and one of IPv6: a second server of a family adds little. */
static void on_found(void *user, const altair_addr *addr)
{
	struct tickets *t = user;
	size_t same = 0;

	for (size_t i = 0; i < t->stun_count; i++) {
		if (altair_addr_equal(&t->stun[i], addr))
			return;
		same += t->stun[i].family == addr->family;
	}
	if (same < (addr->family == ALTAIR_IPV6 ? 1 : TICKETS_STUN_MAX - 1))
		t->stun[t->stun_count++] = *addr;
}

/* Names that have no address are none: then the ticket has fewer candidates. */
static void on_done(void *user, int status)
{
	struct tickets *t = user;

	(void)status;
	if (--t->running == 0 && t->has_timer)
		open_link(t);
}

static void on_patience(uv_timer_t *timer)
{
	open_link(timer->data);
}

int air_tickets_start(struct tickets *tickets, struct chat *chat)
{
	size_t count = tickets->servers.count;

	if (count > TICKETS_STUN_MAX)
		count = TICKETS_STUN_MAX;
	tickets->chat = chat;
	tickets->running = count + 1; /* one is this function */
	for (size_t i = 0; i < count; i++) {
		struct resolve *resolve = &tickets->resolve[i];

		resolve->found = on_found;
		resolve->done = on_done;
		resolve->user = tickets;
		air_resolve_start(resolve, &chat->run->loop,
				  &tickets->servers.server[i]);
	}
	uv_timer_init(&chat->run->loop, &tickets->patience);
	tickets->patience.data = tickets;
	tickets->has_timer = true;
	uv_timer_start(&tickets->patience, on_patience, LOOKUP_MS, 0);
	on_done(tickets, 0);
	return 0;
}

void air_tickets_stop(struct tickets *tickets)
{
	if (!tickets->has_timer)
		return;
	tickets->has_timer = false;
	uv_close((uv_handle_t *)&tickets->patience, NULL);
	for (size_t i = 0; i < TICKETS_STUN_MAX; i++)
		if (tickets->resolve[i].is_running)
			air_resolve_cancel(&tickets->resolve[i]);
}
