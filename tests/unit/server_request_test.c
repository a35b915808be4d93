/* Requests to the TURN server: who is let in, and what each method answers. */
#include "server_world.h"

/* --- who it is ----------------------------------------------------------- */

static void a_challenge_is_short_and_unsigned(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK(me.answer.bytes.len <= 80);
	CHECK(me.answer.bytes.len <= 3 * me.request.len);
	CHECK_EQ(me.answer.attr_count, 4);
	CHECK_MEM(answer_value(AIR_STUN_REALM).bytes.data, REALM, 6);
	CHECK_MEM(me.nonce, "obMatJos2wAAA", 13);
	CHECK_MEM(answer_value(AIR_STUN_PASSWORD_ALGORITHMS).bytes.data,
		  our_algorithms, 8);
	me.with_fingerprint = true; /* costs the same */
	get_challenged();
	CHECK(me.answer.bytes.len <= 80);
	CHECK_EQ(stats().allocations, 0);
	/* What a request without any attribute cannot want. */
	me.with_fingerprint = false;
	ask(AIR_STUN_ALLOCATE);
	CHECK_EQ(send_it(), 0);
}

static void both_mechanisms_let_in(void)
{
	for (int how = 0; how < 12; how++) {
		begin_default();
		be(ME, "user");
		me.algorithm = (uint16_t)(how % 3);
		me.hides_name = how / 3 % 2;
		me.with_fingerprint = how / 6;
		get_challenged();
		CHECK_EQ(allocate(), 0);
		CHECK_EQ(refresh(0), 0);
	}
}

static void nobody_else_is_let_in(void)
{
	size_t unknown, wrong;

	begin_default();
	for (me.algorithm = 0; me.algorithm < 3; me.algorithm++) {
		uint16_t algorithm = me.algorithm;

		be(ME, "nobody");
		me.algorithm = algorithm;
		get_challenged();
		CHECK_EQ(allocate(), 401);
		unknown = me.answer.bytes.len;
		be(ME, "user");
		me.algorithm = algorithm;
		me.password = "wrong";
		get_challenged();
		CHECK_EQ(allocate(), 401);
		wrong = me.answer.bytes.len;
		CHECK_EQ(unknown, wrong);
		me.hides_name = true;
		me.user = "nobody";
		CHECK_EQ(allocate(), 401);
		take_nonce();
	}
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(w.opened, 0);
}

static void a_request_that_contradicts_itself_is_400(void)
{
	static const uint16_t parts[] = {AIR_STUN_USERNAME, AIR_STUN_REALM,
					 AIR_STUN_NONCE};

	begin_default();
	be(ME, "user");
	get_challenged();
	for (int missing = 0; missing < 3; missing++) {
		ask(AIR_STUN_ALLOCATE);
		for (int i = 0; i < 3; i++)
			if (i != missing)
				with_bytes(parts[i], "abc", 3);
		air_stun_build_sha1(&me.b, &w.crypto, my_key());
		CHECK_EQ(answer_to_it(), 400);
		CHECK(!answer_has(AIR_STUN_NONCE));
	}
	/* One of the two attributes about algorithms, or another list. */
	for (int how = 0; how < 3; how++) {
		ask(AIR_STUN_ALLOCATE);
		with_name();
		with_bytes(AIR_STUN_REALM, REALM, 6);
		with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
		if (how != 0)
			with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms,
				   how == 1 ? 8 : 4);
		if (how != 1)
			with_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
		me.algorithm = 2;
		air_stun_build_sha256(&me.b, &w.crypto, my_key(), 32);
		CHECK_EQ(answer_to_it(), 400);
	}
}

