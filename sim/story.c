/*
 * Columns: side A from its peer outwards, the internet, side B from outside to
 * its peer, and then the servers and strangers that take part. A leg towards a
 * network is drawn when it leaves, a leg from it when it arrives.
 */
#include "sim/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_COLUMN UINT32_MAX

static bool is_network(unsigned lane)
{
	return lane >= SIM_NODES_MAX;
}

static void add_column(struct sim_story *story, const struct sim_world *world,
		       unsigned lane)
{
	const char *name = sim_world_lane_name(world, lane);

	if (!*name || story->column_of[lane] != NO_COLUMN)
		return;
	story->column_of[lane] = (unsigned)story->column_count;
	story->columns[story->column_count++] = name;
}

static unsigned lane_named(const struct sim_world *world, const char *name)
{
	unsigned lane = 0;

	while (lane < SIM_NODES_MAX &&
	       strcmp(sim_world_lane_name(world, lane), name) != 0)
		lane++;
	return lane;
}

static void note_lanes(const struct sim_draw *draw, bool *used)
{
	const struct sim_trace *trace = sim_world_trace(draw->world);

	for (size_t i = 0; i < trace->count; i++) {
		const struct sim_record *r = &trace->records[i];

		if (r->at < draw->from)
			continue;
		used[r->node] = true;
		if (r->kind == SIM_SENT || r->kind == SIM_FORWARDED)
			used[r->to] = true;
	}
}

static void order_columns(struct sim_story *story, const struct sim_draw *draw)
{
	unsigned b = lane_named(draw->world, "peer B");
	unsigned others = lane_named(draw->world, "server 1");
	bool used[SIM_NODES_MAX + SIM_NETWORKS_MAX] = {0};
	unsigned lane;

	note_lanes(draw, used);
	for (lane = 0; lane < SIM_NODES_MAX + SIM_NETWORKS_MAX; lane++)
		story->column_of[lane] = NO_COLUMN;
	for (lane = 0; lane < b; lane++)
		add_column(story, draw->world, lane);
	for (lane = SIM_NODES_MAX; lane < sim_world_lanes(draw->world); lane++)
		if (used[lane])
			add_column(story, draw->world, lane);
	for (lane = others; lane-- > b;)
		add_column(story, draw->world, lane);
	for (lane = others; lane < SIM_NODES_MAX; lane++)
		if (used[lane])
			add_column(story, draw->world, lane);
}

static struct sim_story_row *add_row(struct sim_story *story, altair_time at)
{
	struct sim_story_row *row;

	if (story->row_count == story->row_cap) {
		size_t cap = story->row_cap ? story->row_cap * 2 : 128;

		row = realloc(story->rows, cap * sizeof *row);
		if (!row)
			abort();
		story->rows = row;
		story->row_cap = cap;
	}
	row = &story->rows[story->row_count];
	*row = (struct sim_story_row){.at = at, .order = story->row_count};
	story->row_count++;
	return row;
}

/* The row that a leg from `column` at `at` continues. */
static struct sim_story_row *find_row(struct sim_story *story, uint64_t id,
				      unsigned column, altair_time at)
{
	for (size_t i = story->row_count; i-- > 0;) {
		struct sim_story_row *row = &story->rows[i];

		if (row->id == id && row->at == at && row->drop == SIM_PASSED &&
		    row->path_len < SIM_STORY_PATH_MAX &&
		    row->path[row->path_len - 1] == column)
			return row;
	}
	return NULL;
}

static struct sim_story_row *
packet_row(struct sim_story *story, const struct sim_record *r, altair_time at)
{
	struct sim_story_row *row = add_row(story, at);

	row->id = r->packet.id;
	row->path[row->path_len++] = story->column_of[r->node];
	if (r->packet.kind == SIM_UNREACHABLE)
		snprintf(row->label, sizeof row->label, "unreachable");
	else if (r->packet.kind >= SIM_STREAM_OPEN &&
		 r->packet.kind != SIM_STREAM)
		snprintf(row->label, sizeof row->label, "%s",
			 r->packet.kind == SIM_STREAM_SHUT ? "TCP shut"
							   : "TCP open");
	else
		sim_payload_name(r->head, r->packet.payload.len, row->label,
				 sizeof row->label);
	return row;
}

