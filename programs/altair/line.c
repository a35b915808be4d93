/*
 * The smallest editor that a prompt needs: typing at the end, backspace, Ctrl+U
 * and Ctrl+W, Tab. Keys that send escape sequences (ECMA-48 5.4) do nothing. The
 * text is UTF-8 where the terminal sends it; a sign is taken back as a whole.
 */
#include "line.h"

#include <string.h>

#define CHOICES_MAX 1024

enum {
	CTRL_D = 0x04,
	BACKSPACE = 0x08,
	TAB = 0x09,
	ENTER = 0x0a,
	RETURN = 0x0d,
	CTRL_U = 0x15,
	CTRL_W = 0x17,
	ESCAPE = 0x1b,
	DELETE = 0x7f
};

enum { NO_ESCAPE, AFTER_ESCAPE, IN_SEQUENCE, ONE_MORE };

/* True while the key belongs to an escape sequence. */
static bool skip_escape(struct line *line, char key)
{
	switch (line->escape) {
	case AFTER_ESCAPE:
		line->escape = key == '['   ? IN_SEQUENCE
			       : key == 'O' ? ONE_MORE
					    : NO_ESCAPE;
		return true;
	case IN_SEQUENCE:
		if (key >= 0x40 && key <= 0x7e)
			line->escape = NO_ESCAPE;
		return true;
	case ONE_MORE:
		line->escape = NO_ESCAPE;
		return true;
	default:
		if (key == ESCAPE)
			line->escape = AFTER_ESCAPE;
		return key == ESCAPE;
	}
}

static bool is_inner(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static void take_back(struct line *line, FILE *out)
{
	if (line->len == 0)
		return;
	do
		line->len--;
	while (line->len > 0 && is_inner(line->text[line->len]));
	fputs("\b \b", out);
}

static void take_back_word(struct line *line, FILE *out)
{
	while (line->len > 0 && strchr(" -", line->text[line->len - 1]))
		take_back(line, out);
	while (line->len > 0 && !strchr(" -", line->text[line->len - 1]))
		take_back(line, out);
}

static void complete(struct line *line, FILE *out)
{
	char choices[CHOICES_MAX] = "";
	size_t before = line->len;

	if (!line->complete)
		return;
	line->text[line->len] = '\0';
	line->complete(line->user, line->text, choices, sizeof choices);
	line->len = strlen(line->text);
	if (choices[0])
		fprintf(out, "\n%s\n%s%s", choices, line->question, line->text);
	else
		fputs(line->text + before, out);
}

static void add(struct line *line, char key, FILE *out)
{
	if (line->len + 1 >= sizeof line->text)
		return;
	line->text[line->len++] = key;
	putc(key, out);
}

enum line_state air_line_take(struct line *line, char key, FILE *out)
{
	if (skip_escape(line, key))
		return LINE_TYPING;
	switch (key) {
	case ENTER:
	case RETURN:
		line->text[line->len] = '\0';
		putc('\n', out);
		return LINE_ENTERED;
	case CTRL_D:
		return line->len == 0 ? LINE_ABANDONED : LINE_TYPING;
	case BACKSPACE:
	case DELETE:
		take_back(line, out);
		break;
	case CTRL_U:
		while (line->len > 0)
			take_back(line, out);
		break;
	case CTRL_W:
		take_back_word(line, out);
		break;
	case TAB:
		complete(line, out);
		break;
	default:
		if ((unsigned char)key >= ' ')
			add(line, key, out);
	}
	return LINE_TYPING;
}

void air_line_clear(struct line *line)
{
	line->len = 0;
	line->text[0] = '\0';
	line->escape = NO_ESCAPE;
}
