/* ICE restart: generations of credentials and pairs, while data flows. */
#include "ice_world.h"

static altair_bytes bytes_of(const char *text)
{
	return air_text(text);
}

/* Two open hosts that are connected, and tell each other what they are told. */
static void begin_connected(void)
{
	begin_pair(true, false);
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(2000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(state_of(1), ALTAIR_AGENT_COMPLETED);
	w.is_signalling = true;
	w.signal_delay = MS(100);
}

static void restart(int s)
{
	CHECK_EQ(altair_agent_restart(w.side[s].agent, w.now), 0);
	drain(s);
}

static bool know_each_other(void)
{
	for (int s = 0; s < 2; s++) {
		const struct air_check_keys *keys = &w.side[s].agent->keys;

		if (!keys->has_remote ||
		    strcmp(keys->remote.ufrag,
			   altair_agent_ufrag(w.side[!s].agent)) != 0 ||
		    strcmp(keys->remote.pwd,
			   altair_agent_pwd(w.side[!s].agent)) != 0)
			return false;
	}
	return true;
}

static void check_completed(void)
{
	CHECK(know_each_other());
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	CHECK(altair_agent_is_controlling(w.side[0].agent));
	CHECK(!altair_agent_is_controlling(w.side[1].agent));
}

/* Both send each 10 ms, from `from` to `to` ms; nothing may be refused. */
static void talk(unsigned from, unsigned to)
{
	for (unsigned ms = from; ms < to; ms += 10) {
		run_until(ms);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(say(s, bytes_of("data")), 0);
	}
	run_until(to + 100);
}

static void data_goes_on_through_a_restart(void)
{
	char ufrag[16];

	begin_connected();
	snprintf(ufrag, sizeof ufrag, "%s",
		 altair_agent_ufrag(w.side[0].agent));
	restart(0);
	CHECK(strcmp(ufrag, altair_agent_ufrag(w.side[0].agent)) != 0);
	/* Data goes on, but nothing is nominated in this generation. */
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	talk(2000, 4000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(w.side[s].received_count, 200);
		CHECK_EQ(w.side[s].credentials, 1);
		CHECK_EQ(stats_of(s).strangers + stats_of(s).refused, 0);
		CHECK_EQ(w.side[s].state_at[ALTAIR_AGENT_SUSPECT],
			 ALTAIR_NEVER);
		CHECK(w.side[s].agent->past.is_retired);
	}
	check_completed();
	run_until(40000);
	CHECK_EQ(w.side[0].agent->past.count, 0);
	check_completed();
}

/* The older generation carries data and holds consent as long as it takes. */
static void without_an_answer_all_stays(void)
{
	begin_connected();
	w.is_signalling = false;
	restart(0);
	run_until(120000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	CHECK_EQ(state_of(1), ALTAIR_AGENT_COMPLETED);
	talk(120000, 121000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].received_count, 100);
	CHECK_EQ(stats_of(0).refused + stats_of(1).refused, 0);
}

static void both_may_restart_at_once(void)
{
	begin_connected();
	restart(0);
	restart(1);
	talk(2000, 4000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(w.side[s].received_count, 200);
		CHECK_EQ(w.side[s].credentials, 1);
	}
	check_completed();
}

/* The first answer comes when the second question is on its way. */
static void two_restarts_in_a_row_end(void)
{
	begin_connected();
	restart(0);
	run_until(2050);
	restart(0);
	talk(2050, 4000);
	CHECK(w.side[0].credentials <= 3 && w.side[1].credentials <= 2);
	check_completed();
}

/* Nobody was heard yet with the new credentials when the peer restarts. */
static void a_restart_upon_a_restart_is_answered(void)
{
	begin_connected();
	w.drop = NULL;
	restart(0);
	run_until(2100); /* the other one has answered */
	restart(1);
	talk(2100, 4000);
	check_completed();
}

static uint32_t any_below(uint32_t limit)
{
	uint8_t bytes[4];

	some_random(NULL, bytes, sizeof bytes);
	return (bytes[0] | (uint32_t)bytes[1] << 8) % limit;
}

static bool drop_a_tenth(const struct flight *f)
{
	(void)f;
	return any_below(10) == 0;
}

/* Up to six restarts by either side at any times end in one generation. */
static void any_restarts_end_in_one_generation(void)
{
	for (uint32_t seed = 0; seed < 500; seed++) {
		unsigned ms = 2000, told;

		begin_connected();
		random_state = seed;
		w.signal_delay = MS(any_below(300));
		w.drop = seed & 1 ? drop_a_tenth : NULL;
		for (uint32_t i = any_below(6) + 1; i > 0; i--) {
			restart((int)any_below(2));
			ms += any_below(400);
			run_until(ms);
		}
		run_until(ms + 20000);
		w.drop = NULL;
		run_until(ms + 27000);
		told = w.side[0].credentials + w.side[1].credentials;
		CHECK(told <= 20);
		check_completed();
	}
}

static void restart_in_the_middle_of_nomination(void)
{
	for (unsigned ms = 0; ms <= 200; ms += 5) {
		for (int s = 0; s < 2; s++) {
			begin_pair(true, false);
			w.is_signalling = true;
			w.signal_delay = MS(20);
			run_until(ms);
			restart(s);
			run_until(5000);
			check_completed();
			CHECK_EQ(say(s, bytes_of("hello")), 0);
			run_until(5100);
			CHECK_EQ(w.side[!s].received_count, 1);
		}
	}
}

static bool drop_all(const struct flight *f)
{
	(void)f;
	return true;
}

static void restart_after_failure(void)
{
	begin_pair(true, false);
	w.drop = drop_all;
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_EQ(state_of(1), ALTAIR_AGENT_FAILED);
	w.drop = NULL;
	w.is_signalling = true;
	restart(0);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_GATHERING);
	run_until(62000);
	check_completed();
}

