/* Allocations of the TURN server: how they are made, what they may have, where
 * they go. */
#include "server_world.h"

/* --- Allocate ------------------------------------------------------------ */

static void an_allocation_tells_what_it_is(void)
{
	struct air_stun_value v;
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	v = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS);
	CHECK_EQ(v.addr.family, ALTAIR_IPV4);
	CHECK(v.addr.port >= 50000 && v.addr.port <= 50063);
	CHECK_EQ(v.addr.port, sock - 65536);
	check_addr(answer_value(AIR_STUN_XOR_MAPPED_ADDRESS).addr, ME);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 600);
	CHECK_EQ(me.answer.attr_count, 4);
	CHECK_EQ(w.open_addr[0].port, v.addr.port);
	CHECK_EQ(stats().allocations, 1);
	CHECK_EQ(stats().allocated, 1);
}

static void the_external_address_is_told_and_the_other_bound(void)
{
	altair_server_config c = config();

	c.external_ipv4 = ip("192.0.2.77");
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.ip[3], 77);
	CHECK_EQ(w.open_addr[0].ip[3], 1);
	CHECK_EQ(permit("192.0.2.77:1"), 0);
	CHECK_EQ(permit(SERVER), 403); /* the inner one is only ours */
}

static void lifetimes_have_bounds(void)
{
	static const uint32_t asked[] = {0,    1,    599,  600,	      601,
					 3599, 3600, 3601, UINT32_MAX};
	static const uint32_t given[] = {600,  600,  600,  600, 601,
					 3599, 3600, 3600, 3600};

	for (int i = 0; i < 9; i++) {
		begin_default();
		be(ME, "user");
		get_challenged();
		ask(AIR_STUN_ALLOCATE);
		with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
		with_number(AIR_STUN_LIFETIME, asked[i]);
		CHECK_EQ(answer_to_signed(), 0);
		CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, given[i]);
		if (asked[i] == 0)
			continue;
		CHECK_EQ(refresh(asked[i]), 0);
		CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, given[i]);
		wait_seconds(given[i] - 1);
		CHECK_EQ(stats().allocations, 1);
		wait_seconds(1);
		CHECK_EQ(stats().allocations, 0);
		CHECK_EQ(w.open_count, 0);
	}
}

static void a_lifetime_that_nobody_asked_for(void)
{
	altair_server_config c = config();

	c.lifetime = 900;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 900);
	CHECK_EQ(refresh(600), 0);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 900);
	CHECK_EQ(refresh(1000), 0);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 1000);
}

static void a_repeated_request_gets_the_same_answer(void)
{
	struct air_stun_value first, again;

	begin_default();
	arrive(ME, "user");
	first = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS);
	wait_seconds(2);
	CHECK_EQ(answer_to_it(), 0);
	again = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS);
	CHECK(altair_addr_equal(&first.addr, &again.addr));
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 598);
	CHECK_EQ(w.opened, 1);
	CHECK_EQ(allocate(), 437); /* another request is another matter */
	CHECK_EQ(stats().allocations, 1);
}

static void what_is_asked_for_must_make_sense(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	CHECK_EQ(answer_to_signed(), 400);
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 6);
	CHECK_EQ(answer_to_signed(), 442);
	CHECK_EQ(allocate_family(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 3), 440);
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 1), 400);
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_number(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 2);
	with_number(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2);
	CHECK_EQ(answer_to_signed(), 400);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(w.opened, 0);
}

