/*
 * A growing set of 64-bit numbers, for the judges.
 */
#ifndef SIM_SET_H
#define SIM_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_set {
	uint64_t *slots; /* 0: free */
	size_t count, cap;
};

void sim_set_drop(struct sim_set *set);
/* False when it was there. */
bool sim_set_add(struct sim_set *set, uint64_t number);
bool sim_set_has(const struct sim_set *set, uint64_t number);

#endif
