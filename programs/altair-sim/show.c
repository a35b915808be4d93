/*
 * The output of a run, whatever it ran: its trace as lines, its diagram as SVG.
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>

double show_ms(altair_time time, altair_time zero)
{
	return ((double)time - (double)zero) / 1e6;
}

static void print_record(const struct sim_record *r, struct sim_world *world,
			 altair_time zero)
{
	static const char *const kinds[] = {[SIM_SENT] = "sends",
					    [SIM_FORWARDED] = "forwards",
					    [SIM_DROPPED] = "DROPS",
					    [SIM_ARRIVED] = "takes",
					    [SIM_HAPPENED] = "says"};
	char src[ALTAIR_ADDR_TEXT] = "", dst[ALTAIR_ADDR_TEXT], name[32];

	printf("%12.3f  %-10s %-8s ", show_ms(r->at, zero),
	       sim_world_lane_name(world, r->node), kinds[r->kind]);
	if (r->kind == SIM_HAPPENED) {
		if (r->addr.family)
			altair_addr_format(&r->addr, src, sizeof src);
		printf("%s %s\n", sim_event_name(r->event),
		       r->event == ALTAIR_EV_STATE ? sim_state_name(r->number)
						   : src);
		return;
	}
	altair_addr_format(&r->packet.src, src, sizeof src);
	altair_addr_format(&r->packet.dst, dst, sizeof dst);
	printf("#%-4" PRIu64 " %-14s %s > %s%s%s\n", r->packet.id,
	       sim_payload_name(r->head, r->packet.payload.len, name,
				sizeof name),
	       src, dst, r->drop ? "  " : "",
	       r->drop ? sim_drop_text(r->drop) : "");
}

void show_trace(const struct sim_draw *draw)
{
	const struct sim_trace *trace = sim_world_trace(draw->world);

	for (size_t i = 0; i < trace->count; i++)
		if (trace->records[i].at >= draw->from)
			print_record(&trace->records[i], draw->world,
				     draw->zero);
}

int show_svg(const struct sim_draw *draw, const char *path, const char *title)
{
	FILE *file = fopen(path, "w");
	bool bad;

	if (!file) {
		perror(path);
		return SIM_EXIT_REFUSED;
	}
	sim_draw_svg(file, draw, title);
	bad = ferror(file) != 0;
	bad |= fclose(file) != 0;
	if (bad)
		perror(path);
	return bad ? SIM_EXIT_REFUSED : SIM_EXIT_DONE;
}
