/*
 * The libuv driver of an agent: two of them on one loop, on loopback, each the
 * other's signalling.
 */
#define _GNU_SOURCE
#include "check.h"

#include <altair/openssl.h>
#include <altair/uv_agent.h>

#include <stdlib.h>

static const char *const lo[] = {"lo"};
static uv_loop_t loop;

struct side {
	altair_uv_agent *driver;
	struct side *other;
	enum altair_agent_state state;
	char heard[ALTAIR_AGENT_MESSAGE_MAX + 1];
	size_t messages;
	bool is_closed, closes_when_heard;
};

static struct side sides[2];
static bool is_late; /* the loop ran longer than anything here takes */

static void pass_on(struct side *to, altair_agent *agent, uint32_t number)
{
	char text[ALTAIR_CANDIDATE_TEXT];
	altair_uv_agent *driver = to->driver;

	CHECK(altair_agent_candidate(agent, number, text, sizeof text) > 0);
	CHECK_EQ(altair_agent_add_remote(altair_uv_agent_agent(driver),
					 altair_uv_agent_now(driver), text),
		 0);
	altair_uv_agent_kick(driver);
}

static void on_event(void *user, const altair_output *out)
{
	struct side *side = user;

	if (out->event == ALTAIR_EV_CANDIDATE)
		pass_on(side->other, altair_uv_agent_agent(side->driver),
			out->number);
	if (out->event == ALTAIR_EV_STATE)
		side->state = (enum altair_agent_state)out->number;
}

static void on_closed(void *user)
{
	struct side *side = user;

	side->is_closed = true;
}

static void on_message(void *user, altair_bytes message)
{
	struct side *side = user;

	memcpy(side->heard, message.data, message.len);
	side->heard[message.len] = '\0';
	side->messages++;
	if (side->closes_when_heard)
		altair_uv_agent_close(side->driver, on_closed);
}

static const altair_uv_agent_handlers handlers = {.event = on_event,
						  .message = on_message};

static void open_side(struct side *side, bool controlling)
{
	altair_uv_agent_config config;

	altair_uv_agent_config_default(&config);
	config.agent.crypto = altair_openssl();
	config.agent.controlling = controlling;
	config.agent.loopback = true;
	config.interfaces = lo;
	config.interfaces_count = 1;
	CHECK_EQ(altair_uv_agent_open(&side->driver, &loop, &config, &handlers,
				      side),
		 0);
}

static void begin(struct side *side)
{
	altair_agent *agent = altair_uv_agent_agent(side->driver);
	altair_agent *other = altair_uv_agent_agent(side->other->driver);
	altair_time now = altair_uv_agent_now(side->driver);

	CHECK_EQ(altair_agent_remote(agent, now, altair_agent_ufrag(other),
				     altair_agent_pwd(other)),
		 0);
	CHECK_EQ(altair_agent_gather(agent, now), 0);
	altair_agent_seal(agent, now);
	altair_uv_agent_kick(side->driver);
}

static void setup(void)
{
	uv_loop_init(&loop);
	is_late = false;
	for (int i = 0; i < 2; i++) {
		sides[i] = (struct side){.other = &sides[1 - i]};
		open_side(&sides[i], i == 0);
	}
	begin(&sides[0]);
	begin(&sides[1]);
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	is_late = true;
}

/* Runs the loop until `done` says so. */
static void run_until(bool (*done)(void))
{
	uv_timer_t timer;

	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_late, 20000, 0);
	while (!done() && !is_late)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK(!is_late);
}

static bool are_completed(void)
{
	return sides[0].state == ALTAIR_AGENT_COMPLETED &&
	       sides[1].state == ALTAIR_AGENT_COMPLETED;
}

static bool are_closed(void)
{
	return sides[0].is_closed && sides[1].is_closed;
}

static bool has_heard(void)
{
	return sides[0].messages > 0 && sides[1].messages > 0;
}

