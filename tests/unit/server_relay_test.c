/* Data through the TURN server, and what is dropped. */
#include "server_world.h"

static void send_and_data_indications(void)
{
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(w.open_count, 1);
	CHECK_EQ(w.open[0], sock);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(send_to(PEER, "to the peer"), 1);
	check_relayed(sock, PEER, "to the peer");
	CHECK_EQ(send_from(PEER, sock, "from the peer"), 1);
	check_data(ME, PEER, "from the peer");
	/* Another port of the same host. */
	CHECK_EQ(send_from("203.0.113.9:7", sock, "x"), 1);
	check_data(ME, "203.0.113.9:7", "x");
	CHECK_EQ(send_to("203.0.113.9:7000", "y"), 1);
	CHECK_EQ(stats().to_peers, 2);
	CHECK_EQ(stats().from_peers, 2);
	CHECK_EQ(stats().dropped, 0);
}

static void channels_both_ways(void)
{
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(bind_channel(0x4fff, PEER2), 0);
	CHECK_EQ(send_channel(0x4000, "one"), 1);
	check_relayed(sock, PEER, "one");
	CHECK_EQ(send_channel(0x4fff, "two"), 1);
	check_relayed(sock, PEER2, "two");
	CHECK_EQ(send_channel(0x4000, ""), 1); /* RFC 8656 12.4 allows it */
	check_relayed(sock, PEER, "");
	CHECK_EQ(send_from(PEER, sock, "three"), 1);
	check_channel(ME, 0x4000, "three");
	CHECK_EQ(send_from(PEER2, sock, "four"), 1);
	check_channel(ME, 0x4fff, "four");
	/* The host, but not the port of the channel. */
	CHECK_EQ(send_from("203.0.113.9:6001", sock, "five"), 1);
	check_data(ME, "203.0.113.9:6001", "five");
}

static void without_permission_nothing_passes(void)
{
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(send_to(PEER, "x"), 0);
	CHECK_EQ(send_from(PEER, sock, "x"), 0);
	CHECK_EQ(send_channel(0x4000, "x"), 0);
	CHECK_EQ(stats().dropped, 3);
	CHECK_EQ(send_from(PEER, sock + 1, "x"), 0); /* nobody's port */
	CHECK_EQ(send_from(PEER, 3 * 65536 + 5, "x"), 0);
	CHECK_EQ(stats().dropped, 5);
}

static void permissions_end_after_five_minutes(void)
{
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(refresh(3600), 0);
	CHECK_EQ(bind_channel(0x4001, PEER), 0);
	CHECK_EQ(permit(PEER2), 0);
	wait_seconds(299);
	CHECK_EQ(send_from(PEER, sock, "x"), 1);
	CHECK_EQ(send_from(PEER2, sock, "x"), 1);
	CHECK_EQ(send_channel(0x4001, "x"), 1);
	CHECK_EQ(permit(PEER2), 0);
	wait_seconds(1);
	CHECK_EQ(send_from(PEER, sock, "x"), 0);
	CHECK_EQ(send_channel(0x4001, "x"), 0);
	CHECK_EQ(send_to(PEER, "x"), 0);
	CHECK_EQ(send_to(PEER2, "x"), 1);
	CHECK_EQ(permit(PEER), 0); /* the channel is still there */
	CHECK_EQ(send_channel(0x4001, "x"), 1);
	wait_seconds(300);
	CHECK_EQ(permit(PEER), 0); /* it is not */
	CHECK_EQ(send_channel(0x4001, "x"), 0);
	CHECK_EQ(send_to(PEER, "x"), 1);
}

