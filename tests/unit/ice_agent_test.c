/*
 * The agent in virtual time: against another one, and against a peer that the
 * test plays with the peer's keys.
 */
#include "ice_world.h"

static altair_bytes bytes_of(const char *text)
{
	return air_text(text);
}

/* --- two agents ---------------------------------------------------------- */

static void two_open_hosts_connect(void)
{
	begin_pair(true, false);
	run_until(2000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(w.side[s].state_at[ALTAIR_AGENT_CHECKING], 0);
		/* The peer's check, half a round trip later. */
		CHECK_EQ(w.side[s].state_at[ALTAIR_AGENT_CONNECTED], MS(25));
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK(altair_addr_equal(&w.side[s].selected,
					&w.side[!s].public));
		CHECK_EQ(stats_of(s).strangers + stats_of(s).unsent, 0);
	}
	/* Nothing better may come: it is nominated with the next slot. */
	CHECK_EQ(w.side[0].state_at[ALTAIR_AGENT_COMPLETED], MS(100));
	CHECK_EQ(w.side[1].state_at[ALTAIR_AGENT_COMPLETED], MS(75));
	CHECK_EQ(say(0, bytes_of("hello")), 0);
	run_until(3000);
	CHECK_EQ(w.side[1].received_len, 5);
	CHECK_MEM(w.side[1].received, "hello", 5);
}

static void an_agent_fits_into_its_memory(void)
{
	altair_agent_config c = config(true);

	printf("# %zu bytes\n", altair_agent_size(&c));
	CHECK(altair_agent_size(&c) <= 64u * 1024);
}

static void set_tie_breakers(uint64_t a, uint64_t b)
{
	w.side[0].agent->tie_breaker = a;
	w.side[1].agent->tie_breaker = b;
}

/* Both are set before anything leaves; the larger one controls. */
static void meet_in_the_same_role(bool controlling, uint64_t a, uint64_t b)
{
	altair_agent_config c = config(controlling);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c, "192.0.2.2:6000", "192.0.2.2:6000");
	set_tie_breakers(a, b);
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	run_until(3000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK(stats_of(s).role_switches <= 3);
	}
	CHECK(altair_agent_is_controlling(w.side[0].agent) !=
	      altair_agent_is_controlling(w.side[1].agent));
	CHECK_EQ(altair_agent_is_controlling(w.side[0].agent), a > b);
}

static void the_larger_tie_breaker_controls(void)
{
	meet_in_the_same_role(true, 9, 3);
	meet_in_the_same_role(true, 3, 9);
	meet_in_the_same_role(false, 9, 3);
	meet_in_the_same_role(false, 3, 9);
}

/* Only one side checks: the conflict is found by request or by response. */
static void a_conflict_is_found_by_either_side(void)
{
	for (int i = 0; i < 8; i++) {
		altair_agent_config c = config(i & 1);

		begin();
		add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
		add(1, &c, "192.0.2.2:6000", "192.0.2.2:6000");
		set_tie_breakers(i & 2 ? 3 : 9, i & 2 ? 9 : 3);
		gather();
		exchange_credentials();
		signal_candidate(i >> 2 & 1, 0);
		run_until(3000);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(stats_of(0).role_switches + stats_of(1).role_switches,
			 1);
	}
}

/* RFC 8445 7.3.1.1 decides for the one that is asked. */
static void equal_tie_breakers_end(void)
{
	altair_agent_config c = config(true);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c, "192.0.2.2:6000", "192.0.2.2:6000");
	set_tie_breakers(5, 5);
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	run_until(5000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK(stats_of(s).role_switches <= 3);
	}
}

