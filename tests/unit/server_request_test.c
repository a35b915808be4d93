/* Requests to the TURN server: what each method answers, and the configuration. */
#include "server_world.h"

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

static int refresh_family(uint64_t family, uint32_t life)
{
	ask(AIR_STUN_REFRESH);
	with_number(AIR_STUN_REQUESTED_ADDRESS_FAMILY, family);
	with_number(AIR_STUN_LIFETIME, life);
	return answer_to_signed();
}

/* RFC 8656 8.1: what belongs to the other family is not touched. */
static void one_family_is_deleted_alone(void)
{
	for (uint64_t gone = 1; gone <= 2; gone++) {
		const char *lost = gone == 1 ? PEER : PEER6;
		const char *kept = gone == 1 ? PEER6 : PEER;

		begin_default();
		be(ME, "user");
		get_challenged();
		CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2),
			 0);
		CHECK_EQ(permit(PEER), 0);
		CHECK_EQ(permit(PEER6), 0);
		CHECK_EQ(bind_channel(0x4001, lost), 0);
		CHECK_EQ(bind_channel(0x4002, kept), 0);
		CHECK_EQ(refresh_family(gone, 0), 0);
		CHECK_EQ(answer_value(AIR_STUN_LIFETIME).number, 0);
		CHECK_EQ(w.open_count, 1);
		CHECK_EQ(w.open_addr[0].family == ALTAIR_IPV6, gone == 1);
		CHECK_EQ(send_channel(0x4001, "x"), 0);
		CHECK_EQ(send_to(lost, "x"), 0);
		CHECK_EQ(send_channel(0x4002, "x"), 1);
		CHECK_EQ(send_to(kept, "x"), 1);
		CHECK_EQ(permit(lost), 443);
		CHECK_EQ(refresh_family(gone, 600), 443);
		CHECK_EQ(refresh_family(3 - gone, 600), 0);
		CHECK_EQ(stats().allocations, 1);
		CHECK_EQ(refresh_family(3 - gone, 0), 0);
		CHECK_EQ(stats().allocations, 0);
		CHECK_EQ(w.open_count, 0);
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
	altair_server_config good = config(), bad[32];
	altair_server *s;
	altair_crypto crypto = w.crypto;
	altair_server_prefix prefix = {ip("10.0.0.0"), 33};
	size_t size = altair_server_size(&good), count = 0;
	void *memory = malloc(size);

	for (size_t i = 0; i < 32; i++)
		bad[i] = good;
	crypto.md5 = NULL;
	bad[count++].crypto = NULL;
	bad[count++].crypto = &crypto;
	bad[count++].allocations_max = 1000001;
	bad[count++].port_min = 1023;
	bad[count++].port_min = 50064;
	bad[count++].lifetime_max = 599;
	bad[count++].lifetime_max = 86401;
	bad[count++].lifetime = 599;
	bad[count++].lifetime = 3601;
	bad[count++].guesses_max = 0;
	bad[count++].guesses_max = 61;
	bad[count++].guess_wait = ALTAIR_SEC(1) - 1;
	bad[count++].guess_wait = ALTAIR_SEC(601);
	bad[count++].guess_wait_max = ALTAIR_SEC(3601);
	bad[count++].permissions_each = 0;
	bad[count++].channels_each = 4097;
	bad[count++].nonce_life = ALTAIR_SEC(1) - 1;
	bad[count++].relay_ipv4 = ip(RELAY6);
	bad[count++].relay_ipv4 = ip("224.0.0.1");
	bad[count++].relay_ipv6 = ip("::");
	bad[count++].realm.len = 128;
	bad[count].connections_max = 1;
	bad[count++].message_max = 2047;
	bad[count].connections_max = 1;
	bad[count++].message_max = 65537;
	bad[count].connections_max = 1;
	bad[count++].silence_max = 0;
	bad[count].connections_max = 1;
	bad[count++].proof_max = ALTAIR_SEC(86401);
	bad[count].connections_max = 1;
	bad[count++].tls_rate = 10001;
	bad[count].allow = &prefix;
	bad[count++].allow_count = 1;
	bad[count].relay_ipv4.family = ALTAIR_NO_FAMILY;
	bad[count++].relay_ipv6.family = ALTAIR_NO_FAMILY;
	CHECK_EQ(count, 28);
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
	TEST(only_the_owner_may),
	TEST(every_verb_asks_who_it_is),
	TEST(refresh_names_a_family_that_is_there),
	TEST(one_family_is_deleted_alone),
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