static void restart_while_disconnected(void)
{
	begin_connected();
	w.drop = drop_all;
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
	restart(0);
	/* What it was is still so, until something works. */
	CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
	CHECK_EQ(say(0, bytes_of("no")), ALTAIR_E_STATE);
	run_until(65000);
	w.drop = NULL;
	run_until(70000);
	check_completed();
}

static void restart_while_suspect(void)
{
	begin_connected();
	w.drop = drop_all;
	run_until(15000);
	CHECK_EQ(state_of(1), ALTAIR_AGENT_SUSPECT);
	restart(1);
	CHECK_EQ(state_of(1), ALTAIR_AGENT_SUSPECT);
	w.drop = NULL;
	run_until(18000);
	check_completed();
}

/* The peer has another address when it restarts. */
static void restart_from_another_address(void)
{
	begin_connected();
	w.side[1].public = addr("192.0.2.9:7000");
	restart(1);
	run_until(4000);
	check_completed();
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
	CHECK_EQ(say(0, bytes_of("hello")), 0);
	run_until(4100);
	CHECK_EQ(w.side[1].received_count, 1);
}

static struct air_check_keys old_keys;
static unsigned old_requests;

/* Counts requests of the older generation that side 0 sends. */
static bool count_old(const struct flight *f)
{
	struct air_stun_message m;

	if (f->to == 1 &&
	    air_stun_message_read(&m, (altair_bytes){f->bytes, f->len},
				  AIR_STUN_SET_BASE | AIR_STUN_SET_ICE) &&
	    m.header.class == AIR_STUN_REQUEST &&
	    air_check_is_for_us(&m, &old_keys))
		old_requests++;
	return false;
}

/* Once the new generation has a path nothing is asked in the name of the old
 * one, and no pair of it is chosen however well it does. */
static void the_older_generation_is_left_for_good(void)
{
	begin_connected();
	old_keys = w.side[1].agent->keys;
	restart(0);
	run_until(3000);
	check_completed();
	w.drop = count_old;
	old_requests = 0;
	run_until(30000);
	CHECK_EQ(old_requests, 0);
	/* The present path is lost for good: the past is no way out. */
	w.side[0].agent->path->is_valid = false;
	w.side[0].agent->path->is_heard = false;
	CHECK_EQ(w.side[0].agent->past.count, 1);
	altair_tick(w.side[0].machine, w.now);
	CHECK(!w.side[0].agent->path);
}