static void a_shorter_proof_is_none(void)
{
	begin_default();
	be(ME, "user");
	me.algorithm = 2;
	get_challenged();
	for (size_t len = 16; len <= 32; len += 4) {
		ask(AIR_STUN_REFRESH);
		with_name();
		with_bytes(AIR_STUN_REALM, REALM, 6);
		with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
		with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms, 8);
		with_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
		air_stun_build_sha256(&me.b, &w.crypto, my_key(), len);
		CHECK_EQ(answer_to_it(), len == 32 ? 437 : 401);
	}
	/* SHA-1 from one who knows the algorithms (RFC 8489 16.1.3). */
	ask(AIR_STUN_REFRESH);
	with_name();
	with_bytes(AIR_STUN_REALM, REALM, 6);
	with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
	with_bytes(AIR_STUN_PASSWORD_ALGORITHMS, our_algorithms, 8);
	with_number(AIR_STUN_PASSWORD_ALGORITHM, 2);
	air_stun_build_sha1(&me.b, &w.crypto, my_key());
	CHECK_EQ(answer_to_it(), 401);
}

static void nonces_are_bound_to_address_and_time(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate(), 0);
	me.from = "203.0.113.5:40001"; /* another port of the same NAT */
	CHECK_EQ(allocate(), 438);
	CHECK_EQ(answer_value(AIR_STUN_PASSWORD_ALGORITHMS).bytes.len, 8);
	take_nonce();
	CHECK_EQ(allocate(), 0);
	me.from = OTHER;
	CHECK_EQ(allocate(), 438);
	me.from = ME;
	get_challenged();
	CHECK_EQ(refresh(3600), 0);
	wait_seconds(3598);
	CHECK_EQ(refresh(3600), 0);
	wait_seconds(3);
	CHECK_EQ(refresh(3600), 438);
	take_nonce();
	CHECK_EQ(refresh(3600), 0);
	for (size_t i = 0; i < me.nonce_len; i++) {
		me.nonce[i] ^= 1;
		CHECK_EQ(refresh(3600), 438);
		me.nonce[i] ^= 1;
	}
	me.nonce_len--;
	CHECK_EQ(refresh(3600), 438);
}

/* A key that was replaced still proves what was given under it. */
static void nonces_outlive_the_change_of_keys(void)
{
	uint8_t old[24];

	begin_default();
	be(ME, "user");
	wait_seconds(3500);
	get_challenged();
	memcpy(old, me.nonce, sizeof old);
	wait_seconds(200);
	be(OTHER, "other"); /* whose challenge makes a new key */
	get_challenged();
	CHECK_EQ(allocate(), 0);
	be(ME, "user");
	memcpy(me.nonce, old, sizeof old);
	me.nonce_len = sizeof old;
	CHECK_EQ(allocate(), 0);
	wait_seconds(3401); /* an hour after it was given */
	CHECK_EQ(allocate(), 438);
}

/* An old MAC behind a newer time. */
static void the_time_of_a_nonce_is_proved(void)
{
	static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				    "pqrstuvwxyz0123456789+/";
	uint8_t old[24];

	begin_default();
	be(ME, "user");
	get_challenged();
	memcpy(old, me.nonce, sizeof old);
	wait_seconds(3500);
	get_challenged();
	CHECK(memcmp(me.nonce, old, 15) != 0);
	memcpy(me.nonce + 16, old + 16, 8);
	for (int i = 0; i < 64; i++) { /* this one holds some of both */
		me.nonce[15] = (uint8_t)signs[i];
		CHECK_EQ(refresh(600), 438);
	}
}

static void what_follows_the_proof_is_not_there(void)
{
	begin_default();
	arrive(ME, "user");
	ask(AIR_STUN_REFRESH);
	with_number(AIR_STUN_LIFETIME, 1800);
	sign();
	/* Row 13 of the failures: LIFETIME 0, appended and not signed. */
	with_number(AIR_STUN_LIFETIME, 0);
	CHECK_EQ(answer_to_it(), 0);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 1800);
	CHECK_EQ(stats().allocations, 1);
	ask(AIR_STUN_REFRESH);
	sign();
	with_number(AIR_STUN_LIFETIME, 0);
	CHECK_EQ(answer_to_it(), 0);
	CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 600);
	/* A peer behind it is none; one before it is. */
	ask(AIR_STUN_CREATE_PERMISSION);
	sign();
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
	CHECK_EQ(answer_to_it(), 400);
}

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