/* Neither knows what the other's NAT makes of it. */
static void both_sides_learn_peer_reflexive_candidates(void)
{
	altair_agent_config a = config(true), b = config(false);
	char text[ALTAIR_CANDIDATE_TEXT];

	begin();
	add(0, &a, "10.0.0.1:5000", "192.0.2.1:1024");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	run_until(2000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	CHECK(altair_addr_equal(&w.side[1].selected, &w.side[0].public));
	/* The remote one at B, and at A the local one. */
	CHECK_EQ(w.side[1].agent->list.prflx_count, 1);
	CHECK_EQ(altair_agent_candidate(w.side[0].agent, 1, text, sizeof text),
		 (int)strlen(text));
	CHECK(strstr(text, "192.0.2.1 1024 typ prflx raddr 10.0.0.1 rport "
			   "5000"));
}

static bool drop_all(const struct flight *f)
{
	(void)f;
	return true;
}

static bool drop_answers(const struct flight *f)
{
	return f->to == 0 && (f->bytes[0] & 1);
}

static void consent_expires_and_comes_back(void)
{
	uint64_t consents;

	begin_pair(true, false);
	run_until(29000);
	consents = stats_of(0).consents;
	CHECK(consents >= 4 && consents <= 7); /* every 4 to 6 s */
	w.drop = drop_answers;
	run_until(45000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_SUSPECT);
	CHECK_EQ(state_of(1), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(say(0, bytes_of("still")), 0);
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
	CHECK_EQ(say(0, bytes_of("paused")), ALTAIR_E_STATE);
	run_until(300000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_DISCONNECTED);
	w.drop = NULL;
	run_until(307000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	CHECK_EQ(say(0, bytes_of("again")), 0);
	w.drop = drop_all;
	run_until(307000 + 640000);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(state_of(s), ALTAIR_AGENT_FAILED);
}

static void an_idle_session_is_quiet(void)
{
	uint64_t sent;

	begin_pair(true, false);
	run_until(10000);
	sent = w.side[0].sent + w.side[1].sent;
	run_until(10000 + 3600000);
	sent = w.side[0].sent + w.side[1].sent - sent;
	printf("# %.2f packets a second\n", (double)sent / 3600);
	CHECK(sent <= 2 * 3600);
}

/* --- failure ------------------------------------------------------------- */

static void no_failure_before_patience_and_the_end_of_candidates(void)
{
	begin_pair(true, false);
	w.drop = drop_all;
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(39499);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	/* At most this many to an address that never answered. */
	CHECK_EQ(stats_of(0).checks, AIR_CHECK_SENDINGS);
	run_until(39501);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
}

/* The peer never says that its candidates have ended. One that comes late
 * connects, and one that never comes is not waited for for ever. */
static void patience_is_bounded(void)
{
	begin_pair(true, false);
	w.drop = drop_all;
	run_until(39499);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	run_until(39501);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_EQ(w.side[0].reason, ALTAIR_E_TIMEOUT);

	begin_pair(true, false);
	w.drop = drop_all;
	run_until(25000);
	CHECK_EQ(altair_agent_add_remote(w.side[0].agent, w.now,
					 "candidate:2 1 UDP 2 192.0.2.3 6000 "
					 "typ host"),
		 0);
	run_until(64499);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	run_until(64501);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);

	begin_pair(true, false);
	w.drop = drop_all;
	run_until(25000);
	w.drop = NULL;
	w.side[1].public = addr("192.0.2.3:6000");
	CHECK_EQ(altair_agent_add_remote(w.side[0].agent, w.now,
					 "candidate:2 1 UDP 2 192.0.2.3 6000 "
					 "typ host"),
		 0);
	run_until(26000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
}

static void one_way_says_so(void)
{
	begin_pair(true, false);
	w.drop = drop_answers;
	for (int s = 0; s < 2; s++)
		altair_agent_end_of_candidates(w.side[s].agent, w.now);
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_FAILED);
	CHECK_EQ(w.side[0].reason, ALTAIR_E_ONE_WAY);
}

/* --- a peer played by the test ------------------------------------------- */

static struct air_check_keys peer; /* as the peer has them */
static struct air_check peer_check;

/* One agent, A; its peer is at 192.0.2.2:6000 and knows A's credentials. */
static void begin_alone(bool controlling, bool knows_peer)
{
	altair_agent_config c = config(controlling);

	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	w.side[1].public = w.side[1].addr = addr("192.0.2.2:6000");
	w.delay = ALTAIR_SEC(1000); /* what A sends stays to be looked at */
	memset(&peer, 0, sizeof peer);
	peer.crypto = crypto();
	peer.has_remote = true;
	CHECK_EQ(air_credentials_read(&peer.remote,
				      altair_agent_ufrag(w.side[0].agent),
				      altair_agent_pwd(w.side[0].agent)),
		 0);
	CHECK_EQ(air_credentials_read(&peer.local, "peer",
				      "0123456789012345678901"),
		 0);
	peer_check = (struct air_check){.priority = 1853824767,
					.tie_breaker = 1,
					.controlling = !controlling};
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	if (knows_peer)
		CHECK_EQ(altair_agent_remote(w.side[0].agent, w.now,
					     peer.local.ufrag, peer.local.pwd),
			 0);
	drain(0);
}

static enum altair_verdict bring(const char *from, altair_bytes bytes)
{
	struct flight f = {.path = {7, addr("192.0.2.1:5000"), addr(from)},
			   .len = bytes.len};

	memcpy(f.bytes, bytes.data, bytes.len);
	return deliver(&f);
}

/* A new request of the peer. */
static enum altair_verdict bring_check(const char *from)
{
	uint8_t buffer[AIR_CHECK_LEN_MAX];

	some_random(NULL, peer_check.transaction,
		    sizeof peer_check.transaction);
	return bring(from, air_check_request(&peer_check, &peer, buffer));
}

/* The last datagram that A sent to the peer, as a message. */
static bool last_sent(struct air_stun_message *m)
{
	const struct flight *f = &w.flights[w.flight_count];

	return w.flight_count > 0 &&
	       air_stun_message_read(m, (altair_bytes){f[-1].bytes, f[-1].len},
				     AIR_STUN_SET_BASE | AIR_STUN_SET_ICE);
}

static int last_error(void)
{
	struct air_stun_message m;
	struct air_stun_value value;

	CHECK(last_sent(&m));
	CHECK_EQ(m.header.class, AIR_STUN_ERROR);
	CHECK(air_stun_message_get(&m, AIR_STUN_ERROR_CODE, &value));
	return (int)value.number;
}

static void a_request_is_what_the_rfc_says(void)
{
	struct air_stun_message m;
	struct air_stun_value value;

	begin_alone(true, true);
	CHECK_EQ(altair_agent_add_remote(w.side[0].agent, w.now,
					 "candidate:1 1 UDP 2130706431 "
					 "192.0.2.2 6000 typ host"),
		 0);
	drain(0);
	CHECK(last_sent(&m));
	CHECK_EQ(m.header.class, AIR_STUN_REQUEST);
	CHECK(air_check_is_for_us(&m, &peer));
	CHECK_EQ(air_check_judge(&m, &peer), 0);
	CHECK(air_stun_check_fingerprint(&m));
	CHECK(air_stun_message_get(&m, AIR_STUN_PRIORITY, &value));
	CHECK_EQ(value.number, air_candidate_priority(CANDIDATE_PRFLX, 65535));
	CHECK(air_stun_message_get(&m, AIR_STUN_ICE_CONTROLLING, &value));
	CHECK(!air_stun_message_place(&m, AIR_STUN_ICE_CONTROLLED));
	CHECK(!air_stun_message_place(&m, AIR_STUN_USE_CANDIDATE));
}

static void repeats_follow_the_schedule(void)
{
	static const unsigned at_ms[] = {0,    200,  600,  1400, 2400, 3400,
					 4400, 5400, 6400, 7400, 8400};

	begin_alone(true, true);
	altair_agent_add_remote(w.side[0].agent, w.now,
				"candidate:1 1 UDP 2130706431 "
				"192.0.2.2 6000 typ host");
	for (size_t i = 0; i < sizeof at_ms / sizeof *at_ms; i++) {
		run_until(at_ms[i]);
		CHECK_EQ(stats_of(0).checks, i + 1);
		run_until(at_ms[i] + 199);
		CHECK_EQ(stats_of(0).checks, i + 1);
	}
	run_until(9399);
	CHECK_EQ(w.side[0].agent->list.pairs[0].state, PAIR_IN_PROGRESS);
	run_until(9400);
	CHECK_EQ(w.side[0].agent->list.pairs[0].state, PAIR_FAILED);
	CHECK_EQ(stats_of(0).checks, 11);
}

static void early_checks_are_answered_and_kept(void)
{
	struct air_stun_message m;
	char from[ALTAIR_ADDR_TEXT];

	begin_alone(true, false);
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK(last_sent(&m));
	CHECK_EQ(m.header.class, AIR_STUN_SUCCESS);
	CHECK(air_check_is_genuine(&m, &peer));
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	for (int i = 0; i < 100; i++) {
		snprintf(from, sizeof from, "192.0.2.3:%d", 1000 + i);
		CHECK_EQ(bring_check(from), ALTAIR_TAKEN);
	}
	CHECK_EQ(w.side[0].agent->list.pairs_count, AIR_PRFLX_MAX);
	CHECK_EQ(stats_of(0).checks, 0);
	CHECK_EQ(altair_agent_remote(w.side[0].agent, w.now, peer.local.ufrag,
				     peer.local.pwd),
		 0);
	drain(0);
	CHECK_EQ(stats_of(0).checks, 1); /* at once, the others in turn */
	CHECK(last_sent(&m));
	CHECK_EQ(m.header.class, AIR_STUN_REQUEST);
	run_until(20 * (AIR_PRFLX_MAX - 1));
	CHECK(!air_checklist_next(&w.side[0].agent->list));
}

static void wrong_credentials_are_refused(void)
{
	begin_alone(true, true);
	peer.remote.pwd[3] ^= 1;
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(last_error(), AIR_STUN_UNAUTHENTICATED);
	peer.remote.pwd[3] ^= 1;
	peer.local.ufrag[0] ^= 1;
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(last_error(), AIR_STUN_UNAUTHENTICATED);
	peer.remote.ufrag[3] ^= 1;
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_NOT_MINE);
	CHECK_EQ(w.side[0].agent->list.pairs_count, 0);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_GATHERING);
	CHECK_EQ(say(0, bytes_of("x")), ALTAIR_E_STATE);
}

