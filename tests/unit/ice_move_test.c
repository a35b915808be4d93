/*
 * A path that falls silent: suspicion, the path in reserve, and a peer whose
 * address changes, all without signalling.
 */
#include "ice_world.h"

static bool is_cut;	/* the direct path, both ways                       */
static unsigned losing; /* per cent, on all paths                           */

static uint32_t any_below(uint32_t limit)
{
	uint8_t bytes[4];

	some_random(NULL, bytes, sizeof bytes);
	return (bytes[0] | (uint32_t)bytes[1] << 8) % limit;
}

/* Between the sockets 7 of both. */
static bool is_direct(const struct flight *f)
{
	return f->to == 1
		       ? f->path.sock == 7
		       : altair_addr_equal(&f->path.remote, &w.side[1].public);
}

static bool drop_some(const struct flight *f)
{
	return (is_cut && is_direct(f)) || any_below(100) < losing;
}

static unsigned said[2]; /* data on its way: direct, and otherwise            */

static bool watch_data(const struct flight *f)
{
	if (f->len == 4)
		said[!is_direct(f)]++;
	return drop_some(f);
}

static void add_remote(int to, const char *text)
{
	CHECK_EQ(altair_agent_add_remote(w.side[to].agent, w.now, text), 0);
	drain(to);
}

/* Beside the direct path one of 90 ms, which B's candidate calls relayed. Both are
 * known, the direct one is nominated. */
