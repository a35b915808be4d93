/* The binding client in virtual time: whom it asks, when, and what counts. */
#include "discover_world.h"

/* --- asking -------------------------------------------------------------- */

static void one_server_answers(void)
{
	altair_discover_config c = config();

	begin(&c);
	CHECK_EQ(add(7, ONE, 0), 0);
	seal();
	drain();
	CHECK_EQ(w.sent_count, 1);
	CHECK_EQ(w.sent[0].at, 0);
	CHECK_EQ(w.sent[0].path.sock, 7);
	check_addr(w.sent[0].path.remote, ONE);
	CHECK_EQ(answer(0).state, ALTAIR_ANSWER_ASKED);
	run_until(30);
	reply(0, ME);
	check_addr(event(0, ALTAIR_EV_ANSWER)->addr, ME);
	CHECK_EQ(w.told[0].out.number, 0);
	CHECK_EQ(w.told[0].out.rtt, MS(30));
	CHECK_EQ(event(1, ALTAIR_EV_DISCOVERED)->reason, 0);
	CHECK_EQ(answer(0).state, ALTAIR_ANSWER_GIVEN);
	check_addr(answer(0).mapped, ME);
	check_addr(answer(0).server, ONE);
	run_until(100000);
	CHECK_EQ(w.sent_count, 1);
	CHECK_EQ(w.told_count, 2);
	CHECK(w.deadline == ALTAIR_NEVER);
}

static void the_schedule_is_that_of_the_rfc(void)
{
	static const unsigned at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	altair_discover_config c = config();

	c.timeout = ALTAIR_SEC(100);
	begin(&c);
	add(0, ONE, 0);
	seal();
	run_until(39499);
	CHECK_EQ(w.sent_count, 7);
	for (size_t i = 0; i < 7; i++) {
		CHECK_EQ(w.sent[i].at, MS(at[i]));
		CHECK_MEM(w.sent[i].request, w.sent[0].request, 20);
	}
	CHECK_EQ(w.told_count, 0);
	run_until(39500);
	drain();
	CHECK_EQ(event(0, ALTAIR_EV_SERVER_FAILED)->reason, ALTAIR_E_TIMEOUT);
	CHECK_EQ(event(1, ALTAIR_EV_DISCOVERED)->reason, ALTAIR_E_NO_ANSWER);
	CHECK_EQ(w.told[1].at, MS(39500));
}

static void a_repeated_request_has_no_round_trip(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	seal();
	run_until(510);
	reply(0, ME);
	CHECK_EQ(event(0, ALTAIR_EV_ANSWER)->rtt, 0);
}

static void the_whole_is_cut_by_the_timeout(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	seal();
	run_until(5000);
	CHECK_EQ(w.sent_count, 8); /* 0, 500, 1500, 3500 ms */
	event(0, ALTAIR_EV_SERVER_FAILED);
	event(1, ALTAIR_EV_SERVER_FAILED);
	CHECK_EQ(event(2, ALTAIR_EV_DISCOVERED)->reason, ALTAIR_E_NO_ANSWER);
	CHECK_EQ(w.told[2].at, MS(5000));
	CHECK_EQ(w.told_count, 3);
	CHECK_EQ(answer(1).reason, ALTAIR_E_TIMEOUT);
	/* Too late: it has failed. */
	w.now += MS(1);
	reply(0, ME);
	CHECK_EQ(w.told_count, 3);
	CHECK_EQ(stats().ignored, 1);
}

static void two_servers_settle_it_at_once(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	seal();
	run_until(20);
	reply(1, ME);
	CHECK_EQ(w.told_count, 1);
	CHECK_EQ(altair_discover_mapping(w.d, 0), ALTAIR_MAPPING_UNKNOWN);
	run_until(30);
	reply(0, ME);
	event(1, ALTAIR_EV_ANSWER);
	event(2, ALTAIR_EV_DISCOVERED);
	CHECK_EQ(w.told[2].at, MS(30));
	CHECK_EQ(altair_discover_mapping(w.d, 0), ALTAIR_MAPPING_STABLE);
	CHECK_EQ(stats().answers, 2);
	CHECK_EQ(stats().sent, 2);
}

