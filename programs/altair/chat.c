/*
 * One link is one peer. With `keeps` another link is opened as soon as one is
 * taken, so that the next peer finds somebody. Each link that fails before it has a
 * peer makes the pause before the next one longer, and after GUESSES_MAX meetings
 * in a row that failed there is no next one: who guesses codes has few of them.
 *
 * Invariant: with `keeps` a link waits for a peer, or the pause runs, or no link is
 * free, or listening is over.
 *
 * A message that begins with NUL is of the commands themselves: "ping" is answered
 * by "pong" and what was behind it, anything else is passed over. Everything else
 * is a line of text.
 */
#define _GNU_SOURCE
#include "chat.h"

#include "print.h"

#include <stdlib.h>
#include <string.h>

#define CLOSING_PATIENCE ALTAIR_SEC(2)
#define CONTROL_MAX 64

/* Between a link that failed and the next one; doubled each time. */
#define PAUSE_MIN ALTAIR_SEC(1)
#define PAUSE_MAX ALTAIR_SEC(60)
#define GUESSES_MAX 10

static int exit_code_of(const struct chat_link *link, int reason)
{
	switch (reason) {
	case ALTAIR_E_SECRET:
	case ALTAIR_E_TAMPERED:
	case ALTAIR_E_IDENTITY:
	case ALTAIR_E_TLS:
		return EXIT_AUTHENTICATION;
	case ALTAIR_E_CLOSED:
		return EXIT_REFUSED;
	case ALTAIR_E_NO_PEER:
		return EXIT_NO_PEER;
	case ALTAIR_E_ONE_WAY:
		return EXIT_NO_DIRECT_PATH;
	case ALTAIR_E_TIMEOUT:
		return link->is_introduced ? EXIT_NO_DIRECT_PATH : EXIT_NO_PEER;
	case ALTAIR_E_NETWORK:
	case ALTAIR_E_RESOLVE:
		return EXIT_LOCAL_NETWORK;
	case ALTAIR_E_AGAIN:
	case ALTAIR_E_FORBIDDEN:
	case ALTAIR_E_SERVER:
		return EXIT_SERVER;
	default:
		return EXIT_INTERNAL;
	}
}

/* ---- links ---- */

static void lengthen_pause(struct chat *chat);
static void open_next(struct chat *chat);

static void on_closed(void *user)
{
	struct chat_link *link = user;
	struct chat *chat = link->chat;

	link->link = NULL;
	chat->links--;
	open_next(chat);
	if (chat->guesses == GUESSES_MAX && chat->links == 0)
		air_run_end(chat->run, EXIT_AUTHENTICATION);
}

static void close_link(struct chat_link *link)
{
	if (!link->link || link->is_closing)
		return;
	link->is_closing = true;
	link->is_connected = false;
	altair_uv_link_close(link->link, on_closed);
}

static void close_session(struct chat_link *link, const char *reason)
{
	struct chat *chat = link->chat;

	if (!link->is_connected)
		return;
	link->is_connected = false;
	air_chat_report_closed(&chat->report, &link->contact, reason,
			       &link->count,
			       air_run_time(chat->run) - link->began);
}

/* It is over with this peer: so is the run, unless others may come. */
static void leave(struct chat_link *link, int code)
{
	if (link->chat->keeps)
		close_link(link);
	else
		air_run_end(link->chat->run, code);
}

/* ---- the session ---- */

static void say_unsent(int error)
{
	if (error == ALTAIR_E_TOO_LONG)
		air_print_note("not sent: the line is longer than %d bytes",
			       ALTAIR_UV_LINK_MESSAGE_MAX);
	else if (error == ALTAIR_E_WORD)
		air_print_note("not sent: the line begins with a NUL byte");
	else if (error == ALTAIR_E_AGAIN)
		air_print_note("not sent: more than the network takes now");
	else
		air_print_note("not sent: %s", altair_strerror(error));
}

static int send_line(struct chat_link *link, altair_bytes line)
{
	int error = altair_uv_link_send(link->link, line);

	if (error)
		return error;
	link->count.messages_out++;
	link->count.bytes_out += line.len;
	return 0;
}

