/*
 * listen --keep and strangers: how long until the next code, how many wrong ones,
 * and that what goes wrong before a meeting ends no session. The links are made
 * here, and the clock is what the timer was set to.
 */
#define _GNU_SOURCE
#include "chat.h"
#include "check.h"
#include "command.h"

#include <stdlib.h>

int __wrap_altair_uv_link_open(altair_uv_link **out, uv_loop_t *loop,
			       const altair_uv_link_config *config,
			       const altair_uv_link_handlers *handlers,
			       void *user);
void __wrap_altair_uv_link_close(altair_uv_link *link,
				 void (*closed)(void *user));
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb ring, uint64_t wait,
			  uint64_t repeat);
int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb ring, uint64_t wait,
			  uint64_t repeat);

static struct run run;
static struct chat chat;
static altair_uv_link_handlers told;
static void (*on_closed)(void *user);
static struct chat_link *newest; /* of which a link was opened          */
static unsigned opened;
static int open_error;
static uv_timer_t *timer;
static uv_timer_cb ring;
static uint64_t pause_ms; /* 0: no timer was set since it rang           */

int __wrap_altair_uv_link_open(altair_uv_link **out, uv_loop_t *loop,
			       const altair_uv_link_config *config,
			       const altair_uv_link_handlers *handlers,
			       void *user)
{
	(void)loop;
	(void)config;
	if (open_error)
		return open_error;
	told = *handlers;
	newest = user;
	opened++;
	*out = user; /* any pointer: nobody looks into it */
	return 0;
}

void __wrap_altair_uv_link_close(altair_uv_link *link,
				 void (*closed)(void *user))
{
	(void)link;
	on_closed = closed;
}

int __wrap_uv_timer_start(uv_timer_t *it, uv_timer_cb then, uint64_t wait,
			  uint64_t repeat)
{
	timer = it;
	ring = then;
	pause_ms = wait;
	return __real_uv_timer_start(it, then, 1000 * wait, repeat);
}

/* ---- what happens ---- */

static void setup(void)
{
	run = (struct run){0};
	chat = (struct chat){.run = &run, .keeps = true};
	chat.report.run = &run;
	CHECK_EQ(uv_loop_init(&run.loop), 0);
	opened = 0;
	open_error = 0;
	pause_ms = 0;
	CHECK_EQ(air_chat_open(&chat), 0);
}

static void happen(struct chat_link *link, enum altair_uv_link_kind kind,
		   int reason)
{
	const altair_uv_link_event event = {
		.kind = kind, .reason = reason, .text = "a sentence"};

	told.event(link, link->link, &event);
}

static void teardown(void)
{
	if (timer)
		uv_close((uv_handle_t *)timer, NULL);
	timer = NULL;
	/* Twice: the first one returns at once if the run was ended. */
	uv_run(&run.loop, UV_RUN_NOWAIT);
	uv_run(&run.loop, UV_RUN_NOWAIT);
	CHECK_EQ(uv_loop_close(&run.loop), 0);
}

static struct chat_link *meet(void)
{
	struct chat_link *link = newest;

	happen(link, ALTAIR_UV_LINK_SERVER, 0);
	happen(link, ALTAIR_UV_LINK_INTRODUCED, 0);
	return link;
}

static void fail(int reason)
{
	struct chat_link *link = newest;

	happen(link, ALTAIR_UV_LINK_SERVER, 0);
	happen(link, ALTAIR_UV_LINK_FAILED, reason);
	if (!run.over)
		on_closed(link);
}

static void leave(struct chat_link *link)
{
	happen(link, ALTAIR_UV_LINK_LEFT, 0);
	on_closed(link);
}

/* True: it was set to so many seconds. */
static bool wait_out(unsigned seconds)
{
	bool was_so = pause_ms == 1000 * seconds;

	if (pause_ms == 0)
		return false;
	uv_timer_stop(timer);
	pause_ms = 0;
	ring(timer);
	return was_so;
}

/* ---- tests ---- */

