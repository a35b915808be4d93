/*
 * altair - the command. A table of subcommands; each is one file, cmd_*.c.
 */
#define _GNU_SOURCE
#include "command.h"
#include "options.h"
#include "print.h"

#include <altair/base.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&air_command_listen, &air_command_connect, &air_command_ping,
	&air_command_peers,  &air_command_id,	   &air_command_discover,
	&air_command_doctor, &air_command_serve,   &air_command_agent,
	&air_command_ctl,
};

#define COMMANDS (sizeof commands / sizeof *commands)

static void print_usage(FILE *out)
{
	fputs("Usage: altair COMMAND [OPTION]...\n\n"
	      "Connects two computers behind NATs, directly.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("  version    show the version\n"
	      "  help       show this, or the help of a command\n\n"
	      "See `altair COMMAND --help` for the options of a command.\n",
	      out);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int complain(const char *what, const char *word)
{
	fprintf(stderr, "altair: %s '%s'; see `altair help`\n", what, word);
	return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	command = find(argv[1]);
	if (!command)
		return complain("unknown command", argv[1]);
	if (argc > 2)
		return complain("unexpected argument", argv[2]);
	air_options_help(command, stdout);
	return EXIT_DONE;
}

static int version(int argc, char **argv)
{
	if (argc > 1)
		return complain("unexpected argument", argv[1]);
	printf("altair %s\n", altair_version());
	return EXIT_DONE;
}

/*
 * A descriptor that was closed before we began must not become a socket: then
 * what is printed would go to the network. /dev/null stands in, the wrong way
 * round for stdout, so that writing there is still the error that it is.
 */
static void fill_descriptors(void)
{
	static const int flags[] = {O_RDONLY, O_RDONLY, O_WRONLY};

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", flags[fd]);
}

static int dispatch(int argc, char **argv)
{
	const char *name = argv[1];
	const struct command *command;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	command = find(name);
	if (command)
		return command->run(command, argc - 1, argv + 1);
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
	    strcmp(name, "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0 ||
	    strcmp(name, "-V") == 0)
		return version(argc - 1, argv + 1);
	return complain(name[0] == '-' ? "unknown option" : "unknown command",
			name);
}

int main(int argc, char **argv)
{
	int code;

	fill_descriptors();
	air_print_open();
	code = dispatch(argc, argv);
	if (fflush(stdout) != 0 || air_print_is_broken())
		code = air_print_failure(EXIT_INTERNAL,
					 "cannot write to the output");
	return code;
}
