/*
 * The TURN client holds what it has: refreshes of all three timers, what
 * happens when they fail, when the server forgets, when the host sleeps; and
 * the rests of RFC 8656 12 before a channel is bound otherwise.
 */
#include "turn_world.h"

static void allocation_is_refreshed(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(539999);
	CHECK_EQ(w.sent_count, 2);
	run_until(540000);
	CHECK_EQ(w.sent_count, 3);
	CHECK(is_authentic(2) && !has(2, AIR_STUN_LIFETIME));
	w.now += MS(80);
	refresh(2, 600);
	run_until(1079999);
	CHECK_EQ(w.sent_count, 3);
	run_until(1080000); /* counted from the sending, not from the answer */
	CHECK_EQ(w.sent_count, 4);
	CHECK_EQ(w.told_count, 1);
}

/* Also while a refresh is under way; the answer to that one is then late. */
static void the_owner_may_ask_before(void)
{
	altair_turn_config c = config();

	begin(&c);
	altair_turn_probe(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 1); /* the Allocate */
	begin_allocated(&c);
	run_until(100000);
	altair_turn_probe(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 3);
	CHECK(is_authentic(2) && !has(2, AIR_STUN_LIFETIME));
	run_until(100100);
	altair_turn_probe(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 4);
	refresh(2, 600);
	CHECK_EQ(stats().ignored, 1);
	refresh(3, 600);
	run_until(640099);
	CHECK_EQ(w.sent_count, 4);
	run_until(640100);
	CHECK_EQ(w.sent_count, 5);
	altair_turn_probe(w.t, w.now);
	drain();
	refuse(5, 437);
	event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_MISMATCH);
	altair_turn_probe(w.t, w.now);
	drain();
	CHECK_EQ(w.sent_count, 6);
}

static void short_lifetimes(void)
{
	altair_turn_config c = config();

	c.lifetime = 10;
	begin(&c);
	challenge(0, 401);
	allocate(1, 10);
	run_until(5000);
	CHECK_EQ(w.sent_count, 3);
	CHECK_EQ(value(2, AIR_STUN_LIFETIME).number, 10);
	refresh(2, 2);
	run_until(6000);
	CHECK_EQ(w.sent_count, 4);
}

static void longest_lifetime(void)
{
	altair_turn_config c = config();

	begin(&c);
	challenge(0, 401);
	allocate(1, UINT32_MAX);
	CHECK_EQ(w.deadline, START + ALTAIR_SEC(UINT32_MAX - 60u));
}

/* A transaction that nobody answers is followed by another one, and then the
 * allocation has run out. */
static void silent_server(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(540000 + 39499);
	CHECK_EQ(w.sent_count, 2 + 7);
	run_until(540000 + 39500);
	CHECK_EQ(w.sent_count, 2 + 8);
	check_request(9, AIR_STUN_REFRESH);
	CHECK(memcmp(w.sent[8].bytes + 8, w.sent[9].bytes + 8, 12) != 0);
	run_until(700000);
	event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.told[1].at, MS(600000));
	CHECK_EQ(w.deadline, ALTAIR_NEVER);
}

static void late_answer_saves_it(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(590000);
	refresh(w.sent_count - 1, 600);
	run_until(700000);
	CHECK_EQ(w.told_count, 1);
}

static void sleep_longer_than_the_lifetime(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	permit(PEER);
	grant(2);
	bind_to(PEER);
	w.now += ALTAIR_SEC(100000);
	altair_tick(w.m, w.now);
	drain();
	event(w.told_count - 1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.deadline, ALTAIR_NEVER);
	CHECK_EQ(bind_to(PEER), ALTAIR_E_STATE);
}

static void server_forgot_us(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(540000);
	refuse(2, 437);
	CHECK_EQ(event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_MISMATCH)->total,
		 437);
	begin_allocated(&c);
	permit(PEER);
	refuse(2, 437);
	event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_MISMATCH);
}

