/*
 * Where a server is: of the rendezvous, and the STUN and TURN servers it names.
 */
#define _GNU_SOURCE
#include "check.h"

#include "adapters/link/servers.h"
#include "adapters/link/url.h"

#define HASH "000102030405060708090a0b0c0d0e0fF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"

static const struct {
	const char *text, *host;
	uint16_t port;
	bool is_tls, is_pinned;
} good[] = {
	{"wss://example.net", "example.net", 443, true, false},
	{"WSS://example.net/", "example.net", 443, true, false},
	{"ws://example.net", "example.net", 80, false, false},
	{"ws://127.0.0.1:3478", "127.0.0.1", 3478, false, false},
	{"wss://[2001:db8::1]:1", "2001:db8::1", 1, true, false},
	{"wss://[::1]", "::1", 443, true, false},
	{"wss://a.b:65535#" HASH, "a.b", 65535, true, true},
	{"wss://a/#" HASH, "a", 443, true, true},
};

static void urls(void)
{
	struct air_url url;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK(air_url_parse(&url, good[i].text));
		CHECK_STR(url.host, good[i].host);
		CHECK_EQ(url.port, good[i].port);
		CHECK_EQ(url.is_tls, good[i].is_tls);
		CHECK_EQ(url.is_pinned, good[i].is_pinned);
	}
	CHECK(air_url_parse(&url, "wss://a#" HASH));
	CHECK_EQ(url.sha256[1], 1);
	CHECK_EQ(url.sha256[31], 255);
}

static void what_is_no_url(void)
{
	static const char *const bad[] = {
		"",
		"example.net",
		"http://example.net",
		"wss:/example.net",
		"wss://",
		"wss://:443",
		"wss://a:",
		"wss://a:0",
		"wss://a:65536",
		"wss://a:123456",
		"wss://a:80x",
		"wss://a/path",
		"wss://a?query",
		"wss://user@a",
		"wss://a b",
		"wss://[::1",
		"wss://[example.net]",
		"wss://[::1]x",
		"wss://a#",
		"wss://a#12",
		"wss://a#" HASH "0",
		"ws://a#" HASH,
		"wss://a#zz0102030405060708090a0b0c0d0e0f"
		"000102030405060708090a0b0c0d0e0f",
	};
	char longest[400] = "wss://";
	struct air_url url;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!air_url_parse(&url, bad[i]));
	memset(longest + 6, 'a', 256);
	CHECK(!air_url_parse(&url, longest));
	longest[6 + 255] = '\0';
	CHECK(air_url_parse(&url, longest));
}

static bool is_loopback(const char *text)
{
	struct air_url url;

	CHECK(air_url_parse(&url, text));
	return air_url_is_loopback(&url);
}

static void what_stays_on_this_host(void)
{
	CHECK(is_loopback("ws://localhost:1"));
	CHECK(is_loopback("ws://127.1.2.3"));
	CHECK(is_loopback("ws://[::1]:2"));
	CHECK(!is_loopback("ws://192.0.2.1"));
	CHECK(!is_loopback("ws://localhost.example.net"));
}

static bool parse(struct air_server *out, const char *uri)
{
	return air_server_parse(
		out, (altair_bytes){(const uint8_t *)uri, strlen(uri)});
}

static void stun_and_turn(void)
{
	static struct air_server s;

	CHECK(parse(&s, "stun:example.net"));
	CHECK(!s.is_turn);
	CHECK_EQ(s.port, 3478);
	CHECK(parse(&s, "turn:192.0.2.1:5000?transport=udp"));
	CHECK(s.is_turn && !s.is_stream && !s.is_tls);
	CHECK_EQ(s.port, 5000);
	CHECK_STR(s.host, "192.0.2.1");
	CHECK(parse(&s, "turn:[2001:db8::1]:5000?transport=tcp"));
	CHECK(s.is_stream && !s.is_tls);
	CHECK_STR(s.host, "2001:db8::1");
	CHECK(parse(&s, "turns:example.net?transport=tcp"));
	CHECK(s.is_stream && s.is_tls);
	CHECK_EQ(s.port, 5349);
}

static void what_is_no_server(void)
{
	static const char *const bad[] = {
		"",
		"stun",
		"stun:",
		"http://example.net",
		"stun:a:0",
		"stun:a:70000",
		"stun:a:",
		"stun:a:1:2",
		"stun:[::1",
		"stun:[::1]x",
		"stun:a?transport=udp",
		"turn:a?transport=sctp",
		"turns:a?transport=udp",
		"turn:a?",
	};
	static struct air_server s;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!parse(&s, bad[i]));
}

static const struct check_test tests[] = {
	TEST(urls),
	TEST(what_is_no_url),
	TEST(what_stays_on_this_host),
	TEST(stun_and_turn),
	TEST(what_is_no_server),
};

CHECK_MAIN(tests)
