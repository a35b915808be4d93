/*
 * The rows of a diagram, made from a kept trace. A row is a packet that passes
 * lanes at one instant, or an event. A packet that takes time ends one row at
 * the network and begins another there when it has crossed it.
 */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "sim/draw.h"

#define SIM_STORY_PATH_MAX 8
#define SIM_STORY_TEXT_MAX 96
#define SIM_STORY_NONE SIZE_MAX

struct sim_story_row {
	altair_time at;
	size_t order;			   /* of making: ties at one instant */
	uint64_t id;			   /* of the packet, 0 for an event  */
	unsigned path[SIM_STORY_PATH_MAX]; /* columns */
	size_t path_len;
	enum sim_drop drop; /* at the last column */
	bool crosses;	    /* it goes on in a later row */
	bool has_crossed;   /* it comes from an earlier row */
	char label[24];
	char note[SIM_STORY_TEXT_MAX];
};

struct sim_story {
	const char *columns[SIM_NODES_MAX + SIM_NETWORKS_MAX];
	size_t column_count;
	struct sim_story_row *rows; /* by time */
	size_t row_count, row_cap;
	unsigned column_of[SIM_NODES_MAX + SIM_NETWORKS_MAX]; /* by lane */
};

void sim_story_tell(struct sim_story *story, const struct sim_draw *draw);
void sim_story_drop(struct sim_story *story);
/* The row in which the packet of row `index` arrives, or SIM_STORY_NONE. */
size_t sim_story_next(const struct sim_story *story, size_t index);

#endif
