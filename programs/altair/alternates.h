/*
 * alternates.h - the other addresses of `altair serve`, for RFC 5780.
 */
#ifndef AIR_ALTERNATES_H
#define AIR_ALTERNATES_H

#include "options.h"

#include <altair/base.h>

/*
 * Reads --alt-listen, at most one of each family, into `out`, which has room for
 * OPTION_LIST_MAX. Each is for the first listener of its family. Returns -1 to go
 * on, or the exit code.
 */
int air_alternates_read(const struct command *self,
			const struct option_list *list,
			const altair_addr *listen, size_t listens,
			altair_addr *out);

#endif
