/* How often a source is answered, and who guesses: of all machines together, and
 * whoever else comes along. */
#include "check.h"
#include "server/throttle.h"

static _Alignas(16) uint8_t memory[1 << 22];
static const uint8_t key[16] = {7};
static struct air_throttle one, other;

/* Two machines of one server. */
static void begin_with(const altair_server_config *c)
{
	struct air_arena arena = {memory, sizeof memory, 0, false};
	struct air_throttle shared;

	air_throttle_init(&shared, &arena, AIR_THROTTLE_TRUE, key, NULL);
	air_throttle_init_guesses(&shared, &arena);
	CHECK(!arena.failed);
	air_throttle_init(&one, &arena, 0, key, &shared);
	air_throttle_init(&other, &arena, 0, key, &shared);
	one.rate = other.rate = 10;
	air_throttle_set_guesses(&one, c);
	air_throttle_set_guesses(&other, c);
}

static void begin(void)
{
	altair_server_config c;

	altair_server_config_default(&c);
	begin_with(&c);
}

static void guess(struct air_throttle *t, altair_time now, uint64_t who,
		  uint32_t times)
{
	for (uint32_t i = 0; i < times; i++)
		air_throttle_punish(t, now, who, i);
}

static void a_source_has_one_budget_on_all_machines(void)
{
	altair_addr source;
	int told = 0;

	begin();
	CHECK_EQ(altair_addr_parse(&source, "192.0.2.1:9"), 0);
	for (int i = 0; i < 100; i++)
		told += air_throttle_allows(i % 2 ? &one : &other,
					    ALTAIR_SEC(5), &source);
	CHECK_EQ(told, 10);
	CHECK(air_throttle_allows(&one, ALTAIR_SEC(6), &source));
}

static void guesses_count_on_all_machines(void)
{
	uint64_t who = 0x123456789abcdef0;

	begin();
	guess(&one, ALTAIR_SEC(5), who, 5);
	CHECK(!air_throttle_is_punished(&other, ALTAIR_SEC(5), who));
	guess(&other, ALTAIR_SEC(6), who, 5);
	CHECK(air_throttle_is_punished(&one, ALTAIR_SEC(7), who));
	CHECK(air_throttle_is_punished(&other, ALTAIR_SEC(35), who));
	CHECK(!air_throttle_is_punished(&one, ALTAIR_SEC(36), who));
}

/* Wrong passwords of others, even of those who come to the same place. */
static void a_punishment_stays_when_others_come(void)
{
	uint64_t who = 5, next = (uint64_t)1 << 44;

	begin();
	guess(&one, ALTAIR_SEC(5), who, 10);
	for (uint64_t i = 1; i <= 100; i++)
		guess(&one, ALTAIR_SEC(6), who + i * next, 1);
	CHECK(air_throttle_is_punished(&one, ALTAIR_SEC(6), who));
	/* Nor do those begin anew who are punished beside it. */
	for (uint64_t i = 1; i < 4; i++)
		guess(&one, ALTAIR_SEC(7), who + i * next, 10);
	for (uint64_t i = 0; i < 4; i++)
		CHECK(air_throttle_is_punished(&one, ALTAIR_SEC(8),
					       who + i * next));
}

/* 30 s, twice as long, at most ten minutes; after that it begins anew. */
static void waits_become_longer(void)
{
	static const unsigned wait[] = {30,  60,  120, 240, 480,
					600, 600, 600, 600, 600};
	altair_time now = ALTAIR_SEC(1);

	begin();
	for (size_t i = 0; i < sizeof wait / sizeof *wait; i++) {
		guess(&one, now, 9, 10);
		now += ALTAIR_SEC(wait[i] - 1);
		CHECK(air_throttle_is_punished(&one, now, 9));
		now += ALTAIR_SEC(1);
		CHECK(!air_throttle_is_punished(&one, now, 9));
	}
	now += ALTAIR_SEC(1300);
	guess(&one, now, 9, 10);
	CHECK(!air_throttle_is_punished(&one, now + ALTAIR_SEC(30), 9));
}

/* So many as are configured, and so long: at both ends of what may be. */
static void limits_are_those_of_the_configuration(void)
{
	static const altair_time hour = ALTAIR_SEC(3600);
	altair_server_config c;
	altair_time now = ALTAIR_SEC(5);

	altair_server_config_default(&c);
	c.guesses_max = 1;
	c.guess_wait = c.guess_wait_max = ALTAIR_SEC(1);
	begin_with(&c);
	for (int i = 0; i < 100; i++) {
		CHECK(!air_throttle_is_punished(&one, now, 9));
		guess(&one, now, 9, 1);
		CHECK(air_throttle_is_punished(&one, now, 9));
		now += ALTAIR_SEC(1);
	}
	c.guesses_max = 60;
	c.guess_wait_max = hour;
	begin_with(&c);
	guess(&one, now, 9, 59);
	CHECK(!air_throttle_is_punished(&one, now, 9));
	guess(&one, now, 9, 1);
	for (altair_time wait = ALTAIR_SEC(1); wait < 4 * hour; wait *= 2) {
		now += (wait < hour ? wait : hour) - ALTAIR_SEC(1);
		CHECK(air_throttle_is_punished(&one, now, 9));
		now += ALTAIR_SEC(1);
		CHECK(!air_throttle_is_punished(&one, now, 9));
		guess(&one, now, 9, 60);
	}
}

static const struct check_test tests[] = {
	TEST(a_source_has_one_budget_on_all_machines),
	TEST(guesses_count_on_all_machines),
	TEST(a_punishment_stays_when_others_come),
	TEST(waits_become_longer),
	TEST(limits_are_those_of_the_configuration),
};

CHECK_MAIN(tests)