/* --- floods and guesses -------------------------------------------------- */

static size_t challenges_of(const char *from, int count)
{
	size_t before = w.sent_count;

	for (int i = 0; i < count; i++) {
		me.from = from;
		ask(AIR_STUN_ALLOCATE);
		with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
		send_it();
	}
	return w.sent_count - before;
}

/* Row 39: at most ten challenges a second, for others as many as ever. */
static void a_source_is_challenged_ten_times_a_second(void)
{
	altair_server_config c = config();
	static const char *const ten[] = {ME, "203.0.113.5:1",
					  "[2001:db8::5]:9"};

	c.challenge_rate = 10;
	begin(&c);
	be(ME, "user");
	CHECK_EQ(challenges_of(ME, 100), 10);
	CHECK_EQ(challenges_of("203.0.113.5:1", 100), 0); /* the same host */
	CHECK_EQ(challenges_of(OTHER, 5), 5);
	CHECK_EQ(challenges_of("[2001:db8::5]:9", 100), 10);
	CHECK_EQ(challenges_of("[2001:db8::6]:9", 100), 0); /* same /64 */
	CHECK_EQ(challenges_of("[2001:db8:0:1::6]:9", 100), 10);
	CHECK_EQ(stats().throttled, 90 + 100 + 90 + 100 + 90);
	for (int second = 0; second < 5; second++) {
		wait_seconds(1);
		CHECK_EQ(challenges_of(ten[second % 3], 100), 10);
	}
	/* Who proves something is answered, however often. */
	arrive(OTHER, "user");
	for (int i = 0; i < 100; i++)
		CHECK_EQ(refresh(600), 0);
	CHECK_EQ(challenges_of(OTHER, 100), 9);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(permit("10.0.0.1:5000"), 403);
	/* 400 and 438 prove nothing, either. */
	wait_seconds(1);
	me.nonce[20] ^= 1;
	for (int i = 0; i < 20; i++) {
		ask(AIR_STUN_REFRESH);
		if (i % 2)
			sign();
		else
			air_stun_build_sha1(&me.b, &w.crypto, my_key());
		CHECK_EQ(send_it(), i < 10);
	}
}

/* Row 40, and the flood: any number of sources, no memory, and the next one is
 * still answered. */
static void a_flood_from_everywhere_leaves_room_for_others(void)
{
	altair_server_config c = config();
	char from[40];
	size_t lost = 0;

	c.challenge_rate = 10;
	begin(&c);
	be(ME, "user");
	for (int i = 0; i < 60000; i++) {
		snprintf(from, sizeof from, "11.%d.%d.%d:4000", i >> 16 & 255,
			 i >> 8 & 255, i & 255);
		lost += 1 - challenges_of(from, 1);
	}
	CHECK(lost < 60);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(challenges_of(OTHER, 1), 1);
}

static void who_guesses_waits(void)
{
	unsigned waits = 30;

	begin_default();
	arrive(ME, "user"); /* behind the same NAT */
	for (int round = 0; round < 7; round++) {
		be("203.0.113.5:999", "user");
		me.password = "guess";
		for (int i = 0; i < 10; i++) {
			get_challenged();
			CHECK_EQ(allocate(), 401);
			wait_seconds(1);
		}
		me.password = "pass"; /* right, and not looked at */
		CHECK_EQ(allocate(), 401);
		wait_seconds(waits - 3);
		CHECK_EQ(allocate(), 401);
		be(ME, "user"); /* what is there goes on */
		get_challenged();
		CHECK_EQ(refresh(3600), 0);
		wait_seconds(2);
		be("203.0.113.5:999", "user");
		get_challenged();
		CHECK_EQ(allocate(), 0);
		CHECK_EQ(refresh(0), 0);
		waits = waits * 2 < 600 ? waits * 2 : 600;
	}
	/* After twenty minutes of peace it begins anew. */
	wait_seconds(1300);
	me.password = "guess";
	for (int i = 0; i < 10; i++) {
		get_challenged();
		CHECK_EQ(allocate(), 401);
		wait_seconds(1);
	}
	wait_seconds(30);
	me.password = "pass";
	get_challenged();
	CHECK_EQ(allocate(), 0);
}

