/*
 * The options that every run has, and the output that they ask for.
 */
#include "order.h"

#include "sim.h"

#include <stdio.h>

static const char *option_name(const struct option *option, int id)
{
	while (option->name && option->val != id)
		option++;
	return option->name;
}

int order_read(const struct option *options, int argc, char **argv,
	       order_set *set, void *request)
{
	int id;

	opterr = 0;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		char what[48];

		if (id == '?')
			return usage_error("no such option, or no value",
					   argv[optind - 1]);
		snprintf(what, sizeof what, "--%s", option_name(options, id));
		if (!set(request, id, optarg))
			return usage_error(what, optarg);
	}
	if (optind < argc)
		return usage_error("no such command", argv[optind]);
	return SIM_EXIT_DONE;
}

bool order_set_output(struct order *order, int id, const char *text)
{
	if (id == OPT_SEED) {
		order->is_plain = false;
		return read_number(text, UINT64_MAX, &order->seed);
	}
	if (id == OPT_SVG)
		order->svg = text;
	order->trace |= id == OPT_TRACE;
	order->ascii |= id == OPT_ASCII;
	order->quiet_diagram |= id == OPT_QUIET_DIAGRAM;
	order->explain |= id == OPT_EXPLAIN;
	return true;
}

bool order_set_fault(struct sim_link_config *up, struct sim_link_config *down,
		     int id, const char *text)
{
	uint32_t share;

	if (!read_share(text, &share))
		return false;
	if (id == OPT_LOSS)
		up->loss = share;
	else if (id == OPT_DUPLICATE)
		down->duplicate = share;
	else if (id == OPT_REORDER)
		down->reorder = share;
	else
		up->corrupt = share;
	down->reorder_by = ALTAIR_MSEC(30);
	return true;
}

int order_show(const struct order *order, const struct sim_draw *draw,
	       const char *title)
{
	if (order->trace)
		show_trace(draw);
	else if (!order->quiet_diagram)
		sim_draw_text(stdout, draw);
	return order->svg ? show_svg(draw, order->svg, title) : SIM_EXIT_DONE;
}
