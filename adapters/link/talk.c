/*
 * The agent gives a path, DTLS runs on it (altair/secure.h), and what DTLS says
 * travels wherever the agent's data goes: neither knows of the other.
 *
 * DTLS is looked at only when the agent calls it payload: from paths that an
 * authenticated check has opened. A first flight that the agent may not send yet
 * (three times the bytes received, RFC 9000 8.1) is held, not lost: it goes when
 * the path has answered, a few milliseconds later.
 */
#define _GNU_SOURCE
#include "talk.h"

#include <altair/udp.h>

#include <stdlib.h>
#include <string.h>

/* How soon what is held is tried again. */
#define HELD_AGAIN ALTAIR_MSEC(4)

/* ---- DTLS to the path ---- */

static void hold(struct air_talk *c, altair_bytes bytes)
{
	if (c->held_count == AIR_TALK_HELD || bytes.len > sizeof c->held[0])
		return; /* lost: it is repeated */
	memcpy(c->held[c->held_count], bytes.data, bytes.len);
	c->held_len[c->held_count++] = bytes.len;
}

static void say(struct air_talk *c, altair_bytes bytes)
{
	int error = c->held_count > 0 ? ALTAIR_E_AGAIN
				      : altair_uv_agent_send(c->driver, bytes);

	if (error == ALTAIR_E_AGAIN || error == ALTAIR_E_STATE)
		hold(c, bytes);
}

static void say_held(struct air_talk *c)
{
	size_t count = c->held_count, sent = 0;

	while (sent < count) {
		const altair_bytes bytes = {c->held[sent], c->held_len[sent]};
		int error = altair_uv_agent_send(c->driver, bytes);

		if (error == ALTAIR_E_AGAIN || error == ALTAIR_E_STATE)
			break;
		sent++;
	}
	c->held_count = count - sent;
	memmove(c->held, c->held[sent], c->held_count * sizeof c->held[0]);
	memmove(c->held_len, c->held_len + sent,
		c->held_count * sizeof c->held_len[0]);
}

static void end(struct air_talk *c, int reason)
{
	if (c->is_over)
		return;
	c->is_over = true;
	c->handlers.over(c->user, reason);
}

static void take_event(struct air_talk *c, const altair_output *out)
{
	if (out->event == ALTAIR_EV_FAILED) {
		end(c, out->reason);
	} else if (out->event == ALTAIR_EV_SECURED && !c->is_open) {
		c->is_open = true;
		c->handlers.opened(c->user);
	}
}

/* Polls DTLS dry and returns its deadline. */
static altair_time drain(struct air_talk *c)
{
	altair_output out = {.deadline = ALTAIR_NEVER};
	enum altair_step step;

	while (c->secure && !c->is_over) {
		step = altair_poll(altair_secure_machine(c->secure), &out);
		if (step == ALTAIR_WAIT)
			return out.deadline;
		if (step == ALTAIR_SEND)
			say(c, out.datagram.bytes);
		else
			take_event(c, &out);
	}
	return ALTAIR_NEVER;
}

altair_time air_talk_run(struct air_talk *talk, altair_time now)
{
	altair_time deadline;

	if (!talk->secure || talk->is_over)
		return ALTAIR_NEVER;
	say_held(talk);
	altair_tick(altair_secure_machine(talk->secure), now);
	deadline = drain(talk);
	if (talk->held_count > 0 && now + HELD_AGAIN < deadline)
		return now + HELD_AGAIN;
	return deadline;
}

