/*
 * The secure session between two of its kind: the round trips of a handshake, its
 * datagrams, its timers, half of everything lost, the end; and that the clock of
 * the wall has no part in it.
 */
#define _GNU_SOURCE
#include "pair.h"

#include <sys/time.h>
#include <time.h>

static struct pair pair;

/* The wall clock that OpenSSL asks. */
static time_t wall = 1795392000;
static unsigned asked;

ALTAIR_API int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void)zone;
	asked++;
	*now = (struct timeval){.tv_sec = wall};
	return 0;
}

ALTAIR_API time_t time(time_t *out)
{
	if (out)
		*out = wall;
	return wall;
}

static void begin(void)
{
	pair_make(&pair);
	pair_open(&pair);
	pair_start(&pair);
}

static void end(void)
{
	pair_close(&pair);
	pair_end(&pair);
}

static void check_talk(void)
{
	pair_say(&pair, CLIENT, "from the client");
	pair_say(&pair, SERVER, "from the server");
	pair_run(&pair, ALTAIR_SEC(1));
	pair_check_said(&pair, SERVER, "from the client");
	pair_check_said(&pair, CLIENT, "from the server");
}

/* Two round trips for the client, one and a half for the server; each flight is one
 * datagram of at most 1200 bytes. */
static void two_round_trips(void)
{
	begin();
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK(pair.side[CLIENT].is_secured && pair.side[SERVER].is_secured);
	CHECK_EQ(pair.side[CLIENT].took, 4 * pair.delay);
	CHECK_EQ(pair.side[SERVER].took, 3 * pair.delay);
	for (int who = 0; who < 2; who++) {
		CHECK_EQ(pair.side[who].sent, 2);
		CHECK(pair.side[who].longest <= ALTAIR_DTLS_DATAGRAM_MAX);
	}
	CHECK_EQ(altair_secure_state(pair.side[CLIENT].secure),
		 ALTAIR_SECURE_OPEN);
	check_talk();
	/* And then silence: what nobody lost is not repeated. */
	pair_run(&pair, ALTAIR_SEC(60));
	for (int who = 0; who < 2; who++) {
		CHECK_EQ(pair.side[who].sent, 3);
		CHECK_EQ(pair_drain(&pair, who), ALTAIR_NEVER);
	}
	printf("# client %zu bytes, server %zu bytes\n",
	       pair.side[CLIENT].sent_bytes, pair.side[SERVER].sent_bytes);
	end();
}

/* One round trip more, and no more bytes to who was not seen than came from him. */
static bool count_first(struct pair *p, struct pair_datagram *d)
{
	if (d->to == CLIENT && p->side[SERVER].sent == 1)
		CHECK(d->len <= p->side[SERVER].got_bytes);
	return true;
}

static void cookie_costs_a_round_trip(void)
{
	pair_make(&pair);
	pair.side[SERVER].config.role.asks_cookie = true;
	pair.look = count_first;
	pair_open(&pair);
	pair_start(&pair);
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK(pair.side[CLIENT].is_secured && pair.side[SERVER].is_secured);
	CHECK_EQ(pair.side[CLIENT].took, 6 * pair.delay);
	check_talk();
	end();
}

/* A server that was not started yet answers; a client does not. */
static void server_needs_no_start(void)
{
	pair_make(&pair);
	pair_open(&pair);
	altair_secure_start(pair.side[CLIENT].secure, pair.now);
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK(pair.side[CLIENT].is_secured && pair.side[SERVER].is_secured);
	check_talk();
	end();
}

