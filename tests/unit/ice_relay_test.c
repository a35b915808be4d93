/*
 * Relays of the agent, in virtual time and against the floor: signalling 20 ms,
 * a check through the relay 80, Allocate with its 401 twice 40, and 40 more to
 * open a stream.
 */
#include "relay_world.h"

/* --- the floor ----------------------------------------------------------- */

static void symmetric_sides_connect_at_the_floor(void)
{
	begin_pair(SYM, SYM);
	run_until(3000);
	printf("# %llu ms\n", (unsigned long long)connect_ms());
	CHECK_EQ(connect_ms(), 180);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(stats_of(s).unsent + stats_of(s).strangers, 0);
	}
}

static void sides_without_udp_connect_at_the_floor(void)
{
	begin_pair(BLOCKED, BLOCKED);
	run_until(3000);
	printf("# %llu ms\n", (unsigned long long)connect_ms());
	CHECK_EQ(connect_ms(), 220);
	begin_pair(SYM, BLOCKED);
	run_until(3000);
	printf("# %llu ms\n", (unsigned long long)connect_ms());
	CHECK_EQ(connect_ms(), 220);
	begin_pair(BLOCKED, OPEN);
	run_until(3000);
	printf("# %llu ms\n", (unsigned long long)connect_ms());
	CHECK(connect_ms() <= 220);
}

static const struct check_test tests[] = {
	TEST(symmetric_sides_connect_at_the_floor),
	TEST(sides_without_udp_connect_at_the_floor),
};

CHECK_MAIN(tests)