static void begin_with_reserve(void)
{
	altair_agent_config a = config(true), b = config(false);

	begin();
	is_cut = false;
	losing = 0;
	w.drop = watch_data;
	add(0, &a, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	add_place(1, 9, "203.0.113.1:9000", "203.0.113.1:9000")->delay = MS(20);
	CHECK_EQ(altair_agent_add_host(w.side[1].agent, w.now, 9,
				       &w.side[1].places[0].addr),
		 0);
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	add_remote(0, "candidate:9 1 UDP 1000 203.0.113.1 9000 typ relay raddr "
		      "0.0.0.0 rport 9");
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(3000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
}

static altair_bytes four(void)
{
	return air_text("data");
}

/* One way or both, each 10 ms; runs to `to` ms. */
static void talk(unsigned from, unsigned to, bool both)
{
	for (unsigned ms = from; ms < to; ms += 10) {
		run_until(ms);
		for (int s = 0; s < (both ? 2 : 1); s++)
			CHECK_EQ(say(s, four()), 0);
	}
	run_until(to);
}

/* The bar of the issue: 500 ms after the cut data arrives over the relay. */
static void data_moves_to_the_reserve(void)
{
	altair_time worst = 0, took;

	for (unsigned cut = 0; cut < 400; cut += 7) {
		for (int both = 0; both < 2; both++) {
			begin_with_reserve();
			talk(4000, 5000, both);
			run_until(5000 + cut % 10);
			talk(5000 + cut % 10, 5000 + cut, both);
			is_cut = true;
			/* What was on its way arrives. */
			run_until(5000 + cut + 25);
			w.side[1].received_count = 0;
			talk(5025 + cut, 6000 + cut, both);
			CHECK(w.side[1].received_count > 0);
			took = w.side[1].received_at - MS(5000 + cut);
			worst = took > worst ? took : worst;
			CHECK(altair_addr_equal(&w.side[0].selected,
						&w.side[1].places[0].public));
		}
	}
	printf("# at worst %.0f ms after the cut\n", (double)worst / 1e6);
	CHECK(worst <= MS(500));
}

/* Selected, per side: how often data went another way. */
static void data_comes_back_when_the_path_answers(void)
{
	begin_with_reserve();
	talk(4000, 5000, true);
	is_cut = true;
	talk(5000, 8000, true);
	for (int s = 0; s < 2; s++) {
		CHECK(state_of(s) == ALTAIR_AGENT_CONNECTED);
		CHECK_EQ(w.side[s].state_at[ALTAIR_AGENT_DISCONNECTED],
			 ALTAIR_NEVER);
	}
	is_cut = false;
	talk(8000, 9000, true);
	said[0] = said[1] = 0;
	talk(9000, 10000, true);
	CHECK_EQ(said[1], 0);
	CHECK_EQ(said[0], 200);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
}

/* A wrong suspicion costs a detour, and no data. */
static void loss_alone_costs_short_detours(void)
{
	begin_with_reserve();
	losing = 10;
	said[0] = said[1] = 0;
	w.side[1].received_count = 0;
	talk(4000, 64000, false);
	printf("# one way, 10 %% loss: %u of %u on the detour\n", said[1],
	       said[0] + said[1]);
	CHECK(said[1] * 10 < said[0] + said[1]);
	CHECK(w.side[1].received_count > 6000 * 85 / 100);

	begin_with_reserve();
	losing = 10;
	said[0] = said[1] = 0;
	talk(4000, 64000, true);
	CHECK_EQ(said[1], 0);
}

/* Idle, a cut is found by the next request for consent, not sooner. */
static void idle_sessions_are_not_hurried(void)
{
	uint64_t before;

	begin_with_reserve();
	before = w.side[0].sent + w.side[1].sent;
	run_until(3000 + 600000);
	before = w.side[0].sent + w.side[1].sent - before;
	printf("# idle, with a reserve: %.2f packets a second\n",
	       (double)before / 600);
	CHECK(before <= 2 * 600);
	is_cut = true;
	run_until(3000 + 608000);
	for (int s = 0; s < 2; s++)
		CHECK(w.side[s].agent->path->remote !=
			      w.side[s].agent->list.pairs[0].remote ||
		      w.side[s].agent->path->local !=
			      w.side[s].agent->list.pairs[0].local);
	CHECK_EQ(say(0, four()), 0);
	run_until(3000 + 608100);
	CHECK_EQ(w.side[1].received_count, 1);
}

/* --- the peer moves ------------------------------------------------------ */

static void begin_plain(bool a_controls)
{
	begin_pair(a_controls, !a_controls);
	is_cut = false;
	losing = 0;
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(3000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
}

static void the_path_follows_a_peer_that_moves(void)
{
	for (int how = 0; how < 4; how++) {
		bool both = how & 1;

		begin_plain(how & 2);
		talk(4000, 5000, both);
		w.side[1].public = addr("192.0.2.77:7777");
		/* What was on its way to the old address is lost. */
		w.side[1].received_count = 0;
		run_until(5030);
		w.side[1].received_count = 0;
		talk(5030, 6000, both);
		CHECK(w.side[1].received_count > 0);
		printf("# followed after %.0f ms\n",
		       (double)(w.side[1].received_at - MS(5000)) / 1e6);
		/* Who only receives asks when that breaks off. */
		CHECK(w.side[1].received_at <= MS(both ? 5500 : 6100));
		talk(6000, 20000, both);
		CHECK(altair_addr_equal(&w.side[0].selected,
					&w.side[1].public));
		for (int s = 0; s < 2; s++)
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		run_until(20100);
		w.side[1].received_count = w.side[0].received_count = 0;
		talk(20100, 21100, true);
		run_until(21200);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(w.side[s].received_count, 100);
	}
}

/* It sends nothing and hears nothing: its consent requests tell it. */
static void an_idle_peer_moves_too(void)
{
	begin_plain(true);
	w.side[1].public = addr("192.0.2.77:7777");
	run_until(13000);
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
	for (int s = 0; s < 2; s++)
		CHECK(state_of(s) == ALTAIR_AGENT_COMPLETED ||
		      state_of(s) == ALTAIR_AGENT_CONNECTED);
}

/* A new mapping each 30 s for an hour, more than there are places for. */
static void a_hundred_moves_in_an_hour(void)
{
	char text[32];

	begin_plain(true);
	for (unsigned i = 1; i <= 120; i++) {
		unsigned ms = 3000 + 30000 * i;

		run_until(ms);
		snprintf(text, sizeof text, "192.0.2.2:%u", 10000 + i);
		w.side[i & 1].public = addr(text);
		w.side[0].received_count = w.side[1].received_count = 0;
		talk(ms, ms + 2000, true);
		for (int s = 0; s < 2; s++)
			CHECK(w.side[s].received_count >= 140);
	}
}

static int flaps;

static void count_flaps(unsigned ms)
{
	const struct air_pair *path = w.side[0].agent->path;

	run_until(ms);
	flaps += w.side[0].agent->path != path;
}

/* The peer's checks from two addresses that both live are no reason to move. */
static void two_living_addresses_do_not_flap(void)
{
	begin_with_reserve();
	flaps = 0;
	for (unsigned ms = 4000; ms < 30000; ms += 10) {
		/* B's data comes from the other address all the time. */
		w.side[1].agent->path = air_checklist_find(
			&w.side[1].agent->list, 1, &w.side[0].public);
		CHECK(w.side[1].agent->path);
		say(1, four());
		say(0, four());
		count_flaps(ms);
	}
	CHECK_EQ(flaps, 0);
}

static bool drop_all(const struct flight *f)
{
	(void)f;
	return true;
}

/* What its checks have shown before, on pairs that nobody watches, proves
 * nothing of now when those pairs are searched. */
static void a_peer_that_sleeps_is_not_connected(void)
{
	static const char *const hosts[] = {
		"203.0.113.1:9000", "203.0.113.2:9001", "203.0.113.3:9002"};
	altair_agent_config a = config(true), b = config(false);

	begin();
	add(0, &a, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	for (uint32_t i = 0; i < 3; i++) {
		add_place(1, 9 + i, hosts[i], hosts[i])->delay = MS(1);
		CHECK_EQ(altair_agent_add_host(w.side[1].agent, w.now, 9 + i,
					       &w.side[1].places[i].addr),
			 0);
	}
	gather();
	exchange_credentials();
	for (uint32_t i = 0; i < 4; i++)
		signal_candidate(0, i);
	signal_candidate(1, 0);
	run_until(3000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	CHECK(w.side[0].agent->list.pairs_count >= 4);
	w.drop = drop_all;
	for (unsigned ms = 4000; ms < 600000; ms += 100) {
		run_until(ms);
		if (ms >= 35000)
			CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
	}
	w.drop = NULL;
	run_until(665000);
	CHECK(state_of(0) == ALTAIR_AGENT_COMPLETED);
}

static bool drop_answers(const struct flight *f)
{
	return f->to == 1;
}

/* A path that was only heard ends in time, also where nothing else is due. */
static void what_was_heard_ages(void)
{
	altair_agent_config a = config(false), b = config(true);

	begin();
	a.lite = true;
	w.drop = drop_answers;
	add(0, &a, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	exchange_credentials();
	signal_candidate(1, 0);
	run_until(3000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	w.drop = drop_all;
	run_until(32000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	run_until(33500);
	CHECK(state_of(0) != ALTAIR_AGENT_CONNECTED);
	CHECK_EQ(say(0, four()), ALTAIR_E_STATE);
}

/* Nothing that a stranger brings moves anything. */
static void strangers_move_nothing(void)
{
	struct flight f = {0};

	begin_plain(true);
	f.path = (altair_path){7, w.side[0].addr, addr("192.0.2.99:99")};
	f.len = 4;
	memcpy(f.bytes, "data", 4);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(deliver(&f), ALTAIR_NOT_MINE);
	run_until(3010);
	CHECK_EQ(w.side[0].agent->list.pairs_count, 1);
	CHECK(!w.side[0].agent->path->is_suspect);
}

static const struct check_test tests[] = {
	TEST(data_moves_to_the_reserve),
	TEST(data_comes_back_when_the_path_answers),
	TEST(loss_alone_costs_short_detours),
	TEST(idle_sessions_are_not_hurried),
	TEST(the_path_follows_a_peer_that_moves),
	TEST(an_idle_peer_moves_too),
	TEST(a_hundred_moves_in_an_hour),
	TEST(two_living_addresses_do_not_flap),
	TEST(a_peer_that_sleeps_is_not_connected),
	TEST(what_was_heard_ages),
	TEST(strangers_move_nothing),
};

CHECK_MAIN(tests)