static void after_each_failed_meeting_it_pauses_longer(void)
{
	static const unsigned seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	static const int reasons[] = {ALTAIR_E_SECRET, ALTAIR_E_TAMPERED,
				      ALTAIR_E_TIMEOUT};

	setup();
	for (unsigned i = 0; i < 9; i++) {
		fail(reasons[i % 3]);
		CHECK_EQ(opened, 1 + i);
		CHECK(wait_out(seconds[i]));
		CHECK_EQ(opened, 2 + i);
	}
	(void)meet();
	CHECK_EQ(opened, 11);
	fail(ALTAIR_E_SECRET);
	CHECK(wait_out(1));
	CHECK(!run.over);
	teardown();
}

static void ten_wrong_codes_in_a_row_end_the_listening(void)
{
	struct chat_link *ben;

	setup();
	ben = meet();
	for (unsigned i = 0; i < 10; i++) {
		fail(ALTAIR_E_SECRET);
		CHECK(!run.over);
		CHECK((pause_ms > 0) == (i < 9));
		if (pause_ms > 0)
			(void)wait_out(0);
	}
	CHECK_EQ(opened, 11);
	leave(ben);
	CHECK(run.over);
	CHECK_EQ(run.code, EXIT_AUTHENTICATION);
	CHECK_EQ(opened, 11);
	teardown();
}

static void ten_wrong_codes_and_nobody_there_end_the_run(void)
{
	setup();
	for (unsigned i = 0; i < 10; i++) {
		CHECK(!run.over);
		fail(ALTAIR_E_SECRET);
		(void)wait_out(0);
	}
	CHECK(run.over);
	CHECK_EQ(run.code, EXIT_AUTHENTICATION);
	teardown();
}

static void a_busy_server_ends_no_session(void)
{
	static const int reasons[] = {ALTAIR_E_AGAIN, ALTAIR_E_FORBIDDEN,
				      ALTAIR_E_SERVER, ALTAIR_E_NETWORK};

	setup();
	(void)meet();
	for (unsigned i = 0; i < 40; i++) {
		fail(reasons[i % 4]);
		CHECK(!run.over);
		CHECK(pause_ms > 0);
		(void)wait_out(0);
		CHECK_EQ(opened, 3 + i);
	}
	teardown();
}

static void a_server_that_never_was_there_ends_the_run(void)
{
	setup();
	happen(newest, ALTAIR_UV_LINK_SERVER, ALTAIR_E_NETWORK);
	happen(newest, ALTAIR_UV_LINK_FAILED, ALTAIR_E_NETWORK);
	CHECK(run.over);
	CHECK_EQ(run.code, EXIT_LOCAL_NETWORK);
	teardown();
}

static void after_a_failed_open_it_is_tried_again(void)
{
	setup();
	open_error = ALTAIR_E_MEMORY;
	(void)meet();
	CHECK_EQ(opened, 1);
	CHECK(wait_out(1));
	CHECK_EQ(opened, 1);
	open_error = 0;
	CHECK(wait_out(2));
	CHECK_EQ(opened, 2);
	CHECK_EQ(pause_ms, 0);
	teardown();
}

static void after_the_most_peers_the_next_one_finds_room(void)
{
	struct chat_link *ben;

	setup();
	ben = meet();
	while (opened < CHAT_LINKS_MAX)
		(void)meet();
	(void)meet();
	CHECK_EQ(opened, CHAT_LINKS_MAX);
	CHECK_EQ(pause_ms, 0);
	leave(ben);
	CHECK_EQ(opened, CHAT_LINKS_MAX + 1);
	leave(&chat.link[1]);
	CHECK_EQ(opened, CHAT_LINKS_MAX + 1); /* one waits already */
	teardown();
}

static const struct check_test tests[] = {
	TEST(after_each_failed_meeting_it_pauses_longer),
	TEST(ten_wrong_codes_in_a_row_end_the_listening),
	TEST(ten_wrong_codes_and_nobody_there_end_the_run),
	TEST(a_busy_server_ends_no_session),
	TEST(a_server_that_never_was_there_ends_the_run),
	TEST(after_a_failed_open_it_is_tried_again),
	TEST(after_the_most_peers_the_next_one_finds_room),
};

CHECK_MAIN(tests)
