/*
 * An hour of silence with a direct path and a relay each in reserve: what it
 * costs, and that both are still of use afterwards.
 */
#include "relay_world.h"

#include "ice/vigil.h"

static bool drop_direct(const struct flight *f)
{
	return !is_server(&f->from) && !is_server(&f->to);
}

static void begin_idle(enum kind a, enum kind b)
{
	begin_pair(a, b);
	run_until(20000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_DIRECT);
		CHECK(w.side[s].agent->has_reserve);
	}
}

/* Row 53: at most two packets a second, both sides and all purposes together. */
static void an_hour_is_cheap(void)
{
	static const enum kind kinds[] = {OPEN, PORT, FULL};

	for (size_t i = 0; i < 3; i++) {
		uint64_t sent;

		begin_idle(kinds[i], kinds[i]);
		sent = w.side[0].sent + w.side[1].sent;
		run_until(20000 + 3600000);
		sent = w.side[0].sent + w.side[1].sent - sent;
		printf("# %.2f packets a second\n", (double)sent / 3600);
		CHECK(sent <= 2 * 3600);
		for (int s = 0; s < 2; s++) {
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
			CHECK(w.side[s].agent->has_reserve);
			CHECK_EQ(w.side[s].ends, 0);
		}
	}
}

/* The peer lists addresses where nobody is: a direct path stays worth a search. */
static void list_nobody(int s, int count)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	for (int i = 1; i <= count; i++) {
		snprintf(text, sizeof text,
			 "candidate:%d 1 UDP %d 192.0.2.%d 9 typ host", i,
			 2000000 + i, i);
		CHECK_EQ(altair_agent_add_remote(w.side[s].agent, w.now, text),
			 0);
	}
}

/* The most that a side sent in a minute that begins at a full second. */
static void find_busiest_minute(unsigned from, unsigned to, uint64_t most[2])
{
	uint64_t sent[60][2];

	for (unsigned second = from; second < to; second++) {
		uint64_t *then = sent[second % 60];

		run_until(1000 * (uint64_t)second);
		for (int s = 0; s < 2; s++) {
			uint64_t count = w.side[s].sent - then[s];

			if (second >= from + 60 && count > most[s])
				most[s] = count;
			then[s] = w.side[s].sent;
		}
	}
}

/* Also where a server does not answer, and direct paths are searched in vain. */
static void a_search_in_vain_is_cheap(void)
{
	uint64_t most[2] = {0, 0};

	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		add(s, s ? SYM : BLOCKED, &c);
		add_stun(s);
		CHECK_EQ(add_relay(s, false), 0);
		CHECK_EQ(add_relay(s, true), 1);
	}
	go();
	for (int s = 0; s < 2; s++)
		list_nobody(s, 12);
	run_until(12000);
	find_busiest_minute(12, 1200, most);
	for (int s = 0; s < 2; s++) {
		printf("# %u in the busiest minute\n", (unsigned)most[s]);
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
		CHECK(most[s] > 0 && most[s] <= 120);
	}
}

/* The bar of the issue. The data is sent each 10 ms. */
static unsigned time_until_relayed(bool both)
{
	size_t heard[2] = {0, 0};
	uint64_t ms = (w.now - START) / MS(1);
	unsigned took;

	for (took = 0; took < 1000; took += 10) {
		run_until(ms + took);
		for (int s = 0; s < (both ? 2 : 1); s++)
			(void)say(s, "hello");
		if (took == 30) /* what was on its way has come */
			for (int s = 0; s < 2; s++)
				heard[s] = w.side[s].heard;
		if (took > 30 && w.side[1].heard > heard[1] &&
		    (!both || w.side[0].heard > heard[0]))
			return took;
	}
	return took;
}

/* How often a pair with this round trip is asked before its limit. */
static uint32_t ask_in_doubt(altair_time rtt, bool has_data)
{
	struct air_pair pair = {.is_valid = true, .rtt = rtt};
	struct air_vigil vigil = {0};
	const altair_time start = ALTAIR_SEC(100);
	altair_time now = start;

	pair.answered_at = pair.heard_at = start;
	air_vigil_begin(&vigil, &pair, start, altair_openssl());
	if (has_data)
		air_vigil_speak(&vigil, start);
	air_vigil_doubt(&vigil, start);
	while (now < start + 2 * rtt) {
		uint8_t transaction[AIR_STUN_TRANSACTION_LEN];

		air_vigil_due(&vigil, now, altair_openssl(), transaction);
		now += ALTAIR_MSEC(1);
	}
	return vigil.asked;
}

/* Many requests were on their way where the peer is far and nobody speaks. */
static void a_doubt_in_silence_waits_a_round_trip(void)
{
	CHECK_EQ(ask_in_doubt(ALTAIR_MSEC(650), false), 2);
	CHECK_EQ(ask_in_doubt(ALTAIR_MSEC(650), true), 9);
	CHECK_EQ(ask_in_doubt(ALTAIR_MSEC(150), false), 2);
}

static void the_reserve_is_there_when_the_path_is_cut(void)
{
	for (int both = 0; both < 2; both++) {
		unsigned took;

		begin_idle(PORT, PORT);
		run_until(20000 + 3600000);
		for (unsigned ms = 0; ms < 500; ms += 10) {
			run_until(3620000 + ms);
			for (int s = 0; s < 2; s++)
				CHECK_EQ(say(s, "hello"), 0);
		}
		w.drop = drop_direct;
		took = time_until_relayed(both);
		printf("# relayed after %u ms\n", took);
		CHECK(took <= 500);
		run_until(3640000);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
		/* And back, when it is whole again. */
		w.drop = NULL;
		run_until(3660000);
		for (int s = 0; s < 2; s++) {
			CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_DIRECT);
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		}
	}
}

static const struct check_test tests[] = {
	TEST(an_hour_is_cheap),
	TEST(a_search_in_vain_is_cheap),
	TEST(a_doubt_in_silence_waits_a_round_trip),
	TEST(the_reserve_is_there_when_the_path_is_cut),
};

CHECK_MAIN(tests)
