/*
 * Relays of the agent, in virtual time and against the floor: signalling 20 ms,
 * a check through the relay 80, Allocate with its 401 twice 40, and 40 more to
 * open a stream.
 */
#include "relay_world.h"

static bool has_candidate(int s, const char *part)
{
	for (size_t i = 0; i < w.side[s].candidate_count; i++)
		if (strstr(w.side[s].candidates[i], part))
			return true;
	return false;
}

static void check_quiet(void)
{
	for (int s = 0; s < 2; s++)
		CHECK_EQ(stats_of(s).unsent + stats_of(s).strangers, 0);
}

/* --- the floor ----------------------------------------------------------- */

/* Whatever comes first of what happens at the same time. */
static void check_floor(enum kind a, enum kind b, uint64_t floor)
{
	for (int i = 0; i < 2; i++) {
		begin_pair(a, b);
		w.ticks_first = i;
		run_until(3000);
		printf("# %d %d: %llu ms\n", a, b,
		       (unsigned long long)connect_ms());
		CHECK_EQ(connect_ms(), floor);
		for (int s = 0; s < 2; s++)
			CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		check_quiet();
	}
}

static void symmetric_sides_connect_at_the_floor(void)
{
	check_floor(SYM, SYM, 180);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
}

static void sides_without_udp_connect_at_the_floor(void)
{
	check_floor(BLOCKED, BLOCKED, 220);
	check_floor(SYM, BLOCKED, 220);
	check_floor(BLOCKED, SYM, 220);
}

static void relays_delay_no_direct_path(void)
{
	check_floor(OPEN, OPEN, 70);
	check_floor(OPEN, SYM, 95);
	check_floor(SYM, OPEN, 95);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_DIRECT);
}

/* --- candidates ---------------------------------------------------------- */

static void a_relayed_candidate_is_told(void)
{
	begin_pair(SYM, BLOCKED);
	run_until(1000);
	/* 0xc000 - 1 and 0x8000 - 1 of local preference. */
	CHECK(has_candidate(0, " 1 UDP 12582911 198.51.100.1 50000 typ relay "
			       "raddr 203.0.113.1 rport 20000"));
	CHECK(has_candidate(1, " 1 UDP 8388607 198.51.100.1 50001 typ relay "
			       "raddr 203.0.113.2 rport "));
	CHECK(w.side[0].is_ended);
	CHECK(!w.side[1].is_ended); /* the STUN server was not reached */
	run_until(10000);
	CHECK(w.side[1].is_ended);
}

/* A relay that no host leads to, for want of its family, holds nothing up. */
static void a_relay_out_of_reach_is_not_waited_for(void)
{
	altair_agent_config c = config(0);

	begin();
	add(0, OPEN, &c);
	c = config(1);
	add(1, OPEN, &c);
	CHECK(add_relay_at(0, "[2001:db8::1]:3478", false, "secret") >= 0);
	go();
	run_until(1000);
	CHECK(w.side[0].is_ended);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
}

/* RFC 8445 5.1.1.2: an allocation shows the mapping as well. */
static void a_relay_shows_the_mapping(void)
{
	altair_agent_config c = config(0);

	begin();
	add(0, SYM, &c);
	add(1, SYM, &c);
	CHECK_EQ(add_relay(0, false), 0);
	CHECK_EQ(add_relay(1, true), 0);
	go();
	run_until(1000);
	CHECK(has_candidate(0, "203.0.113.1 20000 typ srflx raddr 10.0.1.1"));
	CHECK(!has_candidate(1, "srflx"));
}

