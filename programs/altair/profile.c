/*
 * The configuration is $XDG_CONFIG_HOME/altair/config, `key = value` a line; there
 * need not be one. Its keys are the rows of a table like a command's, so an
 * unknown one is refused with its line.
 */
#define _GNU_SOURCE
#include "profile.h"

#include "folder.h"
#include "print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "config"
#define VARIABLE "ALTAIR_SERVER"

#define AT(member) offsetof(struct profile, options.member)

static const struct option_row keys[] = {
	{.name = "config",
	 .type = OPTION_FILE,
	 .help = "the file itself",
	 .at = offsetof(struct profile, file),
	 .traits = OPTION_ACTION},
	{.name = "server", .type = OPTION_TEXT, .help = "", .at = AT(server)},
	{.name = "ca", .type = OPTION_TEXT, .help = "", .at = AT(ca)},
	{.name = "plain", .type = OPTION_FLAG, .help = "", .at = AT(plain)},
	{.name = "relay", .type = OPTION_TEXT, .help = "", .at = AT(relay)},
	{.name = NULL},
};

static const struct command configuration = {
	.name = "config", .summary = "", .about = "", .options = keys};

static int read_file(struct profile *profile)
{
	char word[] = "config", *argv[] = {word, NULL};
	char folder[FOLDER_PATH_MAX];
	int code;

	if (!air_folder_config(folder))
		return 0;
	air_folder_path(profile->path, folder, NAME);
	if (access(profile->path, F_OK) != 0 && errno == ENOENT)
		return 0;
	profile->file.path = profile->path;
	code = air_options_read(&configuration, 1, argv, profile);
	return code < 0 ? 0 : code;
}

static bool is_relay_word(const char *word)
{
	return strcmp(word, "auto") == 0 || strcmp(word, "never") == 0 ||
	       strcmp(word, "only") == 0;
}

static int check_relay(const struct command *command, const char *word)
{
	if (!word || is_relay_word(word))
		return 0;
	return air_options_refuse(command, "relay", word,
				  "wants auto, never or only, not '%s'", word);
}

static int check_ca(const struct command *command, const char *path)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	return air_options_refuse(command, "ca", path,
				  "wants a file with certificates, and %s: %s",
				  path, strerror(errno));
}

static void choose_server(struct profile *profile, const char *given)
{
	const char *environment = getenv(VARIABLE);

	if (given) {
		profile->source = "--server";
		profile->options.server = given;
	} else if (environment && *environment) {
		profile->source = VARIABLE;
		profile->options.server = environment;
	} else {
		profile->source = profile->path;
	}
}

int air_profile_choose(const struct command *command,
		       const struct profile_options *given, struct profile *out)
{
	int code = read_file(out);

	choose_server(out, given->server);
	out->options.interfaces = given->interfaces;
	out->options.local_port = given->local_port;
	out->options.plain |= given->plain;
	if (given->ca)
		out->options.ca = given->ca;
	if (given->relay)
		out->options.relay = given->relay;
	if (!code)
		code = check_relay(command, out->options.relay);
	return code ? code : check_ca(command, out->options.ca);
}

int air_profile_want_server(const struct profile *profile)
{
	if (profile->options.server)
		return 0;
	return air_print_failure(
		EXIT_USAGE,
		"no server is known that could introduce you: give --server "
		"URL, or set " VARIABLE ", or write `server = URL` to "
		"~/.config/altair/config; the URL is what `altair serve` "
		"shows");
}

static bool names_loopback(const struct option_list *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		if (strcmp(interfaces->item[i], "lo") == 0)
			return true;
	return false;
}

void air_profile_apply(const struct profile *profile,
		       altair_uv_link_config *config)
{
	const struct profile_options *o = &profile->options;

	config->server = o->server;
	config->ca = o->ca;
	config->plain = o->plain;
	config->agent.port = (uint16_t)o->local_port;
	if (o->interfaces.count > 0) {
		config->agent.interfaces = o->interfaces.item;
		config->agent.interfaces_count = o->interfaces.count;
		config->agent.agent.loopback = names_loopback(&o->interfaces);
	}
	if (o->relay && strcmp(o->relay, "never") == 0)
		config->agent.agent.relays_max = 0;
	if (o->relay && strcmp(o->relay, "only") == 0)
		config->agent.agent.relay_only = true;
}

int air_profile_explain(const struct profile *profile, int error)
{
	const struct profile_options *o = &profile->options;
	const char *server = o->server ? o->server : "";

	switch (error) {
	case ALTAIR_E_SYNTAX:
		return air_print_failure(
			EXIT_USAGE,
			"%s wants wss://HOST:PORT, perhaps with # and the 64 "
			"digits of a certificate's SHA-256 behind it, not '%s'",
			profile->source, server);
	case ALTAIR_E_FORBIDDEN:
		return air_print_failure(
			EXIT_USAGE,
			"%s says '%s', and ws:// is not encrypted: use wss://, "
			"or allow it by --plain",
			profile->source, server);
	case ALTAIR_E_TLS:
		return air_print_failure(EXIT_USAGE,
					 "'%s' is no file with certificates "
					 "(PEM)",
					 o->ca ? o->ca : "");
	case ALTAIR_E_IN_USE:
		return air_print_failure(EXIT_LOCAL_NETWORK,
					 "local port %u is taken",
					 o->local_port);
	case ALTAIR_E_PERMISSION:
		return air_print_failure(EXIT_LOCAL_NETWORK,
					 "the system does not permit local "
					 "port %u",
					 o->local_port);
	default:
		return air_print_failure(EXIT_INTERNAL, "%s",
					 altair_strerror(error));
	}
}

void air_profile_close(struct profile *profile)
{
	air_ini_close(&profile->file.ini);
}
