/*
 * Failures of other agents that have no home elsewhere: docs/failures.md lists
 * them all, and which test keeps each out.
 */
#include "ice_world.h"

/* --- clocks -------------------------------------------------------------- */

static void live_for(altair_time start, altair_time span)
{
	altair_agent_config c[2] = {config(true), config(false)};

	begin();
	w.now = start;
	add(0, &c[0], "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c[1], "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
	run_to(start + span);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK(stats_of(s).consents >= span / ALTAIR_SEC(6) - 1);
		CHECK(w.side[s].sent <= 2 * span / ALTAIR_SEC(1) + 20);
	}
}

/* Ten seconds before 2^31, 2^32 and 2^63 of any unit that somebody may count in,
 * and at the beginning of time. */
static void clocks_may_pass_any_limit(void)
{
	static const altair_time units[] = {1, 1000, 1000000, 1000000000};
	static const unsigned bits[] = {31, 32, 63};
	unsigned runs = 0;

	for (size_t u = 0; u < sizeof units / sizeof *units; u++)
		for (size_t b = 0; b < sizeof bits / sizeof *bits; b++) {
			altair_time limit = UINT64_C(1) << bits[b];

			if (limit > UINT64_MAX / units[u] ||
			    limit * units[u] < ALTAIR_SEC(10))
				continue;
			live_for(limit * units[u] - ALTAIR_SEC(10),
				 ALTAIR_SEC(60));
			runs++;
		}
	CHECK_EQ(runs, 7);
	live_for(0, ALTAIR_SEC(60));
}

/* --- patience ------------------------------------------------------------ */

/* All checks of what was known have ended long before the right one comes. */
static void a_late_candidate_connects(void)
{
	static const unsigned late_ms[] = {12000, 25000, 39000};

	for (size_t i = 0; i < 3; i++) {
		altair_agent_config c[2] = {config(true), config(false)};

		begin();
		add(0, &c[0], "192.0.2.1:5000", "192.0.2.1:5000");
		add(1, &c[1], "192.0.2.2:6000", "192.0.2.2:6000");
		gather();
		exchange_credentials();
		for (int s = 0; s < 2; s++)
			CHECK_EQ(altair_agent_add_remote(
					 w.side[s].agent, w.now,
					 "candidate:1 1 UDP 1 198.51.100.1 1 "
					 "typ host"),
				 0);
		run_until(late_ms[i]);
		for (int s = 0; s < 2; s++) {
			CHECK_EQ(state_of(s), ALTAIR_AGENT_CHECKING);
			CHECK_EQ(w.side[s].agent->list.pairs[0].state,
				 late_ms[i] > 9400 ? PAIR_FAILED
						   : PAIR_IN_PROGRESS);
		}
		signal_candidate(0, 0);
		altair_agent_end_of_candidates(w.side[0].agent, w.now);
		run_until(late_ms[i] + 2000);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	}
}

/* --- randomness ---------------------------------------------------------- */

/* Fragment, password, tie-breaker, transactions: no other source than the table. */
static void all_that_is_secret_is_from_the_random_table(void)
{
	char told[2][3][ALTAIR_AGENT_DESCRIPTION_TEXT];
	uint64_t tie_breakers[3];
	uint8_t transactions[3][AIR_STUN_TRANSACTION_LEN];

	for (int i = 0; i < 3; i++) {
		begin_pair(true, false);
		if (i == 2) {
			altair_agent_config c[2] = {config(true),
						    config(false)};

			begin();
			random_state = 43;
			add(0, &c[0], "192.0.2.1:5000", "192.0.2.1:5000");
			add(1, &c[1], "192.0.2.2:6000", "192.0.2.2:6000");
			gather();
			exchange_credentials();
			signal_candidate(0, 0);
		}
		drain(0);
		for (int s = 0; s < 2; s++)
			altair_agent_describe(w.side[s].agent, told[s][i],
					      sizeof told[s][i]);
		tie_breakers[i] = w.side[0].agent->tie_breaker;
		memcpy(transactions[i],
		       w.side[0].agent->list.pairs[0].check.transaction,
		       sizeof transactions[i]);
	}
	for (int s = 0; s < 2; s++) {
		CHECK_STR(told[s][0], told[s][1]);
		CHECK(strcmp(told[s][0], told[s][2]) != 0);
	}
	CHECK(tie_breakers[0] == tie_breakers[1]);
	CHECK(tie_breakers[0] != tie_breakers[2]);
	CHECK_MEM(transactions[0], transactions[1], sizeof transactions[0]);
	CHECK(memcmp(transactions[0], transactions[2],
		     sizeof transactions[0]) != 0);
}

static int no_random(void *user, uint8_t *out, size_t len)
{
	(void)user, (void)out, (void)len;
	return ALTAIR_E_RANDOM;
}

/* What cannot be random does not leave. */
static void without_random_numbers_nothing_leaves(void)
{
	altair_agent_config c[2] = {config(true), config(false)};
	static altair_crypto broken;
	static uint8_t memory[1 << 16];
	altair_agent *a;

	broken = *crypto();
	broken.random = no_random;
	c[0].crypto = &broken;
	CHECK_EQ(altair_agent_init(&a, memory, sizeof memory, &c[0], 0),
		 ALTAIR_E_RANDOM);
	broken.random = some_random;
	begin();
	add(0, &c[0], "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &c[1], "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	exchange_credentials();
	broken.random = no_random;
	signal_candidate(0, 0);
	run_until(10000);
	CHECK_EQ(stats_of(0).checks + w.side[0].sent, 0);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), ALTAIR_E_RANDOM);
}

