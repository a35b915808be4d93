/* What a server is used for that nobody meant: many sources, many ports, odd
 * names, its own answers. What is free afterwards is what was free before. */
#include "server_world.h"

#include "server/state.h"

/* Formats, quotes, a zero, bytes above 127, an escape sequence. */
static void names_are_bytes(void)
{
	static const char *const names[] = {
		"%n%s%x%p",	    "'; DROP TABLE users; --",
		"\"`$(reboot)`",    "../../etc/passwd",
		"\x1b[2J\x07\r\n",  "\xff\xfe\x80",
		"nul\0behind it",   "<script>alert(1)</script>",
		"{\"name\":\"x\"}", "name:with:colons"};
	static const size_t lens[] = {8, 23, 13, 16, 8, 3, 13, 25, 12, 16};
	altair_server_config c = config();
	altair_server_user all[10];

	for (size_t i = 0; i < 10; i++)
		altair_server_make_user(
			&all[i], &w.crypto,
			(altair_bytes){(const uint8_t *)names[i], lens[i]},
			text(REALM), text("pass"));
	c.users = all;
	c.user_count = 10;
	c.quota_prefix = 100;
	c.allocations_max = 10;
	begin(&c);
	for (size_t i = 0; i < 10; i++) {
		struct air_stun_user who = {
			{(const uint8_t *)names[i], lens[i]},
			text(REALM),
			text("pass")};
		uint8_t key[16];
		char from[32];

		snprintf(from, sizeof from, "203.0.113.5:%zu", 2000 + i);
		be(from, "user");
		get_challenged();
		ask(AIR_STUN_ALLOCATE);
		with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
		with_bytes(AIR_STUN_USERNAME, names[i], lens[i]);
		with_bytes(AIR_STUN_REALM, REALM, strlen(REALM));
		with_bytes(AIR_STUN_NONCE, me.nonce, me.nonce_len);
		air_stun_key_md5(&w.crypto, &who, key);
		air_stun_build_sha1(&me.b, &w.crypto,
				    (altair_bytes){key, sizeof key});
		CHECK_EQ(answer_to_it(), 0);
	}
	CHECK_EQ(stats().allocations, 10);
}

/* --- allocations --------------------------------------------------------- */

static void check_all_is_free(void)
{
	const struct air_allocations *a = &w.s->allocations;

	CHECK_EQ(a->pool.free_count, a->pool.count);
	CHECK_EQ(a->permissions.pool.free_count, a->permissions.pool.count);
	CHECK_EQ(a->channels.pool.free_count, a->channels.pool.count);
	CHECK_EQ(a->reservations.pool.free_count, a->reservations.pool.count);
	for (int i = 0; i < OWNERS; i++) {
		const struct air_quotas *q = &a->common->quotas[i];

		for (uint32_t k = 0; k < q->places; k++)
			CHECK_EQ(q->words[k] & AIR_QUOTA_COUNT, 0);
	}
	for (int i = 0; i < FAMILIES; i++)
		CHECK_EQ(a->ports[i].free_count, a->ports[i].count);
	CHECK_EQ(w.open_count, 0);
}

/* Ten thousand sources, one password: the quota is the user's. */
static void many_sources_with_one_password(void)
{
	altair_server_config c = config();
	unsigned got = 0;
	char from[32];

	c.allocations_max = 20;
	begin(&c);
	for (unsigned i = 0; i < 10000; i++) {
		int code;

		snprintf(from, sizeof from, "11.%u.%u.5:4000", i / 200,
			 i % 200);
		be(from, "user");
		get_challenged();
		code = allocate();
		CHECK(code == 0 || code == 486);
		got += code == 0;
	}
	CHECK_EQ(got, 10);
	arrive(OTHER, "other"); /* there is room for others */
	wait_seconds(601);
	check_all_is_free();
}

/* Who always comes from another port and never says goodbye. */
static void who_comes_again_and_again_leaks_nothing(void)
{
	altair_server_config c = config();
	char from[32];

	begin(&c);
	for (int round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 12; i++) {
			int code;

			snprintf(from, sizeof from, "203.0.113.5:%u", 5000 + i);
			be(from, i % 2 ? "user" : "other");
			get_challenged();
			ask(AIR_STUN_ALLOCATE);
			with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
			with_number(AIR_STUN_EVEN_PORT, i % 3 ? 0 : 128);
			code = answer_to_signed();
			CHECK_EQ(code, i < 8 ? 0 : 508);
			if (code != 0)
				continue;
			CHECK_EQ(permit(PEER), 0);
			CHECK_EQ(bind_channel(0x4000, PEER2), 0);
		}
		CHECK_EQ(w.open_count, 8);
		wait_seconds(601);
		check_all_is_free();
	}
}

