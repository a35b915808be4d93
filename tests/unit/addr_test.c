#include "base/addr.h"
#include "check.h"

#include <altair/error.h>

static const char *round_trip(const char *text)
{
	static char out[ALTAIR_ADDR_TEXT];
	altair_addr addr;

	CHECK_EQ(altair_addr_parse(&addr, text), 0);
	CHECK(altair_addr_format(&addr, out, sizeof out) > 0);
	return out;
}

static void formats_as_rfc5952_says(void)
{
	CHECK_STR(round_trip("192.0.2.1:5000"), "192.0.2.1:5000");
	CHECK_STR(round_trip("0.0.0.0:1"), "0.0.0.0:1");
	CHECK_STR(round_trip("255.255.255.255:65535"), "255.255.255.255:65535");
	CHECK_STR(round_trip("[2001:DB8:0:0:0:0:0:1]:5000"),
		  "[2001:db8::1]:5000");
	CHECK_STR(round_trip("[2001:db8:0:0:1:0:0:1]:5"),
		  "[2001:db8::1:0:0:1]:5");
	CHECK_STR(round_trip("[2001:0:0:1:0:0:0:1]:5"), "[2001:0:0:1::1]:5");
	CHECK_STR(round_trip("[2001:db8:0:1:1:1:1:1]:5"),
		  "[2001:db8:0:1:1:1:1:1]:5");
	CHECK_STR(round_trip("[::]:5"), "[::]:5");
	CHECK_STR(round_trip("[1::]:5"), "[1::]:5");
	CHECK_STR(round_trip("[::1]:5"), "[::1]:5");
	CHECK_STR(round_trip("[1:2:3:4:5:6:7::]:5"), "[1:2:3:4:5:6:7:0]:5");
	CHECK_STR(round_trip("[::2:3:4:5:6:7:8]:5"), "[0:2:3:4:5:6:7:8]:5");
	CHECK_STR(round_trip("[fe80::1%7]:5"), "[fe80::1%7]:5");
	CHECK_STR(round_trip("[64:ff9b::192.0.2.33]:5"),
		  "[64:ff9b::c000:221]:5");
}

static void an_ipv4_mapped_address_becomes_ipv4(void)
{
	CHECK_STR(round_trip("[::ffff:192.0.2.1]:5"), "192.0.2.1:5");
	CHECK_STR(round_trip("[::ffff:c000:201]:5"), "192.0.2.1:5");
}

static void refuses_what_is_no_endpoint(void)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{"", ALTAIR_E_SYNTAX},
		{"peer.example:5000", ALTAIR_E_SYNTAX},
		{"192.0.2.1", ALTAIR_E_NO_PORT},
		{"192.0.2.1:", ALTAIR_E_NO_PORT},
		{"2001:db8::1", ALTAIR_E_NO_PORT},
		{"[2001:db8::1]", ALTAIR_E_NO_PORT},
		{"[2001:db8::1]:", ALTAIR_E_NO_PORT},
		{"192.0.2.1:0", ALTAIR_E_PORT},
		{"192.0.2.1:00080", ALTAIR_E_PORT},
		{"192.0.2.1:65536", ALTAIR_E_PORT},
		{"192.0.2.1:99999999999", ALTAIR_E_PORT},
		{"192.0.2.1:-1", ALTAIR_E_PORT},
		{"192.0.2.1:+1", ALTAIR_E_PORT},
		{"192.0.2.1:80 ", ALTAIR_E_PORT},
		{" 192.0.2.1:80", ALTAIR_E_SYNTAX},
		{"192.0.2:80", ALTAIR_E_SYNTAX},
		{"192.0.2.256:80", ALTAIR_E_SYNTAX},
		{"192.0.2.01:80", ALTAIR_E_SYNTAX},
		{"192.0.2.1.1:80", ALTAIR_E_SYNTAX},
		{"192.0.2.1;80", ALTAIR_E_SYNTAX},
		{"[2001:db8::1:80", ALTAIR_E_SYNTAX},
		{"[2001:db8::1::2]:80", ALTAIR_E_SYNTAX},
		{"[2001:db8:::1]:80", ALTAIR_E_SYNTAX},
		{"[1:2:3:4:5:6:7]:80", ALTAIR_E_SYNTAX},
		{"[1:2:3:4:5:6:7:8:9]:80", ALTAIR_E_SYNTAX},
		{"[1:2:3:4:5:6:7:8::]:80", ALTAIR_E_SYNTAX},
		{"[12345::]:80", ALTAIR_E_SYNTAX},
		{"[1:2:3:4:5:6:7:]:80", ALTAIR_E_SYNTAX},
		{"[::1%]:80", ALTAIR_E_SYNTAX},
		{"[::1%eth0]:80", ALTAIR_E_SYNTAX},
		{"[::192.0.2.300]:80", ALTAIR_E_SYNTAX},
		{"[1:2:3:4:5:6:7:192.0.2.1]:80", ALTAIR_E_SYNTAX},
		{"[192.0.2.1]:80", ALTAIR_E_SYNTAX},
		{"[::g]:80", ALTAIR_E_SYNTAX},
	};
	altair_addr addr = {.port = 7};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int got = altair_addr_parse(&addr, cases[i].text);

		if (got != cases[i].error)
			printf("# \"%s\"\n", cases[i].text);
		CHECK_EQ(got, cases[i].error);
		CHECK_EQ(addr.port, 7);
	}
}