int air_talk_send(struct air_talk *talk, altair_bytes message)
{
	uint8_t *payload = talk->room + ALTAIR_SECURE_HEADROOM;
	altair_datagram datagram;
	int error;

	if (!talk->is_open || talk->is_over)
		return ALTAIR_E_STATE;
	if (message.len > ALTAIR_SECURE_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (message.len > 0)
		memcpy(payload, message.data, message.len);
	error = altair_secure_wrap(talk->secure, payload, message.len,
				   &datagram);
	return error ? error
		     : altair_uv_agent_send(talk->driver, datagram.bytes);
}

/* ---- the path to DTLS ---- */

/* The path's round trip; 0: unknown. */
static altair_time round_trip(const struct air_talk *c)
{
	altair_agent_pair pair = {.size = sizeof pair};

	return altair_agent_selected(c->agent, &pair) == 0 ? pair.rtt : 0;
}

/* Begins the handshake as soon as there is a path for it. */
static void start(struct air_talk *c)
{
	altair_path path;

	if (!c->secure || altair_agent_path(c->agent, &path) != 0)
		return;
	altair_secure_rtt(c->secure, round_trip(c));
	altair_secure_start(c->secure, altair_clock_now());
	c->handlers.kick(c->user);
}

static void take_datagram(struct air_talk *c, uint8_t *bytes, size_t len)
{
	altair_datagram datagram = {.bytes = {bytes, len}};

	altair_input(altair_secure_machine(c->secure), altair_clock_now(),
		     &datagram, 1);
	drain(c);
	if (datagram.verdict == ALTAIR_PAYLOAD && c->is_open && !c->is_over)
		c->handlers.message(c->user, datagram.bytes);
	if (!c->is_over)
		c->handlers.kick(c->user);
}

/* The bytes are in the driver's buffer, which may be written to. */
static void on_message(void *user, altair_bytes message)
{
	struct air_talk *c = user;

	if (c->is_over)
		return;
	if (c->secure) {
		take_datagram(c, (uint8_t *)(uintptr_t)message.data,
			      message.len);
	} else if (message.len <= sizeof c->early) {
		memcpy(c->early, message.data, message.len);
		c->early_len = message.len;
	}
}

static void tell_silence(struct air_talk *c, bool is_silent)
{
	if (c->is_silent == is_silent)
		return;
	c->is_silent = is_silent;
	c->handlers.silent(c->user, is_silent);
}

static void take_state(struct air_talk *c, enum altair_agent_state state,
		       int reason)
{
	switch (state) {
	case ALTAIR_AGENT_SUSPECT:
	case ALTAIR_AGENT_DISCONNECTED:
		tell_silence(c, true);
		break;
	case ALTAIR_AGENT_CONNECTED:
	case ALTAIR_AGENT_COMPLETED:
		tell_silence(c, false);
		break;
	case ALTAIR_AGENT_FAILED:
		c->has_no_path = true;
		end(c, reason);
		break;
	default:
		break;
	}
}

static void tell_candidate(struct air_talk *c, uint32_t number)
{
	char lines[ALTAIR_CANDIDATE_TEXT + 4] = "a=";
	int len = altair_agent_candidate(c->agent, number, lines + 2,
					 sizeof lines - 4);

	if (len < 0 || !c->is_telling)
		return;
	memcpy(lines + 2 + len, "\r\n", 3);
	c->handlers.lines(c->user, lines);
}

/* All anew: the agent has restarted. */
static void tell_all(struct air_talk *c)
{
	char lines[ALTAIR_AGENT_DESCRIPTION_TEXT];

	if (c->is_telling &&
	    altair_agent_describe(c->agent, lines, sizeof lines) > 0)
		c->handlers.lines(c->user, lines);
}

static void on_event(void *user, const altair_output *out)
{
	struct air_talk *c = user;

	if (c->is_over)
		return;
	switch (out->event) {
	case ALTAIR_EV_CANDIDATE:
		tell_candidate(c, out->number);
		break;
	case ALTAIR_EV_END_OF_CANDIDATES:
		c->is_gathered = true;
		if (c->is_telling)
			c->handlers.lines(c->user, "a=end-of-candidates\r\n");
		c->handlers.gathered(c->user);
		break;
	case ALTAIR_EV_CREDENTIALS:
		tell_all(c);
		break;
	case ALTAIR_EV_SELECTED:
		if (c->is_open)
			c->handlers.moved(c->user);
		break;
	case ALTAIR_EV_STATE:
		take_state(c, (enum altair_agent_state)out->number,
			   out->reason);
		break;
	default:
		break;
	}
	if (!c->is_over)
		start(c);
}

/* ---- its life ---- */

int air_talk_open(struct air_talk *talk, uv_loop_t *loop,
		  const altair_uv_agent_config *config)
{
	const altair_uv_agent_handlers handlers = {.event = on_event,
						   .message = on_message};
	int error = altair_uv_agent_open(&talk->driver, loop, config, &handlers,
					 talk);

	if (error)
		return error;
	talk->agent = altair_uv_agent_agent(talk->driver);
	(void)altair_agent_gather(talk->agent, altair_clock_now());
	altair_uv_agent_kick(talk->driver);
	return 0;
}

int air_talk_describe(struct air_talk *talk, char *out, size_t cap)
{
	talk->is_telling = true;
	return altair_agent_describe(talk->agent, out, cap);
}

int air_talk_accept(struct air_talk *talk, const char *lines)
{
	int error = altair_agent_accept(talk->agent, altair_clock_now(), lines);

	altair_uv_agent_kick(talk->driver);
	return error;
}

int air_talk_expect(struct air_talk *talk, const uint8_t peer[32],
		    bool is_client)
{
	altair_secure_config config;
	size_t size;
	int error;

	altair_secure_config_default(&config);
	config.dtls = talk->dtls;
	config.role.is_client = is_client;
	memcpy(config.role.peer, peer, sizeof config.role.peer);
	size = altair_secure_size(&config);
	talk->memory = malloc(size);
	if (size == 0 || !talk->memory)
		return ALTAIR_E_MEMORY;
	error = altair_secure_init(&talk->secure, talk->memory, size, &config);
	if (error)
		return error;
	start(talk);
	if (talk->early_len > 0)
		take_datagram(talk, talk->early, talk->early_len);
	return 0;
}

/* close_notify goes by the path, once. */
void air_talk_goodbye(struct air_talk *talk)
{
	altair_output out;
	enum altair_step step;

	talk->is_over = true;
	if (!talk->secure)
		return;
	altair_secure_close(talk->secure);
	while ((step = altair_poll(altair_secure_machine(talk->secure),
				   &out)) != ALTAIR_WAIT)
		if (step == ALTAIR_SEND)
			say(talk, out.datagram.bytes);
}

void air_talk_close(struct air_talk *talk, void (*closed)(void *user))
{
	talk->is_over = true;
	if (talk->secure)
		altair_secure_free(talk->secure);
	talk->secure = NULL;
	free(talk->memory);
	talk->memory = NULL;
	altair_uv_agent_close(talk->driver, closed);
}
