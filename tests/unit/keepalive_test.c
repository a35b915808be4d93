/* The binding client after the discovery: how it holds the mapping open. */
#include "discover_world.h"

static void begin_keepalive(void)
{
	altair_discover_config c = config();

	c.keepalive = ALTAIR_SEC(15);
	begin(&c);
	add(0, ONE, 0);
	add(0, TWO, 1);
	add(1, "[2001:db8::1]:3478", 2);
	seal();
	run_until(10);
	reply(0, ME);
	reply(1, ME);
	reply(2, "[2001:db8::5]:9");
	CHECK_EQ(w.told_count, 4);
}

static void the_keepalive_asks_one_server_per_socket(void)
{
	begin_keepalive();
	run_until(15009);
	CHECK_EQ(w.sent_count, 3);
	run_until(15010);
	drain();
	CHECK_EQ(w.sent_count, 5);
	check_addr(w.sent[3].path.remote, ONE);
	CHECK_EQ(w.sent[4].path.sock, 1);
	CHECK(memcmp(w.sent[3].request, w.sent[0].request, 20) != 0);
	reply(3, ME);
	reply(4, "[2001:db8::5]:9");
	CHECK_EQ(w.told_count, 4);
	run_until(30010);
	drain();
	CHECK_EQ(w.sent_count, 7);
	reply(5, "203.0.113.5:41000");
	check_addr(event(4, ALTAIR_EV_MAPPING_CHANGED)->addr,
		   "203.0.113.5:41000");
	check_addr(answer(0).mapped, "203.0.113.5:41000");
	reply(6, "[2001:db8::5]:9");
	CHECK_EQ(w.told_count, 5);
}

static void a_silent_keepalive_goes_to_another_server(void)
{
	begin_keepalive();
	run_until(30010);
	drain();
	/* ONE was repeated at 15.5 s, 16.5 s, 18.5 s, 22.5 s; then TWO's turn.
	 */
	CHECK_EQ(answer(0).state, ALTAIR_ANSWER_GIVEN);
	check_addr(w.sent[w.sent_count - 2].path.remote, TWO);
	reply(w.sent_count - 2, ME);
	CHECK_EQ(w.told_count, 4);
	run_until(45010);
	drain();
	check_addr(w.sent[w.sent_count - 2].path.remote, TWO);
}

/* Which server socket 0 asked last, and answers it or not. */
static const char *asked_at(uint64_t ms, bool is_answered)
{
	size_t n;

	run_until(ms);
	drain();
	/* Socket 1 is asked behind socket 0; it always answers. */
	n = w.sent_count - 2;
	CHECK_EQ(w.sent[n].path.sock, 0);
	CHECK_EQ(w.sent[n].at, MS(ms));
	reply(n + 1, "[2001:db8::5]:9");
	if (is_answered)
		reply(n, ME);
	return altair_addr_equal(&w.sent[n].path.remote, &w.sent[0].path.remote)
		       ? "one"
		       : "two";
}

static void the_one_that_missed_less_is_asked(void)
{
	begin_keepalive();
	CHECK_STR(asked_at(15010, false), "one");
	CHECK_STR(asked_at(30010, false), "two");
	CHECK_STR(asked_at(45010, false), "one"); /* 1 : 1, the first */
	CHECK_STR(asked_at(60010, true), "two");  /* 2 : 1 */
	CHECK_STR(asked_at(75010, false), "two"); /* 2 : 0 */
	CHECK_STR(asked_at(90010, true), "two");  /* 2 : 1 */
}

static void only_servers_that_answered_keep_the_mapping(void)
{
	altair_discover_config c = config();

	c.keepalive = ALTAIR_SEC(15);
	begin(&c);
	add(0, ONE, 0); /* refuses */
	add(0, TWO, 1); /* silent */
	add(0, THREE, 2);
	seal();
	run_until(10);
	CHECK_EQ(deliver(0, ONE, error(w.sent[0].request, 500)), ALTAIR_TAKEN);
	reply(2, ME);
	run_until(15060);
	drain();
	CHECK_EQ(w.sent_count, 4);
	check_addr(w.sent[3].path.remote, THREE);
}

static void a_refused_keepalive_changes_nothing(void)
{
	begin_keepalive();
	run_until(15010);
	drain();
	CHECK_EQ(deliver(0, ONE, error(w.sent[3].request, 500)), ALTAIR_TAKEN);
	CHECK_EQ(w.told_count, 4);
	CHECK_EQ(answer(0).state, ALTAIR_ANSWER_GIVEN);
}

static void a_keepalive_gives_up_after_its_schedule(void)
{
	altair_discover_config c = config();

	c.keepalive = ALTAIR_SEC(600);
	c.rc = 2;
	c.rm = 1;
	begin(&c);
	add(0, ONE, 0);
	seal();
	drain();
	reply(0, ME);
	run_until(700000);
	CHECK_EQ(w.sent_count, 3);
	CHECK(w.deadline == ALTAIR_SEC(1000) + ALTAIR_SEC(1200));
	CHECK_EQ(w.told_count, 2);
}

static void a_keepalive_without_randomness_waits(void)
{
	begin_keepalive();
	random_fails = true;
	run_until(20000);
	CHECK_EQ(w.sent_count, 3);
	random_fails = false;
	run_until(30010);
	drain();
	CHECK_EQ(w.sent_count, 5);
}

static void nothing_is_kept_alive_without_an_answer(void)
{
	altair_discover_config c = config();

	c.keepalive = ALTAIR_SEC(15);
	begin(&c);
	add(0, ONE, 0);
	seal();
	run_until(60000);
	CHECK_EQ(w.sent_count, 4);
	CHECK(w.deadline == ALTAIR_NEVER);
}

static const struct check_test tests[] = {
	TEST(the_keepalive_asks_one_server_per_socket),
	TEST(a_silent_keepalive_goes_to_another_server),
	TEST(the_one_that_missed_less_is_asked),
	TEST(only_servers_that_answered_keep_the_mapping),
	TEST(a_refused_keepalive_changes_nothing),
	TEST(a_keepalive_gives_up_after_its_schedule),
	TEST(a_keepalive_without_randomness_waits),
	TEST(nothing_is_kept_alive_without_an_answer),
};

CHECK_MAIN(tests)
