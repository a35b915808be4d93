/*
 * service.h - `altair serve` while it runs: the server's threads, the loop beside
 * them, and what an operator may have it do.
 */
#ifndef AIR_SERVICE_H
#define AIR_SERVICE_H

#include "journal.h"
#include "meetings.h"
#include "own.h"
#include "plan.h"
#include "run.h"

#include <altair/serve.h>

struct control;
struct http;

struct service {
	const struct command *self;
	int argc; /* with argv: what is read again */
	char **argv;
	struct plan *plan;
	struct front front; /* of the first plan, for as long as it runs */
	altair_serve *serve;
	struct run run;
	struct control *control; /* NULL: none */
	struct http *metrics;	 /* NULL: none */
	int metrics_fd;		 /* its listener; -1: none, or taken over */
	uv_timer_t draining, watchdog;
	struct journal journal;
	struct meetings meetings;
	struct own_watch own;
	bool drains;
	altair_time drain_end;
};

/* Binds what the relay must know of before it starts. Returns -1 to go on, or
 * the exit code. */
int air_service_bind(struct service *service);
/* Begins to listen to signals and operators, gives privileges away, and only then
 * has the server run. Returns -1 to go on, or the exit code. */
int air_service_open(struct service *service);
/* Says that all is well, to whom started us. */
void air_service_ready(const struct service *service);
/* Until it ends; returns the exit code. */
int air_service_run(struct service *service);

/* Reads the command line and the file again and takes over what it can, else
 * says why not, and all stays as it was. Nobody is dropped. Returns -1 when it
 * is done, or what the exit code would be. */
int air_service_reload(struct service *service);
/* Lets no session begin, and ends with the last one or after the drain time. */
void air_service_drain(struct service *service);

#endif