/* Channels and permissions that end in another order than they came. */
static void what_ends_leaves_the_rest(void)
{
	char peer[32];
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	for (int i = 0; i < 4; i++) {
		snprintf(peer, sizeof peer, "203.0.113.%d:7000", 20 + i);
		CHECK_EQ(bind_channel((uint16_t)(0x4000 + i), peer), 0);
		wait_seconds(60);
	}
	CHECK_EQ(refresh(3600), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(send_channel((uint16_t)(0x4000 + i), "x"), 1);
	wait_seconds(200); /* the permissions of three are over */
	for (int i = 0; i < 4; i++)
		CHECK_EQ(send_channel((uint16_t)(0x4000 + i), "x"), i == 3);
	wait_seconds(170); /* and a channel */
	for (int i = 0; i < 4; i++) {
		snprintf(peer, sizeof peer, "203.0.113.%d:7000", 20 + i);
		CHECK_EQ(permit(peer), 0);
		CHECK_EQ(send_channel((uint16_t)(0x4000 + i), "x"), i > 0);
		CHECK_EQ(send_from(peer, sock, "y"), 1);
	}
	CHECK_EQ(refresh(0), 0);
	/* Their timers are gone, too: nobody else's things end by them. */
	sock = arrive(OTHER, "other");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(permit(PEER2), 0);
	wait_seconds(299);
	CHECK_EQ(send_channel(0x4000, "x"), 1);
	CHECK_EQ(send_from(PEER2, sock, "y"), 1);
	wait_seconds(4000);
	CHECK_EQ(stats().allocations, 0);
	CHECK(w.deadline == ALTAIR_NEVER);
}

static void a_peer_that_is_a_client_is_reached_inside(void)
{
	altair_addr one, two;
	char at_one[ALTAIR_ADDR_TEXT], at_two[ALTAIR_ADDR_TEXT];

	begin_default();
	arrive(OTHER, "other");
	two = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr;
	altair_addr_format(&two, at_two, sizeof at_two);
	arrive(ME, "user");
	one = answer_value(AIR_STUN_XOR_RELAYED_ADDRESS).addr;
	altair_addr_format(&one, at_one, sizeof at_one);
	CHECK_EQ(bind_channel(0x4000, at_two), 0);
	CHECK_EQ(send_channel(0x4000, "x"), 0); /* it has no permission */
	be(OTHER, "other");
	get_challenged();
	CHECK_EQ(permit(at_one), 0);
	CHECK_EQ(send_to(at_one, "there"), 1);
	check_channel(ME, 0x4000, "there");
	be(ME, "user");
	CHECK_EQ(send_channel(0x4000, "and back"), 1);
	check_data(OTHER, at_one, "and back");
	/* To itself: once, to the client, not in circles. */
	get_challenged();
	CHECK_EQ(permit(at_one), 0);
	CHECK_EQ(send_to(at_one, "mirror"), 1);
	check_data(ME, at_one, "mirror");
	/* A port that nobody has is not asked of the host. */
	CHECK_EQ(send_to("198.51.100.1:50063", "x"), 0);
	CHECK_EQ(bind_channel(0x4001, "198.51.100.1:50063"), 403);
}

static void icmp_errors_are_told_of_permitted_peers(void)
{
	altair_icmp icmp = {addr(PEER), 3, 4, 1400};
	altair_icmp other = {addr(PEER2), 3, 3, 0};
	struct air_stun_message m;
	struct air_stun_value v;
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	w.sent_count = 0;
	icmp.remote.port = 0;
	altair_server_unreachable(w.s, sock, &other);
	altair_server_unreachable(w.s, sock + 1, &icmp);
	altair_server_unreachable(w.s, 5, &icmp);
	drain();
	CHECK_EQ(w.sent_count, 0);
	altair_server_unreachable(w.s, sock, &icmp);
	drain();
	CHECK_EQ(w.sent_count, 1);
	check_addr(last()->path.remote, ME);
	CHECK(air_stun_message_read(
		&m, (altair_bytes){last()->bytes, last()->len}, 3));
	CHECK_EQ(m.header.method, AIR_STUN_DATA);
	CHECK(!air_stun_message_place(&m, AIR_STUN_DATA_ATTR));
	CHECK(air_stun_message_get(&m, AIR_STUN_XOR_PEER_ADDRESS, &v));
	CHECK(altair_addr_equal(&v.addr, &icmp.remote));
	CHECK(air_stun_message_get(&m, AIR_STUN_ICMP, &v));
	CHECK_EQ(v.family, 3);
	CHECK_EQ(v.code, 4);
	CHECK_EQ(v.number, 1400);
}

/* RFC 8656 11.5 and 18.13: of some types, and the MTU of fewer. */
static void icmp_errors_of_some_kinds_only(void)
{
	static const struct {
		const char *peer;
		uint8_t type, code;
		bool is_told, has_mtu;
	} kinds[] = {{PEER, 3, 1, true, false},	   {PEER, 3, 4, true, true},
		     {PEER, 4, 0, false, false},   {PEER, 5, 1, false, false},
		     {PEER, 8, 0, false, false},   {PEER, 11, 0, true, false},
		     {PEER, 12, 0, false, false},  {PEER, 1, 0, false, false},
		     {PEER, 2, 0, false, false},   {PEER6, 0, 0, false, false},
		     {PEER6, 1, 4, true, false},   {PEER6, 2, 0, true, true},
		     {PEER6, 3, 0, true, false},   {PEER6, 4, 0, false, false},
		     {PEER6, 128, 0, false, false}};
	struct air_stun_message m;
	struct air_stun_value v;
	uint16_t ports[2];

	begin_default();
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2), 0);
	for (size_t i = 0; i < 2; i++)
		ports[w.open_addr[i].family == ALTAIR_IPV6] =
			w.open_addr[i].port;
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(permit(PEER6), 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		altair_icmp icmp = {addr(kinds[i].peer), kinds[i].type,
				    kinds[i].code, 1280};
		bool is_v6 = icmp.remote.family == ALTAIR_IPV6;

		w.sent_count = 0;
		altair_server_unreachable(
			w.s, 65536u * (1 + is_v6) + ports[is_v6], &icmp);
		drain();
		CHECK_EQ(w.sent_count, kinds[i].is_told);
		if (!kinds[i].is_told)
			continue;
		CHECK(air_stun_message_read(
			&m, (altair_bytes){last()->bytes, last()->len}, 3));
		CHECK(air_stun_message_get(&m, AIR_STUN_ICMP, &v));
		CHECK_EQ(v.family, kinds[i].type);
		CHECK_EQ(v.number, kinds[i].has_mtu ? 1280 : 0);
	}
}

