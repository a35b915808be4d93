/*
 * The agent as a process for other implementations to meet: host candidates of
 * one address over one socket, signalling as JSON Lines on stdin and stdout.
 *
 *     agent_peer controlling|controlled ADDRESS
 *     out  credentials candidate end-of-candidates state data error
 *     in   remote candidate end-of-candidates send stats close
 */
#define _GNU_SOURCE
#include <altair/agent.h>
#include <altair/openssl.h>
#include <altair/udp.h>

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 16
#define LINE_MAX_LEN 4096

static struct {
	altair_udp *udp;
	altair_agent *agent;
	altair_machine *machine;
	char line[LINE_MAX_LEN];
	size_t line_len;
	bool closed;
} p;

/* Prints one object, which it frees. */
static void say(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void say_error(int code)
{
	if (code < 0)
		say(json_pack("{s:s s:s}", "event", "error", "name",
			      altair_errname(code)));
}

static void say_event(const altair_output *out)
{
	static const char *const states[] = {
		"gathering", "checking",     "connected", "completed",
		"suspect",   "disconnected", "failed",	  "closed"};
	char text[ALTAIR_CANDIDATE_TEXT];

	if (out->event == ALTAIR_EV_CANDIDATE &&
	    altair_agent_candidate(p.agent, out->number, text, sizeof text) > 0)
		say(json_pack("{s:s s:s}", "event", "candidate", "candidate",
			      text));
	else if (out->event == ALTAIR_EV_END_OF_CANDIDATES)
		say(json_pack("{s:s}", "event", "end-of-candidates"));
	else if (out->event == ALTAIR_EV_STATE)
		say(json_pack("{s:s s:s}", "event", "state", "state",
			      states[out->number]));
}

static void send_text(const char *text)
{
	altair_datagram d;
	uint8_t room[ALTAIR_AGENT_HEADROOM + LINE_MAX_LEN +
		     ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	size_t len = strlen(text);
	int error;

	memcpy(payload, text, len);
	error = altair_agent_wrap(p.agent, payload, len, &d);
	say_error(error);
	if (error == 0)
		altair_udp_send(p.udp, &d, 1);
}

static void say_stats(void)
{
	altair_agent_stats s;

	altair_agent_get_stats(p.agent, &s);
	say(json_pack("{s:s s:b s:I s:I s:I s:I}", "event", "stats",
		      "controlling", altair_agent_is_controlling(p.agent),
		      "consents", (json_int_t)s.consents, "refused",
		      (json_int_t)s.refused, "ignored", (json_int_t)s.ignored,
		      "strangers", (json_int_t)s.strangers));
}

static const char *text_of(json_t *command, const char *key)
{
	const char *text = json_string_value(json_object_get(command, key));

	return text ? text : "";
}

static void obey(json_t *command)
{
	const char *cmd = text_of(command, "cmd");
	altair_time now = altair_clock_now();

	if (!strcmp(cmd, "remote"))
		say_error(altair_agent_remote(p.agent, now,
					      text_of(command, "ufrag"),
					      text_of(command, "pwd")));
	else if (!strcmp(cmd, "candidate"))
		say_error(altair_agent_add_remote(
			p.agent, now, text_of(command, "candidate")));
	else if (!strcmp(cmd, "end-of-candidates"))
		altair_agent_end_of_candidates(p.agent, now);
	else if (!strcmp(cmd, "send"))
		send_text(text_of(command, "text"));
	else if (!strcmp(cmd, "stats"))
		say_stats();
	else
		p.closed = true;
}

static void read_commands(void)
{
	ssize_t got = read(STDIN_FILENO, p.line + p.line_len,
			   sizeof p.line - p.line_len);
	char *end;

	p.closed = got <= 0;
	p.line_len += got > 0 ? (size_t)got : 0;
	while ((end = memchr(p.line, '\n', p.line_len))) {
		size_t len = (size_t)(end + 1 - p.line);
		json_t *command = json_loadb(p.line, len, 0, NULL);

		obey(command);
		json_decref(command);
		p.line_len -= len;
		memmove(p.line, end + 1, p.line_len);
	}
}

static void read_socket(void)
{
	altair_datagram batch[BATCH];
	int count = altair_udp_receive(p.udp, 0, batch, BATCH);

	if (count <= 0)
		return;
	altair_input(p.machine, altair_clock_now(), batch, (size_t)count);
	for (int i = 0; i < count; i++)
		if (batch[i].verdict == ALTAIR_PAYLOAD)
			say(json_pack("{s:s s:s%}", "event", "data", "text",
				      batch[i].bytes.data,
				      (int)batch[i].bytes.len));
}

/* How long poll(2) may wait, in milliseconds. */
static int drain(void)
{
	altair_time now;
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(p.machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			altair_udp_send(p.udp, &out.datagram, 1);
		else
			say_event(&out);
	}
	now = altair_clock_now();
	if (out.deadline <= now)
		return 0;
	return out.deadline - now > ALTAIR_SEC(1)
		       ? 1000
		       : (int)((out.deadline - now) / ALTAIR_MSEC(1)) + 1;
}

static int begin(const char *role, const char *ip, void **memory)
{
	altair_agent_config config;
	altair_addr local;
	size_t size;
	int error;

	altair_agent_config_default(&config);
	config.crypto = altair_openssl();
	config.controlling = !strcmp(role, "controlling");
	size = altair_agent_size(&config);
	*memory = malloc(size);
	if (!*memory)
		return ALTAIR_E_MEMORY;
	error = altair_addr_parse_ip(&local, ip, 0);
	if (error == 0)
		error = altair_udp_open(&p.udp, &local, 0, BATCH);
	if (error == 0)
		error = altair_udp_local(p.udp, &local);
	if (error == 0)
		error = altair_agent_init(&p.agent, *memory, size, &config,
					  altair_clock_now());
	if (error == 0)
		error = altair_agent_add_host(p.agent, altair_clock_now(), 0,
					      &local);
	if (error < 0)
		return error;
	p.machine = altair_agent_machine(p.agent);
	say(json_pack("{s:s s:s s:s}", "event", "credentials", "ufrag",
		      altair_agent_ufrag(p.agent), "pwd",
		      altair_agent_pwd(p.agent)));
	error = altair_agent_gather(p.agent, altair_clock_now());
	altair_agent_seal(p.agent, altair_clock_now());
	return error;
}

int main(int argc, char **argv)
{
	void *memory = NULL;
	int error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	error = argc == 3 ? begin(argv[1], argv[2], &memory) : ALTAIR_E_INVALID;
	if (error < 0)
		fprintf(stderr, "%s\n", altair_strerror(error));
	p.closed = error < 0;
	while (!p.closed) {
		struct pollfd fds[] = {{altair_udp_fd(p.udp), POLLIN, 0},
				       {STDIN_FILENO, POLLIN, 0}};

		poll(fds, 2, drain());
		read_socket();
		if (fds[1].revents)
			read_commands();
		altair_tick(p.machine, altair_clock_now());
	}
	altair_udp_close(p.udp);
	free(memory);
	return error < 0;
}
