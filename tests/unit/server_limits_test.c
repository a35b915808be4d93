/* What one user, one source and all together may have and carry. */
#include "server_world.h"

#include <altair/roster.h>

/* How a client at some port of an address comes: 0, or why not. */
static int come(const char *ip, unsigned port, const char *user)
{
	static char from[64][ALTAIR_ADDR_TEXT];
	static unsigned next;
	char *mine = from[next++ % 64];

	snprintf(mine, sizeof from[0], strchr(ip, ':') ? "[%s]:%u" : "%s:%u",
		 ip, port);
	be(mine, user);
	get_challenged();
	return allocate();
}

/* --- allocations --------------------------------------------------------- */

static void quotas_are_by_source(void)
{
	altair_server_config c = config();

	c.quota_prefix = 2;
	begin(&c);
	CHECK_EQ(come("203.0.113.5", 2000, "user"), 0);
	CHECK_EQ(come("203.0.113.5", 2001, "other"), 0);
	CHECK_EQ(come("203.0.113.5", 2002, "third"), 486);
	CHECK_EQ(come("203.0.113.6", 2000, "third"), 0);
	/* Who was refused has used up nothing of his own. */
	CHECK_EQ(stats().allocations, 3);
	be("203.0.113.5:2000", "user");
	get_challenged();
	CHECK_EQ(refresh(0), 0);
	CHECK_EQ(come("203.0.113.5", 2002, "third"), 0);
	wait_seconds(601);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(come("203.0.113.5", 3000 + i, "user"), 0);
	CHECK_EQ(come("203.0.113.5", 3002, "user"), 486);
}