/* --- time-limited credentials -------------------------------------------- */

#define UNIX 1790000000u

/* The password that a secret makes of a name. */
static const char *password_of(const char *secret, const char *name)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	static char out[32];
	altair_bytes part = text(name);
	uint8_t mac[21] = {0};

	w.crypto.hmac_sha1(NULL, text(secret), &part, 1, mac);
	for (int i = 0; i < 7; i++) {
		uint32_t v = (uint32_t)mac[3 * i] << 16 |
			     (uint32_t)mac[3 * i + 1] << 8 | mac[3 * i + 2];

		for (int k = 0; k < 4; k++)
			out[4 * i + k] = alphabet[v >> (18 - 6 * k) & 63];
	}
	out[27] = '=';
	return out;
}

static int log_in(const char *from, const char *secret, const char *name)
{
	be(from, name);
	me.password = password_of(secret, name);
	get_challenged();
	return allocate();
}

static altair_server_config timed_config(void)
{
	static altair_bytes secrets[2];
	altair_server_config c = config();

	secrets[0] = text("new secret");
	secrets[1] = text("old secret");
	c.rest_secrets = secrets;
	c.rest_secret_count = 2;
	c.unix_time = UNIX;
	c.quota_user = 2;
	return c;
}

static void names_with_a_time(void)
{
	static const char *const good[] = {
		"1790000000:ann", "ann:1790000000", "1790000000",
		"4294967297:in the year 2106", "999999999999999999:x"};
	static const char *const bad[] = {"1789999999:ann",
					  "0:ann",
					  "ann",
					  ":",
					  "",
					  "17x:ann",
					  "1790000000x",
					  "9999999999999999999:x",
					  "-1790000000:ann"};
	altair_server_config c = timed_config();

	for (int i = 0; i < 5; i++) {
		begin(&c);
		CHECK_EQ(log_in(ME, i % 2 ? "new secret" : "old secret",
				good[i]),
			 0);
		CHECK_EQ(refresh(0), 0);
		CHECK_EQ(log_in(ME, "no secret", good[i]), 401);
	}
	for (int i = 0; i < 9; i++) {
		CHECK_EQ(log_in(ME, "new secret", bad[i]), 401);
		wait_seconds(60); /* not to be taken for a guesser */
	}
	CHECK_MEM(me.nonce, "obMatJos2gAAA", 13); /* names are not hidden */
	arrive(OTHER, "user");			  /* and a static user */
	me.algorithm = 2;
	me.user = "1790009999:ann";
	me.password = password_of("new secret", me.user);
	me.from = ME;
	get_challenged();
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(stats().allocations, 2);
}