static void server_in_trouble_is_asked_again(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(540000);
	refuse(2, 500);
	CHECK_EQ(w.told_count, 1);
	run_until(570000);
	CHECK_EQ(w.sent_count, 4);
	refuse(3, 508);
	run_until(585000);
	CHECK_EQ(w.sent_count, 5);
	refresh(4, 600);
	run_until(640000);
	CHECK_EQ(w.told_count, 1);
}

static void trouble_to_the_end(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(540000);
	while (w.told_count == 1) {
		refuse(w.sent_count - 1, 500);
		if (w.told_count == 1)
			run_until((w.deadline - START) / MS(1) + 1);
	}
	CHECK_EQ(event(1, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_SERVER)->total, 500);
	CHECK(w.sent_count <= 10);
}

static void stale_nonce_on_the_way(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	run_until(540000);
	w.nonce = "nonce-2";
	challenge(2, 438);
	CHECK_MEM(value(3, AIR_STUN_NONCE).bytes.data, "nonce-2", 7);
	refresh(3, 600);
	run_until(1080000);
	w.nonce = "nonce-3"; /* the count began anew */
	challenge(4, 438);
	challenge(5, 438);
	refresh(6, 600);
	CHECK_EQ(w.told_count, 1);
}

/* Each of many requests under way is told 438, each with a newer nonce. */
static void stale_nonce_for_many(void)
{
	static const char *const nonces[] = {"n-1", "n-2", "n-3", "n-4"};
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	bind_to(PEER2);
	CHECK_EQ(w.sent_count, 6);
	for (size_t i = 0; i < 4; i++) {
		w.nonce = nonces[i];
		challenge(2 + i, 438);
		CHECK_MEM(value(6 + i, AIR_STUN_NONCE).bytes.data, nonces[i],
			  3);
	}
	for (size_t n = 6; n < 10; n++)
		grant(n);
	CHECK_EQ(w.sent_count, 10);
	CHECK_EQ(w.told_count, 5);
}

/* Answers request `n` as its method wants it. */
static void serve(size_t n)
{
	if (request(n).header.method == AIR_STUN_REFRESH)
		refresh(n, 600);
	else
		grant(n);
}

/* Of all requests and all answers 30 % are lost, for six hours. */
static void hours_of_loss(void)
{
	altair_turn_config c = config();
	uint8_t fate[2];
	size_t n;

	begin_allocated(&c);
	bind_to(PEER);
	bind_to(PEER2);
	n = 2;
	while (w.now < START + ALTAIR_SEC(6 * 3600)) {
		run_until((w.now - START) / MS(1) + 100);
		for (; n < w.sent_count; n++) {
			some_random(NULL, fate, 2);
			if (fate[0] < 256 * 3 / 10 || fate[1] < 256 * 3 / 10)
				continue;
			memcpy(&w.sent[0], &w.sent[n % 256], sizeof w.sent[0]);
			serve(0);
		}
		for (; w.told_count > 1; w.told_count--)
			CHECK_EQ(w.told[w.told_count - 1].out.reason, 0);
	}
	CHECK(w.sent_count < 1000);
}

/* --- permissions --------------------------------------------------------- */

static void permission_is_held(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	CHECK_EQ(permit(PEER), 0);
	check_request(2, AIR_STUN_CREATE_PERMISSION);
	CHECK(is_authentic(2));
	check_addr(value(2, AIR_STUN_XOR_PEER_ADDRESS).addr, "203.0.113.9:0");
	grant(2);
	CHECK_EQ(event(1, ALTAIR_EV_PERMITTED, 0)->addr.port, 0);
	run_until(239999);
	CHECK_EQ(w.sent_count, 3);
	run_until(240000);
	CHECK_EQ(w.sent_count, 4);
	grant(3);
	run_until(479999);
	CHECK_EQ(w.sent_count, 4);
	run_until(480000);
	CHECK_EQ(w.sent_count, 5);
	CHECK_EQ(w.told_count, 2); /* a renewal is no news */
}