static void at_most_three_times_until_answered(void)
{
	static const uint8_t data[1200];
	uint64_t in, out;
	size_t first;

	begin_alone(true, true);
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	in = w.side[0].agent->list.pairs[0].bytes_in;
	out = w.side[0].agent->list.pairs[0].bytes_out;
	first = (size_t)(3 * in - out);
	CHECK(out > 0 && first > 0 && first < sizeof data);
	CHECK_EQ(say(0, (altair_bytes){data, first + 1}), ALTAIR_E_AGAIN);
	CHECK_EQ(say(0, (altair_bytes){data, first}), 0);
	CHECK_EQ(say(0, (altair_bytes){data, 1}), ALTAIR_E_AGAIN);
	/* Data that arrives counts as well. */
	CHECK_EQ(bring("192.0.2.2:6000", (altair_bytes){data, 10}),
		 ALTAIR_PAYLOAD);
	CHECK_EQ(say(0, (altair_bytes){data, 31}), ALTAIR_E_AGAIN);
	CHECK_EQ(say(0, (altair_bytes){data, 30}), 0);
}

/* Answers the check that A sent last. */
static enum altair_verdict answer_from(const char *from)
{
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	struct air_stun_message m;

	CHECK(last_sent(&m));
	CHECK_EQ(m.header.class, AIR_STUN_REQUEST);
	return bring(from,
		     air_check_response(&m, &peer, &w.side[0].public, buffer));
}

