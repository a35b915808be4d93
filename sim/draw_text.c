/*
 * In the terminal. Every row is a line of cells; a cell is one character on the
 * screen, of one or more bytes.
 */
#include "sim/story.h"

#include <string.h>

#define WIDTH 16 /* from lane to lane */
#define MARGIN 6 /* before the first  */
#define CELLS_MAX (MARGIN + WIDTH * (SIM_NODES_MAX + 1))

struct glyphs {
	const char *lane, *line, *cross, *right, *left, *lost, *event;
};

static const struct glyphs unicode = {"│", "─", "┼", "▶", "◀", "✗", "●"};
static const struct glyphs ascii = {"|", "-", "+", ">", "<", "X", "*"};

struct canvas {
	const char *cells[CELLS_MAX];
	size_t width;
	char text[CELLS_MAX][2]; /* single characters of labels */
};

static size_t x_of(unsigned column)
{
	return MARGIN + (size_t)column * WIDTH;
}

static void blank(struct canvas *canvas, const struct sim_story *story,
		  const struct glyphs *glyphs)
{
	canvas->width = x_of((unsigned)story->column_count - 1) + 1;
	for (size_t x = 0; x < canvas->width; x++)
		canvas->cells[x] = " ";
	for (unsigned c = 0; c < story->column_count; c++)
		canvas->cells[x_of(c)] = glyphs->lane;
}

static void write_at(struct canvas *canvas, size_t x, const char *text,
		     size_t most)
{
	for (; *text && most > 0 && x < canvas->width; x++, text++, most--) {
		canvas->text[x][0] = *text;
		canvas->text[x][1] = '\0';
		canvas->cells[x] = canvas->text[x];
	}
}

static void draw_leg(struct canvas *canvas, size_t from, size_t to,
		     const struct glyphs *glyphs)
{
	size_t low = from < to ? from : to, high = from < to ? to : from;

	for (size_t x = low + 1; x < high; x++)
		canvas->cells[x] = canvas->cells[x] == glyphs->lane
					   ? glyphs->cross
					   : glyphs->line;
	canvas->cells[from < to ? high - 1 : low + 1] =
		from < to ? glyphs->right : glyphs->left;
}

/* The label stands in the middle of the first leg. */
static void draw_label(struct canvas *canvas, const struct sim_story_row *row)
{
	size_t from = x_of(row->path[0]), to = x_of(row->path[1]);
	size_t low = from < to ? from : to, most = WIDTH - 4;
	size_t len = strlen(row->label);

	len = len < most ? len : most;
	write_at(canvas, low + (WIDTH - len) / 2 + (from > to), row->label,
		 most);
}

static void draw_row(struct canvas *canvas, const struct sim_story_row *row,
		     const struct glyphs *glyphs)
{
	for (size_t i = 0; i + 1 < row->path_len; i++)
		draw_leg(canvas, x_of(row->path[i]), x_of(row->path[i + 1]),
			 glyphs);
	if (row->path_len > 1)
		draw_label(canvas, row);
	if (row->drop != SIM_PASSED)
		canvas->cells[x_of(row->path[row->path_len - 1])] =
			glyphs->lost;
	if (row->id == 0)
		canvas->cells[x_of(row->path[0])] = glyphs->event;
}

static void print(FILE *out, const struct canvas *canvas)
{
	for (size_t x = 0; x < canvas->width; x++)
		fputs(canvas->cells[x], out);
}

static void print_head(FILE *out, const struct sim_story *story)
{
	struct canvas canvas;

	blank(&canvas, story, &ascii);
	for (size_t x = 0; x < canvas.width; x++)
		canvas.cells[x] = " ";
	canvas.width += MARGIN;
	for (size_t x = canvas.width - MARGIN; x < canvas.width; x++)
		canvas.cells[x] = " ";
	for (unsigned c = 0; c < story->column_count; c++) {
		size_t half = strlen(story->columns[c]) / 2;

		write_at(&canvas, x_of(c) - half, story->columns[c], WIDTH);
	}
	fprintf(out, "%10s", "ms");
	print(out, &canvas);
	fputc('\n', out);
}

void sim_draw_text(FILE *out, const struct sim_draw *draw)
{
	const struct glyphs *glyphs = draw->is_ascii ? &ascii : &unicode;
	struct sim_story story;
	struct canvas canvas;
	altair_time before = ALTAIR_NEVER;

	sim_story_tell(&story, draw);
	print_head(out, &story);
	for (size_t i = 0; i < story.row_count; i++) {
		const struct sim_story_row *row = &story.rows[i];

		if (row->at == before)
			fprintf(out, "%10s", "");
		else
			fprintf(out, "%10.1f",
				((double)row->at - (double)draw->zero) / 1e6);
		before = row->at;
		blank(&canvas, &story, glyphs);
		draw_row(&canvas, row, glyphs);
		print(out, &canvas);
		fprintf(out, "%s%s\n", *row->note ? "  " : "", row->note);
	}
	sim_story_drop(&story);
}