static void unknown_attributes_are_told_after_the_proof(void)
{
	struct air_stun_value v;

	begin_default();
	be(ME, "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_bytes(AIR_STUN_DONT_FRAGMENT, "", 0);
	/* 0x7f01 is nobody's. */
	air_write_u16(&me.b.w, 0x7f01);
	air_write_u16(&me.b.w, 0);
	CHECK_EQ(answer_to_signed(), 420);
	v = answer_value(AIR_STUN_UNKNOWN_ATTRIBUTES);
	CHECK_EQ(v.bytes.len, 4);
	CHECK_MEM(v.bytes.data, "\x7f\x01\x00\x1a", 4);
	ask(AIR_STUN_ALLOCATE);
	air_write_u16(&me.b.w, 0x7f01);
	air_write_u16(&me.b.w, 0);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	CHECK_EQ(answer_to_it(), 401);
}

static void families(void)
{
	altair_server_config c;

	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_family(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 2), 0);
	CHECK_EQ(answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.family,
		 ALTAIR_IPV6);
	CHECK(w.open[0] >= 2 * 65536);
	CHECK_EQ(permit(PEER), 443);
	CHECK_EQ(bind_channel(0x4000, PEER), 443);
	CHECK_EQ(permit(PEER6), 0);
	CHECK_EQ(send_to(PEER6, "six"), 1);
	check_relayed(w.open[0], PEER6, "six");
	CHECK_EQ(send_from(PEER6, w.open[0], "back"), 1);
	check_data(ME, PEER6, "back");
	be(OTHER, "user");
	get_challenged();
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2), 0);
	CHECK_EQ(me.answer.attr_count, 5);
	CHECK_EQ(w.open_count, 3);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(permit(PEER6), 0);
	CHECK_EQ(refresh(0), 0);
	CHECK_EQ(w.open_count, 1);
	c = config();
	memset(&c.relay_ipv6, 0, sizeof c.relay_ipv6);
	begin(&c);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_family(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 2), 440);
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2), 0);
	CHECK_EQ(answer_value(AIR_STUN_ADDRESS_ERROR_CODE).number, 440);
	CHECK_EQ(answer_value(AIR_STUN_ADDRESS_ERROR_CODE).family, 2);
}

static void ports_that_cannot_be_opened_are_replaced(void)
{
	begin_default();
	w.refuse_opens = 8;
	arrive(ME, "user");
	CHECK_EQ(w.opened, 9);
	CHECK_EQ(w.open_count, 1);
	CHECK_EQ(refresh(0), 0);
	w.refuse_opens = 9;
	CHECK_EQ(allocate(), 508);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(w.open_count, 0);
	w.refuses_ipv6 = true;
	CHECK_EQ(allocate_family(AIR_STUN_REQUESTED_ADDRESS_FAMILY, 2), 508);
	CHECK_EQ(stats().allocations, 0);
	/* Of two families one may fail. */
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2), 0);
	CHECK_EQ(answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.family,
		 ALTAIR_IPV4);
	CHECK_EQ(answer_value(AIR_STUN_ADDRESS_ERROR_CODE).number, 508);
	CHECK_EQ(w.open_count, 1);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(permit(PEER6), 443);
}

static void a_driver_that_never_opens_is_not_waited_for(void)
{
	begin_default();
	w.holds_opens = true;
	be(ME, "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	sign();
	CHECK_EQ(send_it(), 0);
	CHECK_EQ(deliver(0, ME, me.request, 0), ALTAIR_TAKEN); /* again */
	CHECK_EQ(w.opened, 1);
	CHECK_EQ(refresh(600), 437);
	CHECK_EQ(w.open_count, 1);
	wait_seconds(10);
	CHECK_EQ(w.open_count, 0); /* closed, for it may be open */
	CHECK_EQ(stats().allocations, 0);
	altair_server_opened(w.s, w.now, 65536 + 50000, 0); /* too late */
	altair_server_opened(w.s, w.now, 7, 0);
	CHECK_EQ(stats().allocations, 0);
}

static int allocate_even(uint8_t how)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_number(AIR_STUN_EVEN_PORT, how);
	return answer_to_signed();
}

static int allocate_reserved(const uint8_t token[8])
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_bytes(AIR_STUN_RESERVATION_TOKEN, token, 8);
	return answer_to_signed();
}

static void get_token(uint8_t token[8])
{
	struct air_stun_value v = answer_value(AIR_STUN_RESERVATION_TOKEN);

	memcpy(token, v.bytes.data, 8);
}