static void discovered_after(uint64_t round_trip, uint64_t want)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	seal();
	run_until(round_trip);
	reply(0, ME);
	run_until(want - 1);
	drain();
	CHECK_EQ(w.told_count, 1);
	run_until(want);
	drain();
	CHECK_EQ(event(1, ALTAIR_EV_DISCOVERED)->reason, 0);
	CHECK_EQ(w.told[1].at, MS(want));
}

static void a_batch_is_taken_whole(void)
{
	altair_discover_config c = config();
	altair_datagram d[2] = {0};
	uint8_t first[256];

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	seal();
	drain();
	d[0].path = w.sent[0].path;
	d[0].bytes =
		success(w.sent[0].request, AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	memcpy(first, answer_bytes, sizeof first);
	d[0].bytes.data = first;
	d[1].path = w.sent[1].path;
	d[1].bytes =
		success(w.sent[1].request, AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	altair_input(w.m, w.now, d, 2);
	drain();
	CHECK_EQ(d[0].verdict, ALTAIR_TAKEN);
	CHECK_EQ(d[1].verdict, ALTAIR_TAKEN);
	CHECK_EQ(w.told_count, 3);
}

/* What was due but not polled does not leave behind an answer. */
static void an_answer_cancels_a_repeat_that_is_due(void)
{
	altair_discover_config c = config();
	altair_datagram d = {0};

	begin(&c);
	add(0, ONE, 0);
	seal();
	drain();
	w.now += MS(500);
	altair_tick(w.m, w.now);
	d.path = w.sent[0].path;
	d.bytes = success(w.sent[0].request, AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	altair_input(w.m, w.now, &d, 1);
	drain();
	CHECK_EQ(w.sent_count, 1);
	CHECK_EQ(w.told_count, 2);
}

static void a_silent_server_delays_nothing(void)
{
	discovered_after(10, 60);   /* at least 50 ms */
	discovered_after(60, 180);  /* two round trips */
	discovered_after(300, 550); /* at most 250 ms */
}

static void a_late_answer_still_counts(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	seal();
	run_until(10);
	reply(0, ME);
	run_until(3000);
	CHECK_EQ(w.sent_count, 2); /* nothing is repeated */
	CHECK_EQ(answer(1).state, ALTAIR_ANSWER_ASKED);
	reply(1, "203.0.113.5:40001");
	event(1, ALTAIR_EV_DISCOVERED);
	event(2, ALTAIR_EV_ANSWER);
	CHECK_EQ(w.told_count, 3);
	CHECK_EQ(altair_discover_mapping(w.d, 0), ALTAIR_MAPPING_VARIES);
}

static void a_late_refusal_is_only_noted(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	seal();
	run_until(10);
	reply(0, ME);
	run_until(3000);
	CHECK_EQ(deliver(0, TWO, error(w.sent[1].request, 500)), ALTAIR_TAKEN);
	CHECK_EQ(w.told_count, 2);
	CHECK_EQ(answer(1).state, ALTAIR_ANSWER_FAILED);
	CHECK_EQ(answer(1).code, 500);
}

static void an_unsealed_discovery_waits_for_more(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	run_until(10);
	reply(0, ME);
	CHECK_EQ(w.told_count, 1);
	CHECK_EQ(add(0, TWO, 1), 1);
	run_until(20);
	CHECK_EQ(w.sent_count, 2);
	reply(1, ME);
	CHECK_EQ(w.told_count, 2);
	seal();
	drain();
	event(2, ALTAIR_EV_DISCOVERED);
	CHECK_EQ(w.told[2].at, MS(20));
	CHECK_EQ(add(0, THREE, 2), ALTAIR_E_STATE);
}

static void nobody_to_ask(void)
{
	altair_discover_config c = config();

	begin(&c);
	seal();
	drain();
	CHECK_EQ(event(0, ALTAIR_EV_DISCOVERED)->reason, ALTAIR_E_NO_ANSWER);
	seal();
	drain();
	CHECK_EQ(w.told_count, 1);
}

/* --- groups -------------------------------------------------------------- */

static void a_group_is_asked_in_turn(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 5);
	add(0, THREE, 5);
	add(1, TWO, 5); /* another socket is another group */
	seal();
	drain();
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(w.sent[1].path.sock, 1);
	CHECK_EQ(answer(1).state, ALTAIR_ANSWER_WAITING);
	run_until(500);
	drain();
	CHECK_EQ(w.sent_count, 5); /* ONE and TWO/1 again, TWO */
	run_until(1000);
	drain();
	CHECK_EQ(answer(2).state, ALTAIR_ANSWER_ASKED);
	check_addr(w.sent[w.sent_count - 1].path.remote, THREE);
	run_until(1010);
	reply(w.sent_count - 1, ME);
	reply(1, ME);
	event(2, ALTAIR_EV_DISCOVERED);
	CHECK_EQ(w.told[2].at, MS(1010));
}

static void a_repeat_does_not_ask_the_next_again(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 5);
	seal();
	run_until(1600);
	/* ONE at 0, 500 and 1500 ms; TWO at 500 and 1000 ms. */
	CHECK_EQ(w.sent_count, 5);
}

static void groups_may_be_mixed(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 6);
	add(0, "192.0.2.2:3478", 5);
	add(0, THREE, 6);
	seal();
	drain();
	CHECK_EQ(w.sent_count, 2);
	check_addr(w.sent[1].path.remote, TWO);
	run_until(20);
	CHECK_EQ(deliver(0, TWO, error(w.sent[1].request, 500)), ALTAIR_TAKEN);
	check_addr(w.sent[2].path.remote, THREE);
	CHECK_EQ(deliver(0, ONE, error(w.sent[0].request, 500)), ALTAIR_TAKEN);
	check_addr(w.sent[3].path.remote, "192.0.2.2:3478");
	CHECK_EQ(w.sent_count, 4);
}