static void on_line(void *user, altair_bytes line, bool is_cut)
{
	struct chat *chat = user;
	int error = 0;

	if (is_cut)
		error = ALTAIR_E_TOO_LONG;
	else if (line.len > 0 && line.data[0] == '\0')
		error = ALTAIR_E_WORD;
	for (size_t i = 0; !error && i < CHAT_LINKS_MAX; i++)
		if (chat->link[i].is_connected)
			error = send_line(&chat->link[i], line);
	if (error)
		say_unsent(error);
}

static void on_end(void *user, bool at_start)
{
	struct chat *chat = user;

	if (at_start || chat->keeps)
		return;
	air_chat_stop(chat, "end-of-input");
	air_run_end(chat->run, EXIT_DONE);
}

static void begin_typing(struct chat *chat)
{
	if (chat->is_typing)
		return;
	chat->is_typing = true;
	chat->input->on_line = on_line;
	chat->input->on_end = on_end;
	chat->input->user = chat;
	air_input_start(chat->input);
}

/* ---- the name of a new peer ---- */

static bool take_name(void *user, const char *text, char *why, size_t cap)
{
	struct chat *chat = user;
	struct contact *contact = &chat->named->contact;

	if (text[0] && !air_contacts_may_be_called(text, why, cap)) {
		memmove(why + 5, why, strnlen(why, cap - 6) + 1);
		memcpy(why, "name ", 5);
		return false;
	}
	if (text[0] && air_contacts_rename(contact->name, text) == 0)
		snprintf(contact->name, sizeof contact->name, "%s", text);
	begin_typing(chat);
	return true;
}

static void keep_name(void *user)
{
	begin_typing(user);
}

static void ask_name(struct chat_link *link)
{
	struct chat *chat = link->chat;

	chat->named = link;
	chat->prompt = (struct prompt){
		.input = chat->input,
		.question = "What do you call this peer? (Enter: as above) ",
		.may_be_empty = true,
		.take = take_name,
		.give_up = keep_name,
		.user = chat,
	};
	air_prompt_ask(&chat->prompt);
}

/* Who this is, by name. True: it is the first time. */
static bool recognize(struct chat_link *link)
{
	struct chat *chat = link->chat;
	const struct contact *known =
		air_contacts_by_key(&chat->contacts, link->peer.key);
	bool is_new = !known && link->has_pair;

	link->contact.peer = link->peer;
	snprintf(link->contact.name, sizeof link->contact.name, "%s",
		 known ? known->name : "a peer that could not be kept");
	if (link->has_pair)
		(void)air_contacts_add(&chat->contacts, &link->peer, chat->as,
				       &link->contact);
	return is_new;
}

/* ---- events ---- */

static void on_introduced(struct chat_link *link,
			  const altair_uv_link_event *event)
{
	struct chat *chat = link->chat;

	link->is_introduced = true;
	link->peer = event->peer;
	link->has_pair = event->has_pair;
	air_chat_report_introduced(&chat->report, &event->peer);
	chat->pause = 0;
	chat->guesses = 0;
	open_next(chat);
}

static void on_connected(struct chat_link *link,
			 const altair_uv_link_event *event)
{
	struct chat *chat = link->chat;
	bool is_new;

	link->is_connected = true;
	link->began = air_run_time(chat->run);
	is_new = recognize(link);
	air_chat_report_connected(&chat->report, &link->contact, &event->path);
	if (chat->connected)
		chat->connected(chat->user, link);
	else if (is_new && !chat->as && !chat->keeps && !chat->report.json &&
		 air_prompt_is_possible())
		ask_name(link);
	else
		begin_typing(chat);
	/* Last: a disk takes its time. */
	if (link->has_pair)
		(void)air_contacts_meet(&link->peer, chat->as, &link->contact);
}

static void on_server(struct chat *chat, const altair_uv_link_event *event)
{
	bool is_there = event->reason == 0;

	if (!is_there && !chat->was_reached && !chat->keeps)
		air_run_end(chat->run,
			    air_chat_report_failure(&chat->report, EXIT_SERVER,
						    "%s", event->text));
	else if (is_there == chat->is_server_lost)
		air_chat_report_server(&chat->report,
				       is_there ? NULL : event->text);
	chat->is_server_lost = !is_there;
	chat->was_reached |= is_there;
}