static void even_ports_and_reserved_ones(void)
{
	uint8_t token[8], none[8] = {0};
	uint16_t port;

	begin_default();
	for (int i = 0; i < 20; i++) {
		be(ME, "user");
		get_challenged();
		CHECK_EQ(allocate_even(0), 0);
		CHECK(!answer_has(AIR_STUN_RESERVATION_TOKEN));
		CHECK_EQ(w.open[0] % 2, 0);
		CHECK_EQ(refresh(0), 0);
	}
	w.refuse_opens = 3;
	CHECK_EQ(allocate_even(128), 0);
	get_token(token);
	port = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.port;
	CHECK_EQ(port % 2, 0);
	CHECK_EQ(answer_to_it(), 0); /* again, with the same token */
	CHECK_MEM(answer_value(AIR_STUN_RESERVATION_TOKEN).bytes.data, token,
		  8);
	/* Nobody but its owner knows it, and nobody guesses it. */
	be(OTHER, "other");
	get_challenged();
	CHECK_EQ(allocate_reserved(token), 508);
	be(OTHER, "user");
	get_challenged();
	CHECK_EQ(allocate_reserved(none), 508);
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_bytes(AIR_STUN_RESERVATION_TOKEN, token, 8);
	with_number(AIR_STUN_EVEN_PORT, 0);
	CHECK_EQ(answer_to_signed(), 400);
	CHECK_EQ(allocate_reserved(token), 0);
	CHECK_EQ(answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr.port,
		 port + 1);
	me.from = "203.0.113.5:40007";
	get_challenged();
	CHECK_EQ(allocate_reserved(token), 508); /* once */
	CHECK_EQ(stats().allocations, 2);
}

/* Row 44: a port that is reserved and not asked for is free again. */
static void reservations_end(void)
{
	altair_server_config c = config();
	uint8_t token[8];

	c.port_max = 50001;
	begin(&c);
	for (int round = 0; round < 3; round++) {
		be(ME, "user");
		get_challenged();
		CHECK_EQ(allocate_even(128), 0);
		get_token(token);
		CHECK_EQ(refresh(0), 0);
		be(OTHER, "user");
		get_challenged();
		CHECK_EQ(allocate_even(0), 0); /* the even one is free */
		CHECK_EQ(refresh(0), 0);
		CHECK_EQ(allocate_even(128), 508); /* the other is not */
		wait_seconds(round ? 61 : 29);
		CHECK_EQ(allocate_reserved(token), round ? 508 : 0);
		if (!round)
			CHECK_EQ(refresh(0), 0);
		w.refuse_opens = 20;
		CHECK_EQ(allocate_even(128), 508);
		w.refuse_opens = 0;
	}
	/* A quota that is used up does not take the token. */
	c.quota_user = 1;
	begin(&c);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_even(128), 0);
	get_token(token);
	be(OTHER, "user");
	get_challenged();
	CHECK_EQ(allocate_reserved(token), 486);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(refresh(0), 0);
	be(OTHER, "user");
	get_challenged();
	w.refuse_opens = 1;
	CHECK_EQ(allocate_reserved(token), 508); /* it cannot be bound */
	CHECK_EQ(stats().allocations, 0);
}

/* More reservations than there is room for, again and again. */
static void reservations_are_limited(void)
{
	int got = 0;

	begin_default();
	be(ME, "user");
	for (int round = 0; round < 4; round++) {
		get_challenged();
		for (int i = 0; i < 40; i++) {
			int code = allocate_even(128);

			CHECK(code == 0 || code == 508);
			got += code == 0;
			if (code == 0)
				CHECK_EQ(refresh(0), 0);
		}
		wait_seconds(61);
	}
	CHECK_EQ(got, 4 * 16);
	random_fails = true;
	CHECK_EQ(allocate_even(128), 500);
}

/* --- mobility ------------------------------------------------------------ */

static uint8_t ticket[64];
static size_t ticket_len;

static void keep_ticket(void)
{
	struct air_stun_value v = answer_value(AIR_STUN_MOBILITY_TICKET);

	CHECK(v.bytes.len > 0 && v.bytes.len <= sizeof ticket);
	memcpy(ticket, v.bytes.data, v.bytes.len);
	ticket_len = v.bytes.len;
}

static int allocate_mobile(size_t len)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_bytes(AIR_STUN_MOBILITY_TICKET, "xxxx", len);
	return answer_to_signed();
}

static int refresh_with(const uint8_t *shown, size_t len)
{
	ask(AIR_STUN_REFRESH);
	with_bytes(AIR_STUN_MOBILITY_TICKET, shown, len);
	return answer_to_signed();
}

static void go_to(const char *from)
{
	me.from = from;
	get_challenged();
}

/* coturn's client takes it for text: a zero would end it. */
static void a_ticket_holds_no_zero(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_mobile(0), 0);
	keep_ticket();
	CHECK(!memchr(ticket, 0, ticket_len));
	CHECK(ticket_len <= 32);
}