static void longest_message(void)
{
	uint8_t room[PAIR_DATAGRAM] = {0};
	uint8_t *payload = room + ALTAIR_SECURE_HEADROOM;
	altair_datagram datagram;
	altair_secure *client;

	begin();
	client = pair.side[CLIENT].secure;
	CHECK_EQ(altair_secure_wrap(client, payload, 1, &datagram),
		 ALTAIR_E_STATE);
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK_EQ(altair_secure_wrap(client, payload, 0, &datagram),
		 ALTAIR_E_INVALID);
	CHECK_EQ(altair_secure_wrap(client, payload,
				    ALTAIR_SECURE_MESSAGE_MAX + 1, &datagram),
		 ALTAIR_E_TOO_LONG);
	for (size_t len = 1; len <= ALTAIR_SECURE_MESSAGE_MAX; len += 83) {
		for (size_t i = 0; i < len; i++)
			payload[i] = (uint8_t)(i + len);
		CHECK_EQ(altair_secure_wrap(client, payload, len, &datagram),
			 0);
		CHECK(datagram.bytes.len <= ALTAIR_DTLS_DATAGRAM_MAX);
		pair_inject(&pair, SERVER, datagram.bytes.data,
			    datagram.bytes.len);
		pair_run(&pair, ALTAIR_SEC(1));
		CHECK_EQ(pair.side[SERVER].said_len, len);
		CHECK_EQ(pair.side[SERVER].said[len - 1],
			 (uint8_t)(len - 1 + len));
	}
	end();
}

/* --- time ------------------------------------------------------------------ */

static altair_time sent_at[32];
static size_t sent_count;

static bool note_and_lose(struct pair *p, struct pair_datagram *d)
{
	(void)d;
	if (sent_count < 32)
		sent_at[sent_count++] = p->now;
	return false;
}

static void check_schedule(altair_time rtt, const unsigned *ms, size_t count)
{
	pair_make(&pair);
	pair_open(&pair);
	sent_count = 0;
	pair.look = note_and_lose;
	altair_secure_rtt(pair.side[CLIENT].secure, rtt);
	pair_start(&pair);
	pair_run(&pair, ALTAIR_SEC(11));
	CHECK(sent_count >= count);
	for (size_t i = 0; i < count; i++)
		CHECK_EQ(sent_at[i] - sent_at[0], ALTAIR_MSEC(ms[i]));
	CHECK(sent_at[sent_count - 1] - sent_at[0] < ALTAIR_SEC(10));
	for (int who = 0; who < 2; who++) {
		CHECK(pair.side[who].has_failed && !pair.side[who].is_secured);
		CHECK_EQ(pair.side[who].reason, ALTAIR_E_TIMEOUT);
		CHECK_EQ(pair_drain(&pair, who), ALTAIR_NEVER);
	}
	end();
}

static void flights_are_repeated(void)
{
	static const unsigned unknown[] = {0,	 400,  1200, 2200, 3200, 4200,
					   5200, 6200, 7200, 8200, 9200};
	static const unsigned near[] = {0,    100,  300,  700,	1500,
					2500, 3500, 4500, 5500, 6500,
					7500, 8500, 9500};
	static const unsigned middle[] = {0, 300, 900, 1900, 2900};
	static const unsigned far[] = {0, 1000, 2000, 3000};

	check_schedule(0, unknown, 11);
	check_schedule(ALTAIR_MSEC(3), near, 13);
	check_schedule(ALTAIR_MSEC(150), middle, 5);
	check_schedule(ALTAIR_MSEC(2000), far, 4);
}

/* Whatever the wall clock does: certificates have dates, and OpenSSL a timer. */
static void wall_clock_has_no_part(void)
{
	static const time_t clocks[] = {0,
					1,
					1795392000 - 315360000,
					1795392000 + 315360000,
					4294967295,
					1795392000};

	pair_make(&pair);
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		wall = clocks[i];
		pair_open(&pair);
		pair_start(&pair);
		pair_run(&pair, pair.delay + 1);
		wall = clocks[(i + 3) % 6]; /* and in the middle */
		pair_settle(&pair, ALTAIR_SEC(10));
		CHECK(pair.side[CLIENT].is_secured &&
		      pair.side[SERVER].is_secured);
		check_talk();
		pair_close(&pair);
	}
	wall = 1795392000;
	CHECK(asked > 0); /* else it is another clock by now */
	pair_end(&pair);
}