static void a_failed_address_gives_its_turn_away(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 5);
	seal();
	run_until(20);
	CHECK_EQ(deliver(0, ONE, error(w.sent[0].request, 500)), ALTAIR_TAKEN);
	CHECK_EQ(event(0, ALTAIR_EV_SERVER_FAILED)->reason, ALTAIR_E_SERVER);
	CHECK_EQ(w.told[0].out.total, 500);
	CHECK_EQ(answer(0).code, 500);
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(w.sent[1].at, MS(20));
	run_until(40);
	reply(1, ME);
	CHECK_EQ(event(2, ALTAIR_EV_DISCOVERED)->reason, 0);
}

static void an_answered_group_asks_no_more(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 5);
	run_until(600);
	CHECK_EQ(w.sent_count, 3);
	reply(0, ME);
	CHECK_EQ(add(0, THREE, 5), 2);
	run_until(700);
	CHECK_EQ(w.sent_count, 3);
	CHECK_EQ(answer(2).state, ALTAIR_ANSWER_WAITING);
	seal();
	drain();
	event(1, ALTAIR_EV_DISCOVERED);
}

static void a_late_address_of_a_failed_group_is_asked(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 5);
	run_until(20);
	CHECK_EQ(deliver(0, ONE, error(w.sent[0].request, 500)), ALTAIR_TAKEN);
	CHECK_EQ(add(0, TWO, 5), 1);
	drain();
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(w.sent[1].at, MS(20));
}

static void an_answered_group_survives_the_timeout(void)
{
	altair_discover_config c = config();

	c.grace_min = c.grace_max = ALTAIR_SEC(20);
	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 5);
	add(0, THREE, 6);
	seal();
	run_until(510);
	drain();
	reply(0, ME);
	run_until(5000);
	drain();
	/* THREE is the only one that failed; TWO needed no answer. */
	event(0, ALTAIR_EV_ANSWER);
	CHECK_EQ(event(1, ALTAIR_EV_SERVER_FAILED)->number, 2);
	CHECK_EQ(event(2, ALTAIR_EV_DISCOVERED)->reason, 0);
	CHECK_EQ(answer(1).state, ALTAIR_ANSWER_ASKED);
	CHECK_EQ(w.sent_count, 7);
}

static void a_group_all_of_which_fail(void)
{
	altair_discover_config c = config();

	c.rc = 1;
	c.rm = 1;
	begin(&c);
	add(0, ONE, 5);
	add(0, TWO, 5);
	seal();
	run_until(1000);
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(w.sent[1].at, MS(500));
	event(0, ALTAIR_EV_SERVER_FAILED);
	event(1, ALTAIR_EV_SERVER_FAILED);
	CHECK_EQ(event(2, ALTAIR_EV_DISCOVERED)->reason, ALTAIR_E_NO_ANSWER);
	CHECK_EQ(w.told[2].at, MS(1000));
}