static void an_allocation_follows_its_client(void)
{
	uint8_t old[64];
	uint32_t sock;

	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_mobile(4), 400);
	CHECK_EQ(allocate_mobile(0), 0);
	keep_ticket();
	memcpy(old, ticket, ticket_len);
	sock = w.open[0];
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(refresh_with(ticket, ticket_len), 400); /* it has not moved */
	go_to(OTHER);
	CHECK_EQ(refresh(600), 437);
	CHECK_EQ(refresh_with(ticket, ticket_len), 0);
	keep_ticket();
	CHECK(memcmp(ticket, old, ticket_len) != 0);
	/* The answer was lost: again, and nothing changes. */
	CHECK_EQ(refresh_with(old, ticket_len), 0);
	CHECK_MEM(answer_value(AIR_STUN_MOBILITY_TICKET).bytes.data, ticket,
		  ticket_len);
	/* Both places are the client's until data comes from the new one. */
	CHECK_EQ(send_from(PEER, sock, "to the old"), 1);
	check_channel(ME, 0x4000, "to the old");
	me.from = ME;
	CHECK_EQ(send_channel(0x4000, "from the old"), 1);
	me.from = OTHER;
	CHECK_EQ(send_channel(0x4000, "from the new"), 1);
	check_relayed(sock, PEER, "from the new");
	CHECK_EQ(send_from(PEER, sock, "to the new"), 1);
	check_channel(OTHER, 0x4000, "to the new");
	me.from = ME;
	CHECK_EQ(send_channel(0x4000, "from the old"), 0);
	go_to("203.0.113.7:1");
	CHECK_EQ(refresh_with(old, ticket_len), 400); /* only for repeats */
	CHECK_EQ(refresh_with(ticket, ticket_len), 0);
	keep_ticket();
	go_to("[2001:db8::7]:1"); /* before data came from the last place */
	CHECK_EQ(refresh_with(ticket, ticket_len), 0);
	CHECK_EQ(stats().allocations, 1);
	CHECK_EQ(refresh(0), 0);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(refresh_with(ticket, ticket_len), 437);
	arrive(OTHER, "user"); /* the places are free again */
	arrive(ME, "user");
}

/* Row 43: the object knows its owner. */
/* RFC 8016 3.2.2: for 30 seconds; over TCP there is nothing to wait for, and data
 * may be faster than the repeat over UDP. */
static void a_repeated_move_is_answered_after_data(void)
{
	uint8_t old[64];

	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_mobile(0), 0);
	keep_ticket();
	memcpy(old, ticket, ticket_len);
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	memset(ticket, 0, ticket_len);
	CHECK_EQ(refresh_with(ticket, ticket_len), 400);
	go_to(OTHER);
	CHECK_EQ(refresh_with(old, ticket_len), 0);
	keep_ticket();
	CHECK_EQ(send_channel(0x4000, "from here"), 1);
	CHECK_EQ(refresh_with(old, ticket_len), 0);
	CHECK_MEM(answer_value(AIR_STUN_MOBILITY_TICKET).bytes.data, ticket,
		  ticket_len);
	go_to(ME);
	CHECK_EQ(refresh_with(old, ticket_len), 400);
}

static void a_ticket_is_good_for_its_owner_only(void)
{
	altair_server_config c = config();

	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_mobile(0), 0);
	keep_ticket();
	be(OTHER, "other");
	get_challenged();
	CHECK_EQ(refresh_with(ticket, ticket_len), 441);
	be(OTHER, "user");
	get_challenged();
	for (size_t i = 0; i < ticket_len; i++) {
		ticket[i] ^= 0x80;
		CHECK(refresh_with(ticket, ticket_len) != 0);
		ticket[i] ^= 0x80;
	}
	CHECK_EQ(refresh_with(ticket, ticket_len - 1), 400);
	CHECK_EQ(refresh_with(ticket, 0), 400);
	arrive("203.0.113.8:2", "user"); /* who has one already */
	CHECK_EQ(refresh_with(ticket, ticket_len), 437);
	random_fails = true;
	go_to("203.0.113.8:3");
	CHECK_EQ(refresh_with(ticket, ticket_len), 500);
	random_fails = false;
	CHECK_EQ(refresh_with(ticket, ticket_len), 0);
	c.mobility = false;
	begin(&c);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_mobile(0), 405);
	CHECK_EQ(refresh_with(ticket, ticket_len), 405);
	CHECK_EQ(allocate(), 0);
}

