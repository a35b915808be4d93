/*
 * altair ctl: what a running `altair serve` has going on, and what it shall do,
 * by its control socket. One order a run; with --json the server's own lines go
 * through unchanged.
 */
#define _GNU_SOURCE
#include "caller.h"
#include "ctl.h"
#include "ctl_text.h"
#include "ctl_user.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>

#define CONTROL_DEFAULT "/run/altair/control"

static const struct option_row options[] = {
	{.name = "control",
	 .type = OPTION_TEXT,
	 .value = "FILE",
	 .help = "the server's control socket (default: ALTAIR_CONTROL in\n"
		 "the environment, else " CONTROL_DEFAULT ")",
	 .at = offsetof(struct ctl, control)},
	{.name = "json",
	 .type = OPTION_FLAG,
	 .help = "write JSON Lines, not text",
	 .at = offsetof(struct ctl, json)},
	{.name = "users-file",
	 .type = OPTION_TEXT,
	 .value = "FILE",
	 .help = "of user: the file",
	 .at = offsetof(struct ctl, users_file)},
	{.name = "realm",
	 .type = OPTION_TEXT,
	 .value = "REALM",
	 .help = "of user: the server's realm (default altair)",
	 .at = offsetof(struct ctl, realm)},
	{.name = NULL},
};

static const struct verb {
	const char *name;
	bool wants_id;
	void (*say)(json_t *event); /* what comes back; may be NULL */
	void (*say_end)(uint64_t count);
} verbs[] = {
	{"list", false, air_ctl_say_row, air_ctl_say_rows},
	{"show", true, air_ctl_say_session, NULL},
	{"kill", true, NULL, NULL},
	{"stats", false, air_ctl_say_stats, NULL},
	{"drain", false, NULL, NULL},
	{"reload", false, NULL, NULL},
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool read_id(const char *text, uint64_t *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	return *text >= '1' && *text <= '9' && *end == '\0' && end - text < 19;
}

static int fail(const json_t *event)
{
	json_int_t code = json_integer_value(json_object_get(event, "code"));
	const char *why = json_string_value(json_object_get(event, "message"));

	return air_print_failure((int)code, "%s", why ? why : "it failed");
}

/* Returns -1 until the answer has ended, then the exit code. */
static int take(const struct ctl *ctl, const struct verb *verb, json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));

	if (!name)
		return air_print_failure(EXIT_SERVER,
					 "the server does not speak as ours");
	if (strcmp(name, "error") == 0)
		return fail(event);
	if (strcmp(name, "done") == 0) {
		if (!ctl->json && verb->say_end)
			verb->say_end((uint64_t)json_integer_value(
				json_object_get(event, "count")));
		return EXIT_DONE;
	}
	if (!ctl->json && verb->say)
		verb->say(event);
	return -1;
}

static int ask(const struct ctl *ctl, const struct verb *verb, uint64_t id)
{
	json_t *order =
		json_pack("{s:s,s:I}", "cmd", verb->name, "id", (json_int_t)id);
	struct caller caller;
	int code = air_caller_open(&caller, ctl->control, order);

	while (code < 0) {
		const char *line = air_caller_read(&caller);
		json_t *event = line ? json_loads(line, 0, NULL) : NULL;

		if (!line)
			code = air_print_failure(EXIT_SERVER,
						 "the server ended meanwhile");
		else if (ctl->json)
			air_print("%s\n", line);
		if (line)
			code = take(ctl, verb, event);
		json_decref(event);
	}
	air_caller_close(&caller);
	return code;
}

static const char *control_of(const struct ctl *ctl)
{
	const char *environment = getenv("ALTAIR_CONTROL");

	if (ctl->control)
		return ctl->control;
	return environment && *environment ? environment : CONTROL_DEFAULT;
}

/* The words before the options: the verb and what it is about. */
static int count_words(int argc, char **argv)
{
	int n = 0;

	while (n + 1 < argc && argv[n + 1][0] != '-')
		n++;
	return n;
}

static int run_ctl(const struct command *self, int argc, char **argv)
{
	struct ctl ctl = {.control = NULL};
	int words = count_words(argc, argv), code;
	const struct verb *verb = words > 0 ? find(argv[1]) : NULL;
	uint64_t id = 0;

	code = air_options_read(self, argc - words, argv + words, &ctl);
	if (code >= 0)
		return code;
	if (words > 0 && strcmp(argv[1], "user") == 0)
		return air_ctl_user(self, &ctl, argv + 2, words - 1);
	ctl.control = control_of(&ctl);
	if (!verb)
		return air_options_complain(self,
					    "say list, show ID, kill ID, "
					    "stats, drain, reload or user%s%s",
					    words > 0 ? ", not " : "",
					    words > 0 ? argv[1] : "");
	if (words != 1 + verb->wants_id)
		return air_options_complain(self, "%s wants %s", verb->name,
					    verb->wants_id ? "one ID"
							   : "nothing more");
	if (verb->wants_id && !read_id(argv[2], &id))
		return air_options_complain(
			self,
			"an ID is a number as `altair ctl list` shows it, "
			"not '%s'",
			argv[2]);
	return ask(&ctl, verb, id);
}

const struct command air_command_ctl = {
	.name = "ctl",
	.summary = "look at a running server, and tell it what to do",
	.about = "Say what, before the options:\n"
		 "  list      the sessions there are\n"
		 "  show ID   one of them, with its peers\n"
		 "  kill ID   end one of them\n"
		 "  stats     what the server has counted\n"
		 "  drain     let no session begin, end after the last one\n"
		 "  reload    read the settings again, as after SIGHUP\n"
		 "  user list, user add NAME, user remove NAME\n"
		 "            who is in the --users-file of a server; a "
		 "password "
		 "is\n"
		 "            one line of input",
	.options = options,
	.run = run_ctl,
};