static void check_peer(void)
{
	begin_alone(true, true);
	altair_agent_add_remote(w.side[0].agent, w.now,
				"candidate:1 1 UDP 2130706431 "
				"192.0.2.2 6000 typ host");
	drain(0);
}

static void an_answer_must_come_from_where_the_check_went(void)
{
	static const uint8_t data[1200];

	check_peer();
	CHECK_EQ(answer_from("192.0.2.2:6001"), ALTAIR_TAKEN);
	CHECK_EQ(w.side[0].agent->list.pairs[0].state, PAIR_IN_PROGRESS);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	CHECK_EQ(stats_of(0).ignored, 1);

	/* It was a replay, and ends nothing. */
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	/* No limit now. */
	for (int i = 0; i < 10; i++)
		CHECK_EQ(say(0, (altair_bytes){data, sizeof data}), 0);
}

static void an_answer_must_be_signed(void)
{
	check_peer();
	peer.local.pwd[0] ^= 1;
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(w.side[0].agent->list.pairs[0].state, PAIR_IN_PROGRESS);
	CHECK_EQ(stats_of(0).ignored, 1);
}

static void strangers_are_nobody(void)
{
	static const uint8_t stun[20] = {0,    1,    0,	   0,	0x21,
					 0x12, 0xa4, 0x42, 'x', 'y'};
	static const uint8_t cut[20] = {0,    1,    0,	  4,   0x21,
					0x12, 0xa4, 0x42, 'x', 'y'};

	check_peer();
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(bring("192.0.2.2:6001", bytes_of("data")), ALTAIR_NOT_MINE);
	CHECK_EQ(bring("192.0.2.9:6000", bytes_of("data")), ALTAIR_NOT_MINE);
	CHECK_EQ(stats_of(0).strangers, 2);
	CHECK_EQ(bring("192.0.2.9:6000", (altair_bytes){stun, 20}),
		 ALTAIR_NOT_MINE);
	/* For a STUN server on this socket, perhaps. */
	CHECK_EQ(bring("192.0.2.2:6000", (altair_bytes){stun, 20}),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(bring("192.0.2.9:6000", (altair_bytes){cut, 20}),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(bring("192.0.2.2:6000", (altair_bytes){cut, 20}),
		 ALTAIR_TAKEN);
	CHECK_EQ(bring("192.0.2.2:6000", bytes_of("data")), ALTAIR_PAYLOAD);
	CHECK_EQ(say(0, (altair_bytes){stun, 20}), ALTAIR_E_WORD);
}

/* Row 51: an authenticated check with a forged source. Answers, checks and data
 * together are three times its bytes at most, and it ends. */
static void a_forged_source_gets_three_times_its_bytes(void)
{
	static const uint8_t data[1200];
	uint64_t bytes = 0;

	begin_alone(true, true);
	w.victim = addr("198.51.100.9:9");
	peer_check.priority = INT32_MAX;
	for (int i = 0; i < 3; i++) {
		uint8_t buffer[AIR_CHECK_LEN_MAX];

		peer_check.transaction[0]++;
		bytes += air_check_request(&peer_check, &peer, buffer).len;
		CHECK_EQ(bring_check("198.51.100.9:9"), ALTAIR_TAKEN);
		run_until(10000u * (unsigned)(i + 1));
		CHECK_EQ(stats_of(0).checks, 2 * i + 2);
		CHECK(w.victim_bytes <= 3 * bytes);
		for (size_t len = 1; len < sizeof data; len *= 2)
			(void)say(0, (altair_bytes){data, len});
		CHECK(w.victim_bytes <= 3 * bytes);
	}
	/* Where the peer is, it is found all the same. */
	peer_check.priority = 1853824767;
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK(altair_addr_equal(&w.side[0].selected, &w.side[1].public));
}

/* The peer's checks arrive, ours are never answered: two, and not the eleven of
 * an address that the peer lists. */
static void a_path_that_never_answers_is_left(void)
{
	begin_alone(true, true);
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	run_until(9399);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	run_until(9401);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CHECKING);
	CHECK_EQ(say(0, bytes_of("x")), ALTAIR_E_STATE);
	CHECK_EQ(stats_of(0).checks, 2);
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
}

/* Ten checks in a hurry repeat ours once. */
static void a_check_on_its_way_is_repeated_once(void)
{
	check_peer();
	for (int i = 0; i < 10; i++)
		CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(stats_of(0).checks, 2);
	CHECK_EQ(stats_of(0).requests, 10);
}

/* A peer that always claims our role with a better tie-breaker: RFC 8445
 * 7.3.1.1 knows no limit, and with one both sides could keep one role. */
static void the_better_tie_breaker_always_wins(void)
{
	begin_alone(true, true);
	for (int i = 0; i < 10; i++) {
		bool controlling = altair_agent_is_controlling(w.side[0].agent);

		peer_check.controlling = controlling;
		peer_check.tie_breaker = controlling ? UINT64_MAX : 0;
		CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
		CHECK_EQ(stats_of(0).role_switches, i + 1);
		CHECK_EQ(altair_agent_is_controlling(w.side[0].agent),
			 !controlling);
	}
	CHECK_EQ(stats_of(0).refused, 0);
}

/* 487 gives a new tie-breaker, and the check is made again in the new role. */
static void a_refused_role_is_changed(void)
{
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	struct air_stun_message m;
	uint64_t tie_breaker;

	check_peer();
	tie_breaker = w.side[0].agent->tie_breaker;
	CHECK(last_sent(&m));
	CHECK_EQ(bring("192.0.2.2:6000",
		       air_check_refusal(&m, &peer, AIR_STUN_ROLE_CONFLICT,
					 buffer)),
		 ALTAIR_TAKEN);
	CHECK(!altair_agent_is_controlling(w.side[0].agent));
	CHECK(w.side[0].agent->tie_breaker != tie_breaker);
	run_until(20);
	CHECK(last_sent(&m));
	CHECK(air_stun_message_place(&m, AIR_STUN_ICE_CONTROLLED));
}

/* pion/ice drops what comes in its own role, and says nothing. */
static void a_check_of_the_role_before_begins_anew(void)
{
	struct air_stun_message first, second;

	check_peer();
	CHECK(last_sent(&first));
	CHECK(air_stun_message_place(&first, AIR_STUN_ICE_CONTROLLING));
	peer_check.controlling = true;
	peer_check.tie_breaker = UINT64_MAX;
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	run_until(20);
	CHECK(last_sent(&second));
	CHECK(air_stun_message_place(&second, AIR_STUN_ICE_CONTROLLED));
	CHECK(memcmp(first.header.transaction, second.header.transaction,
		     AIR_STUN_TRANSACTION_LEN) != 0);
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(w.side[0].agent->list.pairs[0].state, PAIR_SUCCEEDED);
}

/* A better pair that may still come is waited for, but not for long. */
static void nomination_waits_for_a_better_pair(void)
{
	struct air_stun_message m;

	check_peer();
	CHECK_EQ(altair_agent_add_remote(w.side[0].agent, w.now,
					 "candidate:2 1 UDP 2130706432 "
					 "192.0.2.3 6000 typ host"),
		 0);
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	run_until(249);
	CHECK(last_sent(&m));
	CHECK(!air_stun_message_place(&m, AIR_STUN_USE_CANDIDATE));
	run_until(250);
	CHECK(last_sent(&m));
	CHECK(air_stun_message_place(&m, AIR_STUN_USE_CANDIDATE));
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
}

/* A peer with an old implementation nominates with its first check. */
static void aggressive_nomination_is_obeyed(void)
{
	begin_alone(false, true);
	peer_check.nominates = true;
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_CONNECTED);
	CHECK_EQ(answer_from("192.0.2.2:6000"), ALTAIR_TAKEN);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
}

