/* What an operator sees and does: sessions, their end, drain, renewal. */
#include "server_world.h"

#include <altair/roster.h>

static altair_session session_of(uint64_t id)
{
	altair_session s;

	CHECK_EQ(altair_server_find(w.s, id, &s), 0);
	return s;
}

/* The config's memory of a renewal. */
static void *renew(const altair_server_config *c)
{
	size_t len = altair_server_renew_size(c);
	void *mem = malloc(len);

	CHECK(len > 0);
	CHECK_EQ(altair_server_renew(w.s, w.now, mem, len, c), 0);
	return mem;
}

static void a_session_is_seen_as_it_is(void)
{
	altair_session s;
	size_t place = 0;
	uint32_t sock;

	begin_default();
	CHECK_EQ(altair_server_list(w.s, &place, &s, 1), 0);
	sock = arrive(ME, "user");
	wait_seconds(5);
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(permit(PEER2), 0);
	CHECK_EQ(send_channel(0x4000, "12345"), 1);
	CHECK_EQ(send_to(PEER2, "123"), 1);
	CHECK_EQ(send_from(PEER, sock, "1234"), 1);
	CHECK_EQ(send_from("203.0.113.77:5", sock, "123456"), 0);
	place = 0;
	CHECK_EQ(altair_server_list(w.s, &place, &s, 1), 1);
	CHECK_EQ(s.id, 1);
	CHECK(altair_addr_equal(&s.client.remote, &(altair_addr){0}) == false);
	CHECK_EQ(s.client.remote.port, 40000);
	CHECK_EQ(s.relayed[0].port, sock - 65536);
	CHECK(altair_addr_same_ip(&s.relayed[0], &(altair_addr){0}) == false);
	CHECK_EQ(s.relayed[1].family, ALTAIR_NO_FAMILY);
	CHECK_EQ(s.began, START);
	CHECK_EQ(s.expiry, START + ALTAIR_SEC(600));
	CHECK_EQ(s.channels, 1);
	CHECK_EQ(s.permissions, 2);
	CHECK_EQ(s.to_peers.packets, 2);
	CHECK_EQ(s.to_peers.bytes, 8);
	CHECK_EQ(s.from_peers.packets, 1);
	CHECK_EQ(s.from_peers.bytes, 4);
	CHECK_EQ(s.name_len, 4);
	CHECK_MEM(s.name, "user", 4);
	CHECK_EQ(altair_server_list(w.s, &place, &s, 1), 0);
}

static void peers_are_channels_and_permissions(void)
{
	altair_session_peer p[4];

	begin_default();
	arrive(ME, "user");
	CHECK_EQ(bind_channel(0x4000, PEER), 0);
	CHECK_EQ(permit(PEER2), 0);
	CHECK_EQ(altair_server_peers(w.s, 1, p, 4), 3);
	CHECK_EQ(p[0].channel, 0x4000);
	CHECK_EQ(p[0].addr.port, 6000);
	CHECK_EQ(p[0].expiry, START + ALTAIR_SEC(600));
	CHECK_EQ(p[1].channel, 0);
	CHECK_EQ(p[1].addr.port, 0);
	CHECK_EQ(p[1].expiry, START + ALTAIR_SEC(300));
	CHECK_EQ(altair_server_peers(w.s, 1, p, 2), 2);
	CHECK_EQ(altair_server_peers(w.s, 1, p, 0), 0);
	CHECK_EQ(altair_server_peers(w.s, 2, p, 4), 0);
}