/* --- what does not count ------------------------------------------------- */

static void only_the_right_answer_counts(void)
{
	altair_discover_config c = config();
	altair_bytes a;

	begin(&c);
	add(3, ONE, 0);
	seal();
	run_until(5);
	a = success(w.sent[0].request, AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	CHECK_EQ(deliver(3, "192.0.2.1:3479", a), ALTAIR_TAKEN);
	CHECK_EQ(deliver(4, ONE, a), ALTAIR_TAKEN);
	answer_bytes[19] ^= 1; /* the transaction id: of another machine? */
	CHECK_EQ(deliver(3, ONE, a), ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(3, TWO, a), ALTAIR_NOT_MINE);
	answer_bytes[19] ^= 1;
	answer_bytes[a.len - 1] ^= 1; /* FINGERPRINT */
	CHECK_EQ(deliver(3, ONE, a), ALTAIR_TAKEN);
	answer_bytes[a.len - 1] ^= 1;
	answer_bytes[3] ^= 4; /* the length */
	CHECK_EQ(deliver(3, ONE, a), ALTAIR_TAKEN);
	answer_bytes[3] ^= 4;
	CHECK_EQ(stats().ignored, 5);
	CHECK_EQ(w.told_count, 0);
	CHECK_EQ(deliver(3, ONE, a), ALTAIR_TAKEN);
	CHECK_EQ(w.told_count, 2);
	/* Once more is once too often. */
	CHECK_EQ(deliver(3, ONE, a), ALTAIR_TAKEN);
	CHECK_EQ(stats().ignored, 6);
	CHECK_EQ(w.told_count, 2);
}

static void another_class_or_method_does_not_count(void)
{
	altair_discover_config c = config();
	altair_bytes a;

	begin(&c);
	add(0, ONE, 0);
	seal();
	drain();
	a = (altair_bytes){w.sent[0].request, 20};
	CHECK_EQ(deliver(0, ONE, a), ALTAIR_TAKEN); /* our own, reflected */
	a = success(w.sent[0].request, AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	answer_bytes[1] = 0x11; /* an indication ... */
	answer_bytes[0] = 0;
	a.len = 20;
	answer_bytes[3] = 0;
	CHECK_EQ(deliver(0, ONE, a), ALTAIR_TAKEN);
	answer_bytes[0] = 1; /* ... and a success of Allocate */
	answer_bytes[1] = 3;
	CHECK_EQ(deliver(0, ONE, a), ALTAIR_TAKEN);
	CHECK_EQ(stats().ignored, 3);
	CHECK_EQ(answer(0).state, ALTAIR_ANSWER_ASKED);
}

static void what_is_no_stun_is_not_ours(void)
{
	altair_discover_config c = config();
	altair_datagram merged = {.path.remote = addr(ONE), .segment = 20};

	begin(&c);
	add(0, ONE, 0);
	drain();
	CHECK_EQ(deliver(0, ONE, (altair_bytes){(const uint8_t *)"PUNCH", 5}),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(0, ONE, (altair_bytes){answer_bytes, 0}),
		 ALTAIR_NOT_MINE);
	merged.bytes = (altair_bytes){w.sent[0].request, 20};
	altair_input(w.m, w.now, &merged, 1);
	CHECK_EQ(merged.verdict, ALTAIR_NOT_MINE);
	altair_input(w.m, w.now, NULL, 0);
	CHECK_EQ(stats().ignored, 0);
}

static void fails_with(altair_bytes bytes, int reason)
{
	w.told_count = 0;
	CHECK_EQ(deliver(0, ONE, bytes), ALTAIR_TAKEN);
	CHECK_EQ(event(0, ALTAIR_EV_SERVER_FAILED)->reason, reason);
	check_addr(w.told[0].out.addr, ONE);
	CHECK_EQ(event(1, ALTAIR_EV_DISCOVERED)->reason, ALTAIR_E_NO_ANSWER);
}

static void ask_one(void)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	seal();
	drain();
}

static void answers_without_an_address(void)
{
	uint8_t *request = w.sent[0].request;
	altair_bytes a;

	ask_one();
	fails_with(success(request, AIR_STUN_ALTERNATE_SERVER, ME),
		   ALTAIR_E_INVALID);
	ask_one(); /* a port that nobody has */
	a = success(request, AIR_STUN_MAPPED_ADDRESS, ME);
	answer_bytes[26] = answer_bytes[27] = 0;
	a.len -= 8;
	answer_bytes[3] = 12;
	fails_with(a, ALTAIR_E_INVALID);
	ask_one(); /* an unknown attribute that must be understood */
	a = success(request, AIR_STUN_XOR_MAPPED_ADDRESS, ME);
	a.len -= 8;
	answer_bytes[3] = 24;
	memcpy(answer_bytes + 32, answer_bytes + 20, 12);
	answer_bytes[32] = 0x7f;
	a.len += 12;
	fails_with(a, ALTAIR_E_INVALID);
	ask_one(); /* an error without a code */
	fails_with(error(request, 0), ALTAIR_E_INVALID);
	ask_one();
	fails_with(error(request, 420), ALTAIR_E_SERVER);
}

static void an_old_server_knows_only_the_plain_address(void)
{
	ask_one();
	CHECK_EQ(deliver(0, ONE,
			 success(w.sent[0].request, AIR_STUN_MAPPED_ADDRESS,
				 ME)),
		 ALTAIR_TAKEN);
	check_addr(event(0, ALTAIR_EV_ANSWER)->addr, ME);
}

/* An XOR address that nobody can have does not hide the plain one. */
static void a_useless_address_is_passed_over(void)
{
	struct air_stun_header h = {.class = AIR_STUN_SUCCESS,
				    .method = AIR_STUN_BINDING};
	struct air_stun_value useless = {.addr = addr("224.0.0.1:9")};
	struct air_stun_value plain = {.addr = addr(ME)};
	struct air_stun_builder b;

	ask_one();
	memcpy(h.transaction, w.sent[0].request + 8, 12);
	air_stun_build(&b, answer_bytes, sizeof answer_bytes, &h);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &useless);
	air_stun_build_attr(&b, AIR_STUN_MAPPED_ADDRESS, &plain);
	CHECK_EQ(deliver(0, ONE, air_stun_build_end(&b)), ALTAIR_TAKEN);
	check_addr(event(0, ALTAIR_EV_ANSWER)->addr, ME);
}