static void remote_text_is_judged(void)
{
	altair_agent *a;
	char text[ALTAIR_CANDIDATE_TEXT];

	begin_alone(true, false);
	a = w.side[0].agent;
	CHECK_EQ(altair_agent_remote(a, w.now, "abc", "x"), ALTAIR_E_SYNTAX);
	CHECK_EQ(altair_agent_add_remote(a, w.now, "candidate"),
		 ALTAIR_E_SYNTAX);
	CHECK_EQ(altair_agent_add_remote(
			 a, w.now, "candidate:1 1 UDP 1 127.0.0.1 1 typ host"),
		 ALTAIR_E_ADDRESS);
	CHECK_EQ(altair_agent_add_remote(
			 a, w.now, "candidate:1 1 UDP 1 192.0.2.2 0 typ host"),
		 ALTAIR_E_ADDRESS);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof text,
			 "candidate:1 1 UDP 1 192.0.2.2 %d typ host",
			 i / 2 + 1);
		CHECK_EQ(altair_agent_add_remote(a, w.now, text), 0);
	}
	CHECK_EQ(altair_agent_add_remote(
			 a, w.now, "candidate:1 1 UDP 1 192.0.2.2 99 typ host"),
		 ALTAIR_E_FULL);
	CHECK_EQ(
		altair_agent_remote(a, w.now, peer.local.ufrag, peer.local.pwd),
		0);
	CHECK_EQ(
		altair_agent_remote(a, w.now, peer.local.ufrag, peer.local.pwd),
		0);
	altair_agent_close(a);
	CHECK_EQ(
		altair_agent_remote(a, w.now, peer.local.ufrag, peer.local.pwd),
		ALTAIR_E_STATE);
	CHECK_EQ(altair_agent_add_remote(a, w.now, text), ALTAIR_E_STATE);
	CHECK_EQ(bring_check("192.0.2.2:6000"), ALTAIR_NOT_MINE);
}

