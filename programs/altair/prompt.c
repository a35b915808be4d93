/*
 * One question, in the terminal's own line mode: no mode is changed, so there
 * is nothing to restore.
 */
#define _GNU_SOURCE
#include "prompt.h"

#include "peer.h"
#include "print.h"

#include <string.h>
#include <unistd.h>

#define QUESTION "\nPeer's public IP:Port: "

bool air_prompt_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The line as text without the spaces around it. */
static void trim(char *out, size_t cap, altair_bytes line)
{
	while (line.len > 0 && strchr(" \t\r", line.data[0])) {
		line.data++;
		line.len--;
	}
	while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]))
		line.len--;
	if (line.len >= cap)
		line.len = cap - 1;
	memcpy(out, line.data, line.len);
	out[line.len] = '\0';
}

static void on_line(void *user, altair_bytes line, bool is_cut)
{
	struct prompt *prompt = user;
	char text[128], why[256] = "is no endpoint";
	altair_addr peer;

	(void)is_cut;
	trim(text, sizeof text, line);
	if (text[0] && air_peer_parse(&peer, text, why, sizeof why) &&
	    prompt->take(prompt->user, &peer, why, sizeof why)) {
		air_input_stop(prompt->input);
		return;
	}
	if (text[0])
		air_print_failure(0, "this %s", why);
	air_print(QUESTION);
}

static void on_end(void *user, bool at_start)
{
	struct prompt *prompt = user;

	(void)at_start;
	air_print("\n"); /* the question's line stays open otherwise */
	prompt->give_up(prompt->user);
}

void air_prompt_ask(struct prompt *prompt)
{
	prompt->input->on_line = on_line;
	prompt->input->on_end = on_end;
	prompt->input->user = prompt;
	air_print(QUESTION);
	air_input_start(prompt->input);
}