static void parses_bare_addresses(void)
{
	altair_addr addr;
	char out[ALTAIR_ADDR_TEXT];

	CHECK_EQ(altair_addr_parse_ip(&addr, "2001:db8::1", 9), 0);
	CHECK_EQ(addr.port, 9);
	CHECK(altair_addr_format_ip(&addr, out, sizeof out) > 0);
	CHECK_STR(out, "2001:db8::1");
	CHECK_EQ(altair_addr_parse_ip(&addr, "192.0.2.1:80", 9),
		 ALTAIR_E_SYNTAX);
	CHECK_EQ(altair_addr_parse_ip(&addr, "[::1]", 9), ALTAIR_E_SYNTAX);
}

static void says_when_the_buffer_is_too_small(void)
{
	altair_addr addr;
	char out[15] = "";

	CHECK_EQ(altair_addr_parse(&addr, "192.0.2.1:5000"), 0);
	CHECK_EQ(altair_addr_format(&addr, out, 14), ALTAIR_E_SPACE);
	CHECK_EQ(altair_addr_format(&addr, out, 15), 14);
	CHECK_STR(out, "192.0.2.1:5000");
	CHECK_EQ(altair_addr_format(&addr, out, 0), ALTAIR_E_SPACE);
}

static void no_address_has_a_text(void)
{
	altair_addr none = {0};
	char out[ALTAIR_ADDR_TEXT];

	CHECK_EQ(altair_addr_format(&none, out, sizeof out), 3);
	CHECK_STR(out, "-:0");
	CHECK_EQ(air_addr_ip_len(&none), 0);
}

static void compares(void)
{
	altair_addr a, b;

	CHECK_EQ(altair_addr_parse(&a, "192.0.2.1:5000"), 0);
	CHECK_EQ(altair_addr_parse(&b, "192.0.2.1:5001"), 0);
	CHECK(altair_addr_same_ip(&a, &b));
	CHECK(!altair_addr_equal(&a, &b));
	CHECK_EQ(altair_addr_parse(&b, "192.0.2.2:5000"), 0);
	CHECK(!altair_addr_same_ip(&a, &b));
	CHECK_EQ(altair_addr_parse(&a, "[fe80::1%1]:5000"), 0);
	CHECK_EQ(altair_addr_parse(&b, "[fe80::1%2]:5000"), 0);
	CHECK(!altair_addr_same_ip(&a, &b));
	CHECK(altair_addr_equal(&a, &a));
}