static void add_leg(struct sim_story *story, const struct sim_record *r)
{
	bool lands = is_network(r->node);
	altair_time at = lands ? r->until : r->at;
	struct sim_story_row *row = NULL;

	if (!lands)
		row = find_row(story, r->packet.id, story->column_of[r->node],
			       at);
	if (!row)
		row = packet_row(story, r, at);
	row->has_crossed |= lands;
	row->crosses |= is_network(r->to);
	row->path[row->path_len++] = story->column_of[r->to];
}

/* Where a packet was lost: at the end of the row that brought it here. */
static void add_loss(struct sim_story *story, const struct sim_record *r)
{
	unsigned column = story->column_of[r->node];
	struct sim_story_row *row = NULL;

	for (size_t i = story->row_count; i-- > 0 && !row;)
		if (story->rows[i].id == r->packet.id &&
		    story->rows[i].drop == SIM_PASSED &&
		    (story->rows[i].at == r->at || is_network(r->node)) &&
		    story->rows[i].path[story->rows[i].path_len - 1] == column)
			row = &story->rows[i];
	if (!row)
		row = find_row(story, r->packet.id, column, r->at);
	if (!row)
		row = packet_row(story, r, r->at);
	row->drop = r->drop;
	row->crosses = false;
	snprintf(row->note, sizeof row->note, "%s", sim_drop_text(r->drop));
}

static void add_event(struct sim_story *story, const struct sim_record *r)
{
	struct sim_story_row *row = add_row(story, r->at);
	char addr[ALTAIR_ADDR_TEXT] = "";
	size_t len;

	if (r->addr.family != ALTAIR_NO_FAMILY)
		altair_addr_format(&r->addr, addr, sizeof addr);
	row->path[row->path_len++] = story->column_of[r->node];
	snprintf(row->note, sizeof row->note, "%s%s%s",
		 sim_event_name(r->event), *addr ? " " : "", addr);
	len = strlen(row->note);
	if (r->event == ALTAIR_EV_STATE)
		snprintf(row->note, sizeof row->note, "%s",
			 sim_state_name(r->number));
	else if (r->event == ALTAIR_EV_ATTEMPT)
		snprintf(row->note + len, sizeof row->note - len, " (%u of %u)",
			 r->number, r->total);
	else if (r->rtt > 0)
		snprintf(row->note + len, sizeof row->note - len, " (%.1f ms)",
			 (double)r->rtt / 1e6);
	else if (r->reason)
		snprintf(row->note + len, sizeof row->note - len, " (%s)",
			 altair_strerror(r->reason));
}

static int by_time(const void *one, const void *other)
{
	const struct sim_story_row *a = one, *b = other;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void sim_story_tell(struct sim_story *story, const struct sim_draw *draw)
{
	const struct sim_trace *trace = sim_world_trace(draw->world);

	*story = (struct sim_story){0};
	order_columns(story, draw);
	for (size_t i = 0; i < trace->count; i++) {
		const struct sim_record *r = &trace->records[i];

		if (r->at < draw->from)
			continue;
		if (r->kind == SIM_SENT || r->kind == SIM_FORWARDED)
			add_leg(story, r);
		else if (r->kind == SIM_DROPPED)
			add_loss(story, r);
		else if (r->kind == SIM_HAPPENED)
			add_event(story, r);
	}
	if (story->row_count > 0)
		qsort(story->rows, story->row_count, sizeof *story->rows,
		      by_time);
}

void sim_story_drop(struct sim_story *story)
{
	free(story->rows);
	story->rows = NULL;
}

size_t sim_story_next(const struct sim_story *story, size_t index)
{
	const struct sim_story_row *row = &story->rows[index];

	for (size_t i = index + 1; row->crosses && i < story->row_count; i++)
		if (story->rows[i].id == row->id && story->rows[i].has_crossed)
			return i;
	return SIM_STORY_NONE;
}