static void one_permission_per_ip(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(permit("203.0.113.9:7000"), 0);
	CHECK_EQ(permit("[::ffff:203.0.113.9]:7000"), 0);
	CHECK_EQ(w.sent_count, 3);
}

static void permission_before_the_allocation(void)
{
	altair_turn_config c = config();

	begin(&c);
	CHECK_EQ(permit(PEER), 0);
	challenge(0, 401);
	CHECK_EQ(w.sent_count, 2);
	allocate(1, 600);
	CHECK_EQ(w.sent_count, 3);
	check_request(2, AIR_STUN_CREATE_PERMISSION);
}

static void permission_refused(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	permit(PEER);
	refuse(2, 403);
	CHECK_EQ(event(1, ALTAIR_EV_PERMITTED, ALTAIR_E_FORBIDDEN)->total, 403);
	permit(PEER2);
	refuse(3, 508);
	event(2, ALTAIR_EV_PERMITTED, ALTAIR_E_CAPACITY);
	permit(PEER);
	challenge(4, 401);
	event(3, ALTAIR_EV_PERMITTED, ALTAIR_E_CREDENTIALS);
	CHECK_EQ(permit(PEER), 0); /* may be tried again */
	CHECK_EQ(w.sent_count, 6);
}

static void permission_unanswered(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	permit(PEER);
	run_until(40000);
	event(1, ALTAIR_EV_PERMITTED, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.told[1].at, MS(39500));
}

static void permission_runs_out(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	permit(PEER);
	grant(2);
	run_until(310000);
	event(2, ALTAIR_EV_PERMITTED, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.told[2].at, MS(300000));
}

static void table_of_permissions(void)
{
	altair_turn_config c = config();

	c.permissions_max = 2;
	begin_allocated(&c);
	CHECK_EQ(permit("203.0.113.1:1"), 0);
	CHECK_EQ(permit("203.0.113.2:1"), 0);
	CHECK_EQ(permit("203.0.113.3:1"), ALTAIR_E_FULL);
	forget("203.0.113.1:9");
	CHECK_EQ(permit("203.0.113.3:1"), 0);
	CHECK_EQ(permit("0.0.0.0:1"), ALTAIR_E_ADDRESS);
	CHECK_EQ(permit("224.0.0.1:1"), ALTAIR_E_ADDRESS);
}

/* More wishes than requests at a time: the next leaves when one is answered. */
static void requests_take_turns(void)
{
	altair_turn_config c = config();

	c.requests_max = 2;
	begin_allocated(&c);
	for (int i = 1; i < 6; i++) {
		char peer[32];

		snprintf(peer, sizeof peer, "203.0.113.%d:1", i);
		CHECK_EQ(permit(peer), 0);
	}
	CHECK_EQ(w.sent_count, 4);
	for (size_t n = 2; n < 7; n++)
		grant(n);
	CHECK_EQ(w.sent_count, 7);
	CHECK_EQ(w.told_count, 6);
}

/* --- channels ------------------------------------------------------------ */

static void channel_is_held(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	CHECK_EQ(bind_to(PEER), 0);
	CHECK_EQ(bind_to(PEER), 0);
	CHECK_EQ(w.sent_count, 4);
	check_request(2, AIR_STUN_CREATE_PERMISSION);
	check_request(3, AIR_STUN_CHANNEL_BIND);
	CHECK_EQ(value(3, AIR_STUN_CHANNEL_NUMBER).number, 0x4000);
	check_addr(value(3, AIR_STUN_XOR_PEER_ADDRESS).addr, PEER);
	grant(2);
	grant(3);
	event(1, ALTAIR_EV_PERMITTED, 0);
	CHECK_EQ(event(2, ALTAIR_EV_CHANNEL, 0)->number, 0x4000);
	run_until(240000);
	check_request(4, AIR_STUN_CREATE_PERMISSION);
	grant(4);
	run_until(480000);
	grant(5);
	run_until(540000);
	CHECK_EQ(w.sent_count, 8);
	check_request(6, AIR_STUN_REFRESH);
	check_request(7, AIR_STUN_CHANNEL_BIND);
	CHECK_EQ(value(7, AIR_STUN_CHANNEL_NUMBER).number, 0x4000);
	refresh(6, 600);
	grant(7);
	/* which renewed the permission, too */
	run_until(779999);
	CHECK_EQ(w.sent_count, 8);
	run_until(780000);
	check_request(8, AIR_STUN_CREATE_PERMISSION);
	CHECK_EQ(w.told_count, 3);
}

