/*
 * altair listen - shows a code, waits for the peer who has it, and talks to it. One
 * peer, and it ends when that one leaves; with --keep there may be many.
 *
 * Peers we have met are let in without a code only where --allow names them: who
 * was welcome once is not so for ever.
 */
#define _GNU_SOURCE
#include "chat.h"
#include "command.h"
#include "dial.h"
#include "options.h"
#include "print.h"

#include <string.h>

struct listen_options {
	struct profile_options client;
	struct option_list allow;
	const char *as;
	altair_time timeout;
	bool keep, json, raw;
};

#define AT(member) offsetof(struct listen_options, member)

static const struct option_row rows[] = {
	{"keep", 0, OPTION_FLAG, NULL,
	 "go on when a peer has left, and let more of them in", AT(keep), 0, 0,
	 0},
	{"allow", 0, OPTION_LIST, "NAME",
	 "let this peer, whom you have met, in without a code\n"
	 "(repeatable; then no code is shown)",
	 AT(allow), 0, 0, 0},
	DIAL_AS_ROW(struct listen_options, as),
	{"timeout", 0, OPTION_TIME, "TIME",
	 "end with status 5 when nobody came in this time\n"
	 "(default: wait for ever)",
	 AT(timeout), 1000, 86400000, 0},
	PROFILE_SERVER_ROWS(struct listen_options, client),
	PROFILE_PORT_ROW(struct listen_options, client),
	{"json", 0, OPTION_FLAG, NULL, "write JSON Lines", AT(json), 0, 0, 0},
	{"raw", 0, OPTION_FLAG, NULL,
	 "show messages unescaped on a terminal, too", AT(raw), 0, 0, 0},
	{0},
};

struct listen {
	struct run run;
	struct listen_options options;
	struct input input;
	struct chat chat;
	struct contacts allowed;
	altair_uv_link_peer peers[CONTACTS_MAX];
	uv_timer_t patience;
};

static int allow(const struct command *self, struct listen *l)
{
	const struct option_list *names = &l->options.allow;

	for (size_t i = 0; i < names->count; i++) {
		const struct contact *contact =
			air_contacts_by_name(&l->chat.contacts, names->item[i]);

		if (!contact)
			return air_options_complain(
				self,
				"--allow: you have met nobody called '%s' "
				"(`altair peers` shows whom you have)",
				names->item[i]);
		l->allowed.item[l->allowed.count] = *contact;
		l->peers[l->allowed.count++] = contact->peer;
	}
	return 0;
}

static int read_options(const struct command *self, int argc, char **argv,
			struct listen *l)
{
	struct chat *chat = &l->chat;
	int code = air_options_read(self, argc, argv, &l->options);

	if (code >= 0)
		return code;
	chat->run = &l->run;
	chat->input = &l->input;
	chat->as = l->options.as;
	chat->keeps = l->options.keep;
	chat->report = (struct chat_report){.run = &l->run,
					    .json = l->options.json,
					    .raw = l->options.raw,
					    .names = l->options.keep};
	code = air_dial_check_name(self, l->options.as);
	if (!code)
		code = air_chat_learn(chat, self, &l->options.client);
	if (!code)
		code = allow(self, l);
	if (!code)
		code = air_profile_want_server(&chat->profile);
	return code ? code : -1;
}

static void on_patience(uv_timer_t *timer)
{
	struct listen *l = timer->data;

	for (size_t i = 0; i < CHAT_LINKS_MAX; i++)
		if (l->chat.link[i].is_introduced)
			return;
	air_run_end(&l->run,
		    air_chat_report_failure(&l->chat.report, EXIT_NO_PEER,
					    "nobody came in time"));
}

static int start(struct listen *l)
{
	struct chat *chat = &l->chat;
	int code;

	if (air_input_open(&l->input, &l->run.loop) != 0)
		return air_print_failure(EXIT_USAGE,
					 "standard input is closed");
	code = air_chat_begin(chat);
	if (code)
		return code;
	chat->config.way = ALTAIR_UV_LINK_LISTEN;
	chat->config.peers = l->peers;
	chat->config.peers_count = l->allowed.count;
	chat->config.no_code = l->allowed.count > 0;
	code = air_chat_open(chat);
	if (!code && l->allowed.count > 0)
		air_chat_report_waiting(&chat->report, &l->allowed);
	if (!code && l->options.timeout > 0)
		uv_timer_start(&l->patience, on_patience,
			       l->options.timeout / ALTAIR_MSEC(1), 0);
	return code;
}

static void on_signal(void *user)
{
	struct listen *l = user;

	air_chat_stop(&l->chat, "signal");
}

static int run_listen(const struct command *self, int argc, char **argv)
{
	static struct listen l; /* a link refers to it */
	int code = read_options(self, argc, argv, &l);

	if (code >= 0)
		return code;
	if (air_run_open(&l.run))
		return air_print_failure(EXIT_INTERNAL, "no event loop");
	l.run.stopping = on_signal;
	l.run.user = &l;
	uv_timer_init(&l.run.loop, &l.patience);
	l.patience.data = &l;
	code = start(&l);
	if (code)
		air_run_end(&l.run, code);
	air_run_go(&l.run);
	uv_close((uv_handle_t *)&l.patience, NULL);
	air_chat_close(&l.chat);
	air_input_close(&l.input);
	return air_run_close(&l.run);
}

const struct command air_command_listen = {
	.name = "listen",
	.summary = "wait for a peer, who comes by a code or is known",
	.about = "Shows a code, such as 7-acorn-river, and waits. Who types "
		 "`altair connect\n7-acorn-river` is connected to you: "
		 "directly where the networks let you, encrypted,\nand proved "
		 "to be who has the code. Then each line typed is a message.",
	.options = rows,
	.run = run_listen,
};