/* Server `from` answers the request that is flight `i`. */
static void serve(size_t i, const char *from, const char *mapped)
{
	struct flight *f = &w.flights[i];
	struct air_stun_value value = {.addr = addr(mapped)};
	struct air_stun_message m;
	struct air_stun_builder b;
	uint8_t buffer[100];

	CHECK(air_stun_message_read(&m, (altair_bytes){f->bytes, f->len},
				    AIR_STUN_SET_BASE));
	m.header.class = AIR_STUN_SUCCESS;
	air_stun_build(&b, buffer, sizeof buffer, &m.header);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &value);
	CHECK_EQ(bring(from, air_stun_build_end(&b)), ALTAIR_TAKEN);
}

/* The second answers long after the first, with another mapping. */
static void a_slow_server_counts(void)
{
	altair_agent_config c = config(true);
	altair_addr one = addr("203.0.113.1:3478"), two = one;
	char text[ALTAIR_CANDIDATE_TEXT];

	two.port++;
	begin();
	w.delay = ALTAIR_SEC(1000);
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now, &one), 0);
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	w.side[1].public = one;
	drain(0);
	CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now, &two), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	w.side[1].public = two;
	run_until(40);
	CHECK_EQ(w.flight_count, 2);
	serve(0, "203.0.113.1:3478", "198.51.100.1:1024");
	run_until(1500);
	CHECK(!w.side[0].agent->is_local_ended);
	serve(1, "203.0.113.1:3479", "198.51.100.1:1025");
	CHECK(w.side[0].agent->is_local_ended);
	CHECK(altair_agent_candidate(w.side[0].agent, 2, text, sizeof text) >
	      0);
	CHECK_STR(text, "candidate:C 1 UDP 1694498815 198.51.100.1 1025 typ "
			"srflx raddr 192.0.2.1 rport 5000");
	CHECK_EQ(altair_agent_candidate(w.side[0].agent, 3, text, sizeof text),
		 ALTAIR_E_INVALID);
}