/* --- DONT-FRAGMENT (RFC 8656 18.9) ---------------------------------------- */

static size_t send_whole(const char *peer, const char *data)
{
	ask_class(AIR_STUN_INDICATION, AIR_STUN_SEND);
	with_bytes(AIR_STUN_DONT_FRAGMENT, "", 0);
	with_addr(AIR_STUN_XOR_PEER_ADDRESS, peer);
	with_bytes(AIR_STUN_DATA_ATTR, data, strlen(data));
	return send_it();
}

static int allocate_whole(void)
{
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_number(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2);
	with_bytes(AIR_STUN_DONT_FRAGMENT, "", 0);
	return answer_to_signed();
}

static void dont_fragment_is_obeyed_where_it_can_be(void)
{
	altair_server_config c = config();

	begin(&c);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_whole(), 420);
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(send_whole(PEER, "all"), 0);
	CHECK_EQ(stats().dropped, 1);
	c.dont_fragment = true;
	begin(&c);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_whole(), 0);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(permit(PEER6), 0);
	CHECK_EQ(send_whole(PEER, "all"), 1);
	CHECK(last()->whole);
	CHECK_EQ(send_to(PEER, "all"), 1);
	CHECK(!last()->whole);
	/* Where addresses are translated it is passed over. */
	CHECK_EQ(send_whole(PEER6, "all"), 1);
	CHECK(!last()->whole);
}

/* Of a burst each part is judged by itself. */
static void whole_datagrams_are_not_merged(void)
{
	altair_server_config c = config();
	uint8_t burst[4 * 512];
	size_t len = 0;

	c.dont_fragment = true;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(permit(PEER), 0);
	for (int i = 0; i < 4; i++) {
		ask_class(AIR_STUN_INDICATION, AIR_STUN_SEND);
		/* DONT-FRAGMENT, or as long an attribute that is optional. */
		air_write_u16(&me.b.w, i < 2 ? AIR_STUN_DONT_FRAGMENT : 0xff00);
		air_write_u16(&me.b.w, 0);
		with_addr(AIR_STUN_XOR_PEER_ADDRESS, PEER);
		with_bytes(AIR_STUN_DATA_ATTR, "data", 4);
		me.request = air_stun_build_end(&me.b);
		memcpy(burst + len, me.request.data, me.request.len);
		len += me.request.len;
	}
	w.sent_count = 0;
	deliver(0, ME, (altair_bytes){burst, len}, len / 4);
	CHECK_EQ(w.sent_count, 3);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(w.sent[i].whole, i < 2);
		CHECK_EQ(w.sent[i].len, i < 2 ? 4 : 8);
	}
}

