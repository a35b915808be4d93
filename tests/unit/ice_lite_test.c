/* ICE-lite on either side: a lite agent with a full one, and what it never does. */
#include "ice_world.h"

#include <altair/verdict.h>

/* A is lite, B is full and told so, or not. */
static void begin_lite(bool b_controls)
{
	altair_agent_config a = config(true), b = config(b_controls);

	a.lite = true;
	begin();
	add(0, &a, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &b, "10.0.0.2:6000", "192.0.2.2:1024");
	gather();
}

static void describe(int from, char text[ALTAIR_AGENT_DESCRIPTION_TEXT])
{
	CHECK(altair_agent_describe(w.side[from].agent, text,
				    ALTAIR_AGENT_DESCRIPTION_TEXT) > 0);
}

static void exchange_descriptions(void)
{
	char text[ALTAIR_AGENT_DESCRIPTION_TEXT];

	for (int from = 0; from < 2; from++) {
		describe(from, text);
		CHECK_EQ(strstr(text, "a=ice-lite\r\n") != NULL, from == 0);
		CHECK_EQ(altair_agent_accept(w.side[!from].agent, w.now, text),
			 0);
	}
}

static altair_bytes bytes_of(const char *text)
{
	return air_text(text);
}

/* Whatever B believed to be, it controls. */
static void lite_and_full_connect(void)
{
	for (int i = 0; i < 2; i++) {
		begin_lite(i);
		CHECK(!altair_agent_is_controlling(w.side[0].agent));
		exchange_descriptions();
		CHECK(altair_agent_is_controlling(w.side[1].agent));
		run_until(2000);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(stats_of(1).role_switches, 0);
		CHECK_EQ(say(0, bytes_of("from lite")), 0);
		CHECK_EQ(say(1, bytes_of("from full")), 0);
		run_until(3000);
		CHECK_EQ(w.side[0].received_len, 9);
		CHECK_EQ(w.side[1].received_len, 9);
		CHECK_EQ(stats_of(0).checks + stats_of(0).consents, 0);
	}
}

/* Who is not told learns it by the role conflict. */
static void a_full_peer_that_was_not_told(void)
{
	begin_lite(false);
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	run_until(2000);
	CHECK(altair_agent_is_controlling(w.side[1].agent));
	CHECK_EQ(stats_of(1).role_switches, 1);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
}

/* For hours, and nothing but answers. */
static void a_lite_agent_never_asks(void)
{
	uint64_t answered;

	begin_lite(true);
	exchange_descriptions();
	run_until(3600000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	answered = stats_of(0).requests + stats_of(0).refused;
	CHECK_EQ(w.side[0].sent, answered);
	CHECK(answered > 600);
	CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now,
					 &w.side[1].public),
		 ALTAIR_E_STATE);
}

static bool drop_all(const struct flight *f)
{
	(void)f;
	return true;
}

