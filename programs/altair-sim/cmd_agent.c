/*
 * One run of two agents, and the subcommands about them.
 */
#include "sim.h"

#include <string.h>

int cmd_agent(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "soak"))
		return cmd_soak(true, argc - 1, argv + 1);
	return usage_error("agent", NULL);
}