/* First, last, and both neighbours of every range. */
static const struct {
	const char *ip;
	enum altair_addr_class class;
} classes[] = {
	{"0.0.0.0", ALTAIR_ADDR_NONE},
	{"0.0.0.1", ALTAIR_ADDR_RESERVED},
	{"0.255.255.255", ALTAIR_ADDR_RESERVED},
	{"1.0.0.0", ALTAIR_ADDR_GLOBAL},
	{"9.255.255.255", ALTAIR_ADDR_GLOBAL},
	{"10.0.0.0", ALTAIR_ADDR_PRIVATE},
	{"10.255.255.255", ALTAIR_ADDR_PRIVATE},
	{"11.0.0.0", ALTAIR_ADDR_GLOBAL},
	{"100.63.255.255", ALTAIR_ADDR_GLOBAL},
	{"100.64.0.0", ALTAIR_ADDR_SHARED},
	{"100.127.255.255", ALTAIR_ADDR_SHARED},
	{"100.128.0.0", ALTAIR_ADDR_GLOBAL},
	{"126.255.255.255", ALTAIR_ADDR_GLOBAL},
	{"127.0.0.1", ALTAIR_ADDR_LOOPBACK},
	{"127.255.255.255", ALTAIR_ADDR_LOOPBACK},
	{"128.0.0.0", ALTAIR_ADDR_GLOBAL},
	{"169.253.255.255", ALTAIR_ADDR_GLOBAL},
	{"169.254.0.0", ALTAIR_ADDR_LINK_LOCAL},
	{"169.255.0.0", ALTAIR_ADDR_GLOBAL},
	{"172.15.255.255", ALTAIR_ADDR_GLOBAL},
	{"172.16.0.0", ALTAIR_ADDR_PRIVATE},
	{"172.31.255.255", ALTAIR_ADDR_PRIVATE},
	{"172.32.0.0", ALTAIR_ADDR_GLOBAL},
	{"192.0.0.8", ALTAIR_ADDR_RESERVED},
	{"192.0.1.0", ALTAIR_ADDR_GLOBAL},
	{"192.0.2.1", ALTAIR_ADDR_GLOBAL},
	{"192.167.255.255", ALTAIR_ADDR_GLOBAL},
	{"192.168.0.0", ALTAIR_ADDR_PRIVATE},
	{"192.169.0.0", ALTAIR_ADDR_GLOBAL},
	{"198.17.255.255", ALTAIR_ADDR_GLOBAL},
	{"198.18.0.0", ALTAIR_ADDR_RESERVED},
	{"198.19.255.255", ALTAIR_ADDR_RESERVED},
	{"198.20.0.0", ALTAIR_ADDR_GLOBAL},
	{"198.51.100.7", ALTAIR_ADDR_GLOBAL},
	{"203.0.113.7", ALTAIR_ADDR_GLOBAL},
	{"223.255.255.255", ALTAIR_ADDR_GLOBAL},
	{"224.0.0.0", ALTAIR_ADDR_MULTICAST},
	{"239.255.255.255", ALTAIR_ADDR_MULTICAST},
	{"240.0.0.0", ALTAIR_ADDR_RESERVED},
	{"255.255.255.254", ALTAIR_ADDR_RESERVED},
	{"255.255.255.255", ALTAIR_ADDR_BROADCAST},
	{"::", ALTAIR_ADDR_NONE},
	{"::1", ALTAIR_ADDR_LOOPBACK},
	{"::2", ALTAIR_ADDR_RESERVED},
	{"::ffff:10.0.0.1", ALTAIR_ADDR_PRIVATE},
	{"64:ff9b::1", ALTAIR_ADDR_GLOBAL},
	{"64:ff9b:1::1", ALTAIR_ADDR_RESERVED},
	{"100::1", ALTAIR_ADDR_RESERVED},
	{"2001::1", ALTAIR_ADDR_RESERVED},
	{"2001:1ff:ffff::1", ALTAIR_ADDR_RESERVED},
	{"2001:200::1", ALTAIR_ADDR_GLOBAL},
	{"2001:db8::1", ALTAIR_ADDR_GLOBAL},
	{"3fff::1", ALTAIR_ADDR_GLOBAL},
	{"4000::1", ALTAIR_ADDR_RESERVED},
	{"fbff::1", ALTAIR_ADDR_RESERVED},
	{"fc00::1", ALTAIR_ADDR_PRIVATE},
	{"fdff::1", ALTAIR_ADDR_PRIVATE},
	{"fe7f::1", ALTAIR_ADDR_RESERVED},
	{"fe80::1", ALTAIR_ADDR_LINK_LOCAL},
	{"febf::1", ALTAIR_ADDR_LINK_LOCAL},
	{"fec0::1", ALTAIR_ADDR_RESERVED},
	{"ff02::1", ALTAIR_ADDR_MULTICAST},
};

static void classifies(void)
{
	altair_addr addr = {0};

	CHECK_EQ(altair_addr_classify(&addr), ALTAIR_ADDR_NONE);
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		CHECK_EQ(altair_addr_parse_ip(&addr, classes[i].ip, 1), 0);
		if (altair_addr_classify(&addr) != classes[i].class)
			printf("# %s\n", classes[i].ip);
		CHECK_EQ(altair_addr_classify(&addr), classes[i].class);
	}
}

static void knows_what_can_be_a_peer(void)
{
	static const char *const no[] = {"192.0.2.1:1",	      "224.0.0.1:5",
					 "255.255.255.255:5", "0.0.0.0:5",
					 "[ff02::1]:5",	      "[::]:5"};
	altair_addr addr;

	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		CHECK_EQ(altair_addr_parse(&addr, no[i]), 0);
		if (i == 0)
			addr.port = 0;
		CHECK(!air_addr_is_endpoint(&addr));
	}
	CHECK_EQ(altair_addr_parse(&addr, "192.0.2.1:1"), 0);
	CHECK(air_addr_is_endpoint(&addr));
}

static const struct check_test tests[] = {
	TEST(formats_as_rfc5952_says),
	TEST(an_ipv4_mapped_address_becomes_ipv4),
	TEST(refuses_what_is_no_endpoint),
	TEST(parses_bare_addresses),
	TEST(says_when_the_buffer_is_too_small),
	TEST(no_address_has_a_text),
	TEST(compares),
	TEST(classifies),
	TEST(knows_what_can_be_a_peer),
};
CHECK_MAIN(tests)
