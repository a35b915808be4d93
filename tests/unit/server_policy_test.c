/* Where the relay may send: every range, on every verb, in every form. */
#include "server_world.h"

/* What is no peer, said again. */
static const struct range {
	const char *ip;
	unsigned bits;
} ranges[] = {
	{"0.0.0.0", 8},	     {"10.0.0.0", 8},
	{"100.64.0.0", 10},  {"127.0.0.0", 8},
	{"169.254.0.0", 16}, {"172.16.0.0", 12},
	{"192.0.0.0", 24},   {"192.0.2.0", 24},
	{"192.88.99.0", 24}, {"192.168.0.0", 16},
	{"198.18.0.0", 15},  {"198.51.100.0", 24},
	{"203.0.113.0", 24}, {"224.0.0.0", 4},
	{"240.0.0.0", 4},    {"255.255.255.255", 32},
	{"::", 128},	     {"::1", 128},
	{"::", 96},	     {"::", 8},
	{"64:ff9b::", 96},   {"64:ff9b:1::", 48},
	{"100::", 64},	     {"100::", 8},
	{"2001::", 23},	     {"2001:db8::", 32},
	{"2002::", 16},	     {"3fff::", 20},
	{"5f00::", 16},	     {"fc00::", 7},
	{"fe80::", 10},	     {"fec0::", 10},
	{"ff00::", 8},
};
#define RANGES (sizeof ranges / sizeof *ranges)

static size_t ip_len(const altair_addr *a)
{
	return a->family == ALTAIR_IPV4 ? 4 : 16;
}

static bool bit(const altair_addr *a, unsigned i)
{
	return a->ip[i / 8] >> (7 - i % 8) & 1;
}

static bool is_in(const altair_addr *a, const altair_addr *ip, unsigned bits)
{
	unsigned i = 0;

	if (a->family != ip->family)
		return false;
	while (i < bits && bit(a, i) == bit(ip, i))
		i++;
	return i == bits;
}

static bool is_peer(const altair_addr *a)
{
	for (size_t i = 0; i < RANGES; i++) {
		altair_addr range = ip(ranges[i].ip);

		if (is_in(a, &range, ranges[i].bits))
			return false;
	}
	return true;
}

static void add(altair_addr *a, int by)
{
	for (size_t i = ip_len(a); i-- > 0 && by != 0;) {
		int v = a->ip[i] + by;

		a->ip[i] = (uint8_t)v;
		by = v < 0 ? -1 : v > 255 ? 1 : 0;
	}
}

/* First, last, middle, the one before, the one behind. */
static altair_addr edge_of(altair_addr a, unsigned bits, int which)
{
	unsigned all = 8 * (unsigned)ip_len(&a);

	a.port = 5000;
	if (which == 1 || which == 4)
		for (unsigned i = bits; i < all; i++)
			a.ip[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (which == 2 && bits < all)
		a.ip[bits / 8] |= (uint8_t)(0x80 >> bits % 8);
	if (which == 3)
		add(&a, -1);
	if (which == 4)
		add(&a, 1);
	return a;
}

/* 0 or an error's code to both requests; what is let in is also sent to. */
static int ask_for(const altair_addr *peer)
{
	struct air_stun_value v = {.addr = *peer};
	size_t sent;
	int code, bound;

	ask(AIR_STUN_CREATE_PERMISSION);
	air_stun_build_attr(&me.b, AIR_STUN_XOR_PEER_ADDRESS, &v);
	code = answer_to_signed();
	ask(AIR_STUN_CHANNEL_BIND);
	with_number(AIR_STUN_CHANNEL_NUMBER, 0x4000);
	air_stun_build_attr(&me.b, AIR_STUN_XOR_PEER_ADDRESS, &v);
	bound = answer_to_signed();
	CHECK_EQ(bound, code);
	ask_class(AIR_STUN_INDICATION, AIR_STUN_SEND);
	air_stun_build_attr(&me.b, AIR_STUN_XOR_PEER_ADDRESS, &v);
	with_bytes(AIR_STUN_DATA_ATTR, "x", 1);
	sent = send_it();
	CHECK_EQ(sent, code == 0);
	sent = send_channel(0x4000, "x");
	CHECK_EQ(sent, code == 0);
	wait_seconds(600); /* all of it is gone */
	return code;
}

static void come(const altair_server_config *c)
{
	begin(c);
	be(ME, "user");
	get_challenged();
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2), 0);
}