static void bursts_stay_bursts(void)
{
	uint8_t burst[16 * 104];
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	memset(burst, 'x', sizeof burst);
	for (size_t i = 0; i < 16; i++)
		memcpy(burst + 104 * i, "\x40\0\0\x64", 4);
	w.sent_count = 0;
	deliver(0, ME, (altair_bytes){burst, sizeof burst}, 104);
	CHECK_EQ(w.sent_count, 1);
	CHECK_EQ(last()->segment, 100);
	CHECK_EQ(last()->len, 1600);
	CHECK_EQ(last()->path.sock, sock);
	CHECK_EQ(stats().to_peers, 16);
	deliver(sock, PEER, (altair_bytes){burst, 1600}, 100);
	CHECK_EQ(w.sent_count, 2);
	CHECK_EQ(last()->segment, 104);
	CHECK_EQ(last()->len, 16 * 104);
	CHECK_EQ(last()->path.sock, 0);
	CHECK_EQ(stats().from_peers, 16);
}

/* A burst's client is looked up once, but a request between may have ended it. */
static void a_burst_outlives_no_allocation(void)
{
	uint8_t burst[3 * 512];
	altair_bytes request;
	size_t len;

	begin_default();
	arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	ask(AIR_STUN_REFRESH);
	with_number(AIR_STUN_LIFETIME, 0);
	sign();
	request = air_stun_build_end(&me.b);
	len = request.len;
	CHECK(len > 4 && len <= 512);
	memset(burst, 0, sizeof burst);
	memcpy(burst, "\x40\0\0\1", 4);
	memcpy(burst + len, request.data, len);
	memcpy(burst + 2 * len, burst, 4);
	deliver(0, ME, (altair_bytes){burst, 3 * len}, len);
	CHECK_EQ(stats().to_peers, 1);
	CHECK_EQ(stats().ignored, 1);
}

static void malformed_channel_data_is_dropped(void)
{
	static const uint8_t longer[] = {0x40, 0, 0, 5, 1, 2, 3, 4};
	static const uint8_t outside[] = {0x80, 0, 0, 1, 1};
	static const uint8_t padded[] = {0x40, 0, 0, 1, 'x', 0, 0, 0};

	begin_default();
	arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	w.sent_count = 0;
	CHECK_EQ(deliver(0, ME, (altair_bytes){longer, sizeof longer}, 0),
		 ALTAIR_TAKEN);
	CHECK_EQ(stats().dropped, 1);
	CHECK_EQ(deliver(0, ME, (altair_bytes){outside, sizeof outside}, 0),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(0, OTHER, (altair_bytes){longer, sizeof longer}, 0),
		 ALTAIR_NOT_MINE);
	CHECK_EQ(deliver(0, ME, (altair_bytes){longer, 3}, 0), ALTAIR_NOT_MINE);
	/* Padded, as some do over UDP, too. */
	CHECK_EQ(deliver(0, ME, (altair_bytes){padded, sizeof padded}, 0),
		 ALTAIR_TAKEN);
	check_relayed(last()->path.sock, PEER, "x");
	CHECK_EQ(w.sent_count, 1);
}

static const struct check_test tests[] = {
	TEST(send_and_data_indications),
	TEST(channels_both_ways),
	TEST(without_permission_nothing_passes),
	TEST(permissions_end_after_five_minutes),
	TEST(what_ends_leaves_the_rest),
	TEST(a_peer_that_is_a_client_is_reached_inside),
	TEST(icmp_errors_are_told_of_permitted_peers),
	TEST(icmp_errors_of_some_kinds_only),
	TEST(dont_fragment_is_obeyed_where_it_can_be),
	TEST(whole_datagrams_are_not_merged),
	TEST(bursts_stay_bursts),
	TEST(a_burst_outlives_no_allocation),
	TEST(malformed_channel_data_is_dropped),
};

CHECK_MAIN(tests)