static void relays_are_preferred_by_their_transport(void)
{
	altair_agent_relay tls = {.size = sizeof tls,
				  .server = addr("198.51.100.2:3478"),
				  .name = bytes_of("user"),
				  .password = bytes_of("pass"),
				  .is_stream = true,
				  .is_tls = true};
	altair_agent_config c;
	uint32_t priority[3] = {0};

	begin();
	c = config(0);
	c.relays_max = 3;
	add(0, SYM, &c);
	c.controlling = false;
	add(1, SYM, &c);
	CHECK_EQ(altair_agent_add_relay(w.side[0].agent, w.now, &tls), 0);
	CHECK_EQ(add_relay(0, true), 1);
	CHECK_EQ(add_relay(0, false), 2);
	CHECK_EQ(add_relay(1, false), 0);
	go();
	run_until(3000);
	for (uint32_t i = 0; i < w.side[0].agent->list.locals_count; i++) {
		const struct air_candidate *l =
			&w.side[0].agent->list.locals[i];

		if (l->type == CANDIDATE_RELAY)
			priority[l->server] = l->priority;
	}
	CHECK(priority[2] > priority[1] && priority[1] > priority[0]);
	CHECK(priority[0] > 0);
	CHECK_EQ(connect_ms(), 180);
	check_quiet();
}

/* --- permissions and channels -------------------------------------------- */

static void permissions_cover_what_the_peer_lists(void)
{
	altair_addr host = addr("10.0.2.1:1"), mapped = addr("203.0.113.2:1");
	altair_addr relayed = addr("198.51.100.1:1");

	begin_pair(SYM, SYM);
	/* Asked for at 80, before the peer's address was known at 100. */
	run_until(101);
	for (size_t i = 0; i < 2; i++)
		CHECK(is_permitted(&w.allocations[i], &relayed));
	run_until(140);
	CHECK(is_permitted(&w.allocations[0], &host));
	CHECK(is_permitted(&w.allocations[0], &mapped));
	CHECK(is_permitted(&w.allocations[0], &relayed));
	CHECK_EQ(w.allocations[0].permitted_count, 3);
}

static void the_path_gets_a_channel(void)
{
	size_t sends;

	begin_pair(SYM, BLOCKED);
	run_until(2000);
	CHECK(w.requests[AIR_STUN_CHANNEL_BIND] >= 2);
	CHECK(w.channel_data > 0);
	sends = w.sends;
	for (int i = 0; i < 10; i++)
		CHECK_EQ(say(i & 1, "h"), 0);
	run_until(2060);
	CHECK_EQ(w.sends, sends);
	CHECK_EQ(w.side[0].heard, w.side[1].said);
	CHECK_EQ(w.side[1].heard, w.side[0].said);
}

static void a_server_that_lets_nobody_in_fails_the_pairs(void)
{
	begin_pair(SYM, SYM);
	w.refuse_peer = 403;
	run_until(60000);
	for (int s = 0; s < 2; s++) {
		const struct air_checklist *list = &w.side[s].agent->list;

		CHECK_EQ(state_of(s), ALTAIR_AGENT_FAILED);
		for (uint32_t i = 0; i < list->pairs_count; i++)
			CHECK_EQ(list->pairs[i].state, PAIR_FAILED);
	}
}

/* It gives addresses and does not know them a moment later. */
static void a_server_that_forgets_is_asked_ever_more_seldom(void)
{
	begin_pair(SYM, SYM);
	w.refuse_peer = 437;
	run_until(10000);
	for (int s = 0; s < 2; s++)
		CHECK(w.side[s].ends >= 2 && w.side[s].ends <= 5);
}

/* More IPs than permissions: what finds no room fails, nothing hangs. */
static void more_addresses_than_permissions(void)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	begin_pair(SYM, SYM);
	for (int i = 0; i < 19; i++) {
		snprintf(text, sizeof text,
			 "candidate:%d 1 UDP 1 192.0.2.%d 9 typ host", i, i);
		altair_agent_add_remote(w.side[0].agent, w.now, text);
	}
	run_until(1000);
	CHECK(w.side[0].heard > 0 && w.side[1].heard > 0);
	run_until(60000);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
}

/* --- paths --------------------------------------------------------------- */

static bool drop_between_peers(const struct flight *f)
{
	return !is_server(&f->from) && !is_server(&f->to) &&
	       w.now < START + MS(700);
}

