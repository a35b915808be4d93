/*
 * Each connection takes a descriptor, and each relayed address. With fewer than
 * that the server works, and refuses what comes when they are all in use.
 */
#define _GNU_SOURCE
#include "descriptors.h"

#include "print.h"

#include <sys/resource.h>

#define OTHERS 100 /* listeners, threads, operators */

void air_descriptors_raise(const altair_server_config *config)
{
	size_t need =
		config->connections_max + config->allocations_max + OTHERS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < need)
		air_print_note("the system lets us open %llu files, but "
			       "max-connections and max-allocations may want "
			       "%zu: raise its limit (LimitNOFILE=, ulimit -n)",
			       (unsigned long long)limit.rlim_max, need);
}