/* The peer may have had a wrong code. */
static bool is_guess(int reason)
{
	return reason == ALTAIR_E_SECRET || reason == ALTAIR_E_TAMPERED ||
	       reason == ALTAIR_E_IDENTITY || reason == ALTAIR_E_TIMEOUT;
}

/* Somebody else's mistake, or attack, or a server that has too much to do: the
 * next one may come, if this server ever was there. */
static void go_on(struct chat_link *link, const altair_uv_link_event *event)
{
	struct chat *chat = link->chat;

	if (!link->is_introduced) {
		lengthen_pause(chat);
		chat->guesses += is_guess(event->reason);
	}
	if (!link->is_introduced && chat->guesses == GUESSES_MAX)
		(void)air_chat_report_failure(
			&chat->report, EXIT_AUTHENTICATION,
			"%d meetings in a row failed, somebody may be guessing "
			"codes: nobody new is let in, listen again for a code",
			GUESSES_MAX);
	else
		air_print_note("%s", event->text);
	close_link(link);
}

static void on_failed(struct chat_link *link, const altair_uv_link_event *event)
{
	struct chat *chat = link->chat;
	int code = exit_code_of(link, event->reason);

	close_session(link, "failure");
	if (chat->keeps && (link->is_introduced || chat->was_reached))
		go_on(link, event);
	else
		air_run_end(chat->run,
			    air_chat_report_failure(&chat->report, code, "%s",
						    event->text));
}

static void on_event(void *user, altair_uv_link *unused,
		     const altair_uv_link_event *event)
{
	struct chat_link *link = user;
	struct chat *chat = link->chat;

	(void)unused;
	if (chat->run->over)
		return;
	switch (event->kind) {
	case ALTAIR_UV_LINK_SHOW:
		air_chat_report_show(&chat->report, event->text,
				     chat->config.way == ALTAIR_UV_LINK_TICKET);
		if (chat->shown)
			chat->shown(chat->user);
		break;
	case ALTAIR_UV_LINK_SERVER:
		on_server(chat, event);
		break;
	case ALTAIR_UV_LINK_INTRODUCED:
		on_introduced(link, event);
		break;
	case ALTAIR_UV_LINK_CONNECTED:
		on_connected(link, event);
		break;
	case ALTAIR_UV_LINK_PATH:
		air_chat_report_path(&chat->report, &link->contact,
				     &event->path);
		break;
	case ALTAIR_UV_LINK_SILENT:
		air_chat_report_silent(&chat->report, &link->contact,
				       event->reason != 0);
		break;
	case ALTAIR_UV_LINK_LEFT:
		close_session(link, "peer");
		leave(link, EXIT_DONE);
		break;
	case ALTAIR_UV_LINK_FAILED:
		on_failed(link, event);
		break;
	}
}

/* ---- messages ---- */

static int send_control(struct chat_link *link, const char *word,
			altair_bytes rest)
{
	uint8_t text[CONTROL_MAX] = {'\0'};

	if (rest.len > CONTROL_MAX - 5)
		return ALTAIR_E_TOO_LONG;
	memcpy(text + 1, word, 4);
	memcpy(text + 5, rest.data, rest.len);
	return altair_uv_link_send(link->link,
				   (altair_bytes){text, 5 + rest.len});
}

int air_chat_ping(struct chat_link *link, const char *rest)
{
	return send_control(
		link, "ping",
		(altair_bytes){(const uint8_t *)rest, strlen(rest)});
}

static void take_control(struct chat_link *link, altair_bytes message)
{
	altair_bytes rest = {message.data + 5, message.len - 5};

	if (message.len < 5 || message.len > CONTROL_MAX)
		return;
	if (memcmp(message.data + 1, "ping", 4) == 0)
		(void)send_control(link, "pong", rest);
	else if (memcmp(message.data + 1, "pong", 4) == 0 && link->chat->pong)
		link->chat->pong(link->chat->user, link, rest);
}

static void on_message(void *user, altair_uv_link *unused, altair_bytes message)
{
	struct chat_link *link = user;

	(void)unused;
	if (link->chat->run->over)
		return;
	if (message.len > 0 && message.data[0] == '\0') {
		take_control(link, message);
		return;
	}
	link->count.messages_in++;
	link->count.bytes_in += message.len;
	air_chat_report_message(&link->chat->report, &link->contact, message);
}