static void come_again(void)
{
	get_challenged();
	CHECK_EQ(allocate_family(AIR_STUN_ADDITIONAL_ADDRESS_FAMILY, 2), 0);
}

static bool is_relay(const altair_addr *a)
{
	altair_addr four = ip(RELAY), six = ip(RELAY6);

	return altair_addr_same_ip(a, &four) || altair_addr_same_ip(a, &six);
}

/* Rows 27, 28, 31 and 35 of the failures, with an empty configuration. */
static void every_range_on_every_verb(void)
{
	altair_server_config c = config();
	unsigned peers = 0;

	c.allow_count = 0;
	come(&c);
	for (size_t i = 0; i < RANGES; i++) {
		for (int which = 0; which < 5; which++) {
			altair_addr a = edge_of(ip(ranges[i].ip),
						ranges[i].bits, which);

			if (is_relay(&a))
				continue;
			CHECK_EQ(ask_for(&a), is_peer(&a) ? 0 : 403);
			peers += is_peer(&a);
			come_again();
		}
	}
	CHECK(peers > 20);
}

/* An IPv4 address in each of the ways to write it into an IPv6 one. */
static altair_addr embed(const altair_addr *v4, int how)
{
	static const uint8_t prefixes[][16] = {
		{[10] = 0xff, [11] = 0xff},
		{0},
		{0x20, 0x02},
		{0x00, 0x64, 0xff, 0x9b},
		{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01},
		{0x20, 0x01}};
	altair_addr a = {.family = ALTAIR_IPV6, .port = 5000};

	memcpy(a.ip, prefixes[how], 16);
	memcpy(a.ip + (how == 2 ? 2 : 12), v4->ip, 4);
	for (int i = 12; how == 5 && i < 16; i++)
		a.ip[i] ^= 0xff;
	return a;
}

/* Rows 29 and 30: no other form opens what is denied, not even where every
 * IPv6 address is allowed. */
/* An IPv4 address written in each way from `first` on. */
static void ask_in_every_form(altair_addr v4, int first, int error)
{
	for (int how = first; how < 6; how++) {
		altair_addr a = embed(&v4, how);

		CHECK_EQ(ask_for(&a), error);
		come_again();
	}
}

static void no_form_of_writing_opens_an_ipv4_range(void)
{
	altair_server_prefix all = {ip("::"), 0};
	altair_server_config c = config();

	c.allow = &all;
	for (int allows = 0; allows < 2; allows++) {
		c.allow_count = (size_t)allows;
		come(&c);
		for (size_t i = 0; ip(ranges[i].ip).family == ALTAIR_IPV4; i++)
			ask_in_every_form(
				edge_of(ip(ranges[i].ip), ranges[i].bits, 2), 0,
				403);
		/* A harmless one inside: allowed with its form, then only. */
		ask_in_every_form(ip("8.8.8.8"), 1, allows ? 0 : 403);
	}
}

static void well_known_ports_are_no_peers(void)
{
	static const char *const peers[] = {
		"203.0.113.9:25", "203.0.113.9:53", "203.0.113.9:22",
		"203.0.113.9:1023", "203.0.113.9:1024"};
	altair_server_config c = config();

	for (int low = 0; low < 2; low++) {
		c.low_ports = low;
		begin(&c);
		arrive(ME, "user");
		for (int i = 0; i < 5; i++) {
			bool is_allowed = low || i == 4;

			CHECK_EQ(bind_channel((uint16_t)(0x4000 + i), peers[i]),
				 is_allowed ? 0 : 403);
			CHECK_EQ(permit(peers[i]), 0); /* of the IP */
			CHECK_EQ(send_to(peers[i], "x"), is_allowed);
		}
	}
	CHECK_EQ(send_to("203.0.113.9:2000", "x"), 1);
}