static void channel_brings_the_permission(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	grant(3);
	CHECK_EQ(w.told_count, 3);
	event(1, ALTAIR_EV_PERMITTED, 0);
	event(2, ALTAIR_EV_CHANNEL, 0);
}

static void channel_refused(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	grant(2);
	refuse(3, 403);
	event(2, ALTAIR_EV_CHANNEL, ALTAIR_E_FORBIDDEN);
	CHECK_EQ(w.told_count, 3);
}

/* RFC 8656 12.3: then we are out of step with the server. */
static void channel_out_of_step(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	refuse(3, 400);
	CHECK_EQ(value(4, AIR_STUN_LIFETIME).number, 0);
	refresh(4, 0);
	/* What it was, and what comes of it. */
	CHECK_EQ(event(1, ALTAIR_EV_CHANNEL, ALTAIR_E_SERVER)->total, 400);
	CHECK_EQ(event(2, ALTAIR_EV_RELAY_ENDED, ALTAIR_E_SERVER)->total, 400);
}

static void channel_runs_out(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	grant(3);
	for (uint64_t s = 240; s <= 610; s += 10) {
		run_until(s * 1000);
		for (size_t n = 4; n < w.sent_count; n++) {
			uint16_t method = request(n).header.method;

			if (method == AIR_STUN_REFRESH)
				refresh(n, 600);
			else if (method == AIR_STUN_CREATE_PERMISSION)
				grant(n);
		}
	}
	event(w.told_count - 1, ALTAIR_EV_CHANNEL, ALTAIR_E_TIMEOUT);
	CHECK_EQ(w.told[w.told_count - 1].at, MS(600000));
}

/* Keeps everything that was asked for alive until `s` seconds. */
static void live_until(uint64_t s)
{
	size_t n = w.sent_count;

	for (uint64_t at = (w.now - START) / ALTAIR_SEC(1); at <= s; at++) {
		run_until(at * 1000);
		for (; n < w.sent_count; n++) {
			if (request(n).header.method == AIR_STUN_REFRESH)
				refresh(n, 600);
			else
				grant(n);
		}
	}
}

static void number_and_peer_rest_before_they_part(void)
{
	altair_turn_config c = config();

	c.channels_max = 1;
	begin_allocated(&c);
	bind_to(PEER);
	run_until(20000);
	grant(3); /* sent at 0, answered at 20 s */
	live_until(100);
	forget(PEER);
	CHECK_EQ(bind_to(PEER2), ALTAIR_E_FULL);
	/* 600 s after the last answer it expires, 300 s later it has rested */
	live_until(919);
	CHECK_EQ(bind_to(PEER2), ALTAIR_E_FULL);
	live_until(920);
	CHECK_EQ(bind_to(PEER2), 0);
}

static void same_peer_gets_its_number_again(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	grant(3);
	forget(PEER);
	bind_to(PEER2);
	CHECK_EQ(value(5, AIR_STUN_CHANNEL_NUMBER).number, 0x4001);
	bind_to(PEER);
	CHECK_EQ(value(7, AIR_STUN_CHANNEL_NUMBER).number, 0x4000);
}

