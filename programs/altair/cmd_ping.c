/*
 * altair ping - what path leads to a peer that listens, and how long it takes. The
 * question is a message like any other, protected from end to end, and the other
 * side's command answers it (chat.c).
 */
#define _GNU_SOURCE
#include "command.h"
#include "dial.h"
#include "options.h"
#include "print.h"

#include <altair/udp.h>
#include <altair/verdict.h>

#include <stdlib.h>
#include <string.h>

#define COUNT 10
#define PERIOD ALTAIR_SEC(1)

struct ping_options {
	struct dial_options dial;
	unsigned count;
	bool until_direct, json;
};

#define AT(member) offsetof(struct ping_options, member)

static const struct option_row rows[] = {
	{"count", 'c', OPTION_NUMBER, "N", "ask so many times (default 10)",
	 AT(count), 1, 1000000, 0},
	{"until-direct", 0, OPTION_FLAG, NULL,
	 "end as soon as the path is direct; with status 6 if\n"
	 "it was not in time",
	 AT(until_direct), 0, 0, 0},
	DIAL_CODE_FILE_ROW(struct ping_options, dial),
	DIAL_AS_ROW(struct ping_options, dial.as),
	PROFILE_SERVER_ROWS(struct ping_options, dial.client),
	PROFILE_PORT_ROW(struct ping_options, dial.client),
	{"json", 0, OPTION_FLAG, NULL, "write JSON Lines", AT(json), 0, 0, 0},
	{0},
};

struct ping {
	struct run run;
	struct ping_options options;
	struct input input;
	struct dial dial;
	struct chat_link *link; /* once it is connected          */
	uv_timer_t timer;
	unsigned number, answered;
	bool is_waiting; /* for the answer to `number`    */
	altair_time asked_at;
};

static void fail_relayed(struct ping *p)
{
	altair_agent_verdict verdict = {.size = sizeof verdict};

	altair_agent_get_verdict(altair_uv_link_agent(p->link->link), &verdict);
	air_run_end(&p->run,
		    air_chat_report_failure(&p->dial.chat.report,
					    EXIT_NO_DIRECT_PATH, "%s; %s",
					    verdict.sentence, verdict.advice));
}

static void finish(struct ping *p)
{
	if (p->answered == 0)
		air_run_end(&p->run, air_chat_report_failure(
					     &p->dial.chat.report, EXIT_NO_PEER,
					     "the peer has not answered"));
	else if (p->options.until_direct)
		fail_relayed(p);
	else
		air_run_end(&p->run, EXIT_DONE);
	air_chat_stop(&p->dial.chat, "end");
}

static void ask(struct ping *p)
{
	char text[16];

	if (p->is_waiting)
		air_chat_report_lost(&p->dial.chat.report, p->number);
	if (p->number == p->options.count) {
		finish(p);
		return;
	}
	p->number++;
	p->is_waiting = true;
	p->asked_at = altair_clock_now();
	snprintf(text, sizeof text, " %u", p->number);
	(void)air_chat_ping(p->link, text);
}

static void on_timer(uv_timer_t *timer)
{
	ask(timer->data);
}

static void on_connected(void *user, struct chat_link *link)
{
	struct ping *p = user;

	p->link = link;
	uv_timer_start(&p->timer, on_timer, 0, PERIOD / ALTAIR_MSEC(1));
}

static void on_pong(void *user, struct chat_link *link, altair_bytes rest)
{
	altair_agent_pair path = {.size = sizeof path};
	struct ping *p = user;
	char text[16];
	int len = snprintf(text, sizeof text, " %u", p->number);

	if (!p->is_waiting || rest.len != (size_t)len ||
	    memcmp(rest.data, text, rest.len) != 0 ||
	    altair_uv_link_path(link->link, &path) != 0)
		return;
	p->is_waiting = false;
	p->answered++;
	air_chat_report_pong(&p->dial.chat.report, p->number, &path,
			     altair_clock_now() - p->asked_at);
	if (p->options.until_direct && path.kind != ALTAIR_PATH_RELAY) {
		air_chat_stop(&p->dial.chat, "end");
		air_run_end(&p->run, EXIT_DONE);
	} else if (p->number == p->options.count) {
		finish(p);
	}
}

static int read_options(const struct command *self, int argc, char **argv,
			struct ping *p)
{
	struct chat *chat = &p->dial.chat;
	int code;

	p->options.count = COUNT;
	code = air_options_read(self, argc, argv, &p->options);
	if (code >= 0)
		return code;
	chat->run = &p->run;
	chat->input = &p->input;
	chat->connected = on_connected;
	chat->pong = on_pong;
	chat->user = p;
	chat->report =
		(struct chat_report){.run = &p->run, .json = p->options.json};
	code = air_dial_choose(&p->dial, self, &p->options.dial);
	if (code < 0 && (p->options.json || !air_prompt_is_possible()))
		return air_options_complain(
			self, "say whom: a code, or the name of a peer");
	if (code < 0)
		code = air_profile_want_server(&chat->profile);
	return code ? code : -1;
}

static int start(struct ping *p)
{
	if (air_input_open(&p->input, &p->run.loop) != 0)
		return air_print_failure(EXIT_USAGE,
					 "standard input is closed");
	if (p->dial.is_chosen)
		return air_dial_start(&p->dial);
	air_dial_ask(&p->dial);
	return 0;
}

static void on_signal(void *user)
{
	struct ping *p = user;

	air_chat_stop(&p->dial.chat, "signal");
}

static int run_ping(const struct command *self, int argc, char **argv)
{
	static struct ping p; /* a link refers to it */
	int code = read_options(self, argc, argv, &p);

	if (code >= 0)
		return code;
	if (air_run_open(&p.run))
		return air_print_failure(EXIT_INTERNAL, "no event loop");
	p.run.stopping = on_signal;
	p.run.user = &p;
	uv_timer_init(&p.run.loop, &p.timer);
	p.timer.data = &p;
	code = start(&p);
	if (code)
		air_run_end(&p.run, code);
	air_run_go(&p.run);
	uv_close((uv_handle_t *)&p.timer, NULL);
	air_dial_close(&p.dial);
	air_input_close(&p.input);
	return air_run_close(&p.run);
}

const struct command air_command_ping = {
	.name = "ping",
	.summary = "show the path to a peer that listens, and its round trip",
	.about =
		"Connects to a peer that runs `altair listen`, by a code or by "
		"its name, and shows\nonce a second on which path it is "
		"reached, and the round trip of a protected\nmessage.",
	.words = "[CODE | NAME]",
	.words_at = offsetof(struct ping_options, dial.words),
	.options = rows,
	.run = run_ping,
};