/* In pages of two, each once; ids are never used again. */
static void a_list_comes_in_pages(void)
{
	static const char *const from[] = {"203.0.113.5:1", "203.0.113.5:2",
					   "203.0.113.5:3", "203.0.113.5:4",
					   "203.0.113.5:5"};
	altair_session s[2];
	size_t place = 0, seen = 0, n;
	uint64_t ids = 0;

	begin_default();
	for (size_t i = 0; i < 5; i++)
		arrive(from[i], "user");
	CHECK_EQ(altair_server_end(w.s, 3), 0);
	drain();
	arrive(from[2], "user");
	while ((n = altair_server_list(w.s, &place, s, 2)) > 0)
		for (size_t i = 0; i < n; i++, seen++)
			ids |= 1u << s[i].id;
	CHECK_EQ(seen, 5);
	CHECK_EQ(ids, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 1u << 6);
	CHECK_EQ(altair_server_find(w.s, 3, s), ALTAIR_E_INVALID);
}

static void an_ended_session_is_gone_with_all_it_had(void)
{
	altair_server_config c = config();
	uint32_t sock;

	c.quota_user = 1;
	begin(&c);
	sock = arrive(ME, "user");
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(altair_server_end(w.s, 2), ALTAIR_E_INVALID);
	CHECK_EQ(altair_server_end(w.s, 0), ALTAIR_E_INVALID);
	CHECK_EQ(altair_server_end(w.s, 1), 0);
	drain();
	CHECK_EQ(w.open_count, 0);
	CHECK_EQ(stats().allocations, 0);
	CHECK_EQ(send_from(PEER, sock, "x"), 0);
	CHECK_EQ(refresh(600), 437);
	CHECK_EQ(allocate(), 0); /* the quota is free again */
	CHECK_EQ(session_of(2).id, 2);
}

static void a_draining_server_lets_go_on_and_not_begin(void)
{
	uint32_t sock;

	begin_default();
	sock = arrive(ME, "user");
	CHECK_EQ(permit(PEER), 0);
	altair_server_drain(w.s, true);
	CHECK_EQ(send_from(PEER, sock, "x"), 1);
	CHECK_EQ(refresh(600), 0);
	CHECK_EQ(permit(PEER2), 0);
	be(OTHER, "other");
	get_challenged();
	CHECK_EQ(allocate(), 508);
	altair_server_drain(w.s, false);
	CHECK_EQ(allocate(), 0);
}

static void a_renewal_drops_nobody(void)
{
	altair_server_config c = config();
	altair_server_user now[2];
	void *mem, *first;
	uint32_t sock;

	begin(&c);
	sock = arrive(ME, "user");
	CHECK_EQ(permit(PEER), 0);
	altair_server_make_user(&now[0], &w.crypto, text("user"), text(REALM),
				text("pass"));
	altair_server_make_user(&now[1], &w.crypto, text("new"), text(REALM),
				text("pass"));
	c.users = now;
	c.user_count = 2;
	c.quota_user = 1;
	first = renew(&c);
	CHECK_EQ(send_from(PEER, sock, "x"), 1);
	CHECK_EQ(refresh(600), 0);
	CHECK_EQ(session_of(1).to_peers.packets, 0);
	/* Who is gone is nobody, who is new is somebody. */
	be(OTHER, "other");
	get_challenged();
	CHECK_EQ(allocate(), 401);
	be(OTHER, "new");
	get_challenged();
	CHECK_EQ(allocate(), 0);
	/* The quota is the new one, and counts what was there before. */
	be("203.0.113.5:40001", "user");
	get_challenged();
	CHECK_EQ(allocate(), 486);
	/* The memory of the renewal before is not looked at any more. */
	c.quota_user = 2;
	mem = renew(&c);
	memset(first, 0xa5, altair_server_renew_size(&c));
	free(first);
	CHECK_EQ(allocate(), 0);
	begin_default();
	free(mem);
}