/* --- limits -------------------------------------------------------------- */

static void quotas_are_by_user(void)
{
	altair_server_config c = config();
	char from[32];

	c.quota_user = 2;
	begin(&c);
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "203.0.113.5:%d", 2000 + i);
		arrive(from, "user");
	}
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate(), 486);
	arrive(OTHER, "other"); /* who is somebody else */
	be(from, "user");
	get_challenged();
	CHECK_EQ(refresh(0), 0);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate(), 0);
	wait_seconds(601); /* all gone */
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof from, "203.0.113.5:%d", 3000 + i);
		arrive(from, "user");
	}
	be(OTHER, "user");
	get_challenged();
	CHECK_EQ(allocate(), 486);
}

static void the_one_more_allocation_is_508(void)
{
	char from[32];

	begin_default();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++) {
			snprintf(from, sizeof from, "203.0.113.5:%d", 2000 + i);
			arrive(from, i % 2 ? "user" : "other");
		}
		be(ME, "third");
		get_challenged();
		CHECK_EQ(allocate(), 508);
		CHECK_EQ(stats().allocations, 8);
		wait_seconds(600);
		CHECK_EQ(stats().allocations, 0);
		CHECK_EQ(w.open_count, 0);
	}
}

static void when_ports_are_used_up_it_is_508(void)
{
	altair_server_config c = config();

	c.port_min = c.port_max = 50000;
	begin(&c);
	arrive(ME, "user");
	be(OTHER, "user");
	get_challenged();
	CHECK_EQ(allocate(), 508);
	CHECK_EQ(stats().allocations, 1);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(refresh(0), 0);
	arrive(OTHER, "user");
	random_fails = true;
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate(), 508);
	c.port_max = 50001;
	begin(&c);
	be(ME, "user");
	get_challenged();
	random_fails = true;
	CHECK_EQ(allocate(), 500);
	CHECK_EQ(stats().allocations, 0);
}

static void permissions_and_channels_have_limits(void)
{
	altair_server_config c = config();
	char peer[32];

	c.permissions_each = c.channels_each = 3;
	begin(&c);
	arrive(ME, "user");
	for (int i = 0; i < 3; i++) {
		snprintf(peer, sizeof peer, "203.0.113.%d:7000", 20 + i);
		CHECK_EQ(bind_channel((uint16_t)(0x4000 + i), peer), 0);
	}
	CHECK_EQ(permit("203.0.113.30:1"), 508);
	CHECK_EQ(permit(peer), 0); /* refreshing takes no room */
	CHECK_EQ(bind_channel(0x4010, "203.0.113.20:7001"), 508);
	CHECK_EQ(bind_channel(0x4002, peer), 0);
	c.permissions_each = c.channels_each = 64;
	c.permissions_max = c.channels_max = 2;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	arrive(OTHER, "other");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(bind_channel(0x4001, PEER2), 508);
	CHECK_EQ(permit(PEER2), 508);
	CHECK_EQ(send_channel(0x4001, "x"), 0);
	wait_seconds(601);
	arrive(OTHER, "other");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(bind_channel(0x4001, PEER2), 0);
}

static const struct check_test tests[] = {
	TEST(an_allocation_tells_what_it_is),
	TEST(the_external_address_is_told_and_the_other_bound),
	TEST(lifetimes_have_bounds),
	TEST(a_lifetime_that_nobody_asked_for),
	TEST(a_repeated_request_gets_the_same_answer),
	TEST(what_is_asked_for_must_make_sense),
	TEST(unknown_attributes_are_told_after_the_proof),
	TEST(families),
	TEST(ports_that_cannot_be_opened_are_replaced),
	TEST(a_driver_that_never_opens_is_not_waited_for),
	TEST(even_ports_and_reserved_ones),
	TEST(reservations_end),
	TEST(reservations_are_limited),
	TEST(a_ticket_holds_no_zero),
	TEST(an_allocation_follows_its_client),
	TEST(a_repeated_move_is_answered_after_data),
	TEST(a_ticket_is_good_for_its_owner_only),
	TEST(quotas_are_by_user),
	TEST(the_one_more_allocation_is_508),
	TEST(when_ports_are_used_up_it_is_508),
	TEST(permissions_and_channels_have_limits),
};

CHECK_MAIN(tests)