/* Gathering begins with what is there and ends after the seal alone. */
static void servers_are_added_until_the_seal(void)
{
	altair_agent_config c = config(true);
	altair_addr one = addr("203.0.113.1:3478"), two = one;
	altair_agent *a;

	two.port++;
	begin();
	w.delay = ALTAIR_SEC(1000);
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	a = w.side[0].agent;
	CHECK_EQ(altair_agent_gather(a, w.now), 0);
	w.side[1].public = one;
	run_until(60000);
	CHECK_EQ(w.flight_count, 0);
	CHECK_EQ(altair_agent_add_server(a, w.now, &one), 0);
	CHECK_EQ(altair_agent_add_server(a, w.now, &one), 0);
	run_until(60001);
	CHECK_EQ(w.flight_count, 1);
	serve(0, "203.0.113.1:3478", "198.51.100.1:1024");
	CHECK(!a->is_local_ended);
	altair_agent_seal(a, w.now);
	CHECK(a->is_local_ended);
	CHECK_EQ(altair_agent_add_server(a, w.now, &two), ALTAIR_E_STATE);
}

/* One new transaction per Ta, servers and pairs together, once the first four
 * servers were asked. */
static void one_budget_for_gathering_and_checks(void)
{
	altair_agent_config c = config(true);
	altair_addr server = addr("203.0.113.1:3478");
	altair_addr host = addr("192.0.2.9:5000");
	char text[ALTAIR_CANDIDATE_TEXT];

	c.ta = MS(5);
	begin();
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	w.side[1].public = addr("192.0.2.2:6000");
	w.side[0].places[w.side[0].place_count++] =
		(struct place){8, host, host, 0};
	CHECK_EQ(altair_agent_add_host(w.side[0].agent, w.now, 8, &host), 0);
	for (unsigned i = 0; i < 4; i++) {
		server.port++;
		CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now,
						 &server),
			 0);
	}
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof text,
			 "candidate:%d 1 UDP 1 192.0.2.2 %d typ host", i + 1,
			 i + 1);
		altair_agent_add_remote(w.side[0].agent, w.now, text);
	}
	altair_agent_remote(w.side[0].agent, w.now, "peer",
			    "0123456789012345678901");
	drain(0);
	CHECK_EQ(w.side[0].sent, 0);
	altair_agent_gather(w.side[0].agent, w.now);
	for (uint64_t i = 0; i < 15; i++) {
		run_until(5 * i);
		CHECK_EQ(w.side[0].sent, i + 4);
		run_until(5 * i + 4);
		CHECK_EQ(w.side[0].sent, i + 4);
		/* In turn, the check first. */
		CHECK_EQ(stats_of(0).checks, i < 9 ? (i + 1) / 2 : i - 4);
	}
	run_until(100);
	CHECK_EQ(w.side[0].sent, 18);
}

