/*
 * What is lost without a word: streams to relays whose state a NAT has dropped,
 * mappings that expire while we wait for the peer, allocations of a session that
 * failed; and servers that give no channels.
 */
#include "relay_world.h"

/* --- streams ------------------------------------------------------------- */

/* Two sides without UDP, in the twentieth second; side 0's stream dies. */
static void begin_dying(void)
{
	begin_pair(BLOCKED, BLOCKED);
	run_until(20000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	w.dead_stream = w.side[0].opened;
}

static void the_other_stream_carries_data(uint64_t ms)
{
	size_t heard;

	run_until(ms);
	heard = w.side[1].heard;
	CHECK(w.side[0].opened != w.dead_stream);
	CHECK_EQ(w.side[0].shut, w.dead_stream);
	CHECK_EQ(say(0, "h"), 0);
	run_until(ms + 200);
	CHECK_EQ(w.side[1].heard, heard + 1);
}

/* Ten seconds for an answer, and one to see that there is something to ask. */
static void a_stream_that_dies_in_silence_is_replaced(void)
{
	begin_dying();
	CHECK_EQ(say(0, "h"), 0);
	run_until(30000);
	CHECK_EQ(w.side[0].opens, 1);
	run_until(32000);
	CHECK_EQ(w.side[0].opens, 2);
	CHECK_EQ(w.side[0].ended.reason, ALTAIR_E_TIMEOUT);
	the_other_stream_carries_data(34000);
}

/* News do not give the request that is under way its time anew. */
static void news_do_not_put_off_the_end_of_a_stream(void)
{
	begin_dying();
	for (uint64_t ms = 20000; ms <= 32000; ms += 2500) {
		run_until(ms);
		altair_agent_resumed(w.side[0].agent, w.now);
		drain(0);
	}
	CHECK_EQ(w.side[0].opens, 2);
}

static void change_host(const char *text)
{
	altair_addr old = w.side[0].host;

	CHECK_EQ(altair_agent_remove_host(w.side[0].agent, w.now, 7, &old), 0);
	w.side[0].host = addr(text);
	CHECK_EQ(altair_agent_add_host(w.side[0].agent, w.now, 7,
				       &w.side[0].host),
		 0);
	drain(0);
}

/* Wi-Fi to mobile: nothing is to be waited for. */
static void a_stream_of_an_address_that_goes_is_replaced_at_once(void)
{
	begin_dying();
	run_until(20001);
	change_host("10.0.1.2:5000");
	CHECK_EQ(w.side[0].opens, 2);
	CHECK_EQ(w.side[0].ended.reason, ALTAIR_E_NETWORK);
	the_other_stream_carries_data(21000);
}

/* The stream is from the address that stays. */
static void a_stream_of_another_address_stays(void)
{
	altair_addr other = addr("10.0.1.9:5000");

	begin_pair(BLOCKED, BLOCKED);
	run_until(2000);
	CHECK_EQ(altair_agent_add_host(w.side[0].agent, w.now, 7, &other), 0);
	CHECK_EQ(altair_agent_remove_host(w.side[0].agent, w.now, 7, &other),
		 0);
	run_until(3000);
	CHECK_EQ(w.side[0].opens, 1);
}

/* --- mappings ------------------------------------------------------------ */

/* Side 0 has gathered and waits for the other one, which comes after two minutes. */
static void wait_for_the_peer(void)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);

		add(s, PORT, &c);
		add_stun(s);
	}
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	run_until(120000);
}

static void the_peer_comes(void)
{
	CHECK_EQ(altair_agent_gather(w.side[1].agent, w.now), 0);
	altair_agent_seal(w.side[1].agent, w.now);
	for (int s = 0; s < 2; s++)
		tell_credentials(s);
	run_until(130000);
}

/* RFC 8445 5.1.1.4. */
static void mappings_are_held_while_we_wait(void)
{
	size_t asked;

	wait_for_the_peer();
	asked = w.requests[AIR_STUN_BINDING];
	CHECK(asked >= 7 && asked <= 9);
	the_peer_comes();
	CHECK(connect_ms() - 120000 <= 110);
	asked = w.requests[AIR_STUN_BINDING];
	run_until(300000);
	CHECK_EQ(w.requests[AIR_STUN_BINDING], asked);
}