static void a_call_outlives_its_name(void)
{
	altair_server_config c = timed_config();

	begin(&c);
	CHECK_EQ(log_in(ME, "new secret", "1790000010:ann"), 0);
	wait_seconds(10);
	be(OTHER, "1790000010:ann");
	CHECK_EQ(log_in(OTHER, "new secret", "1790000010:ann"), 0);
	CHECK_EQ(refresh(0), 0);
	wait_seconds(1);
	CHECK_EQ(log_in(OTHER, "new secret", "1790000010:ann"), 401);
	be(ME, "1790000010:ann");
	me.password = password_of("new secret", me.user);
	get_challenged();
	CHECK_EQ(refresh(600), 0);
	CHECK_EQ(permit(PEER), 0);
	/* Another name of the same holder, another holder. */
	me.user = "1790009999:ann";
	me.password = password_of("new secret", me.user);
	CHECK_EQ(refresh(600), 0);
	me.user = "1790009999:ben";
	me.password = password_of("new secret", me.user);
	CHECK_EQ(refresh(600), 441);
	/* The clock was set back. */
	altair_server_set_time(w.s, w.now, UNIX);
	CHECK_EQ(log_in(OTHER, "new secret", "1790000010:ann"), 0);
	/* Quotas are the holder's. */
	CHECK_EQ(log_in("203.0.113.6:40001", "old secret", "1790000011:ann"),
		 486);
	CHECK_EQ(log_in("203.0.113.6:40001", "old secret", "1790000011:ben"),
		 0);
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

/* --- the other methods --------------------------------------------------- */

static void only_the_owner_may(void)
{
	begin_default();
	arrive(ME, "user");
	be(ME, "other");
	get_challenged();
	CHECK_EQ(refresh(0), 441);
	CHECK_EQ(permit(PEER), 441);
	CHECK_EQ(bind_channel(0x4000, PEER), 441);
	CHECK_EQ(stats().allocations, 1);
	be(OTHER, "user");
	get_challenged();
	CHECK_EQ(refresh(600), 437);
	CHECK_EQ(permit(PEER), 437);
	CHECK_EQ(bind_channel(0x4000, PEER), 437);
}

static void every_verb_asks_who_it_is(void)
{
	static const uint16_t verbs[] = {AIR_STUN_ALLOCATE, AIR_STUN_REFRESH,
					 AIR_STUN_CREATE_PERMISSION,
					 AIR_STUN_CHANNEL_BIND};

	begin_default();
	arrive(ME, "user");
	for (int i = 0; i < 4; i++) {
		ask(verbs[i]);
		with_number(AIR_STUN_CHANNEL_NUMBER, 0x4000);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
		with_number(AIR_STUN_LIFETIME, 0);
		CHECK_EQ(answer_to_it(), 401);
		ask(verbs[i]);
		with_number(AIR_STUN_CHANNEL_NUMBER, 0x4000);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
		with_number(AIR_STUN_LIFETIME, 0);
		me.password = "wrong";
		CHECK_EQ(answer_to_signed(), 401);
		me.password = "pass";
	}
	CHECK_EQ(stats().allocations, 1);
	CHECK_EQ(send_to(PEER, "x"), 0);
	CHECK_EQ(send_channel(0x4000, "x"), 0);
}

static void refresh_names_a_family_that_is_there(void)
{
	begin_default();
	arrive(ME, "user");
	for (uint64_t family = 0; family < 4; family++) {
		ask(AIR_STUN_REFRESH);
		with_number(AIR_STUN_REQUESTED_ADDRESS_FAMILY, family);
		CHECK_EQ(answer_to_signed(), family == 1 ? 0 : 443);
	}
}

static void permissions_are_all_or_none(void)
{
	static const char *const pairs[][2] = {{PEER, "10.0.0.1:5000"},
					       {"10.0.0.1:5000", PEER}};

	begin_default();
	arrive(ME, "user");
	for (int i = 0; i < 2; i++) {
		ask(AIR_STUN_CREATE_PERMISSION);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS, pairs[i][0]);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS, pairs[i][1]);
		CHECK_EQ(answer_to_signed(), 403);
		CHECK_EQ(send_to(PEER, "x"), 0);
	}
	CHECK_EQ(stats().denied, 2);
	ask(AIR_STUN_CREATE_PERMISSION);
	CHECK_EQ(answer_to_signed(), 400);
	ask(AIR_STUN_CREATE_PERMISSION);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER2);
	CHECK_EQ(answer_to_signed(), 0);
	CHECK_EQ(send_to(PEER2, "x"), 1);
}

