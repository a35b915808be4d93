/*
 * What every run is asked for, whatever it runs: its seed, the faults of its
 * lines, and what is shown of it.
 */
#ifndef ALTAIR_SIM_ORDER_H
#define ALTAIR_SIM_ORDER_H

#include "sim/draw.h"

#include <getopt.h>

/* A command's own options are below. */
enum order_option {
	OPT_LOSS = 2000,
	OPT_DUPLICATE,
	OPT_REORDER,
	OPT_CORRUPT,
	OPT_SEED,
	OPT_SVG,
	OPT_TRACE,
	OPT_ASCII,
	OPT_QUIET_DIAGRAM,
	OPT_EXPLAIN
};

struct order {
	bool is_plain;	/* not drawn from the seed */
	bool is_varied; /* an option of the run was given */
	uint64_t seed;
	const char *svg;
	bool trace, ascii, quiet_diagram, explain;
};

/* How an option changes the request; false if its value is wrong. */
typedef bool order_set(void *request, int id, const char *text);

/* Gives every option to `set`; an exit code. */
int order_read(const struct option *options, int argc, char **argv,
	       order_set *set, void *request);

/* OPT_SEED to OPT_EXPLAIN. */
bool order_set_output(struct order *order, int id, const char *text);

/* OPT_LOSS to OPT_CORRUPT, on the lines of one side. */
bool order_set_fault(struct sim_link_config *up, struct sim_link_config *down,
		     int id, const char *text);

/* The trace or the diagram, and the file; an exit code. */
int order_show(const struct order *order, const struct sim_draw *draw,
	       const char *title);

#endif
