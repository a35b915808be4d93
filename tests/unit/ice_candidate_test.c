/* Candidates and credentials: the RFC's numbers and text, and what is refused. */
#include "check.h"
#include "ice/candidate.h"
#include "ice/credentials.h"
#include "ice/pair.h"

static altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

/* RFC 8839 5.1 and appendix A print these two. */
static void priorities_are_those_of_the_rfc(void)
{
	struct air_candidate host = {.type = CANDIDATE_HOST};

	CHECK_EQ(air_candidate_priority(CANDIDATE_HOST, 65535), 2130706431);
	CHECK_EQ(air_candidate_priority(CANDIDATE_SRFLX, 65535), 1694498815);
	CHECK_EQ(air_candidate_priority(CANDIDATE_PRFLX, 65535),
		 110 * (1 << 24) + 65535 * 256 + 255);
	CHECK_EQ(air_candidate_priority(CANDIDATE_RELAY, 65535), 16777215);
	host.priority = air_candidate_priority(CANDIDATE_HOST, 1234);
	CHECK_EQ(air_candidate_prflx_priority(&host),
		 air_candidate_priority(CANDIDATE_PRFLX, 1234));
}

/* RFC 8445 6.1.2.3: 2^32 MIN(G,D) + 2 MAX(G,D) + (G > D ? 1 : 0). */
static void pair_priorities_are_those_of_the_rfc(void)
{
	CHECK_EQ(air_pair_priority(1, 2), (1LL << 32) + 4);
	CHECK_EQ(air_pair_priority(2, 1), (1LL << 32) + 5);
	CHECK_EQ(air_pair_priority(7, 7), (7LL << 32) + 14);
	CHECK_EQ(air_pair_priority(2130706431, 1694498815),
		 (1694498815LL << 32) + 2 * 2130706431LL + 1);
}

static void reads_the_examples_of_the_rfc(void)
{
	struct air_candidate c;
	altair_addr want;

	CHECK_EQ(air_candidate_parse(&c, "candidate:1 1 UDP 2130706431 "
					 "203.0.113.141 8998 typ host"),
		 0);
	CHECK_STR(c.foundation, "1");
	CHECK_EQ(c.priority, 2130706431);
	CHECK_EQ(c.type, CANDIDATE_HOST);
	want = addr("203.0.113.141:8998");
	CHECK(altair_addr_equal(&c.addr, &want));
	CHECK_EQ(air_candidate_parse(
			 &c, "candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ "
			     "srflx raddr 203.0.113.141 rport 8998"),
		 0);
	CHECK_EQ(c.type, CANDIDATE_SRFLX);
	want = addr("192.0.2.3:45664");
	CHECK(altair_addr_equal(&c.addr, &want));
	CHECK_EQ(air_candidate_parse(
			 &c, "candidate:1 1 udp 2130706431 "
			     "2001:db8:8101:3a55:4858:a2a9:22ff:99b9 8998 typ "
			     "relay raddr :: rport 0 generation 0 ufrag x"),
		 0);
	CHECK_EQ(c.type, CANDIDATE_RELAY);
	CHECK_EQ(c.addr.family, ALTAIR_IPV6);
}

static void writes_what_it_reads(void)
{
	struct air_candidate c = {.type = CANDIDATE_HOST,
				  .priority = 2130706431,
				  .foundation = "A"},
			     read;
	char text[ALTAIR_ADDR_TEXT * 4];

	c.addr = c.base = addr("192.0.2.1:5000");
	CHECK_EQ(air_candidate_format(&c, text, sizeof text), 52);
	CHECK_STR(text, "candidate:A 1 UDP 2130706431 192.0.2.1 5000 typ host");
	c.type = CANDIDATE_SRFLX;
	c.addr = addr("[2001:db8::1]:6000");
	air_candidate_format(&c, text, sizeof text);
	CHECK_STR(text, "candidate:A 1 UDP 2130706431 2001:db8::1 6000 typ "
			"srflx raddr 192.0.2.1 rport 5000");
	CHECK_EQ(air_candidate_parse(&read, text), 0);
	CHECK(altair_addr_equal(&read.addr, &c.addr));
	CHECK(altair_addr_equal(&read.base, &c.base));
	CHECK_EQ(air_candidate_format(&c, text, 20), ALTAIR_E_SPACE);
	/* What a check has shown, and what hides its base. */
	c.type = CANDIDATE_PRFLX;
	c.foundation[0] = '~';
	memset(&c.base, 0, sizeof c.base);
	air_candidate_format(&c, text, sizeof text);
	CHECK_STR(text, "candidate:prflx 1 UDP 2130706431 2001:db8::1 6000 typ "
			"prflx raddr :: rport 9");
	CHECK_EQ(air_candidate_parse(&read, text), 0);
	CHECK_EQ(read.base.family, ALTAIR_NO_FAMILY);
}

