/*
 * Two machines of one server, and streams that come to both: there are never more
 * than there may be, and who comes to the one is not kept out, nor pushed out, by
 * idle strangers of the other.
 */
#include "check.h"

#include <altair/error.h>
#include <altair/server.h>

#include <stdio.h>
#include <stdlib.h>

#define MAX 16
#define SPARE 3 /* an eighth, and one */
#define MACHINES 2

static struct {
	void *common_memory, *memory[MACHINES];
	altair_server_common *common;
	altair_server *server[MACHINES];
	altair_time now;
	bool lives[MACHINES][MAX + 1]; /* by sock */
	size_t shuts[MACHINES];
	unsigned sources;
} w;

static int some_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	memset(out, 7, len);
	return 0;
}

static void begin(void)
{
	static const altair_crypto crypto = {.random = some_random};
	altair_server_config c;
	size_t len;

	for (unsigned i = 0; i < MACHINES; i++)
		free(w.memory[i]);
	free(w.common_memory);
	memset(&w, 0, sizeof w);
	w.now = ALTAIR_SEC(1000);
	altair_server_config_default(&c);
	c.crypto = &crypto;
	c.connections_max = MAX;
	c.workers = MACHINES;
	len = altair_server_common_size(&c);
	CHECK(len > 0);
	w.common_memory = malloc(len);
	CHECK_EQ(altair_server_common_init(&w.common, w.common_memory, len, &c),
		 0);
	c.common = w.common;
	for (unsigned i = 0; i < MACHINES; i++) {
		c.worker = i;
		len = altair_server_size(&c);
		w.memory[i] = malloc(len);
		CHECK_EQ(altair_server_init(&w.server[i], w.memory[i], len, &c,
					    w.now),
			 0);
	}
}

static void poll_all(unsigned machine)
{
	altair_machine *m = altair_server_machine(w.server[machine]);
	altair_output out;

	while (altair_poll(m, &out) != ALTAIR_WAIT) {
		CHECK_EQ(out.event, ALTAIR_EV_SHUT);
		w.lives[machine][out.number - ALTAIR_SERVER_STREAM] = false;
		w.shuts[machine]++;
	}
}

/* The machine has something to do. */
static void wake(unsigned machine)
{
	altair_tick(altair_server_machine(w.server[machine]), w.now);
	poll_all(machine);
}

static uint64_t streams(void)
{
	altair_server_stats stats;
	uint64_t count = 0;

	for (unsigned i = 0; i < MACHINES; i++) {
		altair_server_get_stats(w.server[i], &stats);
		count += stats.streams;
	}
	return count;
}

/* One more, from a source of its own; its number, or -1: it was refused. */
static int arrive(unsigned machine)
{
	altair_path path = {.sock = ALTAIR_SERVER_STREAM};
	char from[32];
	int rc;

	w.now += ALTAIR_MSEC(1);
	snprintf(from, sizeof from, "203.0.%u.%u:9", w.sources / 250,
		 w.sources % 250 + 1);
	w.sources++;
	CHECK_EQ(altair_addr_parse(&path.remote, from), 0);
	CHECK_EQ(altair_addr_parse(&path.local, "198.51.100.1:3478"), 0);
	while (w.lives[machine][path.sock - ALTAIR_SERVER_STREAM])
		path.sock++;
	rc = altair_server_accepted(w.server[machine], w.now, path.sock, &path);
	if (rc == 0)
		w.lives[machine][path.sock - ALTAIR_SERVER_STREAM] = true;
	poll_all(machine);
	CHECK(streams() <= MAX);
	return rc == 0 ? (int)(path.sock - ALTAIR_SERVER_STREAM) : -1;
}

static void the_total_is_that_of_both(void)
{
	begin();
	for (int i = 0; i < 5 * MAX; i++)
		CHECK(arrive((unsigned)(i % 3 == 0)) >= 0);
	CHECK(streams() >= MAX - SPARE);
	/* One machine alone may have nearly all. */
	begin();
	for (int i = 0; i < MAX - SPARE; i++)
		CHECK(arrive(0) >= 0);
	CHECK_EQ(streams(), MAX - SPARE);
	CHECK_EQ(w.shuts[0], 0);
}

static void a_crowd_elsewhere_keeps_nobody_out(void)
{
	int mine[SPARE];

	begin();
	for (int i = 0; i < 10 * MAX; i++)
		arrive(1);
	CHECK_EQ(streams(), MAX - SPARE);
	CHECK_EQ(altair_server_wakes(w.server[1]), -1);
	/* It sleeps now, and here there is room yet; then it is woken. */
	for (int i = 0; i < SPARE; i++) {
		mine[i] = arrive(0);
		CHECK(mine[i] >= 0);
		CHECK_EQ(altair_server_wakes(w.server[0]), 1);
		CHECK_EQ(altair_server_wakes(w.server[0]), -1);
	}
	CHECK_EQ(streams(), MAX);
	w.shuts[1] = 0;
	wake(1);
	CHECK_EQ(w.shuts[1], SPARE);
	CHECK_EQ(streams(), MAX - SPARE);
	/* Whatever comes there from now on, the oldest go first, and these are
	 * there; who came here is younger. */
	for (int i = 0; i < MAX - 2 * SPARE; i++)
		arrive(1);
	CHECK_EQ(w.shuts[0], 0);
	for (int i = 0; i < SPARE; i++)
		CHECK(w.lives[0][mine[i]]);
}

/* It does not shut anybody later when there is room again. */
static void what_was_asked_is_forgotten(void)
{
	begin();
	for (int i = 0; i < MAX - SPARE; i++)
		arrive(1);
	CHECK(arrive(0) >= 0);
	for (uint32_t i = 0; i < MAX - SPARE; i += 2) {
		altair_server_lost(w.server[1], ALTAIR_SERVER_STREAM + i);
		w.lives[1][i] = false;
	}
	wake(1);
	CHECK_EQ(w.shuts[1], 0);
	CHECK(streams() < MAX - SPARE);
}

/* Even when the other machine never wakes, each may come in. */
static void a_machine_that_sleeps(void)
{
	begin();
	for (int i = 0; i < MAX - SPARE; i++)
		arrive(1);
	for (int i = 0; i < 5 * MAX; i++)
		CHECK(arrive(0) >= 0);
	CHECK_EQ(streams(), MAX);
	CHECK_EQ(w.shuts[1], 0);
}

static void machines_that_are_too_many(void)
{
	static const altair_crypto crypto = {.random = some_random};
	altair_server_config c;

	altair_server_config_default(&c);
	c.crypto = &crypto;
	c.workers = MACHINES;
	CHECK_EQ(altair_server_common_size(&c), 0); /* nothing in common */
	c.connections_max = 1;
	CHECK(altair_server_common_size(&c) > 0);
	c.workers = 129;
	CHECK_EQ(altair_server_common_size(&c), 0);
	c.workers = 0;
	CHECK_EQ(altair_server_common_size(&c), 0);
}

static const struct check_test tests[] = {
	TEST(the_total_is_that_of_both),
	TEST(a_crowd_elsewhere_keeps_nobody_out),
	TEST(what_was_asked_is_forgotten),
	TEST(a_machine_that_sleeps),
	TEST(machines_that_are_too_many),
};
CHECK_MAIN(tests)