/* One side talks all the time. */
static void a_direct_path_replaces_the_relay_without_loss(void)
{
	begin_pair(OPEN, OPEN);
	w.drop = drop_between_peers;
	run_until(600);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
	for (uint64_t ms = 600; ms < 3000; ms += 10) {
		run_until(ms);
		CHECK_EQ(say(0, "hi"), 0);
	}
	run_until(3500);
	for (int s = 0; s < 2; s++)
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_DIRECT);
	CHECK_EQ(w.side[1].heard, w.side[0].said);
	check_quiet();
}

static void both_allocations_stay_warm(void)
{
	altair_addr relayed = addr("198.51.100.1:1");
	uint64_t sent;

	begin_pair(OPEN, OPEN);
	run_until(10000);
	sent = w.side[0].sent + w.side[1].sent;
	run_until(3610000);
	sent = w.side[0].sent + w.side[1].sent - sent;
	printf("# %.2f packets a second\n", (double)sent / 3600);
	CHECK(sent <= 2 * 3600);
	CHECK_EQ(w.allocation_count, 2);
	/* Permissions of 5 minutes for three IPs or more. */
	CHECK(w.requests[AIR_STUN_CREATE_PERMISSION] > 2 * 2 * 3600 / 300);
	for (size_t i = 0; i < 2; i++) {
		CHECK(w.allocations[i].is_live);
		CHECK(is_permitted(&w.allocations[i], &relayed));
	}
}

static bool drop_some(const struct flight *f)
{
	static unsigned count;

	(void)f;
	return ++count % 4 == 0;
}

static void a_lossy_network_connects(void)
{
	begin_pair(SYM, SYM);
	w.drop = drop_some;
	run_until(5000);
	for (int s = 0; s < 2; s++)
		CHECK(state_of(s) == ALTAIR_AGENT_CONNECTED ||
		      state_of(s) == ALTAIR_AGENT_COMPLETED);
}

static void a_restart_goes_on_through_the_relay(void)
{
	begin_pair(SYM, SYM);
	run_until(2000);
	CHECK_EQ(altair_agent_restart(w.side[0].agent, w.now), 0);
	run_until(2200);
	CHECK_EQ(say(0, "h"), 0);
	run_until(6000);
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
	}
	CHECK_EQ(w.side[1].heard, w.side[0].said);
	CHECK_EQ(w.allocation_count, 2);
}

/* --- the end of a relay --------------------------------------------------- */

static void a_wrong_password_is_told(void)
{
	altair_agent_config c = config(0);

	begin();
	add(0, OPEN, &c);
	c.controlling = false;
	add(1, OPEN, &c);
	CHECK_EQ(add_relay_at(0, "198.51.100.1:3478", false, "wrong"), 0);
	go();
	run_until(500);
	CHECK_EQ(w.side[0].ends, 1);
	CHECK_EQ(w.side[0].ended.number, 0);
	CHECK_EQ(w.side[0].ended.reason, ALTAIR_E_CREDENTIALS);
	CHECK_EQ(w.side[0].ended.total, 401);
	CHECK(w.side[0].is_ended);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	/* After 1, 2, 4 ... and at most 60 seconds again. */
	run_until(1000 + 2000 + 4000 + 1000);
	CHECK_EQ(w.side[0].ends, 4);
	run_until(600000);
	CHECK(w.side[0].ends >= 12 && w.side[0].ends <= 17);
}

static void a_lost_allocation_is_replaced(void)
{
	begin_pair(SYM, SYM);
	run_until(5000);
	CHECK(has_candidate(0, "50000 typ relay"));
	w.allocations[0].is_live = false;
	/* The permissions are refreshed after four minutes. */
	run_until(300000);
	CHECK_EQ(w.side[0].ends, 1);
	CHECK_EQ(w.side[0].ended.reason, ALTAIR_E_MISMATCH);
	CHECK(has_candidate(0, "50002 typ relay"));
	CHECK_EQ(w.allocation_count, 3);
	CHECK_EQ(state_of(0), ALTAIR_AGENT_COMPLETED);
	w.side[1].heard = 0;
	CHECK_EQ(say(0, "h"), 0);
	run_until(301000);
	CHECK_EQ(w.side[1].heard, 1);
}

