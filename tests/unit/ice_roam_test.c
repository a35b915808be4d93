/*
 * Data goes on when a NAT forgets its mappings or gets another public address:
 * without signalling, with one relay server, behind NATs of any kind.
 */
#include "relay_world.h"

static const char *const names[] = {"open", "sym", "blocked", "port", "full"};

enum event { FLUSH, MOVE };

static void talk_until(uint64_t ms)
{
	uint64_t now = (w.now - START) / MS(1);

	for (; now < ms; now += 20) {
		run_until(now);
		for (int s = 0; s < 2; s++)
			(void)say(s, "hello");
	}
	run_until(ms);
}

static void happen(int s, enum event event)
{
	flush(s);
	if (event == MOVE)
		w.side[s].public.ip[3] =
			(uint8_t)(w.side[s].public.ip[3] + 100);
}

/* How long data of either side is missing from when it happens on, in ms. */
static unsigned gap_after(int s, enum event event, unsigned at)
{
	size_t heard[2];

	talk_until(at);
	happen(s, event);
	/* What was on its way does not count. */
	talk_until(at + 60);
	for (unsigned ms = at + 60; ms < at + 10000; ms += 10) {
		for (int k = 0; k < 2; k++)
			heard[k] = w.side[k].heard;
		talk_until(ms + 40);
		if (w.side[0].heard > heard[0] && w.side[1].heard > heard[1])
			return ms - at;
	}
	return 10000;
}

static int by_value(const void *one, const void *other)
{
	return *(const unsigned *)one < *(const unsigned *)other ? -1 : 1;
}

static void data_flows_again_wherever_one_moves(void)
{
	static const enum kind kinds[] = {OPEN, SYM, PORT, FULL};
	static unsigned gaps[4096];
	size_t count = 0;

	for (unsigned i = 0; i < 128; i++) {
		enum kind a = kinds[i & 3], b = kinds[i >> 2 & 3];
		int s = i >> 4 & 1;
		enum event event = i >> 5 & 1 ? MOVE : FLUSH;

		if ((s ? b : a) == OPEN)
			continue;
		begin_pair(a, b);
		talk_until(14000);
		w.is_silent = true;
		gaps[count] = gap_after(s, event, 15000 + 370 * (i >> 6));
		if (gaps[count] > 1500)
			printf("# %s of %s with %s: %u ms\n",
			       event == MOVE ? "move" : "flush",
			       names[s ? b : a], names[s ? a : b], gaps[count]);
		count++;
	}
	qsort(gaps, count, sizeof *gaps, by_value);
	printf("# %zu runs: p50 %u ms, p95 %u ms, worst %u ms\n", count,
	       gaps[count / 2], gaps[count * 95 / 100], gaps[count - 1]);
	CHECK(gaps[count / 2] <= 1500);
	CHECK(gaps[count * 95 / 100] <= 3000);
}

static const struct check_test tests[] = {
	TEST(data_flows_again_wherever_one_moves),
};

CHECK_MAIN(tests)