/* Of two addresses in one ChannelBind or Send the first counts (row 14). */
static void the_first_address_counts(void)
{
	begin_default();
	arrive(ME, "user");
	CHECK_EQ(permit(PEER), 0);
	for (int i = 0; i < 2; i++) {
		ask(AIR_STUN_CHANNEL_BIND);
		with_number(AIR_STUN_CHANNEL_NUMBER, 0x4000);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS,
			  i ? PEER : "10.0.0.1:7000");
		with_addr(AIR_STUN_XOR_PEER_ADDRESS,
			  i ? "10.0.0.1:7000" : PEER);
		CHECK_EQ(answer_to_signed(), i ? 0 : 403);
		ask_class(AIR_STUN_INDICATION, AIR_STUN_SEND);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS,
			  i ? PEER : "10.0.0.1:7000");
		with_addr(AIR_STUN_XOR_PEER_ADDRESS,
			  i ? "10.0.0.1:7000" : PEER);
		with_bytes(AIR_STUN_DATA_ATTR, "x", 1);
		CHECK_EQ(send_it(), (size_t)i);
	}
	CHECK_EQ(send_channel(0x4000, "y"), 1);
	check_relayed(last()->path.sock, PEER, "y");
}

static void a_channel_is_bound_to_one_peer(void)
{
	begin_default();
	arrive(ME, "user");
	CHECK_EQ(bind_channel(0x3fff, PEER), 400);
	CHECK_EQ(bind_channel(0x8000, PEER), 400);
	CHECK_EQ(bind_channel(0x7fff, "203.0.113.77:7000"), 0); /* RFC 5766 */
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(bind_channel(0x4000, PEER2), 400);
	CHECK_EQ(bind_channel(0x4001, PEER), 400);
	CHECK_EQ(bind_channel(0x4001, PEER2), 0);
	CHECK_EQ(bind_channel(0x4000, PEER2), 400); /* both are taken */
	ask(AIR_STUN_CHANNEL_BIND);
	with_number(AIR_STUN_CHANNEL_NUMBER, 0x4002);
	CHECK_EQ(answer_to_signed(), 400);
	ask(AIR_STUN_CHANNEL_BIND);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
	CHECK_EQ(answer_to_signed(), 400);
}

static void a_channel_lasts_ten_minutes(void)
{
	begin_default();
	arrive(ME, "user");
	CHECK_EQ(refresh(3600), 0);
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	wait_seconds(599);
	CHECK_EQ(bind_channel(0x4000, PEER2), 400);
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	wait_seconds(599);
	CHECK_EQ(bind_channel(0x4000, PEER2), 400);
	wait_seconds(1);
	CHECK_EQ(bind_channel(0x4000, PEER2), 0);
}

/* --- silence ------------------------------------------------------------- */

static void only_requests_of_ours_are_answered(void)
{
	begin_default();
	be(ME, "user");
	for (uint16_t method = 0; method < 0x1000; method++) {
		for (unsigned class = 0; class < 4; class ++) {
			bool is_asked =
				class == AIR_STUN_REQUEST &&
				(method == 1 || method == 3 || method == 4 ||
				 method == 8 || method == 9);

			ask_class((enum air_stun_class) class, method);
			with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
			CHECK_EQ(send_it(), is_asked);
		}
	}
	CHECK_EQ(stats().allocations, 0);
}