static void addresses_are_given_back(void)
{
	begin_pair(SYM, BLOCKED);
	run_until(2000);
	altair_agent_close(w.side[0].agent);
	altair_agent_close(w.side[1].agent);
	run_until(2100);
	for (size_t i = 0; i < 2; i++)
		CHECK(!w.allocations[i].is_live);
	CHECK_EQ(say(0, "h"), ALTAIR_E_STATE);
}

/* --- relay only ---------------------------------------------------------- */

static void who_relays_only_does_not_show(void)
{
	altair_agent_config c = config(0);
	altair_datagram d = {
		.path = {.sock = 7, .remote = addr("203.0.113.2:5000")}};
	uint8_t buffer[AIR_CHECK_LEN_MAX];
	struct air_check check = {.priority = 1};
	struct air_check_keys keys = {.has_remote = true};
	char text[4096];

	begin();
	c = config(0);
	c.relay_only = true;
	add(0, OPEN, &c);
	c.relay_only = false;
	c.controlling = false;
	add(1, OPEN, &c);
	add_stun(0);
	CHECK_EQ(add_relay(0, false), 0);
	go();
	run_until(3000);
	CHECK_EQ(w.side[0].candidate_count, 1);
	CHECK(has_candidate(0, "typ relay raddr 0.0.0.0 rport 9"));
	CHECK_EQ(w.requests[AIR_STUN_BINDING], 0);
	CHECK(altair_agent_describe(w.side[0].agent, text, sizeof text) > 0);
	CHECK(!strstr(text, "203.0.113.1"));
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(w.side[s].selected.kind, ALTAIR_PATH_RELAY);
		CHECK_EQ(state_of(s), ALTAIR_AGENT_COMPLETED);
	}
	/* A check to our own address is not answered. */
	keys.crypto = &w.crypto;
	keys.remote = w.side[0].agent->keys.local;
	keys.local = w.side[1].agent->keys.local;
	d.bytes = air_check_request(&check, &keys, buffer);
	altair_input(w.side[0].machine, w.now, &d, 1);
	CHECK_EQ(d.verdict, ALTAIR_NOT_MINE);
}

/* --- streams ------------------------------------------------------------- */

static void a_stream_that_does_not_open_is_given_up(void)
{
	begin_pair(BLOCKED, OPEN);
	w.no_streams = true;
	run_until(9999);
	CHECK_EQ(w.side[0].opens, 1);
	CHECK(!w.side[0].is_ended);
	run_until(10001);
	CHECK(w.side[0].is_ended);
	CHECK_EQ(w.side[0].shut, w.side[0].opened);
	CHECK_EQ(w.side[0].ended.reason, ALTAIR_E_TIMEOUT);
	w.no_streams = false;
	run_until(15000);
	CHECK_EQ(w.side[0].opens, 2);
	CHECK(w.side[0].opened != w.side[0].shut);
	CHECK(w.side[0].heard > 0 && w.side[1].heard > 0);
}

static void a_lost_stream_is_opened_again(void)
{
	static const uint8_t garbage[] = {0xff, 0xff, 0xff, 0xff, 0xff};
	altair_bytes in = {garbage, sizeof garbage};
	altair_datagram d;
	uint32_t first;

	begin_pair(BLOCKED, SYM);
	run_until(20000);
	first = w.side[0].opened;
	CHECK_EQ(altair_agent_unframe(w.side[0].agent, first, &in, &d),
		 ALTAIR_E_INVALID);
	CHECK_EQ(altair_agent_unframe(w.side[0].agent, first + 99, &in, &d),
		 ALTAIR_E_INVALID);
	w.allocations[1].is_live = false; /* the later one is the stream's */
	altair_agent_lost(w.side[0].agent, w.now, first, ALTAIR_E_NETWORK);
	drain(0);
	CHECK_EQ(w.side[0].ended.reason, ALTAIR_E_NETWORK);
	CHECK_EQ(w.side[0].shut, 0); /* it is shut already */
	CHECK_EQ(w.side[0].opens, 2);
	CHECK(w.side[0].opened != first);
	/* Nobody's any more. */
	altair_agent_opened(w.side[0].agent, w.now, first, NULL);
	altair_agent_lost(w.side[0].agent, w.now, first, ALTAIR_E_NETWORK);
	CHECK_EQ(w.side[0].ends, 1);
	w.side[0].heard = w.side[1].heard = 0;
	run_until(25000);
	CHECK_EQ(say(0, "h"), 0);
	CHECK_EQ(say(1, "h"), 0);
	run_until(26000);
	CHECK(w.side[0].heard > 0 && w.side[1].heard > 0);
}

