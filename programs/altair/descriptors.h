/*
 * descriptors.h - how many files and sockets `altair serve` may have open.
 */
#ifndef AIR_DESCRIPTORS_H
#define AIR_DESCRIPTORS_H

#include "plan.h"

/* Takes as many as the system permits, and says so where that is less than the
 * limits of the configuration add up to. */
void air_descriptors_raise(const struct plan *plan);
/* How many the server may want at the same time. */
size_t air_descriptors_need(const struct plan *plan);

#endif
