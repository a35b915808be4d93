/*
 * A plan keeps what it was read from, for its texts point into it: the command
 * line, which is there for ever, and the file, which is closed with the plan.
 */
#define _GNU_SOURCE
#include "plan.h"

#include "activation.h"
#include "alternates.h"
#include "listeners.h"
#include "local.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>

static const struct option_list default_listen = {
	.item = {"0.0.0.0:3478", "[::]:3478"},
	.count = 2,
};

/* Returns -1 to go on, or the exit code. */
static int read_relay(const struct command *self, struct plan *plan)
{
	const struct settings *given = &plan->given;
	int code;

	code = air_relay_read(self, &plan->relay, &given->relay, plan->listen,
			      plan->listens);
	return code < 0 ? air_front_read(self, &plan->front, &given->front,
					 &plan->relay.config)
			: code;
}

static int read_listeners(const struct command *self, struct plan *plan)
{
	const struct option_list *list = plan->given.listen.count > 0
						 ? &plan->given.listen
						 : &default_listen;
	int code = -1;

	/* Sockets that are there say themselves where they listen. */
	if (plan->given.listen.count == 0)
		plan->listens =
			air_activation_addresses(plan->listen, OPTION_LIST_MAX);
	if (plan->listens == 0) {
		code = air_listeners_read(self, "listen", list, plan->listen);
		plan->listens = list->count;
	}
	return code < 0 ? air_alternates_read(self, &plan->given.alternates,
					      plan->listen, plan->listens,
					      plan->alternates)
			: code;
}

/* On loopback, where the relay sends nothing either. */
static int read_metrics(const struct command *self, struct plan *plan)
{
	const char *text = plan->given.metrics;
	struct option_list list = {.item = {text}, .count = 1};
	int code = text ? air_listeners_read(self, "metrics", &list,
					     &plan->metrics)
			: -1;

	if (!text || code >= 0)
		return code;
	if (altair_addr_classify(&plan->metrics) != ALTAIR_ADDR_LOOPBACK)
		return air_options_refuse(
			self, "metrics", text,
			"wants a loopback address, such as 127.0.0.1:9477, not "
			"'%s'",
			text);
	for (size_t i = 0; i < plan->listens; i++)
		if (air_listeners_clash(&plan->listen[i], &plan->metrics))
			return air_options_refuse(
				self, "metrics", text,
				"wants another port than the listeners, not "
				"'%s'",
				text);
	return -1;
}

static int read_control(const struct command *self, const char *path)
{
	if (!path || (*path && strlen(path) < LOCAL_PATH_MAX))
		return -1;
	return air_options_refuse(self, "control", path,
				  "wants a path of 1 to %d bytes",
				  LOCAL_PATH_MAX - 1);
}

int air_plan_read(struct plan **out, const struct command *self, int argc,
		  char **argv)
{
	struct plan *plan = calloc(1, sizeof *plan);
	int code;

	*out = plan;
	if (!plan)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	code = air_options_read(self, argc, argv, &plan->given);
	if (code < 0)
		code = read_listeners(self, plan);
	if (code < 0)
		code = read_control(self, plan->given.control);
	if (code < 0)
		code = read_metrics(self, plan);
	if (code < 0)
		code = air_meetings_read(self, &plan->given.meetings);
	if (code < 0)
		code = air_privilege_read(self, &plan->privilege,
					  plan->given.run_as);
	if (code < 0)
		code = read_relay(self, plan);
	return code;
}

void air_plan_free(struct plan *plan)
{
	if (!plan)
		return;
	air_front_close(&plan->front);
	air_relay_free(&plan->relay);
	air_ini_close(&plan->given.file.ini);
	free(plan);
}
