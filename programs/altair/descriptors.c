/*
 * Each connection takes a descriptor, and each relayed address. With fewer than
 * that the server works, and refuses what comes when they are all in use.
 */
#define _GNU_SOURCE
#include "descriptors.h"

#include "print.h"

#include <sys/resource.h>

#define OTHERS 100 /* listeners, threads, operators */

size_t air_descriptors_need(const struct plan *plan)
{
	const altair_server_config *config = &plan->relay.config;

	return config->connections_max + config->allocations_max +
	       air_meetings_max(&plan->given.meetings) + OTHERS;
}

void air_descriptors_raise(const struct plan *plan)
{
	size_t need = air_descriptors_need(plan);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < need)
		air_print_note("the system lets us open %llu files, but "
			       "max-clients, max-connections and "
			       "max-allocations may want %zu: raise its limit "
			       "(LimitNOFILE=, ulimit -n)",
			       (unsigned long long)limit.rlim_max, need);
}