/* A refusal by one quota is none in the other. */
static void a_refused_one_counts_nowhere(void)
{
	altair_server_config c = config();

	c.quota_prefix = 2;
	c.quota_user = 2;
	begin(&c);
	CHECK_EQ(come("203.0.113.5", 2000, "user"), 0);
	CHECK_EQ(come("203.0.113.5", 2001, "user"), 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(come("203.0.113.5", 2002, "other"), 486);
	CHECK_EQ(come("203.0.113.6", 2000, "other"), 0);
	CHECK_EQ(come("203.0.113.6", 2001, "other"), 0);
	CHECK_EQ(come("203.0.113.7", 2000, "other"), 486);
	CHECK_EQ(come("203.0.113.7", 2000, "third"), 0);
}

static void a_source_of_ipv6_has_64_bits(void)
{
	altair_server_config c = config();

	c.quota_prefix = 1;
	begin(&c);
	CHECK_EQ(come("2001:db8:1:2::5", 2000, "user"), 0);
	CHECK_EQ(come("2001:db8:1:2:ffff::6", 2000, "other"), 486);
	CHECK_EQ(come("2001:db8:1:3::5", 2000, "other"), 0);
	/* Zero bytes behind four others are no IPv4 address. */
	CHECK_EQ(come("2001:db8::", 2000, "third"), 0);
	CHECK_EQ(come("32.1.13.184", 2000, "third"), 0);
}

/* As many users as there are allocations, and one more. */
static void one_more_user_than_allocations(void)
{
	altair_server_config c = config();

	c.allocations_max = 2;
	begin(&c);
	CHECK_EQ(come("203.0.113.5", 2000, "user"), 0);
	CHECK_EQ(come("203.0.113.6", 2000, "other"), 0);
	CHECK_EQ(come("203.0.113.7", 2000, "third"), 508);
	wait_seconds(601);
	CHECK_EQ(come("203.0.113.7", 2000, "third"), 0);
}

/* Where an allocation goes does not change what it is counted in. */
static void a_moved_allocation_counts_where_it_was_made(void)
{
	altair_server_config c = config();
	struct air_stun_value v;
	uint8_t ticket[64];

	c.quota_prefix = 1;
	begin(&c);
	be("203.0.113.5:2000", "user");
	get_challenged();
	ask(AIR_STUN_ALLOCATE);
	with_number(AIR_STUN_REQUESTED_TRANSPORT, 17);
	with_bytes(AIR_STUN_MOBILITY_TICKET, "", 0);
	CHECK_EQ(answer_to_signed(), 0);
	v = answer_value(AIR_STUN_MOBILITY_TICKET);
	CHECK(v.bytes.len <= sizeof ticket);
	memcpy(ticket, v.bytes.data, v.bytes.len);
	be("203.0.113.6:2000", "user");
	get_challenged();
	ask(AIR_STUN_REFRESH);
	with_bytes(AIR_STUN_MOBILITY_TICKET, ticket, v.bytes.len);
	CHECK_EQ(answer_to_signed(), 0);
	CHECK_EQ(come("203.0.113.5", 2001, "other"), 486);
	CHECK_EQ(come("203.0.113.6", 2001, "other"), 0);
	be("203.0.113.6:2000", "user");
	get_challenged();
	CHECK_EQ(refresh(0), 0);
	CHECK_EQ(come("203.0.113.5", 2001, "third"), 0);
}

/* --- bandwidth ----------------------------------------------------------- */

/* 100 bytes with their headers (20 + 8). */
static const char seventy_two[73] = "123456789012345678901234567890123456"
				    "789012345678901234567890123456789012";

/* How many of `count` datagrams of 100 bytes get to the peer now. */
static unsigned push(unsigned count)
{
	unsigned got = 0;

	for (unsigned i = 0; i < count; i++)
		got += (unsigned)send_to(PEER, seventy_two);
	return got;
}

/* The same from the peer. */
static unsigned pull(uint32_t sock, unsigned count)
{
	unsigned got = 0;

	for (unsigned i = 0; i < count; i++)
		got += (unsigned)send_from(PEER, sock, seventy_two);
	return got;
}

static uint32_t arrive_permitted(const char *from, const char *user)
{
	uint32_t sock = arrive(from, user);

	CHECK_EQ(permit(PEER), 0);
	return sock;
}

/* Ten megabits a second: a burst of a quarter of it, and then no more. */
static void an_allocation_has_its_bandwidth(void)
{
	altair_server_config c = config();
	uint64_t limited;
	uint32_t sock;

	CHECK_EQ(c.bandwidth_allocation, 10000000);
	begin(&c);
	sock = arrive_permitted(ME, "user");
	CHECK_EQ(push(4000), 3125);
	CHECK_EQ(stats().limited, 875);
	CHECK_EQ(stats().dropped, 0);
	CHECK_EQ(pull(sock, 4000), 3125); /* the other way by itself */
	w.now += ALTAIR_MSEC(8);	  /* 10 KB */
	CHECK_EQ(push(200), 100);
	w.now += ALTAIR_SEC(30); /* it does not add up beyond its depth */
	limited = stats().limited;
	CHECK_EQ(push(4000), 3125);
	CHECK_EQ(stats().limited, limited + 875);
	/* Another allocation has its own. */
	arrive_permitted(OTHER, "user");
	CHECK_EQ(push(4000), 3125);
}

static void nothing_is_limited_by_zero(void)
{
	altair_server_config c = config();

	c.bandwidth_allocation = 0;
	begin(&c);
	arrive_permitted(ME, "user");
	CHECK_EQ(push(10000), 10000);
}

/* A datagram costs its headers, too, and the longest one still gets through. */
static void headers_count(void)
{
	static uint8_t longest[65507];
	altair_server_config c = config();
	unsigned got = 0;

	c.bandwidth_allocation = 1000000; /* 31250 bytes in a quarter */
	begin(&c);
	arrive_permitted(ME, "user");
	for (int i = 0; i < 4000; i++)
		got += (unsigned)send_to(PEER, "");
	CHECK_EQ(got, (65535 + 40) / 28); /* the depth is one datagram */
	w.now += ALTAIR_SEC(2);
	CHECK_EQ(deliver(65536u + last()->path.local.port, PEER,
			 (altair_bytes){longest, sizeof longest - 40}, 0),
		 ALTAIR_TAKEN);
	CHECK(last()->len > 65000);
}

/* All limits at once: what one refuses is taken out of none. */
static void the_narrowest_limit_holds(void)
{
	altair_server_config c = config();

	c.bandwidth_allocation = 40000000; /* 12500 datagrams in a burst */
	c.bandwidth_user = 20000000;	   /* 6250 */
	c.bandwidth_prefix = 30000000;	   /* 9375 */
	c.bandwidth_total = 36000000;	   /* 11250 */
	begin(&c);
	arrive_permitted("203.0.113.5:2000", "user");
	CHECK_EQ(push(9000), 6250);
	arrive_permitted("203.0.113.6:2000", "user");
	CHECK_EQ(push(9000), 0); /* the user has used it up */
	arrive_permitted("203.0.113.5:2001", "other");
	CHECK_EQ(push(9000), 9375 - 6250); /* the source */
	arrive_permitted("203.0.113.6:2001", "other");
	CHECK_EQ(push(9000), 11250 - 9375); /* everybody */
	arrive_permitted("203.0.113.7:2000", "third");
	CHECK_EQ(push(9000), 0);
	w.now += ALTAIR_MSEC(250);
	/* It was refused, so it paid nothing. */
	CHECK_EQ(push(9000), 6250);
}

/* What is handed over inside costs the one and the other. */
static void between_two_clients_both_pay(void)
{
	altair_server_config c = config();
	char relayed[ALTAIR_ADDR_TEXT];
	uint32_t sock;
	unsigned got = 0;

	begin(&c);
	sock = arrive_permitted(OTHER, "other");
	CHECK_EQ(permit(RELAY ":1"), 0);
	CHECK_EQ(pull(sock, 3000), 3000);
	snprintf(relayed, sizeof relayed, RELAY ":%u", sock % 65536);
	arrive(ME, "user");
	CHECK_EQ(permit(relayed), 0);
	for (int i = 0; i < 500; i++)
		got += (unsigned)send_to(relayed, seventy_two);
	CHECK_EQ(got, 125);
	CHECK_EQ(stats().limited, 375);
}

/* A rate that changes while the server runs begins anew. */
static void a_rate_changes_while_it_runs(void)
{
	altair_server_config c = config();
	size_t len = altair_server_renew_size(&c);
	void *memory = malloc(len);

	c.bandwidth_allocation = 1000;
	begin(&c);
	arrive_permitted(ME, "user");
	CHECK_EQ(push(1000), (65535 + 40) / 100);
	c.bandwidth_allocation = 10000000;
	c.quota_prefix = 1;
	CHECK_EQ(altair_server_renew(w.s, w.now, memory, len, &c), 0);
	CHECK_EQ(push(4000), 3125);
	CHECK_EQ(push(1), 0);
	CHECK_EQ(come("203.0.113.5", 2000, "user"), 486);
	free(memory);
}

static void rates_out_of_range(void)
{
	altair_server_config c = config();
	uint64_t *rates[] = {&c.bandwidth_allocation, &c.bandwidth_user,
			     &c.bandwidth_prefix, &c.bandwidth_total};

	for (size_t i = 0; i < 4; i++) {
		uint64_t was = *rates[i];

		*rates[i] = 999;
		CHECK_EQ(altair_server_size(&c), 0);
		*rates[i] = 100000000001;
		CHECK_EQ(altair_server_size(&c), 0);
		*rates[i] = 1000;
		CHECK(altair_server_size(&c) > 0);
		*rates[i] = 100000000000;
		CHECK(altair_server_size(&c) > 0);
		*rates[i] = was;
	}
}

static const struct check_test tests[] = {
	TEST(quotas_are_by_source),
	TEST(a_refused_one_counts_nowhere),
	TEST(a_source_of_ipv6_has_64_bits),
	TEST(one_more_user_than_allocations),
	TEST(a_moved_allocation_counts_where_it_was_made),
	TEST(an_allocation_has_its_bandwidth),
	TEST(nothing_is_limited_by_zero),
	TEST(headers_count),
	TEST(the_narrowest_limit_holds),
	TEST(between_two_clients_both_pay),
	TEST(a_rate_changes_while_it_runs),
	TEST(rates_out_of_range),
};

CHECK_MAIN(tests)