/* ---- the next link ---- */

/* There is room for it. */
static int open_link(struct chat *chat)
{
	static const altair_uv_link_handlers handlers = {.event = on_event,
							 .message = on_message};
	struct chat_link *link = chat->link;
	int error;

	while (link->link)
		link++;
	*link = (struct chat_link){.chat = chat};
	error = altair_uv_link_open(&link->link, &chat->run->loop,
				    &chat->config, &handlers, link);
	if (error)
		link->link = NULL;
	else
		chat->links++;
	return error;
}

static bool is_listening(const struct chat *chat)
{
	for (size_t i = 0; i < CHAT_LINKS_MAX; i++)
		if (chat->link[i].link && !chat->link[i].is_introduced &&
		    !chat->link[i].is_closing)
			return true;
	return uv_is_active((const uv_handle_t *)&chat->again);
}

static void try_next(struct chat *chat);

static void on_again(uv_timer_t *timer)
{
	try_next(timer->data);
}

static void begin_pause(struct chat *chat)
{
	if (!chat->again.data)
		uv_timer_init(&chat->run->loop, &chat->again);
	chat->again.data = chat;
	uv_timer_start(&chat->again, on_again, chat->pause / ALTAIR_MSEC(1), 0);
}

static void lengthen_pause(struct chat *chat)
{
	if (chat->pause == 0)
		chat->pause = PAUSE_MIN;
	else if (chat->pause < PAUSE_MAX / 2)
		chat->pause *= 2;
	else
		chat->pause = PAUSE_MAX;
}

/* What keeps it from being opened is said once. */
static void try_next(struct chat *chat)
{
	int error = chat->run->over ? 0 : open_link(chat);

	if (error && error != chat->unopened)
		(void)air_profile_explain(&chat->profile, error);
	chat->unopened = error;
	if (!error)
		return;
	lengthen_pause(chat);
	begin_pause(chat);
}

static void open_next(struct chat *chat)
{
	if (!chat->keeps || chat->run->over || is_listening(chat) ||
	    chat->guesses == GUESSES_MAX)
		return;
	if (chat->links == CHAT_LINKS_MAX)
		air_print_note("%d peers are here, no more fit",
			       CHAT_LINKS_MAX);
	else if (chat->pause > 0)
		begin_pause(chat);
	else
		try_next(chat);
}

/* ---- opening and closing ---- */

int air_chat_learn(struct chat *chat, const struct command *command,
		   const struct profile_options *options)
{
	int code = air_profile_choose(command, options, &chat->profile);

	return code ? code : air_contacts_read(&chat->contacts);
}

int air_chat_begin(struct chat *chat)
{
	int code = air_self_open(&chat->self);

	if (code)
		return code;
	altair_uv_link_config_default(&chat->config);
	air_profile_apply(&chat->profile, &chat->config);
	chat->config.key = (altair_bytes){(const uint8_t *)chat->self.pem,
					  chat->self.pem_len};
	return 0;
}

int air_chat_open(struct chat *chat)
{
	int error = open_link(chat);

	return error ? air_profile_explain(&chat->profile, error) : 0;
}

void air_chat_stop(struct chat *chat, const char *reason)
{
	for (size_t i = 0; i < CHAT_LINKS_MAX; i++)
		close_session(&chat->link[i], reason);
}

static void on_patience(uv_timer_t *timer)
{
	struct chat *chat = timer->data;

	chat->is_late = true;
}

void air_chat_close(struct chat *chat)
{
	air_prompt_stop(&chat->prompt);
	air_input_stop(chat->input);
	for (size_t i = 0; i < CHAT_LINKS_MAX; i++)
		close_link(&chat->link[i]);
	uv_timer_init(&chat->run->loop, &chat->patience);
	chat->patience.data = chat;
	uv_timer_start(&chat->patience, on_patience,
		       CLOSING_PATIENCE / ALTAIR_MSEC(1), 0);
	while (chat->links > 0 && !chat->is_late)
		uv_run(&chat->run->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&chat->patience, NULL);
	if (chat->again.data)
		uv_close((uv_handle_t *)&chat->again, NULL);
	air_self_close(&chat->self);
	air_profile_close(&chat->profile);
}
