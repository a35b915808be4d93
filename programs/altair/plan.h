/*
 * plan.h - what `altair serve` shall be, from the command line and its file, read
 * as a whole: either all of it is good or there is no plan.
 */
#ifndef AIR_PLAN_H
#define AIR_PLAN_H

#include "privilege.h"
#include "settings.h"

struct plan {
	struct settings given;
	altair_addr listen[OPTION_LIST_MAX];
	size_t listens;
	altair_addr alternates[OPTION_LIST_MAX];
	altair_addr metrics; /* no family: none */
	struct privilege privilege;
	struct relay relay;
	struct front front;
};

/* Reads a plan. Returns -1 to go on, or the exit code; *out is NULL or is to be
 * freed, in either case. */
int air_plan_read(struct plan **out, const struct command *self, int argc,
		  char **argv);
/* Also NULL. */
void air_plan_free(struct plan *plan);

#endif
