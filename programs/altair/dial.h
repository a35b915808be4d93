/*
 * dial.h - connecting to a peer by a code, by name, or by tickets: what connect and
 * ping have in common.
 */
#ifndef AIR_DIAL_H
#define AIR_DIAL_H

#include "chat.h"
#include "entry.h"
#include "tickets.h"

struct dial_options {
	struct profile_options client;
	struct option_list words;
	const char *code_file, *as;
	bool manual;
};

#define DIAL_CODE_FILE_ROW(type, member)                                       \
	{                                                                      \
		"code-file", 0, OPTION_TEXT, "FILE",                           \
			"read the code, or name, from this file; -: "          \
			"standard\n"                                           \
			"input (it may also be in ALTAIR_CODE)",               \
			offsetof(type, member.code_file), 0, 0, 0              \
	}

#define DIAL_AS_ROW(type, member)                                              \
	{                                                                      \
		"as", 0, OPTION_TEXT, "NAME",                                  \
			"call a peer that is new so from now on",              \
			offsetof(type, member), 0, 0, 0                        \
	}

struct dial {
	struct chat chat;
	struct entry entry;
	struct tickets tickets;
	struct prompt prompt;
	bool is_chosen; /* it is known whom to call */
};

/* 0, or EXIT_USAGE after a complaint about what --as says, if anything. */
int air_dial_check_name(const struct command *command, const char *name);

/*
 * Finds out whom to call, from what was said on the command line and in the
 * environment. -1 when nothing was said; 0; or the exit code after a complaint.
 * `chat` has its run, report and input.
 */
int air_dial_choose(struct dial *dial, const struct command *command,
		    const struct dial_options *options);

/* Takes an answer of a prompt: a code or a name. False: `why`, as a prompt has it. */
bool air_dial_take(struct dial *dial, const char *text, char *why, size_t cap);

/* Completes it; for struct prompt. */
void air_dial_complete(struct dial *dial, char *text, char *choices,
		       size_t cap);

/* Asks on the terminal, then calls. */
void air_dial_ask(struct dial *dial);

/* Calls whom was chosen. 0, or the exit code after a complaint. */
int air_dial_start(struct dial *dial);

/* Harmless when nothing was begun. */
void air_dial_close(struct dial *dial);

#endif