/* --- data ---------------------------------------------------------------- */

/* A permission is an IP's: all its ports take one entry. */
static void all_ports_of_a_peer_are_one_entry(void)
{
	const struct air_pool *pool;
	altair_server_config c = config();
	uint32_t left;
	char peer[32];

	c.bandwidth_allocation = 0;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(permit(PEER), 0);
	pool = &w.s->allocations.permissions.pool;
	left = pool->free_count;
	for (unsigned port = 1024; port < 65536; port++) {
		snprintf(peer, sizeof peer, "203.0.113.9:%u", port);
		CHECK_EQ(send_to(peer, "x"), 1);
	}
	CHECK_EQ(pool->free_count, left);
	CHECK_EQ(w.open_count, 1);
}

/* Every kind of answer comes back as if the server had asked itself. */
static void its_own_answers_are_not_answered(void)
{
	uint8_t copy[512];

	begin_default();
	be(ME, "user");
	for (int kind = 0; kind < 7; kind++) {
		size_t len, before;

		switch (kind) {
		case 0:
			ask(AIR_STUN_BINDING);
			CHECK_EQ(answer_to_it(), 0);
			break;
		case 1:
			get_challenged();
			break;
		case 2:
			me.nonce[15] ^= 1;
			CHECK_EQ(allocate(), 438);
			take_nonce();
			break;
		case 3:
			ask(AIR_STUN_ALLOCATE);
			CHECK_EQ(answer_to_signed(), 400);
			break;
		case 4:
			CHECK_EQ(allocate(), 0);
			break;
		case 5:
			CHECK_EQ(permit("127.0.0.1:80"), 403);
			break;
		default:
			CHECK_EQ(refresh(0), 0);
		}
		len = last()->len;
		CHECK(len <= sizeof copy);
		memcpy(copy, last()->bytes, len);
		before = w.sent_count;
		deliver(0, ME, (altair_bytes){copy, len}, 0);
		deliver(0, SERVER, (altair_bytes){copy, len}, 0);
		CHECK_EQ(w.sent_count, before);
	}
}

/* --- prefixes ------------------------------------------------------------ */

static bool has_bit(const altair_addr *a, unsigned i)
{
	return a->ip[i / 8] >> (7 - i % 8) & 1;
}

/* What the policy makes of prefixes of any length is what comparing bit by bit
 * makes of them. */
static void prefixes_agree_with_bit_by_bit(void)
{
	struct air_ports none[FAMILIES];
	altair_server_prefix allow;
	struct air_policy policy = {
		.allow = &allow, .allow_count = 1, .ports = none};
	uint8_t noise[20];

	memset(none, 0, sizeof none);
	for (int round = 0; round < 200000; round++) {
		altair_addr peer;
		bool is_inside = true;
		unsigned full, flip;

		some_random(NULL, noise, sizeof noise);
		/* Of ranges that are denied: 10.0.0.0/8 and fc00::/8. */
		peer = ip(noise[0] & 1 ? "10.0.0.0" : "fc00::");
		full = peer.family == ALTAIR_IPV4 ? 32 : 128;
		memcpy(peer.ip + 1, noise + 1, full / 8 - 1);
		allow.ip = peer;
		allow.bits = 8 + noise[17] % (full - 7);
		flip = 8 + noise[18] % (full - 8);
		if (noise[19] & 3)
			peer.ip[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
		for (unsigned i = 0; i < allow.bits; i++)
			is_inside &= has_bit(&peer, i) == has_bit(&allow.ip, i);
		CHECK_EQ(air_policy_permits_ip(&policy, &peer), is_inside);
	}
}

static const struct check_test tests[] = {
	TEST(names_are_bytes),
	TEST(many_sources_with_one_password),
	TEST(who_comes_again_and_again_leaks_nothing),
	TEST(all_ports_of_a_peer_are_one_entry),
	TEST(its_own_answers_are_not_answered),
	TEST(prefixes_agree_with_bit_by_bit),
};

CHECK_MAIN(tests)
