/*
 * crew.h - a running server: its workers, all alike.
 */
#ifndef AIR_CREW_H
#define AIR_CREW_H

#include "worker.h"

struct altair_serve {
	const altair_serve_config *config; /* while it starts */
	int stop; /* an eventfd; readable from altair_serve_stop on */
	size_t count;
	struct worker *workers;
	altair_server_common *common; /* of their machines, where they relay */
	void *common_memory;
};

#endif