static void teardown(void)
{
	altair_uv_agent_close(sides[0].driver, on_closed);
	altair_uv_agent_close(sides[1].driver, on_closed);
	run_until(are_closed);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

static int say(struct side *side, const char *text)
{
	return altair_uv_agent_send(
		side->driver,
		(altair_bytes){(const uint8_t *)text, strlen(text)});
}

static void two_agents_meet(void)
{
	char longest[ALTAIR_AGENT_MESSAGE_MAX + 2];

	setup();
	CHECK(altair_uv_agent_hosts(sides[0].driver) > 0);
	run_until(are_completed);
	memset(longest, 'x', sizeof longest);
	longest[ALTAIR_AGENT_MESSAGE_MAX + 1] = '\0';
	CHECK_EQ(say(&sides[0], longest), ALTAIR_E_TOO_LONG);
	longest[ALTAIR_AGENT_MESSAGE_MAX] = '\0';
	CHECK_EQ(say(&sides[0], longest), 0);
	CHECK_EQ(say(&sides[1], "hello"), 0);
	run_until(has_heard);
	CHECK_STR(sides[1].heard, longest);
	CHECK_STR(sides[0].heard, "hello");
	teardown();
}

static void nothing_is_sent_without_a_path(void)
{
	setup();
	CHECK_EQ(say(&sides[0], "too early"), ALTAIR_E_STATE);
	teardown();
}

/* In the middle of a batch: the rest of it is not handed up. */
static void a_handler_may_close(void)
{
	setup();
	run_until(are_completed);
	sides[0].closes_when_heard = true;
	for (int i = 0; i < 5; i++)
		CHECK_EQ(say(&sides[1], "once"), 0);
	CHECK_EQ(say(&sides[0], "and you"), 0);
	run_until(has_heard);
	altair_uv_agent_close(sides[1].driver, on_closed);
	run_until(are_closed);
	CHECK_EQ(sides[0].messages, 1);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

static void what_open_refuses(void)
{
	static const char *const too_long[] = {"a-name-of-an-interface-x"};
	altair_uv_agent_config config;
	altair_uv_agent *driver;

	uv_loop_init(&loop);
	altair_uv_agent_config_default(&config);
	CHECK_EQ(altair_uv_agent_open(&driver, &loop, &config, &handlers, NULL),
		 ALTAIR_E_INVALID);
	config.agent.crypto = altair_openssl();
	config.interfaces = too_long;
	config.interfaces_count = 1;
	CHECK_EQ(altair_uv_agent_open(&driver, &loop, &config, &handlers, NULL),
		 ALTAIR_E_INVALID);
	config.interfaces = lo;
	config.size--;
	CHECK_EQ(altair_uv_agent_open(&driver, &loop, &config, &handlers, NULL),
		 ALTAIR_E_INVALID);
	config.size++;
	/* Loopback only where the agent allows it. */
	CHECK_EQ(altair_uv_agent_open(&driver, &loop, &config, &handlers,
				      &sides[0]),
		 0);
	CHECK_EQ(altair_uv_agent_hosts(driver), 0);
	altair_uv_agent_close(driver, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

static void a_taken_port(void)
{
	altair_uv_agent_config config;
	altair_agent *agent;
	altair_uv_agent *driver;
	char text[ALTAIR_CANDIDATE_TEXT];
	unsigned port;

	setup();
	agent = altair_uv_agent_agent(sides[0].driver);
	CHECK(altair_agent_candidate(agent, 0, text, sizeof text) > 0);
	CHECK(sscanf(text, "%*s %*s %*s %*s %*s %u", &port) == 1);
	altair_uv_agent_config_default(&config);
	config.agent.crypto = altair_openssl();
	config.agent.loopback = true;
	config.interfaces = lo;
	config.interfaces_count = 1;
	config.port = (uint16_t)port;
	CHECK_EQ(altair_uv_agent_open(&driver, &loop, &config, &handlers,
				      &sides[0]),
		 ALTAIR_E_IN_USE);
	teardown();
}

static const struct check_test tests[] = {
	TEST(two_agents_meet),	   TEST(nothing_is_sent_without_a_path),
	TEST(a_handler_may_close), TEST(what_open_refuses),
	TEST(a_taken_port),
};

CHECK_MAIN(tests)
