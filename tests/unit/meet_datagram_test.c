/*
 * The introduction over a path that loses, repeats and reorders, and on which anybody
 * may send (altair/meet.h, `is_datagram`).
 */
#include "meet_world.h"

static struct side datagram_side(enum altair_meet_role role)
{
	altair_meet_config config = config_of(role);

	config.is_datagram = true;
	return side_of(&config);
}

static void at(struct side *s, altair_time now)
{
	altair_tick(s->machine, now);
	drain(s);
}

/* 400 ms, 800, then every second, until the end. */
static void repetitions(void)
{
	static const unsigned ms[] = {400, 1200, 2200, 3200, 4200, 5200, 6200};
	struct side a = datagram_side(ALTAIR_MEET_CALLER);

	for (unsigned i = 0; i < sizeof ms / sizeof *ms; i++) {
		CHECK_EQ(a.deadline, ALTAIR_MSEC(ms[i]));
		at(&a, a.deadline - 1);
		CHECK_EQ(a.times, 1 + i);
		at(&a, ALTAIR_MSEC(ms[i]));
		CHECK_EQ(a.times, 2 + i);
	}
	at(&a, ALTAIR_SEC(10));
	check_over(&a, ALTAIR_E_TIMEOUT);
	leave(&a);
}

/* Each of the three is lost a few times; what comes twice does no harm. */
static void losses(void)
{
	struct side a = datagram_side(ALTAIR_MEET_CALLER);
	struct side b = datagram_side(ALTAIR_MEET_LISTENER);
	struct message share, answer;

	at(&a, ALTAIR_MSEC(400));
	share = a.said;
	hand(&b, ALTAIR_MSEC(450), &share);
	CHECK_EQ(b.times, 1);
	at(&b, ALTAIR_MSEC(850));
	CHECK_EQ(b.times, 2);
	hand(&b, ALTAIR_MSEC(900), &share);
	answer = b.said;
	hand(&a, ALTAIR_MSEC(900), &answer);
	CHECK_EQ(a.introduced, 1);
	CHECK_EQ(a.times, 3);
	/* The proof is lost: the listener repeats, and gets it again. */
	at(&b, ALTAIR_MSEC(1650));
	CHECK_EQ(b.times, 3);
	hand(&a, ALTAIR_MSEC(1700), &b.said);
	CHECK_EQ(a.times, 4);
	hand(&b, ALTAIR_MSEC(1750), &a.said);
	hand(&b, ALTAIR_MSEC(1750), &a.said);
	hand(&b, ALTAIR_MSEC(1750), &share);
	CHECK_EQ(b.introduced, 1);
	CHECK_EQ(a.failed + b.failed, 0);
	at(&a, ALTAIR_SEC(20));
	at(&b, ALTAIR_SEC(20));
	CHECK_EQ(a.failed + b.failed, 0);
	CHECK_EQ(a.deadline, ALTAIR_NEVER);
	CHECK_EQ(b.deadline, ALTAIR_NEVER);
	leave(&a);
	leave(&b);
}

/* What anybody may send ends nothing, and what is no message is left to others. */
static void strangers_end_nothing(void)
{
	static const char *const others[] = {"PUNCH", "PING",	  "PONG",
					     "\x16",  "\x01\x01", ""};
	struct side a = datagram_side(ALTAIR_MEET_CALLER);
	struct side b = datagram_side(ALTAIR_MEET_LISTENER);
	struct message m = {.len = 0};

	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		m.len = strlen(others[i]);
		memcpy(m.bytes, others[i], m.len);
		CHECK_EQ(hand(&a, 0, &m), ALTAIR_NOT_MINE);
		CHECK_EQ(hand(&b, 0, &m), ALTAIR_NOT_MINE);
	}
	for (unsigned kind = 1; kind < 5; kind++) {
		for (m.len = 2; m.len < 200; m.len++) {
			memset(m.bytes, 0, sizeof m.bytes);
			m.bytes[0] = 0xf5;
			m.bytes[1] = (uint8_t)kind;
			CHECK_EQ(hand(&a, 0, &m), ALTAIR_TAKEN);
			CHECK_EQ(hand(&b, 0, &m), ALTAIR_TAKEN);
		}
	}
	introduce(&a, &b);
	leave(&a);
	leave(&b);
}

/* A forged refusal ends nothing; that of the caller does. */
static void refusals(void)
{
	altair_meet_config config = config_of(ALTAIR_MEET_CALLER);
	struct side a, b = datagram_side(ALTAIR_MEET_LISTENER);
	struct message forged = {.bytes = {0xf5, 4}, .len = 18};

	config.is_datagram = true;
	config.secret = text("another");
	a = side_of(&config);
	hand(&b, 0, &a.said);
	hand(&b, 0, &forged);
	CHECK_EQ(b.failed, 0);
	hand(&a, 0, &b.said);
	check_over(&a, ALTAIR_E_SECRET);
	hand(&b, 0, &a.said);
	check_over(&b, ALTAIR_E_SECRET);
	leave(&a);
	leave(&b);
}

/* One guess there, too: a wrong proof is the end. */
static void one_guess_by_datagrams(void)
{
	struct side a = datagram_side(ALTAIR_MEET_CALLER);
	struct side b = datagram_side(ALTAIR_MEET_LISTENER);
	struct message wrong = {.bytes = {0xf5, 3}, .len = 2 + 32 + 16};

	hand(&b, 0, &a.said);
	hand(&b, 0, &wrong);
	check_over(&b, ALTAIR_E_SECRET);
	wrong = b.said;
	wrong.bytes[70] ^= 1;
	hand(&a, 0, &wrong);
	check_over(&a, ALTAIR_E_SECRET);
	hand(&a, 0, &b.said);
	CHECK_EQ(a.introduced, 0);
	leave(&a);
	leave(&b);
}

static void no_envelopes_by_datagrams(void)
{
	struct side a = datagram_side(ALTAIR_MEET_CALLER);
	struct side b = datagram_side(ALTAIR_MEET_LISTENER);
	uint8_t room[64] = {0};
	altair_datagram d;

	introduce(&a, &b);
	CHECK_EQ(altair_meet_wrap(a.meet, room + 16, 4, &d), ALTAIR_E_STATE);
	leave(&a);
	leave(&b);
}

static const struct check_test tests[] = {
	TEST(repetitions),
	TEST(losses),
	TEST(strangers_end_nothing),
	TEST(refusals),
	TEST(one_guess_by_datagrams),
	TEST(no_envelopes_by_datagrams),
};
CHECK_MAIN(tests)
