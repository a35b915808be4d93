/*
 * altair id - who we are, as others see it.
 */
#define _GNU_SOURCE
#include "command.h"
#include "hex.h"
#include "json.h"
#include "options.h"
#include "print.h"
#include "self.h"

#include <altair/secure.h>

struct id_options {
	bool json;
};

static const struct option_row rows[] = {
	{.name = "json",
	 .type = OPTION_FLAG,
	 .help = "write one JSON object",
	 .at = offsetof(struct id_options, json)},
	{.name = NULL},
};

static void say(const struct self *self, bool json)
{
	char print[ALTAIR_FINGERPRINT_TEXT], hash[65];
	json_t *object;

	altair_fingerprint_format(self->hash, print);
	air_hex_write((altair_bytes){self->hash, sizeof self->hash}, hash);
	if (!json) {
		air_print("%s\n", print);
		return;
	}
	object = air_json_object();
	air_json_text(object, "fingerprint", print);
	air_json_text(object, "sha256", hash);
	air_json_text(object, "file", self->path);
	air_json_write(object);
}

static int run_id(const struct command *self, int argc, char **argv)
{
	struct id_options options = {false};
	struct self us;
	int code = air_options_read(self, argc, argv, &options);

	if (code >= 0)
		return code;
	code = air_self_open(&us);
	if (!code)
		say(&us, options.json);
	air_self_close(&us);
	return code;
}

const struct command air_command_id = {
	.name = "id",
	.summary = "show the fingerprint that others know you by",
	.about = "Shows the fingerprint of this installation's key, and makes "
		 "the key if there\nis none yet. Two people who compare "
		 "fingerprints by telephone know that nobody\nis between them.",
	.options = rows,
	.run = run_id,
};
