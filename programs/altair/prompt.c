/*
 * One question at a time. Keys come one by one (terminal.h), for Tab; what is typed
 * is shown by us.
 */
#define _GNU_SOURCE
#include "prompt.h"

#include "print.h"
#include "terminal.h"

#include <string.h>
#include <unistd.h>

bool air_prompt_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The text without the blanks around it; cuts it. */
static char *trim(char *text)
{
	size_t len;

	while (*text == ' ')
		text++;
	for (len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

static void ask(struct prompt *prompt)
{
	air_line_clear(&prompt->line);
	air_print("%s", prompt->question);
}

static void take_line(struct prompt *prompt)
{
	char *text = trim(prompt->line.text), why[256] = "is no answer";

	/* Before the answer is acted upon: that may print, and read. */
	air_prompt_stop(prompt);
	if ((text[0] || prompt->may_be_empty) &&
	    prompt->take(prompt->user, text, why, sizeof why))
		return;
	if (text[0])
		air_print_failure(0, "this %s", why);
	air_prompt_ask(prompt);
}

static void give_up(struct prompt *prompt)
{
	air_prompt_stop(prompt);
	air_print("\n"); /* the question's line stays open otherwise */
	prompt->give_up(prompt->user);
}

static void on_key(void *user, char key)
{
	struct prompt *prompt = user;
	enum line_state state = air_line_take(&prompt->line, key, stdout);

	air_print("%s", "");
	if (state == LINE_ENTERED)
		take_line(prompt);
	else if (state == LINE_ABANDONED)
		give_up(prompt);
}

static void on_end(void *user, bool at_start)
{
	(void)at_start;
	give_up(user);
}

void air_prompt_ask(struct prompt *prompt)
{
	prompt->line.question = prompt->question;
	prompt->line.complete = prompt->complete;
	prompt->line.user = prompt->user;
	prompt->input->on_key = on_key;
	prompt->input->on_end = on_end;
	prompt->input->user = prompt;
	air_terminal_take(); /* first, so that nothing is shown twice */
	ask(prompt);
	air_input_start(prompt->input);
}

void air_prompt_stop(struct prompt *prompt)
{
	if (!prompt->input || prompt->input->on_key != on_key)
		return;
	air_input_stop(prompt->input);
	prompt->input->on_key = NULL;
	air_terminal_give_back();
}