static const struct check_test tests[] = {
	TEST(two_open_hosts_connect),
	TEST(an_agent_fits_into_its_memory),
	TEST(the_larger_tie_breaker_controls),
	TEST(a_conflict_is_found_by_either_side),
	TEST(equal_tie_breakers_end),
	TEST(both_sides_learn_peer_reflexive_candidates),
	TEST(consent_expires_and_comes_back),
	TEST(an_idle_session_is_quiet),
	TEST(no_failure_before_patience_and_the_end_of_candidates),
	TEST(patience_is_bounded),
	TEST(one_way_says_so),
	TEST(a_request_is_what_the_rfc_says),
	TEST(repeats_follow_the_schedule),
	TEST(early_checks_are_answered_and_kept),
	TEST(wrong_credentials_are_refused),
	TEST(at_most_three_times_until_answered),
	TEST(an_answer_must_come_from_where_the_check_went),
	TEST(an_answer_must_be_signed),
	TEST(strangers_are_nobody),
	TEST(a_forged_source_gets_three_times_its_bytes),
	TEST(a_path_that_never_answers_is_left),
	TEST(a_check_on_its_way_is_repeated_once),
	TEST(the_better_tie_breaker_always_wins),
	TEST(a_refused_role_is_changed),
	TEST(a_check_of_the_role_before_begins_anew),
	TEST(nomination_waits_for_a_better_pair),
	TEST(aggressive_nomination_is_obeyed),
	TEST(remote_text_is_judged),
	TEST(a_slow_server_counts),
	TEST(servers_are_added_until_the_seal),
	TEST(one_budget_for_gathering_and_checks),
};

CHECK_MAIN(tests)