/* A request that was under way may have been granted. */
static void unanswered_binding_rests_too(void)
{
	altair_turn_config c = config();

	c.channels_max = 1;
	begin_allocated(&c);
	bind_to(PEER);
	forget(PEER);
	CHECK_EQ(bind_to(PEER2), ALTAIR_E_FULL);
	live_until(901);
	CHECK_EQ(bind_to(PEER2), 0);
}

static void given_up_binding_rests_too(void)
{
	altair_turn_config c = config();

	c.channels_max = 1;
	begin_allocated(&c);
	bind_to(PEER);
	grant(2);
	run_until(39500);
	event(2, ALTAIR_EV_CHANNEL, ALTAIR_E_TIMEOUT);
	forget(PEER);
	CHECK_EQ(bind_to(PEER2), ALTAIR_E_FULL);
	live_until(939);
	CHECK_EQ(bind_to(PEER2), ALTAIR_E_FULL);
	live_until(940);
	CHECK_EQ(bind_to(PEER2), 0);
}

/* What was refused was never bound. */
static void refused_binding_does_not_rest(void)
{
	altair_turn_config c = config();

	c.channels_max = 1;
	begin_allocated(&c);
	bind_to(PEER);
	grant(2);
	refuse(3, 403);
	CHECK_EQ(bind_to(PEER2), 0);
}

/* A place is taken as long as its last event was not polled. */
static void events_are_not_overwritten(void)
{
	altair_turn_config c = config();
	altair_addr other = addr(PEER2);
	altair_datagram d;

	c.permissions_max = 1;
	begin_allocated(&c);
	permit(PEER);
	answer(2, AIR_STUN_ERROR);
	add_number(AIR_STUN_ERROR_CODE, 403);
	d = (altair_datagram){.path = {.sock = SOCK, .remote = addr(SERVER)},
			      .bytes = finish(true)};
	altair_input(w.m, w.now, &d, 1);
	CHECK_EQ(altair_turn_permit(w.t, w.now, &other), ALTAIR_E_FULL);
	drain();
	event(1, ALTAIR_EV_PERMITTED, ALTAIR_E_FORBIDDEN);
	CHECK_EQ(altair_turn_permit(w.t, w.now, &other), 0);
}

static void forgotten_peers_are_not_renewed(void)
{
	altair_turn_config c = config();

	begin_allocated(&c);
	bind_to(PEER);
	grant(2);
	forget(PEER);
	run_until(530000);
	CHECK_EQ(w.sent_count, 4);
}

static const struct check_test tests[] = {
	TEST(allocation_is_refreshed),
	TEST(the_owner_may_ask_before),
	TEST(short_lifetimes),
	TEST(longest_lifetime),
	TEST(silent_server),
	TEST(late_answer_saves_it),
	TEST(sleep_longer_than_the_lifetime),
	TEST(server_forgot_us),
	TEST(server_in_trouble_is_asked_again),
	TEST(trouble_to_the_end),
	TEST(stale_nonce_on_the_way),
	TEST(stale_nonce_for_many),
	TEST(hours_of_loss),
	TEST(permission_is_held),
	TEST(one_permission_per_ip),
	TEST(permission_before_the_allocation),
	TEST(permission_refused),
	TEST(permission_unanswered),
	TEST(permission_runs_out),
	TEST(table_of_permissions),
	TEST(requests_take_turns),
	TEST(channel_is_held),
	TEST(channel_brings_the_permission),
	TEST(channel_refused),
	TEST(channel_out_of_step),
	TEST(channel_runs_out),
	TEST(number_and_peer_rest_before_they_part),
	TEST(same_peer_gets_its_number_again),
	TEST(unanswered_binding_rests_too),
	TEST(given_up_binding_rests_too),
	TEST(refused_binding_does_not_rest),
	TEST(events_are_not_overwritten),
	TEST(forgotten_peers_are_not_renewed),
};

CHECK_MAIN(tests)
