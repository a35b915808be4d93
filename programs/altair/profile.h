/*
 * profile.h - which server, and how to reach peers: the options that listen,
 * connect and ping share, the environment, and the user's configuration.
 */
#ifndef AIR_PROFILE_H
#define AIR_PROFILE_H

#include "folder.h"
#include "options.h"

#include <altair/uv_link.h>

struct profile_options {
	const char *server, *ca, *relay;
	bool plain;
	struct option_list interfaces;
	unsigned local_port;
};

/* Rows of an option table whose values are in `member` of `type`. */
#define PROFILE_SERVER_ROWS(type, member)                                      \
	{"server",                                                             \
	 0,                                                                    \
	 OPTION_TEXT,                                                          \
	 "URL",                                                                \
	 "the server that introduces you: wss://HOST[:PORT],\n"                \
	 "and #SHA256 behind it as `altair serve` shows it\n"                  \
	 "(default: ALTAIR_SERVER in the environment, else\n"                  \
	 "`server = URL` in ~/.config/altair/config)",                         \
	 offsetof(type, member.server),                                        \
	 0,                                                                    \
	 0,                                                                    \
	 0},                                                                   \
		{"ca",                                                         \
		 0,                                                            \
		 OPTION_TEXT,                                                  \
		 "FILE",                                                       \
		 "trust the certificates of this file (PEM), not\n"            \
		 "those of the system",                                        \
		 offsetof(type, member.ca),                                    \
		 0,                                                            \
		 0,                                                            \
		 0},                                                           \
		{"plain",                                                      \
		 0,                                                            \
		 OPTION_FLAG,                                                  \
		 NULL,                                                         \
		 "allow ws://, without TLS, to other hosts, too",              \
		 offsetof(type, member.plain),                                 \
		 0,                                                            \
		 0,                                                            \
		 0},                                                           \
		{"relay",                                                      \
		 0,                                                            \
		 OPTION_TEXT,                                                  \
		 "WHEN",                                                       \
		 "auto: until a direct path works, or where none\n"            \
		 "does (default); never; only: no direct path",                \
		 offsetof(type, member.relay),                                 \
		 0,                                                            \
		 0,                                                            \
		 0},                                                           \
	{                                                                      \
		"interface", 0, OPTION_LIST, "NAME",                           \
			"use only this interface (repeatable)",                \
			offsetof(type, member.interfaces), 0, 0, 0             \
	}

#define PROFILE_PORT_ROW(type, member)                                         \
	{                                                                      \
		"local-port", 0, OPTION_NUMBER, "N",                           \
			"use this local UDP port",                             \
			offsetof(type, member.local_port), 1, UINT16_MAX, 0    \
	}

/* What was chosen, and where the server was named, for complaints. */
struct profile {
	struct profile_options options;
	struct option_file file; /* holds the texts that come from it */
	char path[FOLDER_PATH_MAX];
	const char *source;
};

/* Chooses: the command line, else the environment, else the configuration. 0, or the
 * exit code after a complaint. */
int air_profile_choose(const struct command *command,
		       const struct profile_options *given,
		       struct profile *out);

/* 0, or the exit code after a complaint that there is no server. */
int air_profile_want_server(const struct profile *profile);

/* Writes it into the configuration of a link, which borrows it. */
void air_profile_apply(const struct profile *profile,
		       altair_uv_link_config *config);

/* Complains that altair_uv_link_open returned `error`; returns the exit code. */
int air_profile_explain(const struct profile *profile, int error);

void air_profile_close(struct profile *profile);

#endif
