/*
 * command.h - what a subcommand is, and the exit codes that all of them share.
 */
#ifndef AIR_COMMAND_H
#define AIR_COMMAND_H

#include <stddef.h>

/* Documented in altair(1), EXIT STATUS. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_INTERNAL = 1,
	EXIT_USAGE = 2,
	EXIT_LOCAL_NETWORK = 3,
	EXIT_SERVER = 4,
	EXIT_NO_PEER = 5,
	EXIT_NO_DIRECT_PATH = 6,
	EXIT_AUTHENTICATION = 7,
	EXIT_REFUSED = 8,
	EXIT_UNLIKELY = 10, /* doctor: direct paths are unlikely */
	EXIT_SIGNAL = 128   /* plus the number of the signal */
};

struct option_row;

struct command {
	const char *name;
	const char *summary;		  /* half a line, for `altair help`  */
	const char *about;		  /* some lines, for --help          */
	const char *words;		  /* what it takes besides options;
	                                     NULL: nothing                   */
	size_t words_at;		  /* where that goes, an option_list */
	const struct option_row *options; /* ends with a row without name    */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command air_command_discover;
extern const struct command air_command_connect;
extern const struct command air_command_listen;
extern const struct command air_command_ping;
extern const struct command air_command_id;
extern const struct command air_command_peers;
extern const struct command air_command_serve;
extern const struct command air_command_agent;
extern const struct command air_command_ctl;
extern const struct command air_command_doctor;

#endif