/* --- the end at any moment ----------------------------------------------- */

static unsigned countdown;
static uint64_t sent_at_the_end;

static bool close_in_between(const struct flight *f)
{
	(void)f;
	if (countdown > 0 && --countdown == 0) {
		altair_agent_close(w.side[0].agent);
		sent_at_the_end = w.side[0].sent;
	}
	return false;
}

/* While it is polled, at any of its or the peer's datagrams. */
static void closing_while_it_is_polled(void)
{
	for (unsigned n = 1; n < 40; n++) {
		begin_pair(true, false);
		countdown = n;
		w.drop = close_in_between;
		run_until(60000);
		CHECK_EQ(countdown, 0);
		CHECK_EQ(state_of(0), ALTAIR_AGENT_CLOSED);
		CHECK_EQ(w.side[0].sent, sent_at_the_end);
		CHECK(w.side[0].deadline == ALTAIR_NEVER);
		CHECK(state_of(1) != ALTAIR_AGENT_COMPLETED);
	}
}

/* --- servers ------------------------------------------------------------- */

/* An answer to the request that was sent first, spoilt in some way. */
static enum altair_verdict answer_as(const char *from, unsigned flip,
				     enum air_stun_class class, bool has_addr)
{
	struct air_stun_value mapped = {.addr = addr("198.51.100.1:77")};
	struct air_stun_value code = {.number = 500};
	struct flight f = w.flights[0];
	struct air_stun_message m;
	struct air_stun_builder b;

	CHECK(air_stun_message_read(&m, (altair_bytes){f.bytes, f.len},
				    AIR_STUN_SET_BASE));
	m.header.class = class;
	m.header.transaction[3] ^= (uint8_t)flip;
	air_stun_build(&b, f.bytes, sizeof f.bytes, &m.header);
	if (class == AIR_STUN_ERROR)
		air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &code);
	if (has_addr)
		air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &mapped);
	f.len = air_stun_build_end(&b).len;
	f.to = 0;
	f.path = (altair_path){7, w.side[0].addr, addr(from)};
	return deliver(&f);
}

static void begin_with_server(void)
{
	altair_agent_config c = config(true);
	altair_addr server = addr("203.0.113.1:3478");

	begin();
	w.delay = ALTAIR_SEC(1000);
	add(0, &c, "192.0.2.1:5000", "192.0.2.1:5000");
	w.side[1].public = server; /* what is sent there is kept */
	CHECK_EQ(altair_agent_add_server(w.side[0].agent, w.now, &server), 0);
	CHECK_EQ(altair_agent_gather(w.side[0].agent, w.now), 0);
	altair_agent_seal(w.side[0].agent, w.now);
	drain(0);
	CHECK_EQ(w.flight_count, 1);
}

static void servers_that_answer_wrongly(void)
{
	begin_with_server();
	/* Another transaction; another address; a request. */
	CHECK_EQ(answer_as("203.0.113.1:3478", 1, AIR_STUN_SUCCESS, true),
		 ALTAIR_NOT_MINE);
	CHECK(answer_as("203.0.113.1:3479", 0, AIR_STUN_SUCCESS, true) !=
	      ALTAIR_PAYLOAD);
	CHECK_EQ(answer_as("203.0.113.1:3478", 0, AIR_STUN_REQUEST, true),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(w.side[0].agent->list.locals_count, 1);
	CHECK(!w.side[0].agent->is_local_ended);
	/* The right one still counts, and once. */
	for (int i = 0; i < 2; i++)
		answer_as("203.0.113.1:3478", 0, AIR_STUN_SUCCESS, true);
	CHECK_EQ(w.side[0].agent->list.locals_count, 2);
	CHECK(w.side[0].agent->is_local_ended);

	begin_with_server();
	CHECK_EQ(answer_as("203.0.113.1:3478", 0, AIR_STUN_SUCCESS, false),
		 ALTAIR_TAKEN);
	CHECK_EQ(w.side[0].agent->list.locals_count, 1);
	CHECK(w.side[0].agent->is_local_ended);

	begin_with_server();
	CHECK_EQ(answer_as("203.0.113.1:3478", 0, AIR_STUN_ERROR, false),
		 ALTAIR_TAKEN);
	CHECK(w.side[0].agent->is_local_ended);
}

/* Nobody waits for it: the end of candidates comes without its answer. */
static void servers_that_never_answer(void)
{
	begin_with_server();
	run_until(7000);
	CHECK(!w.side[0].agent->is_local_ended);
	run_until(10000);
	CHECK(w.side[0].agent->is_local_ended);
	CHECK_EQ(w.side[0].sent, 6);
	run_until(100000);
	CHECK_EQ(w.side[0].sent, 6);
}

static const struct check_test tests[] = {
	TEST(clocks_may_pass_any_limit),
	TEST(a_late_candidate_connects),
	TEST(all_that_is_secret_is_from_the_random_table),
	TEST(without_random_numbers_nothing_leaves),
	TEST(closing_while_it_is_polled),
	TEST(servers_that_answer_wrongly),
	TEST(servers_that_never_answer),
};

CHECK_MAIN(tests)