static void a_wrong_fingerprint_is_silence(void)
{
	begin_default();
	be(ME, "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	sign();
	with_number(AIR_STUN_FINGERPRINT, 12345);
	CHECK_EQ(send_it(), 0);
	CHECK_EQ(stats().allocations, 0);
}

/* --- configuration ------------------------------------------------------- */

static void configurations_out_of_range(void)
{
	altair_server_config good = config(), bad[16];
	altair_server *s;
	altair_crypto crypto = w.crypto;
	altair_server_prefix prefix = {ip("10.0.0.0"), 33};
	size_t size = altair_server_size(&good), count = 0;
	void *memory = malloc(size);

	for (size_t i = 0; i < 16; i++)
		bad[i] = good;
	crypto.md5 = NULL;
	bad[count++].crypto = NULL;
	bad[count++].crypto = &crypto;
	bad[count++].allocations_max = 1000001;
	bad[count++].port_min = 1023;
	bad[count++].port_min = 50064;
	bad[count++].lifetime_max = 599;
	bad[count++].lifetime_max = 86401;
	bad[count++].permissions_each = 0;
	bad[count++].channels_each = 4097;
	bad[count++].nonce_life = ALTAIR_SEC(1) - 1;
	bad[count++].relay_ipv4 = ip(RELAY6);
	bad[count++].relay_ipv4 = ip("224.0.0.1");
	bad[count++].relay_ipv6 = ip("::");
	bad[count++].realm.len = 128;
	bad[count].allow = &prefix;
	bad[count++].allow_count = 1;
	bad[count].relay_ipv4.family = ALTAIR_NO_FAMILY;
	bad[count++].relay_ipv6.family = ALTAIR_NO_FAMILY;
	CHECK_EQ(count, 16);
	for (size_t i = 0; i < count; i++) {
		CHECK_EQ(altair_server_size(&bad[i]), 0);
		CHECK_EQ(altair_server_init(&s, memory, size, &bad[i], 0),
			 ALTAIR_E_INVALID);
	}
	CHECK_EQ(altair_server_init(&s, memory, size - 1, &good, 0),
		 ALTAIR_E_SPACE);
	random_fails = true;
	CHECK_EQ(altair_server_init(&s, memory, size, &good, 0),
		 ALTAIR_E_RANDOM);
	random_fails = false;
	CHECK_EQ(altair_server_init(&s, memory, size, &good, 0), 0);
	free(memory);
}

static void memory_grows_by_less_than_a_kibibyte_an_allocation(void)
{
	altair_server_config c = config();
	size_t small, large;

	c.allocations_max = 1;
	small = altair_server_size(&c);
	c.allocations_max = 10001;
	large = altair_server_size(&c);
	CHECK((large - small) / 10000 <= 1024);
}

static const struct check_test tests[] = {
	TEST(a_challenge_is_short_and_unsigned),
	TEST(both_mechanisms_let_in),
	TEST(nobody_else_is_let_in),
	TEST(a_request_that_contradicts_itself_is_400),
	TEST(a_shorter_proof_is_none),
	TEST(nonces_are_bound_to_address_and_time),
	TEST(nonces_outlive_the_change_of_keys),
	TEST(the_time_of_a_nonce_is_proved),
	TEST(what_follows_the_proof_is_not_there),
	TEST(an_allocation_tells_what_it_is),
	TEST(the_external_address_is_told_and_the_other_bound),
	TEST(lifetimes_have_bounds),
	TEST(a_repeated_request_gets_the_same_answer),
	TEST(what_is_asked_for_must_make_sense),
	TEST(unknown_attributes_are_told_after_the_proof),
	TEST(families),
	TEST(ports_that_cannot_be_opened_are_replaced),
	TEST(a_driver_that_never_opens_is_not_waited_for),
	TEST(even_ports_and_reserved_ones),
	TEST(reservations_end),
	TEST(reservations_are_limited),
	TEST(an_allocation_follows_its_client),
	TEST(a_ticket_is_good_for_its_owner_only),
	TEST(a_source_is_challenged_ten_times_a_second),
	TEST(a_flood_from_everywhere_leaves_room_for_others),
	TEST(who_guesses_waits),
	TEST(names_with_a_time),
	TEST(a_call_outlives_its_name),
	TEST(quotas_are_by_user),
	TEST(the_one_more_allocation_is_508),
	TEST(when_ports_are_used_up_it_is_508),
	TEST(permissions_and_channels_have_limits),
	TEST(only_the_owner_may),
	TEST(every_verb_asks_who_it_is),
	TEST(refresh_names_a_family_that_is_there),
	TEST(permissions_are_all_or_none),
	TEST(the_first_address_counts),
	TEST(a_channel_is_bound_to_one_peer),
	TEST(a_channel_lasts_ten_minutes),
	TEST(only_requests_of_ours_are_answered),
	TEST(a_wrong_fingerprint_is_silence),
	TEST(configurations_out_of_range),
	TEST(memory_grows_by_less_than_a_kibibyte_an_allocation),
};

CHECK_MAIN(tests)