/* Row 33: our own host, where ranges or single addresses are allowed. */
static void our_own_host_is_reached_by_its_own_name_only(void)
{
	altair_addr own[] = {ip("10.0.0.5"), ip("8.8.8.8"), ip("127.0.0.1")};
	altair_addr never[] = {addr("10.0.0.5:3478"), addr("0.0.0.0:9000"),
			       addr("198.51.100.1:3478")};
	altair_server_prefix allow[] = {{ip("10.0.0.0"), 8},
					{ip("127.0.0.0"), 8},
					{ip("10.0.0.5"), 32},
					{ip(RELAY), 32}};
	altair_server_config c = config();

	c.own = own;
	c.own_count = 3;
	c.never = never;
	c.never_count = 3;
	c.allow = allow;
	c.allow_count = 2;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(permit("10.0.0.6:5000"), 0);
	CHECK_EQ(permit("10.0.0.5:5000"), 403);
	CHECK_EQ(permit("127.0.0.1:5000"), 403);
	CHECK_EQ(permit("127.0.0.2:5000"), 403); /* the host's, too */
	CHECK_EQ(permit("8.8.8.8:5000"), 403);	 /* also a public one */
	CHECK_EQ(permit("8.8.4.4:5000"), 0);
	CHECK_EQ(bind_channel(0x4000, "198.51.100.1:5000"), 403);
	c.allow_count = 4;
	begin(&c);
	arrive(ME, "user");
	CHECK_EQ(permit("10.0.0.5:5000"), 0);
	CHECK_EQ(send_to("10.0.0.5:5000", "x"), 1);
	CHECK_EQ(send_to("10.0.0.5:3478", "x"), 0);
	CHECK_EQ(bind_channel(0x4000, "10.0.0.5:3478"), 403);
	CHECK_EQ(bind_channel(0x4000, "10.0.0.5:9000"), 403);
	CHECK_EQ(bind_channel(0x4000, "10.0.0.5:9001"), 0);
	/* The relay's address: its host, but neither listener nor ports. */
	CHECK_EQ(bind_channel(0x4001, "198.51.100.1:5000"), 0);
	CHECK_EQ(bind_channel(0x4002, "198.51.100.1:3478"), 403);
	CHECK_EQ(bind_channel(0x4002, "198.51.100.1:9000"), 403);
	CHECK_EQ(bind_channel(0x4002, "198.51.100.1:50063"), 403);
}

/* All of 127/8 and ::1 is our host, though interfaces name one of them at most: a
 * range does not open it, in no form, and a listener on any address is there. */
static void every_loopback_address_is_our_own(void)
{
	altair_addr never[] = {addr("0.0.0.0:3478")};
	altair_server_prefix allow[] = {
		{ip("127.0.0.0"), 8}, {ip("::"), 0}, {ip("127.0.0.3"), 32}};
	altair_server_config c = config();

	c.allow = allow;
	c.allow_count = 3;
	c.never = never;
	c.never_count = 1;
	come(&c);
	CHECK_EQ(bind_channel(0x4000, "127.0.0.1:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, "127.0.0.2:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, "127.255.255.254:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, "[::ffff:127.0.0.2]:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, "[64:ff9b::127.0.0.2]:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, "[::1]:5000"), 403);
	CHECK_EQ(bind_channel(0x4000, "127.0.0.3:3478"), 403);
	CHECK_EQ(bind_channel(0x4000, "127.0.0.3:5000"), 0);
}

static void nobody_is_a_peer_whatever_is_allowed(void)
{
	static const char *const nobody[] = {
		"224.0.0.1:5000", "255.255.255.255:5000", "0.0.0.0:5000",
		"[ff02::1]:5000", "[::]:5000"};
	altair_server_prefix all[] = {{ip("0.0.0.0"), 0}, {ip("::"), 0}};
	altair_server_config c = config();

	c.allow = all;
	c.allow_count = 2;
	come(&c);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(permit(nobody[i]), 403);
		CHECK_EQ(bind_channel(0x4000, nobody[i]), 403);
	}
	CHECK_EQ(permit("10.1.2.3:5000"), 0);
	CHECK_EQ(bind_channel(0x4000, "[fd00::1]:5000"), 0);
	CHECK_EQ(stats().denied, 10);
}

static const struct check_test tests[] = {
	TEST(every_range_on_every_verb),
	TEST(no_form_of_writing_opens_an_ipv4_range),
	TEST(well_known_ports_are_no_peers),
	TEST(our_own_host_is_reached_by_its_own_name_only),
	TEST(every_loopback_address_is_our_own),
	TEST(nobody_is_a_peer_whatever_is_allowed),
};

CHECK_MAIN(tests)
