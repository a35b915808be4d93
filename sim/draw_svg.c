/*
 * As SVG. A packet on its way through the internet is a slanted line from the
 * last box it left to the first one it reaches. The distance between two rows
 * grows with the logarithm of the time between them.
 */
#include "sim/story.h"

#include <stdlib.h>
#include <string.h>

#define LANE 150
#define LEFT 110
#define TOP 70
#define NOTES 330
#define ROW 20

static int x_of(unsigned column)
{
	return LEFT + (int)column * LANE;
}

/* About 8 pixels for every doubling of the gap beyond 1 ms. */
static int gap_height(altair_time gap)
{
	altair_time ms = gap / ALTAIR_MSEC(1);
	int height = ROW;

	for (; ms > 0; ms /= 2)
		height += 8;
	return height;
}

static int *place_rows(const struct sim_story *story)
{
	int *y = malloc((story->row_count + 1) * sizeof *y);

	if (!y)
		abort();
	y[0] = TOP + ROW;
	for (size_t i = 0; i < story->row_count; i++) {
		altair_time gap =
			i + 1 < story->row_count
				? story->rows[i + 1].at - story->rows[i].at
				: 0;

		y[i + 1] = y[i] + gap_height(gap);
	}
	return y;
}

static void print_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
	}
}

static void print_at(FILE *out, int x, int y, const char *class,
		     const char *text)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	print_text(out, text);
	fputs("</text>\n", out);
}

struct point {
	int x, y;
};

static void print_arrow(FILE *out, struct point from, struct point to)
{
	fprintf(out,
		"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
		"class=\"arrow\"/>\n",
		from.x, from.y, to.x, to.y);
}

static void print_packet(FILE *out, const struct sim_story *story, size_t i,
			 const int *y)
{
	const struct sim_story_row *row = &story->rows[i];
	size_t next = sim_story_next(story, i);
	size_t legs = row->path_len - 1, first = row->has_crossed;
	struct point end = {x_of(row->path[legs]), y[i]};

	for (size_t k = first; k < legs; k++) {
		struct point from = {x_of(row->path[k]), y[i]};
		struct point to = {x_of(row->path[k + 1]), y[i]};
		bool crosses = k + 1 == legs && next != SIM_STORY_NONE;

		if (crosses)
			to = (struct point){x_of(story->rows[next].path[1]),
					    y[next]};
		print_arrow(out, from, to);
		if (k == first && !row->has_crossed)
			print_at(out, (from.x + x_of(row->path[k + 1])) / 2,
				 y[i] - 4, "word", row->label);
	}
	if (row->drop != SIM_PASSED)
		print_at(out, end.x, end.y + 6, "lost", "\xe2\x9c\x97");
}

static void print_row(FILE *out, const struct sim_story *story, size_t i,
		      const int *y)
{
	const struct sim_story_row *row = &story->rows[i];

	if (row->id != 0)
		print_packet(out, story, i, y);
	else
		fprintf(out,
			"<circle cx=\"%d\" cy=\"%d\" r=\"5\" "
			"class=\"event\"/>\n",
			x_of(row->path[0]), y[i]);
	if (*row->note)
		print_at(out, x_of((unsigned)story->column_count - 1) + 25,
			 y[i] + 4, row->id ? "reason" : "note", row->note);
}

static void print_head(FILE *out, const struct sim_story *story, int height,
		       const char *title)
{
	int width = x_of((unsigned)story->column_count - 1) + NOTES;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\">\n",
		width, height, width, height);
	fputs("<style>text{font:13px sans-serif;fill:#222}"
	      ".word{font-weight:bold;text-anchor:middle}"
	      ".time{fill:#777;text-anchor:end}"
	      ".lane{text-anchor:middle;font-weight:bold;fill:#005a9c}"
	      ".lost{fill:#c00;font-size:17px;text-anchor:middle}"
	      ".reason{fill:#c00}.note{fill:#060}"
	      ".event{fill:#0a0}.arrow{stroke:#222;stroke-width:1.4;"
	      "marker-end:url(#head)}"
	      ".line{stroke:#bbb;stroke-width:1}</style>\n"
	      "<defs><marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"10\" "
	      "refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" "
	      "orient=\"auto\"><path d=\"M0 0L10 5L0 10z\"/></marker></defs>\n"
	      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
	      out);
	print_at(out, 20, 25, "title", title);
	for (unsigned c = 0; c < story->column_count; c++) {
		print_at(out, x_of(c), TOP - 10, "lane", story->columns[c]);
		fprintf(out,
			"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
			"class=\"line\"/>\n",
			x_of(c), TOP, x_of(c), height - 10);
	}
}

void sim_draw_svg(FILE *out, const struct sim_draw *draw, const char *title)
{
	struct sim_story story;
	int *y;

	sim_story_tell(&story, draw);
	y = place_rows(&story);
	print_head(out, &story, y[story.row_count] + ROW, title);
	for (size_t i = 0; i < story.row_count; i++) {
		char time[32];

		snprintf(time, sizeof time, "%.1f ms",
			 ((double)story.rows[i].at - (double)draw->zero) / 1e6);
		if (i == 0 || story.rows[i].at != story.rows[i - 1].at)
			print_at(out, LEFT - 30, y[i] + 4, "time", time);
		print_row(out, &story, i, y);
	}
	fputs("</svg>\n", out);
	free(y);
	sim_story_drop(&story);
}