/* --- mappings ------------------------------------------------------------ */

static enum altair_mapping mapping_of(const char *first, const char *second)
{
	altair_discover_config c = config();

	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	add(1, "[2001:db8::1]:3478", 2);
	seal();
	run_until(10);
	reply(0, first);
	reply(1, second);
	reply(2, "[2001:db8::5]:9");
	CHECK_EQ(altair_discover_mapping(w.d, 1), ALTAIR_MAPPING_UNKNOWN);
	CHECK_EQ(altair_discover_mapping(w.d, 2), ALTAIR_MAPPING_UNKNOWN);
	return altair_discover_mapping(w.d, 0);
}

static void mappings_are_compared_per_socket(void)
{
	CHECK_EQ(mapping_of(ME, ME), ALTAIR_MAPPING_STABLE);
	CHECK_EQ(mapping_of(ME, "203.0.113.5:40001"), ALTAIR_MAPPING_VARIES);
	CHECK_EQ(mapping_of(ME, "203.0.113.6:40000"), ALTAIR_MAPPING_VARIES);
}

/* --- the caller's mistakes ----------------------------------------------- */

static void configurations_out_of_range(void)
{
	const altair_discover_config good = config();
	altair_discover_config bad[14];
	altair_crypto no_random = {.size = sizeof no_random};

	for (size_t i = 0; i < 14; i++)
		bad[i] = good;
	bad[0].size--;
	bad[1].crypto = NULL;
	bad[2].crypto = &no_random;
	bad[3].servers_max = 0;
	bad[4].servers_max = 65;
	bad[5].rto = MS(1) - 1;
	bad[6].rto = ALTAIR_SEC(60) + 1;
	bad[7].rc = 0;
	bad[8].rc = 17;
	bad[9].rm = 0;
	bad[10].rm = 257;
	bad[11].timeout = 0;
	bad[12].grace_min = bad[12].grace_max + 1;
	bad[13].crypto = NULL;
	for (size_t i = 0; i < 14; i++) {
		altair_discover *d;

		CHECK_EQ(altair_discover_size(&bad[i]), 0);
		CHECK_EQ(altair_discover_init(&d, NULL, 0, &bad[i], 0),
			 ALTAIR_E_INVALID);
	}
}

