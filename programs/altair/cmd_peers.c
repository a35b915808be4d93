/*
 * altair peers - whom we have met: list, rename, forget.
 */
#define _GNU_SOURCE
#include "command.h"
#include "contacts.h"
#include "escape.h"
#include "hex.h"
#include "json.h"
#include "options.h"
#include "print.h"

#include <altair/secure.h>

#include <stdlib.h>
#include <string.h>

struct peers_options {
	bool json;
	struct option_list words;
};

static const struct option_row rows[] = {
	{.name = "json",
	 .type = OPTION_FLAG,
	 .help = "write one JSON object for each peer",
	 .at = offsetof(struct peers_options, json)},
	{.name = NULL},
};

static void say(const struct contact *contact, bool json)
{
	char print[ALTAIR_FINGERPRINT_TEXT], hash[65];
	json_t *object;

	altair_fingerprint_format(contact->peer.key, print);
	if (!json) {
		air_print("%s  ", print);
		air_print_message((altair_bytes){(const uint8_t *)contact->name,
						 strlen(contact->name)},
				  false);
		return;
	}
	air_hex_write((altair_bytes){contact->peer.key, 32}, hash);
	object = air_json_object();
	air_json_text(object, "name", contact->name);
	air_json_text(object, "fingerprint", print);
	air_json_text(object, "sha256", hash);
	air_json_write(object);
}

static int list(bool json)
{
	struct contacts *contacts = malloc(sizeof *contacts);
	int code;

	if (!contacts)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	code = air_contacts_read(contacts);
	for (size_t i = 0; !code && i < contacts->count; i++)
		say(&contacts->item[i], json);
	if (!code && !json && contacts->count == 0)
		air_print_note("you have met nobody yet: `altair listen` on "
			       "one side, `altair connect` on the other");
	free(contacts);
	return code;
}

static int rename_peer(const struct command *self, const char *name,
		       const char *new_name)
{
	char why[128];

	if (!air_contacts_may_be_called(new_name, why, sizeof why))
		return air_options_complain(self,
					    "no peer may be called '%s': it %s",
					    new_name, why);
	return air_contacts_rename(name, new_name);
}

static int run_peers(const struct command *self, int argc, char **argv)
{
	struct peers_options options = {false};
	const char *const *word = options.words.item;
	int code = air_options_read(self, argc, argv, &options);

	if (code >= 0)
		return code;
	if (options.words.count == 0)
		return list(options.json);
	if (strcmp(word[0], "rename") == 0 && options.words.count == 3)
		return rename_peer(self, word[1], word[2]);
	if (strcmp(word[0], "forget") == 0 && options.words.count == 2)
		return air_contacts_forget(word[1]);
	return air_options_complain(
		self, "say nothing more, rename NAME NEW-NAME, or forget NAME");
}

const struct command air_command_peers = {
	.name = "peers",
	.summary = "show, rename or forget the peers that you have met",
	.about = "Shows the peers you have met: fingerprint and name. "
		 "`altair connect NAME` calls\none of them.\n"
		 "  rename NAME NEW-NAME   call a peer otherwise\n"
		 "  forget NAME            meet by a code next time",
	.words = "[rename NAME NEW-NAME | forget NAME]",
	.words_at = offsetof(struct peers_options, words),
	.options = rows,
	.run = run_peers,
};