static void refuses_what_is_no_candidate(void)
{
	static const char *const texts[] = {
		"",
		"candidate",
		"candidate:",
		"a=candidate:1 1 UDP 1 192.0.2.1 1 typ host",
		"candidate:1",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ",
		"candidate:1 1 UDP 1 192.0.2.1 1 type host",
		"candidate:1 1 UDP 1 192.0.2.1 65536 typ host",
		"candidate:1 1 UDP 1 192.0.2.1 -1 typ host",
		"candidate:1 1 UDP 0 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 2147483648 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 99999999999 192.0.2.1 1 typ host",
		"candidate:1 0 UDP 1 192.0.2.1 1 typ host",
		"candidate:1 257 UDP 1 192.0.2.1 1 typ host",
		"candidate:1  UDP 1 192.0.2.1 1 typ host",
		"candidate:~ 1 UDP 1 192.0.2.1 1 typ host",
	};
	struct air_candidate c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK_EQ(air_candidate_parse(&c, texts[i]), ALTAIR_E_SYNTAX);
}

static void a_foundation_has_32_characters_at_most(void)
{
	struct air_candidate c;

	CHECK_EQ(air_candidate_parse(
			 &c, "candidate:12345678901234567890123456789012"
			     " 1 UDP 1 192.0.2.1 1 typ host"),
		 0);
	CHECK_EQ(air_candidate_parse(
			 &c, "candidate:123456789012345678901234567890123"
			     " 1 UDP 1 192.0.2.1 1 typ host"),
		 ALTAIR_E_SYNTAX);
}

static void ignores_what_is_not_for_us(void)
{
	static const char *const texts[] = {
		"candidate:1 1 TCP 1 192.0.2.1 9 typ host tcptype active",
		"candidate:1 2 UDP 1 192.0.2.1 1 typ host",
		"candidate:1 1 UDP 1 example.org 1 typ host",
		"candidate:1 1 UDP 1 4a1f7c5e-9e5e.local 1 typ host",
		"candidate:1 1 UDP 1 192.0.2.1 1 typ carrier-pigeon",
		"candidate:1 1 UDP 1 192.0.2.1.5 1 typ host",
	};
	struct air_candidate c;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK_EQ(air_candidate_parse(&c, texts[i]), ALTAIR_E_ADDRESS);
}

static void hygiene(void)
{
	static const char *const bad[] = {
		"127.0.0.1:1",	     "[::1]:1",	    "169.254.1.1:1",
		"[fe80::1]:1",	     "224.0.0.1:1", "[ff02::1]:1",
		"255.255.255.255:1", "0.0.0.0:1",   "[::]:1",
		"[2001:db8::1%3]:1",
	};
	static const char *const good[] = {"192.0.2.1:1", "10.0.0.1:65535",
					   "100.64.0.1:1", "[2001:db8::1]:1",
					   "[fd00::1]:1"};
	altair_addr a;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		a = addr(bad[i]);
		CHECK(!air_candidate_is_usable(&a, false));
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		a = addr(good[i]);
		CHECK(air_candidate_is_usable(&a, false));
		a.port = 0;
		CHECK(!air_candidate_is_usable(&a, false));
	}
	a = addr("127.0.0.1:1");
	CHECK(air_candidate_is_usable(&a, true));
}

static void credentials_have_their_lengths(void)
{
	static char ufrag[258], pwd[258];
	struct air_credentials c;
	const char *ok = "0123456789abcdefghij+/";

	CHECK_EQ(air_credentials_read(&c, "abcd", ok), 0);
	CHECK_STR(c.ufrag, "abcd");
	CHECK_STR(c.pwd, ok);
	CHECK_EQ(air_credentials_read(&c, "abc", ok), ALTAIR_E_SYNTAX);
	CHECK_EQ(air_credentials_read(&c, "abcd", ok + 1), ALTAIR_E_SYNTAX);
	CHECK_EQ(air_credentials_read(&c, "ab:d", ok), ALTAIR_E_SYNTAX);
	CHECK_EQ(air_credentials_read(&c, "abcd", "0123456789abcdefghij+-"),
		 ALTAIR_E_SYNTAX);
	memset(ufrag, 'u', 256);
	memset(pwd, 'p', 256);
	CHECK_EQ(air_credentials_read(&c, ufrag, pwd), 0);
	pwd[256] = 'p';
	CHECK_EQ(air_credentials_read(&c, ufrag, pwd), ALTAIR_E_SYNTAX);
	CHECK_EQ(strlen(c.pwd), 256);
}

static const struct check_test tests[] = {
	TEST(priorities_are_those_of_the_rfc),
	TEST(pair_priorities_are_those_of_the_rfc),
	TEST(reads_the_examples_of_the_rfc),
	TEST(writes_what_it_reads),
	TEST(refuses_what_is_no_candidate),
	TEST(a_foundation_has_32_characters_at_most),
	TEST(ignores_what_is_not_for_us),
	TEST(hygiene),
	TEST(credentials_have_their_lengths),
};

CHECK_MAIN(tests)