/* --- the interface ------------------------------------------------------- */

static void arguments_are_judged(void)
{
	altair_agent_config c;
	altair_agent_relay r = {.size = sizeof r,
				.server = addr("198.51.100.1:3478")};
	static uint8_t secret[513];
	altair_datagram d = {
		.path = {.sock = UINT32_C(0x80000000), .remote = r.server},
		.bytes = {secret, 20}};
	altair_agent *a;

	begin();
	c = config(0);
	c.relays_max = ALTAIR_AGENT_RELAYS_MAX + 1;
	CHECK_EQ(altair_agent_size(&c), 0);
	c.relays_max = 1;
	add(0, OPEN, &c);
	a = w.side[0].agent;
	CHECK_EQ(altair_agent_add_host(a, w.now, ALTAIR_AGENT_STREAM,
				       &w.side[0].host),
		 ALTAIR_E_INVALID);
	r.size--;
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_INVALID);
	r.size++;
	r.families = 4;
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_INVALID);
	r.families = ALTAIR_TURN_IPV4;
	r.server.port = 0;
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_ADDRESS);
	r.server.port = 3478;
	r.name = (altair_bytes){secret, 500};
	r.password = (altair_bytes){secret, 13};
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_SPACE);
	r.name.len = 509;
	r.password.len = 1;
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_SPACE);
	r.name.len = 500;
	r.password.len = 12;
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), 0);
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_FULL);
	altair_agent_seal(a, w.now);
	CHECK_EQ(altair_agent_add_relay(a, w.now, &r), ALTAIR_E_STATE);
	/* Numbers of our own come from nowhere. */
	altair_input(w.side[0].machine, w.now, &d, 1);
	CHECK_EQ(d.verdict, ALTAIR_NOT_MINE);

	begin();
	w.crypto.md5 = NULL;
	c.relays_max = 2;
	add(0, OPEN, &c);
	CHECK_EQ(altair_agent_add_relay(w.side[0].agent, w.now, &r),
		 ALTAIR_E_UNSUPPORTED);
}

static const struct check_test tests[] = {
	TEST(symmetric_sides_connect_at_the_floor),
	TEST(sides_without_udp_connect_at_the_floor),
	TEST(relays_delay_no_direct_path),
	TEST(a_relayed_candidate_is_told),
	TEST(a_relay_out_of_reach_is_not_waited_for),
	TEST(a_relay_shows_the_mapping),
	TEST(relays_are_preferred_by_their_transport),
	TEST(permissions_cover_what_the_peer_lists),
	TEST(the_path_gets_a_channel),
	TEST(a_server_that_lets_nobody_in_fails_the_pairs),
	TEST(a_server_that_forgets_is_asked_ever_more_seldom),
	TEST(more_addresses_than_permissions),
	TEST(a_direct_path_replaces_the_relay_without_loss),
	TEST(both_allocations_stay_warm),
	TEST(a_lossy_network_connects),
	TEST(a_restart_goes_on_through_the_relay),
	TEST(a_wrong_password_is_told),
	TEST(a_lost_allocation_is_replaced),
	TEST(addresses_are_given_back),
	TEST(who_relays_only_does_not_show),
	TEST(a_stream_that_does_not_open_is_given_up),
	TEST(a_lost_stream_is_opened_again),
	TEST(arguments_are_judged),
};

CHECK_MAIN(tests)