/* The peer's checks are the consent. */
static void consent_is_that_checks_come(void)
{
	begin_lite(true);
	exchange_descriptions();
	run_until(10000);
	w.drop = drop_all;
	run_until(30000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	run_until(41000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
	CHECK_EQ(say(0, bytes_of("x")), ALTAIR_E_STATE);
	w.drop = NULL;
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(say(0, bytes_of("x")), 0);
	w.drop = drop_all;
	run_until(60000 + 640000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
}

/* The peer does not know of the restart yet, and goes on checking. */
static void checks_of_the_past_are_consent(void)
{
	begin_lite(true);
	exchange_descriptions();
	run_until(3000);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	drain(0);
	for (unsigned ms = 3000; ms < 120000; ms += 1000) {
		run_until(ms);
		CHECK_EQ(say(0, bytes_of("x")), 0);
	}
	run_until(120000);
	CHECK_EQ(w.side[1].received_count, 117);
}

/* B's NAT gives it another port: the lite side follows the next nomination. */
static void the_last_nomination_counts(void)
{
	begin_lite(true);
	exchange_descriptions();
	run_until(2000);
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
	altair_agent_close(w.side[1].agent);
	free(w.side[1].memory);
	{
		altair_agent_config b = config(true);

		add(1, &b, "10.0.0.2:6000", "192.0.2.2:2048");
	}
	/* As if it were the same peer: another agent with its keys. */
	w.side[1].agent->keys.local = w.side[0].agent->keys.remote;
	w.side[1].agent->keys.remote = w.side[0].agent->keys.local;
	w.side[1].agent->keys.has_remote = true;
	CHECK_EQ(altair_agent_gather(w.side[1].agent, w.now), 0);
	signal_candidate(1, 0);
	run_until(4000);
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(say(0, bytes_of("there")), 0);
	run_until(5000);
	CHECK_EQ(w.side[1].received_len, 5);
}

/* A check without nomination opens the path for three times its bytes. */
static void three_times_before_the_nomination(void)
{
	static const uint8_t data[1200];
	struct air_check check = {.priority = 1, .controlling = true};
	struct air_check_keys peer = {.has_remote = true};
	struct flight f = {
		.path = {7, addr("192.0.2.1:5000"), addr("192.0.2.9:9")}};
	uint8_t buffer[AIR_CHECK_LEN_MAX];

	begin_lite(true);
	peer.crypto = crypto();
	peer.remote = w.side[0].agent->keys.local;
	snprintf(peer.local.ufrag, sizeof peer.local.ufrag, "peer");
	for (int i = 0; i < 2; i++) {
		altair_bytes request;

		check.nominates = i == 1;
		check.transaction[0]++;
		request = air_check_request(&check, &peer, buffer);
		memcpy(f.bytes, request.data, request.len);
		f.len = request.len;
		CHECK_EQ(deliver(&f), ALTAIR_TAKEN);
		CHECK_EQ(state_of(0), i == 0 ? ALTAIR_AGENT_CONNECTED
					     : ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(say(0, (altair_bytes){data, sizeof data}),
			 i == 0 ? ALTAIR_E_AGAIN : 0);
	}
}

static void two_lite_agents_do_not_fit(void)
{
	altair_agent_config c = config(true);
	char text[ALTAIR_AGENT_DESCRIPTION_TEXT];

	c.lite = true;
	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c, "192.0.2.2:5000", "192.0.2.2:5000");
	gather();
	describe(0, text);
	CHECK_EQ(altair_agent_accept(w.side[1].agent, w.now, text),
		 ALTAIR_E_STATE);
	CHECK_EQ(altair_agent_remote_is_lite(w.side[1].agent), ALTAIR_E_STATE);
	begin_lite(false);
	CHECK_EQ(altair_agent_remote_is_lite(w.side[1].agent), 0);
	CHECK(altair_agent_is_controlling(w.side[1].agent));
	altair_agent_close(w.side[1].agent);
	CHECK_EQ(altair_agent_remote_is_lite(w.side[1].agent), ALTAIR_E_STATE);
}

static void a_lite_agent_gives_up_in_time(void)
{
	begin_lite(true);
	exchange_descriptions();
	w.drop = drop_all;
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(39499);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_GATHERING);
	run_until(39501);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
}

/* --- a check that was seen, from everywhere ------------------------------ */

static struct flight seen;

/* Keeps the first check that comes to the lite agent; loses nothing. */
static bool see_check(const struct flight *f)
{
	if (seen.len == 0 && f->to == 0 && f->len > 1 && f->bytes[0] == 0 &&
	    f->bytes[1] == 1)
		seen = *f;
	return false;
}

static void replay_from(unsigned n)
{
	struct flight f = seen;
	char from[ALTAIR_ADDR_TEXT];

	snprintf(from, sizeof from, "203.0.113.%u:%u", n % 200 + 1, 1000 + n);
	f.path.remote = addr(from);
	f.path.sock = 7;
	deliver(&f);
}

/* More addresses than there are places for peer-reflexive ones. */
static void replayed_checks_do_not_displace_the_path(void)
{
	altair_path path;

	begin_lite(true);
	memset(&seen, 0, sizeof seen);
	w.drop = see_check;
	exchange_descriptions();
	run_until(3000);
	CHECK(seen.len > 0);
	for (unsigned ms = 3000; ms < 30000; ms += 100) {
		run_until(ms);
		for (unsigned n = 0; n < AIR_PRFLX_MAX - 1; n++)
			replay_from(n);
		replay_from(ms);
		CHECK_EQ(altair_agent_path(w.side[0].agent, &path), 0);
		CHECK(altair_addr_equal(&path.remote, &w.side[1].public));
	}
}

static const struct check_test tests[] = {
	TEST(lite_and_full_connect),
	TEST(a_full_peer_that_was_not_told),
	TEST(a_lite_agent_never_asks),
	TEST(consent_is_that_checks_come),
	TEST(checks_of_the_past_are_consent),
	TEST(the_last_nomination_counts),
	TEST(three_times_before_the_nomination),
	TEST(two_lite_agents_do_not_fit),
	TEST(a_lite_agent_gives_up_in_time),
	TEST(replayed_checks_do_not_displace_the_path),
};

CHECK_MAIN(tests)