static void a_renewal_takes_secrets_and_peers(void)
{
	static const char secret[] = "north";
	altair_server_config c = config();
	altair_bytes secrets[] = {{(const uint8_t *)secret, 5}};
	void *mem;

	begin(&c);
	be(ME, "2000000000:ann");
	me.password = "wrong";
	get_challenged();
	CHECK_EQ(allocate(), 401);
	c.rest_secrets = secrets;
	c.rest_secret_count = 1;
	c.unix_time = 1900000000;
	c.allow_count = 1; /* 203.0.113.0/24 only */
	c.challenge_rate = 1;
	mem = renew(&c);
	me.password = "soD3tnrTKFE0GGuFOC2yYdAb9Og=";
	get_challenged(); /* names are no longer hidden: another nonce */
	CHECK_EQ(allocate(), 0);
	CHECK_EQ(session_of(1).name_len, 3);
	CHECK_MEM(session_of(1).name, "ann", 3);
	CHECK_EQ(permit(PEER), 0);
	CHECK_EQ(permit("192.0.2.1:7000"), 403);
	/* One answer a second to strangers from now on. */
	be(OTHER, "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	CHECK_EQ(send_it(), 0);
	begin_default();
	free(mem);
}

static void a_renewal_that_cannot_be_changes_nothing(void)
{
	altair_server_config c = config();
	size_t len = altair_server_renew_size(&c);
	uint8_t *mem = malloc(len);

	begin(&c);
	CHECK_EQ(altair_server_renew(w.s, w.now, mem, len - 1, &c),
		 ALTAIR_E_SPACE);
	c.user_count = 0;
	c.realm = text("elsewhere");
	CHECK_EQ(altair_server_renew(w.s, w.now, mem, len, &c),
		 ALTAIR_E_INVALID);
	c.realm = text(REALM);
	c.allocations_max = 0;
	CHECK_EQ(altair_server_renew(w.s, w.now, mem, len, &c),
		 ALTAIR_E_INVALID);
	CHECK_EQ(altair_server_renew_size(&c), 0);
	c.allocations_max = 8;
	c.quota_user = 1;
	c.lifetime_max = 1;
	CHECK_EQ(altair_server_renew(w.s, w.now, mem, len, &c),
		 ALTAIR_E_INVALID);
	free(mem);
	arrive(ME, "user");
}

static void a_server_without_turn_has_no_sessions(void)
{
	altair_server_config c;
	altair_session s;
	size_t place = 0;

	altair_server_config_default(&c);
	begin(&c);
	CHECK_EQ(altair_server_list(w.s, &place, &s, 1), 0);
	CHECK_EQ(altair_server_find(w.s, 1, &s), ALTAIR_E_INVALID);
	CHECK_EQ(altair_server_end(w.s, 1), ALTAIR_E_INVALID);
	c = config();
	CHECK_EQ(altair_server_renew(w.s, w.now, &s, sizeof s, &c),
		 ALTAIR_E_INVALID);
}

/* An address that the host got later is no peer, and one that it lost is. */
static void a_renewal_takes_over_our_own_addresses(void)
{
	altair_addr first = ip("8.8.8.8"), second = ip("8.8.4.4");
	altair_server_config c = config();
	void *mem;

	c.own = &first;
	c.own_count = 1;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(permit("8.8.8.8:5000"), 403);
	CHECK_EQ(permit("8.8.4.4:5000"), 0);
	c.own = &second;
	mem = renew(&c);
	CHECK_EQ(permit("8.8.8.8:5000"), 0);
	CHECK_EQ(permit("8.8.4.4:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, RELAY ":5000"), 403); /* always */
	free(mem);
}

static const struct check_test tests[] = {
	TEST(a_session_is_seen_as_it_is),
	TEST(peers_are_channels_and_permissions),
	TEST(a_list_comes_in_pages),
	TEST(an_ended_session_is_gone_with_all_it_had),
	TEST(a_draining_server_lets_go_on_and_not_begin),
	TEST(a_renewal_drops_nobody),
	TEST(a_renewal_takes_secrets_and_peers),
	TEST(a_renewal_that_cannot_be_changes_nothing),
	TEST(a_server_without_turn_has_no_sessions),
	TEST(a_renewal_takes_over_our_own_addresses),
};

CHECK_MAIN(tests)
