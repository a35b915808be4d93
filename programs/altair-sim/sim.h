/*
 * The subcommands of altair-sim. Each gets its own argv, its name first, and
 * returns the exit code.
 */
#ifndef ALTAIR_SIM_H
#define ALTAIR_SIM_H

#include "sim/draw.h"

#include <stdbool.h>
#include <stdint.h>

enum sim_exit {
	SIM_EXIT_DONE = 0,
	SIM_EXIT_REFUSED = 1, /* the judges, or our own fault */
	SIM_EXIT_USAGE = 2,
	SIM_EXIT_NO_PATH = 6
};

int cmd_run(int argc, char **argv);
int cmd_agent(int argc, char **argv);
int cmd_server(int argc, char **argv);

/* What many seeds are run of. */
enum soak_kind { SOAK_PUNCH, SOAK_AGENT, SOAK_SERVER };
int cmd_soak(enum soak_kind kind, int argc, char **argv);

/* Says on stderr what is wrong with an option; returns SIM_EXIT_USAGE. */
int usage_error(const char *what, const char *value);

/* Milliseconds since `zero`. */
double show_ms(altair_time time, altair_time zero);
void show_trace(const struct sim_draw *draw);
/* Writes the file; an exit code. */
int show_svg(const struct sim_draw *draw, const char *path, const char *title);

/* Reads "400ms", "10s", "1.5" (seconds), "2m", "1h", "30us", "5ns". */
bool read_time(const char *text, uint64_t *ns);
/* Reads "20%" or "0.2" into parts per million. */
bool read_share(const char *text, uint32_t *per_million);
/* Reads a whole number, decimal or 0x hexadecimal. */
bool read_number(const char *text, uint64_t most, uint64_t *number);

#endif
