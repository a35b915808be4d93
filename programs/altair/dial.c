/*
 * Whom to call is known before anything is opened, or is asked for on a terminal; so
 * a mistake costs no code. A code is good for one guess: what cannot be a code never
 * leaves.
 */
#define _GNU_SOURCE
#include "dial.h"

#include "print.h"

#include <string.h>

int air_dial_check_name(const struct command *command, const char *name)
{
	char why[128];

	if (!name || air_contacts_may_be_called(name, why, sizeof why))
		return 0;
	return air_options_complain(
		command, "--as: no peer may be called '%s', it %s", name, why);
}

static int choose_entry(struct dial *dial, const struct command *command,
			const struct dial_options *options)
{
	const struct entry_source source = {
		.word = options->words.item[0],
		.file = options->code_file,
	};
	int code;

	if (options->words.count > 1)
		return air_options_complain(command, "unexpected argument '%s'",
					    options->words.item[1]);
	code = air_entry_choose(command, &source, &dial->chat.contacts,
				&dial->entry);
	return code ? code : air_profile_want_server(&dial->chat.profile);
}

int air_dial_choose(struct dial *dial, const struct command *command,
		    const struct dial_options *options)
{
	int code = air_dial_check_name(command, options->as);

	dial->chat.as = options->as;
	if (!code && options->manual &&
	    (options->words.count > 0 || options->code_file))
		code = air_options_complain(
			command, "--manual goes without a code or name");
	if (!code)
		code = air_chat_learn(&dial->chat, command, &options->client);
	if (!code && !options->manual)
		code = choose_entry(dial, command, options);
	dial->tickets.is_wanted = options->manual;
	dial->is_chosen = code == 0;
	return code;
}

bool air_dial_take(struct dial *dial, const char *text, char *why, size_t cap)
{
	if (!air_entry_read(&dial->entry, &dial->chat.contacts, text, why, cap))
		return false;
	if (!dial->chat.profile.options.server) {
		snprintf(why, cap,
			 "needs a server that introduces you, and none is "
			 "known: start again with --server URL");
		return false;
	}
	dial->is_chosen = true;
	return true;
}

void air_dial_complete(struct dial *dial, char *text, char *choices, size_t cap)
{
	air_entry_complete(&dial->chat.contacts, text, choices, cap);
}

/* ---- asking ---- */

static bool take(void *user, const char *text, char *why, size_t cap)
{
	struct dial *dial = user;
	int code;

	if (!air_dial_take(dial, text, why, cap))
		return false;
	code = air_dial_start(dial);
	if (code)
		air_run_end(dial->chat.run, code);
	return true;
}

static void complete(void *user, char *text, char *choices, size_t cap)
{
	air_dial_complete(user, text, choices, cap);
}

static void give_up(void *user)
{
	struct dial *dial = user;

	air_run_end(dial->chat.run,
		    air_print_failure(EXIT_USAGE, "no code was given"));
}

void air_dial_ask(struct dial *dial)
{
	dial->prompt = (struct prompt){
		.input = dial->chat.input,
		.question = "Code or name (Tab completes): ",
		.take = take,
		.complete = complete,
		.give_up = give_up,
		.user = dial,
	};
	air_prompt_ask(&dial->prompt);
}

/* ---- calling ---- */

int air_dial_start(struct dial *dial)
{
	struct chat *chat = &dial->chat;
	int code = air_chat_begin(chat);

	if (code)
		return code;
	if (dial->tickets.is_wanted)
		return air_tickets_start(&dial->tickets, chat);
	if (dial->entry.code[0]) {
		chat->config.way = ALTAIR_UV_LINK_CODE;
		chat->config.code = dial->entry.code;
	} else {
		chat->config.way = ALTAIR_UV_LINK_CALL;
		chat->config.peers = &dial->entry.contact.peer;
		chat->config.peers_count = 1;
	}
	return air_chat_open(chat);
}

void air_dial_close(struct dial *dial)
{
	air_prompt_stop(&dial->prompt);
	air_tickets_stop(&dial->tickets);
	air_chat_close(&dial->chat);
	explicit_bzero(&dial->entry, sizeof dial->entry);
}