static void configurations_at_the_edge(void)
{
	altair_discover_config c = config();

	c.servers_max = 1;
	c.rto = MS(1);
	c.rc = c.rm = 1;
	c.timeout = 1;
	c.grace_min = c.grace_max;
	begin(&c);
	c.servers_max = 64;
	c.rto = ALTAIR_SEC(60);
	c.rc = 16;
	c.rm = 256;
	c.timeout = ALTAIR_NEVER;
	begin(&c);
	CHECK_EQ(add(0, ONE, 0), 0);
	drain();
	CHECK(w.deadline == w.now + ALTAIR_SEC(60));
}

static void memory_and_randomness_must_suffice(void)
{
	altair_discover_config c = config();
	size_t size = altair_discover_size(&c);
	void *memory = malloc(size);
	altair_discover *d;

	CHECK_EQ(altair_discover_init(&d, memory, size - 1, &c, 0),
		 ALTAIR_E_SPACE);
	CHECK_EQ(altair_discover_init(&d, memory, 8, &c, 0), ALTAIR_E_SPACE);
	random_fails = true;
	CHECK_EQ(altair_discover_init(&d, memory, size, &c, 0),
		 ALTAIR_E_RANDOM);
	random_fails = false;
	free(memory);
}

static void servers_that_cannot_be_added(void)
{
	altair_discover_config c = config();
	altair_addr bad = addr("224.0.0.1:3478");
	altair_answer a;

	c.servers_max = 2;
	begin(&c);
	CHECK_EQ(altair_discover_add(w.d, w.now, 0, &bad, 0), ALTAIR_E_ADDRESS);
	bad = addr(ONE);
	bad.port = 0;
	CHECK_EQ(altair_discover_add(w.d, w.now, 0, &bad, 0), ALTAIR_E_ADDRESS);
	random_fails = true;
	CHECK_EQ(add(0, ONE, 0), ALTAIR_E_RANDOM);
	random_fails = false;
	CHECK_EQ(add(0, ONE, 0), 0);
	CHECK_EQ(add(0, TWO, 1), 1);
	CHECK_EQ(add(0, THREE, 2), ALTAIR_E_FULL);
	CHECK_EQ(altair_discover_count(w.d), 2);
	CHECK_EQ(altair_discover_answer(w.d, 2, &a), ALTAIR_E_INVALID);
	seal();
	CHECK_EQ(add(0, THREE, 2), ALTAIR_E_STATE);
}

static const struct check_test tests[] = {
	TEST(one_server_answers),
	TEST(the_schedule_is_that_of_the_rfc),
	TEST(a_repeated_request_has_no_round_trip),
	TEST(the_whole_is_cut_by_the_timeout),
	TEST(two_servers_settle_it_at_once),
	TEST(an_answer_cancels_a_repeat_that_is_due),
	TEST(a_batch_is_taken_whole),
	TEST(a_silent_server_delays_nothing),
	TEST(a_late_answer_still_counts),
	TEST(a_late_refusal_is_only_noted),
	TEST(an_unsealed_discovery_waits_for_more),
	TEST(nobody_to_ask),
	TEST(a_group_is_asked_in_turn),
	TEST(a_repeat_does_not_ask_the_next_again),
	TEST(groups_may_be_mixed),
	TEST(a_failed_address_gives_its_turn_away),
	TEST(an_answered_group_asks_no_more),
	TEST(an_answered_group_survives_the_timeout),
	TEST(a_late_address_of_a_failed_group_is_asked),
	TEST(a_group_all_of_which_fail),
	TEST(only_the_right_answer_counts),
	TEST(another_class_or_method_does_not_count),
	TEST(what_is_no_stun_is_not_ours),
	TEST(answers_without_an_address),
	TEST(an_old_server_knows_only_the_plain_address),
	TEST(a_useless_address_is_passed_over),
	TEST(mappings_are_compared_per_socket),
	TEST(configurations_out_of_range),
	TEST(configurations_at_the_edge),
	TEST(memory_and_randomness_must_suffice),
	TEST(servers_that_cannot_be_added),
};

CHECK_MAIN(tests)