static void a_mapping_that_changes_while_we_wait_is_told(void)
{
	size_t told;

	wait_for_the_peer();
	told = w.side[0].candidate_count;
	flush(0);
	run_until(136000);
	CHECK_EQ(w.side[0].candidate_count, told + 1);
}

/* The NAT forgets just before, so that the peer is told of an address that is no
 * more, and then of the one in its place. */
static void a_mapping_that_is_gone_costs_nothing(void)
{
	wait_for_the_peer();
	flush(0);
	the_peer_comes();
	printf("# %llu ms\n", (unsigned long long)connect_ms() - 120000);
	CHECK(connect_ms() - 120000 <= 200);
}

/* --- channels ------------------------------------------------------------ */

/* How often a channel is asked for in ten seconds, data included. */
static size_t channels_asked(int code)
{
	size_t before, heard;

	begin_pair(SYM, SYM);
	w.refuse_channel = code;
	run_until(5000);
	before = w.requests[AIR_STUN_CHANNEL_BIND];
	heard = w.side[1].heard;
	for (uint64_t ms = 5000; ms <= 15000; ms += 1000) {
		run_until(ms);
		CHECK_EQ(say(0, "h"), 0);
	}
	run_until(16000);
	CHECK_EQ(w.side[1].heard, heard + 11);
	CHECK_EQ(w.channel_data, 0);
	return w.requests[AIR_STUN_CHANNEL_BIND] - before;
}

static void a_server_without_channels_is_not_asked_for_ever(void)
{
	CHECK_EQ(channels_asked(403), 0);
	CHECK(w.requests[AIR_STUN_CHANNEL_BIND] <= 4);
	CHECK_EQ(channels_asked(508), 0);
	CHECK(w.requests[AIR_STUN_CHANNEL_BIND] <= 4);
}

/* RFC 8656 12.3: the allocation goes, once. */
static void an_allocation_is_lost_to_a_channel_once(void)
{
	CHECK_EQ(channels_asked(400), 0);
	CHECK_EQ(w.requests[AIR_STUN_CHANNEL_BIND], 2);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].ends, 1);
}

/* --- the end ------------------------------------------------------------- */

static void a_failed_session_gives_its_address_back(void)
{
	altair_agent_config c;
	altair_agent *a;
	size_t asked;

	begin();
	c = config(0);
	add(0, SYM, &c);
	add(1, OPEN, &c); /* it never begins */
	CHECK_EQ(add_relay(0, false), 0);
	a = w.side[0].agent;
	CHECK_EQ(altair_agent_remote(a, w.now, "abcd",
				     "abcdefghijklmnopqrstuvwx"),
		 0);
	CHECK_EQ(altair_agent_gather(a, w.now), 0);
	altair_agent_seal(a, w.now);
	altair_agent_end_of_candidates(a, w.now);
	run_until(100000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK(w.allocations[0].is_live);
	altair_agent_close(a);
	drain(0);
	run_until(101000);
	CHECK(!w.allocations[0].is_live);
	/* The second time there is nothing to say. */
	asked = w.requests[AIR_STUN_REFRESH];
	altair_agent_close(a);
	drain(0);
	run_until(102000);
	CHECK_EQ(w.requests[AIR_STUN_REFRESH], asked);
}

static const struct check_test tests[] = {
	TEST(a_stream_that_dies_in_silence_is_replaced),
	TEST(news_do_not_put_off_the_end_of_a_stream),
	TEST(a_stream_of_an_address_that_goes_is_replaced_at_once),
	TEST(a_stream_of_another_address_stays),
	TEST(mappings_are_held_while_we_wait),
	TEST(a_mapping_that_changes_while_we_wait_is_told),
	TEST(a_mapping_that_is_gone_costs_nothing),
	TEST(a_server_without_channels_is_not_asked_for_ever),
	TEST(an_allocation_is_lost_to_a_channel_once),
	TEST(a_failed_session_gives_its_address_back),
};

CHECK_MAIN(tests)