/* The bar: half of everything lost, 50 ms there and back, nine of ten in 10 s. */
static unsigned shake_in_loss(unsigned runs, bool asks_cookie)
{
	unsigned done = 0;

	pair_make(&pair);
	pair.loss = 50;
	pair.side[SERVER].config.role.asks_cookie = asks_cookie;
	for (unsigned run = 0; run < runs; run++) {
		pair_open(&pair);
		pair_start(&pair);
		pair_settle(&pair, ALTAIR_SEC(12));
		done += pair.side[CLIENT].is_secured &&
			pair.side[SERVER].is_secured;
		pair_close(&pair);
	}
	pair_end(&pair);
	printf("# half lost each way%s: %u of %u handshakes done in 10 s\n",
	       asks_cookie ? ", with a cookie" : "", done, runs);
	return done;
}

static void half_is_lost(void)
{
	CHECK(shake_in_loss(1000, false) >= 900);
}

static void half_is_lost_with_a_cookie(void)
{
	/* The bar is 900; by timers alone it would be 818. */
	CHECK(shake_in_loss(1000, true) >= 940);
}

/* --- the end --------------------------------------------------------------- */

static void close_is_told(void)
{
	begin();
	pair_settle(&pair, ALTAIR_SEC(10));
	altair_secure_close(pair.side[CLIENT].secure);
	pair_run(&pair, ALTAIR_SEC(1));
	CHECK(pair.side[SERVER].has_failed);
	CHECK_EQ(pair.side[SERVER].reason, ALTAIR_E_CLOSED);
	CHECK_EQ(altair_secure_state(pair.side[SERVER].secure),
		 ALTAIR_SECURE_FAILED);
	CHECK(!pair.side[CLIENT].has_failed);
	altair_secure_close(pair.side[SERVER].secure);
	altair_secure_close(pair.side[SERVER].secure);
	end();
}

static void only_dtls_is_taken(void)
{
	begin();
	for (unsigned first = 0; first < 256; first++) {
		struct pair_datagram d = {.to = SERVER, .len = 20};

		d.bytes[0] = (uint8_t)first;
		CHECK_EQ(pair_deliver(&pair, &d), first >= 20 && first <= 63
							  ? ALTAIR_TAKEN
							  : ALTAIR_NOT_MINE);
	}
	pair_settle(&pair, ALTAIR_SEC(10));
	CHECK(pair.side[SERVER].is_secured);
	end();
}

static void bad_configuration(void)
{
	altair_secure_config config;
	uint8_t little[16];
	altair_secure *out;

	pair_make(&pair);
	config = pair.side[0].config;
	CHECK(altair_secure_size(&config) > 0);
	CHECK_EQ(altair_secure_init(&out, little, sizeof little, &config),
		 ALTAIR_E_SPACE);
	config.patience = ALTAIR_SEC(11);
	CHECK_EQ(altair_secure_size(&config), 0);
	config.patience = 0;
	CHECK_EQ(altair_secure_init(&out, little, sizeof little, &config),
		 ALTAIR_E_INVALID);
	config = pair.side[0].config;
	config.dtls = NULL;
	CHECK_EQ(altair_secure_size(&config), 0);
	config = pair.side[0].config;
	config.size--;
	CHECK_EQ(altair_secure_size(&config), 0);
	pair_end(&pair);
}

static const struct check_test tests[] = {
	TEST(two_round_trips),	     TEST(cookie_costs_a_round_trip),
	TEST(server_needs_no_start), TEST(longest_message),
	TEST(flights_are_repeated),  TEST(wall_clock_has_no_part),
	TEST(half_is_lost),	     TEST(half_is_lost_with_a_cookie),
	TEST(close_is_told),	     TEST(only_dtls_is_taken),
	TEST(bad_configuration),
};

CHECK_MAIN(tests)