/* A request with the old fragment is answered with the old password. */
static void the_old_fragment_is_answered_with_the_old_password(void)
{
	struct air_check check = {.priority = 1, .tie_breaker = 1};
	struct air_check_keys old;
	struct air_stun_message m;
	struct flight f = {0};
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	altair_bytes bytes;

	begin_connected();
	w.is_signalling = false;
	old = w.side[1].agent->keys;
	restart(0);
	bytes = air_check_request(&check, &old, buffer);
	f.path = (altair_path){7, w.side[0].addr, w.side[1].public};
	f.len = bytes.len;
	memcpy(f.bytes, bytes.data, bytes.len);
	w.flight_count = 0;
	CHECK_EQ(deliver(&f), ALTAIR_TAKEN);
	CHECK_EQ(w.flight_count, 1);
	CHECK(air_stun_message_read(
		&m, (altair_bytes){w.flights[0].bytes, w.flights[0].len},
		AIR_STUN_SET_BASE | AIR_STUN_SET_ICE));
	CHECK_EQ(m.header.class, AIR_STUN_SUCCESS);
	CHECK(air_check_is_genuine(&m, &old));
	/* From anywhere else it makes no pair. */
	f.path.remote = addr("192.0.2.3:6000");
	CHECK_EQ(deliver(&f), ALTAIR_TAKEN);
	CHECK_EQ(w.flight_count, 1);
	CHECK_EQ(w.side[0].agent->list.pairs_count, 0);
	/* Forged, it is no news. */
	f.path.remote = w.side[1].public;
	f.bytes[f.len - 12] ^= 1;
	f.bytes[f.len - 1] ^= 1;
	deliver(&f);
	CHECK_EQ(w.flight_count, 1);
}

/* Found by the fuzzer: the peer has checked us, who have not begun to gather,
 * and restarts. */
static void the_peer_restarts_before_we_begin(void)
{
	altair_agent_config a = config(true), b = config(false);

	begin();
	add(0, &a, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	CHECK_EQ(altair_agent_gather(w.side[1].agent, w.now), 0);
	exchange_credentials();
	signal_candidate(1, 0);
	run_until(100);
	CHECK(stats_of(0).requests > 0);
	w.is_signalling = true;
	w.signal_delay = MS(20);
	restart(1);
	run_until(200);
	CHECK(know_each_other());
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	drain(0);
	run_until(2000);
	check_completed();
}

static void when_it_may_not_be(void)
{
	altair_agent_config c = config(true);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), ALTAIR_E_STATE);
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	altair_agent_close(w.side[0].agent);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), ALTAIR_E_STATE);
}

/* The NAT has another port for the present: what the peer saw of the past stays. */
static void the_past_keeps_how_it_was_seen(void)
{
	altair_agent_config a = config(true), b = config(false);
	const struct air_checklist *list;

	begin();
	add(0, &a, "10.0.0.1:5000", "192.0.2.1:1024");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	list = &w.side[0].agent->list;
	w.is_signalling = true;
	gather();
	exchange_credentials();
	run_until(2000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	w.side[0].public.port = 2048;
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	drain(0);
	run_until(3000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(w.side[0].agent->past.count, 1);
	CHECK_EQ(list->locals[w.side[0].agent->path->seen].addr.port, 2048);
	CHECK_EQ(list->locals[list->pairs[AIR_PAIRS_MAX].seen].addr.port, 1024);
}

static const struct check_test tests[] = {
	TEST(data_goes_on_through_a_restart),
	TEST(without_an_answer_all_stays),
	TEST(both_may_restart_at_once),
	TEST(two_restarts_in_a_row_end),
	TEST(a_restart_upon_a_restart_is_answered),
	TEST(any_restarts_end_in_one_generation),
	TEST(restart_in_the_middle_of_nomination),
	TEST(restart_after_failure),
	TEST(restart_while_disconnected),
	TEST(restart_while_suspect),
	TEST(restart_from_another_address),
	TEST(the_older_generation_is_left_for_good),
	TEST(the_old_fragment_is_answered_with_the_old_password),
	TEST(the_peer_restarts_before_we_begin),
	TEST(the_past_keeps_how_it_was_seen),
	TEST(when_it_may_not_be),
};

CHECK_MAIN(tests)
