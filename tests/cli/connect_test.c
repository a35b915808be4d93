/*
 * altair connect up to the open connection: the test is the STUN server and the
 * peer.
 */
#define _GNU_SOURCE
#include "check.h"
#include "fake.h"
#include "golden.h"
#include "proc.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GUIDE_SERVER "stun.l.google.com:19302"
#define GUIDE_PEER "198.51.100.5:54321"

static struct fake fake;
static struct peer peer;

static void setup(void)
{
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	peer_open(&peer);
}

static void teardown(struct proc *p)
{
	proc_free(p);
	fake_stop(&fake);
	peer_close(&peer);
}

static bool golden(const char *file, const char *text)
{
	return golden_equals(file, text,
			     (struct golden_word[]){{fake.name, GUIDE_SERVER},
						    {peer.name, GUIDE_PEER},
						    {NULL, NULL}});
}

static unsigned free_port(void)
{
	struct peer unused;

	peer_open(&unused);
	peer_close(&unused);
	return unused.port;
}

/* ---- both roles ---- */

static void as_initiator(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--initiator", "--stun",
			fake.name));
	CHECK(peer_expect(&peer, "PING"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "Press Ctrl+C to close.\n"));
	p.out_text[p.seen] = '\0';
	CHECK(golden("connect-initiator.txt", p.out_text));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	CHECK(strstr(p.err_text, "neither encrypted nor authenticated"));
	CHECK(proc_expect(&p, "Connection closed: sent 0 messages (0 bytes), "
			      "received 0 messages (0 bytes) in "));
	teardown(&p);
}

static void as_responder(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", fake.name));
	CHECK(peer_expect(&peer, "PUNCH"));
	peer_say(&peer, "PING");
	CHECK(peer_expect(&peer, "PONG"));
	peer_say(&peer, "PING");
	CHECK(proc_expect(&p, "Press Ctrl+C to close.\n"));
	p.out_text[p.seen] = '\0';
	CHECK(golden("connect-responder.txt", p.out_text));
	proc_signal(&p, SIGTERM);
	CHECK_EQ(proc_end(&p), 143);
	CHECK(proc_expect(&p, "Connection closed: "));
	teardown(&p);
}

static void without_the_test(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--initiator",
			"--skip-test", "--stun", fake.name));
	CHECK(peer_expect(&peer, "PING"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "Press Ctrl+C to close.\n"));
	p.out_text[p.seen] = '\0';
	CHECK(golden("connect-skip-test.txt", p.out_text));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	teardown(&p);
}

static void in_json(void)
{
	struct proc p;
	char number[8], local[32];

	setup();
	snprintf(number, sizeof number, "%u", free_port());
	snprintf(local, sizeof local, "127.0.0.1:%s", number);
	proc_start(&p, PROC_PIPE,
		   ARGS("connect", "--peer", peer.name, "--initiator", "--json",
			"--local-port", number, "--stun", fake.name));
	CHECK(peer_expect(&peer, "PING"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "\"open\"}\n"));
	peer_send(&peer, "caf\xc3\xa9\0", 6);
	CHECK(proc_expect(&p, "\"message\""));
	peer_send(&peer, "\xff\x1b", 2);
	CHECK(proc_expect(&p, "\"message\""));
	proc_type(&p, "hello\n");
	CHECK(peer_receive_message(&peer));
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	CHECK(golden_equals(
		"connect.json", p.out_text,
		(struct golden_word[]){{fake.name, GUIDE_SERVER},
				       {peer.name, GUIDE_PEER},
				       {local, "192.168.1.100:41023"},
				       {NULL, NULL}}));
	teardown(&p);
}

/* Two of us, one initiator: what a user sees on both sides. */
static void two_of_us(void)
{
	struct proc a, b;
	struct peer other;
	char port_a[8], port_b[8];

	setup();
	peer_open(&other);
	snprintf(port_a, sizeof port_a, "%u", peer.port);
	snprintf(port_b, sizeof port_b, "%u", other.port);
	peer_close(&peer);
	peer_close(&other);
	proc_start(&a, PROC_NULL,
		   ARGS("connect", "--local-port", port_a, "--peer", other.name,
			"--initiator", "--stun", fake.name));
	proc_start(&b, PROC_NULL,
		   ARGS("connect", "--local-port", port_b, "--peer", peer.name,
			"--stun", fake.name));
	CHECK(proc_expect(&a, "✓ Round-trip successful!"));
	CHECK(proc_expect(&b, "✓ Round-trip successful!"));
	proc_signal(&a, SIGINT);
	proc_signal(&b, SIGINT);
	CHECK_EQ(proc_end(&a), 130);
	CHECK_EQ(proc_end(&b), 130);
	proc_free(&a);
	proc_free(&b);
	fake_stop(&fake);
}

static void both_are_initiators(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--initiator", "--stun",
			fake.name));
	CHECK(peer_expect(&peer, "PING"));
	peer_say(&peer, "PUNCH");
	peer_say(&peer, "PING");
	CHECK(peer_expect(&peer, "PONG"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "✓ Round-trip successful!"));
	proc_signal(&p, SIGINT);
	proc_end(&p);
	CHECK(strstr(p.err_text, "both sides use --initiator"));
	teardown(&p);
}

static void neither_is_initiator(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", fake.name));
	CHECK(peer_expect(&peer, "PUNCH"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "✓ Round-trip successful!"));
	CHECK(proc_expect_note(&p, "neither of the two sides use"));
	proc_signal(&p, SIGINT);
	proc_end(&p);
	teardown(&p);
}

static void the_peer_answers_from_another_port(void)
{
	struct proc p;
	struct peer other;

	setup();
	peer_open(&other);
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", fake.name));
	CHECK(peer_expect(&peer, "PUNCH"));
	other.their_port = peer.their_port;
	peer_say(&other, "PUNCH");
	CHECK(peer_expect(&other, "PONG"));
	peer_say(&other, "PONG");
	CHECK(proc_expect(&p, "✓ Direct UDP connection to "));
	CHECK(proc_expect(&p, other.name));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	CHECK(strstr(p.err_text, "its NAT gives a different port"));
	peer_close(&other);
	teardown(&p);
}

/* ---- the local port ---- */

struct memory {
	unsigned port;
	long age;
	const char *mapped;
	bool is_other_session, is_other_network;
};

static void remember(const struct memory *memories, size_t count)
{
	char path[128];
	struct stat network;
	FILE *file;

	CHECK(stat("/proc/self/ns/net", &network) == 0);
	snprintf(path, sizeof path, "%s/altair", proc_state());
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/altair/discover", proc_state());
	file = fopen(path, "w");
	CHECK(file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%u %lld %llu %ld %s\n", memories[i].port,
			(long long)time(NULL) - memories[i].age,
			(unsigned long long)network.st_ino +
				memories[i].is_other_network,
			(long)getsid(0) + memories[i].is_other_session,
			memories[i].mapped);
	fclose(file);
}

static void remember_one(unsigned port, long age, const char *mapped)
{
	remember(&(struct memory){.port = port, .age = age, .mapped = mapped},
		 1);
}

/* Starts connect, and says which local port it uses. */
static unsigned used_port(struct proc *p)
{
	proc_start(p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", fake.name));
	CHECK(peer_expect(&peer, "PUNCH"));
	proc_signal(p, SIGINT);
	CHECK_EQ(proc_end(p), 130);
	return peer.their_port;
}

static void the_port_of_discover_is_used_again(void)
{
	struct proc p;
	unsigned port;

	setup();
	remember_one(1, 1000, "203.0.113.1:12345");
	CHECK_EQ(proc_run(&p, ARGS("discover", "--json", "--stun", fake.name)),
		 0);
	port = (unsigned)strtoul(
		strstr(p.out_text, "\"local\":\"127.0.0.1:") + 19, NULL, 10);
	proc_free(&p);
	CHECK_EQ(used_port(&p), port);
	CHECK(!strstr(p.err_text, "has changed"));
	teardown(&p);
}

static void an_old_port_is_not(void)
{
	struct proc p;
	unsigned port = free_port();

	setup();
	remember_one(port, 125, "203.0.113.1:999");
	CHECK(used_port(&p) != port);
	CHECK(strstr(p.err_text, "has changed: it was 203.0.113.1:999"));
	teardown(&p);
}

static void a_forgotten_endpoint_is_not_compared(void)
{
	struct proc p;
	unsigned port = free_port();

	setup();
	remember_one(port, 3700, "203.0.113.1:999");
	CHECK(used_port(&p) != port);
	CHECK(!strstr(p.err_text, "has changed"));
	teardown(&p);
}

/* One home, several networks and terminals, and a peer that shares them. */
static void the_port_of_ones_own_is_used(void)
{
	struct proc p;
	unsigned own = free_port(), other = free_port();

	setup();
	remember((struct memory[]){{other, 1, "203.0.113.1:1", false, true},
				   {own, 5, "203.0.113.1:12345", false, false}},
		 2);
	CHECK_EQ(used_port(&p), own);
	proc_free(&p);
	remember((struct memory[]){{other, 1, "203.0.113.1:1", true, false},
				   {own, 5, "203.0.113.1:12345", false, false}},
		 2);
	CHECK_EQ(used_port(&p), own);
	proc_free(&p);
	remember((struct memory[]){{other, 1, peer.name, false, false},
				   {own, 5, "203.0.113.1:12345", false, false}},
		 2);
	CHECK_EQ(used_port(&p), own);
	CHECK(!strstr(p.err_text, "has changed"));
	teardown(&p);
}

/* A script that discovers, and a terminal that connects. */
static void another_sessions_port_is_better_than_none(void)
{
	struct proc p;
	unsigned port = free_port();

	setup();
	remember((struct memory[]){{port, 1, "203.0.113.1:1", true, false}}, 1);
	CHECK_EQ(used_port(&p), port);
	teardown(&p);
}

static void a_taken_port_is_replaced(void)
{
	struct proc p;

	setup();
	remember_one(peer.port, 3, "203.0.113.1:12345");
	CHECK(used_port(&p) != peer.port);
	CHECK(strstr(p.err_text, "is taken"));
	teardown(&p);
}

static void a_changed_endpoint_is_said(void)
{
	struct proc p;
	unsigned port = free_port();

	setup();
	remember_one(port, 3, "203.0.113.1:999");
	CHECK_EQ(used_port(&p), port);
	CHECK(strstr(p.err_text, "has changed: it was 203.0.113.1:999 and is "
				 "now 203.0.113.1:12345"));
	teardown(&p);
}

/* ---- bad input ---- */

static void bad_peers(void)
{
	static const struct {
		const char *peer, *sentence;
	} cases[] = {
		{"198.51.100.5", "has no port"},
		{"198.51.100.5:0", "no valid port"},
		{"198.51.100.5:65536", "no valid port"},
		{"198.51.100.5:", "port"},
		{"198.51.100.5:99999999999999999999", "no valid port"},
		{"example.org:5000", "is a name"},
		{"localhost", "is a name"},
		{"2001:db8::1:5000", "brackets"},
		{"[2001:db8::1]", "has no port"},
		{"255.255.255.255:5000", "broadcast"},
		{"127.255.255.255:5000", "broadcast"},
		{"224.0.0.1:5000", "multicast"},
		{"[ff02::1]:5000", "multicast"},
		{"0.0.0.0:5000", "unspecified"},
		{"[::]:5000", "unspecified"},
		{"198.51.100.5:5000 ", "port"},
		{"", "is no endpoint"},
		{"127.0.0.1:05000", "begins with no zero"},
		{"[fe80::1%eth0]:5000", "the number of the interface"},
		{"\x1b[31mx", "'\\x1B[31mx' is a name"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct proc p;

		CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", cases[i].peer)),
			 2);
		CHECK_STR(p.out_text, "");
		CHECK(strstr(p.err_text, cases[i].sentence));
		CHECK(strstr(p.err_text, "see `altair connect --help`"));
		CHECK(strchr(p.err_text, '\n') == p.err_text + p.err_len - 1);
		CHECK(!strchr(p.err_text, '\x1b'));
		proc_free(&p);
	}
}

static void bad_options(void)
{
	static const char *const cases[][3] = {
		{"--timeout", "5x", "--timeout"},
		{"--timeout", "-1", "--timeout"},
		{"--timeout", "", "--timeout"},
		{"--timeout", "0", "--timeout"},
		{"--interval", "1ms", "--interval"},
		{"--interval", "99999999999999999999s", "--interval"},
		{"--attempts", "five", "--attempts"},
		{"--attempts", "1001", "--attempts"},
		{"--local-port", "0", "--local-port"},
		{"--local-port", "65536", "--local-port"},
		{"--local-port", "0x50", "--local-port"},
		{"--stun", "", "--stun"},
		{"--stun", "a b", "--stun"},
		{"--stun", "host:0", "--stun"},
		{"--stun", "host:", "--stun"},
		{"--stun", "[::1]x", "--stun"},
		{"--bogus", "x", "unknown option --bogus"},
		{"-z", "x", "unknown option -z"},
		{"-4", "-6", "exclude"},
		{"word", "x", "--peer goes without a code, a name"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct proc p;

		CHECK_EQ(
			proc_run(&p, ARGS("connect", "--peer", "198.51.100.5:5",
					  cases[i][0], cases[i][1])),
			2);
		CHECK(strstr(p.err_text, cases[i][2]));
		CHECK(strstr(p.err_text, "see `altair connect --help`"));
		proc_free(&p);
	}
}

static void no_peer_and_nobody_to_ask(void)
{
	struct proc p;

	CHECK_EQ(proc_run(&p, ARGS("connect")), 2);
	CHECK(strstr(p.err_text, "a code, a name, or --peer IP:PORT; there is "
				 "no terminal to ask for it"));
	proc_free(&p);
	proc_start(&p, PROC_TTY, ARGS("connect", "--json"));
	CHECK_EQ(proc_end(&p), 2);
	CHECK(strstr(p.out_text, "--json does not ask for it"));
	proc_free(&p);
}

/* Runs connect towards the peer, whom discoveries here showed. */
static int connect_shown(struct proc *p, const struct memory *memories,
			 size_t count)
{
	remember(memories, count);
	return proc_run(p, ARGS("connect", "--peer", peer.name, "--timeout",
				"200ms", "--stun", fake.name));
}

static void the_peer_is_what_discover_showed(void)
{
	const struct memory shown = {free_port(), 3, NULL, false, false};
	struct memory memories[2] = {
		shown, {free_port(), 5, "203.0.113.1:1", false, false}};
	struct proc p;

	setup();
	memories[0].mapped = peer.name;
	CHECK_EQ(connect_shown(&p, memories, 1), 2);
	CHECK(strstr(p.err_text, "is your own public endpoint"));
	proc_free(&p);
	CHECK_EQ(connect_shown(&p, memories, 2), 6);
	CHECK(strstr(p.err_text, "own `altair discover` showed that endpoint"));
	proc_free(&p);
	/* Somebody has that port: a peer on this computer. */
	memories[0].port = peer.port;
	CHECK_EQ(connect_shown(&p, memories, 1), 6);
	CHECK(!strstr(p.err_text, "own `altair discover`"));
	remember(NULL, 0);
	teardown(&p);
}

static void the_peer_is_ourselves(void)
{
	struct proc p;
	char number[8], name[32];

	setup();
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", "203.0.113.1:12345",
				   "--stun", fake.name)),
		 2);
	CHECK(strstr(p.err_text, "your own public endpoint"));
	proc_free(&p);
	snprintf(number, sizeof number, "%u", free_port());
	snprintf(name, sizeof name, "127.0.0.1:%s", number);
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", name, "--local-port",
				   number, "--stun", fake.name)),
		 2);
	CHECK(strstr(p.err_text, "own socket"));
	teardown(&p);
}

/* ---- failures ---- */

static void nothing_arrives(void)
{
	struct proc p;

	setup();
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", peer.name, "--timeout",
				   "200ms", "--stun", fake.name)),
		 6);
	CHECK(strstr(p.err_text, "nothing arrived from"));
	CHECK(strstr(p.err_text, "not running `altair connect`"));
	CHECK(strstr(p.err_text, "one of the two NATs"));
	teardown(&p);
}

static void our_mapping_varies(void)
{
	struct proc p;
	struct fake other;

	setup();
	fake_start(&other, FAKE_MAPPED, 1, 23456);
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", peer.name, "--timeout",
				   "500ms", "--stun", fake.name, "--stun",
				   other.name)),
		 6);
	CHECK(strstr(p.err_text, "note: your NAT gives a different port"));
	CHECK(strstr(p.err_text, "altair: no direct path to"));
	CHECK(strstr(p.err_text, "your own NAT"));
	fake_stop(&other);
	teardown(&p);
}

/* The second server answers when the punch has long begun. */
static void our_mapping_varies_as_it_turns_out_later(void)
{
	struct proc p;
	struct fake other;

	setup();
	fake_start(&other, FAKE_LATE, 1, 23456);
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--json", "--stun",
			fake.name, "--stun", other.name));
	CHECK(proc_expect(&p, "\"punching\""));
	CHECK(proc_expect(&p, "\"event\":\"mapping\",\"mapping\":"
			      "\"per-destination\",\"endpoint\":"
			      "\"203.0.113.1:12345\",\"other\":"
			      "\"203.0.113.1:23456\"}"));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	fake_stop(&other);
	teardown(&p);
}

static void a_failure_in_json(void)
{
	struct proc p;
	char number[8], local[32];

	setup();
	snprintf(number, sizeof number, "%u", free_port());
	snprintf(local, sizeof local, "127.0.0.1:%s", number);
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", peer.name, "--json",
				   "--local-port", number, "--timeout", "200ms",
				   "--stun", fake.name)),
		 6);
	CHECK(golden_equals(
		"connect-failed.json", p.out_text,
		(struct golden_word[]){{fake.name, GUIDE_SERVER},
				       {peer.name, GUIDE_PEER},
				       {local, "192.168.1.100:41023"},
				       {NULL, NULL}}));
	teardown(&p);
}

/* The peer is heard, but never takes notice of us. */
static void one_direction_only(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--timeout", "300ms",
			"--stun", fake.name));
	CHECK(peer_expect(&peer, "PUNCH"));
	peer_say(&peer, "PUNCH");
	CHECK_EQ(proc_end(&p), 6);
	CHECK(strstr(p.err_text, "only one direction works"));
	teardown(&p);
}

static void the_peers_host_refuses(void)
{
	struct proc p;
	struct fake other;

	setup();
	peer_close(&peer);
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", peer.name, "--timeout",
				   "500ms", "--stun", fake.name)),
		 5);
	CHECK(strstr(p.err_text, "refused our datagrams"));
	proc_free(&p);
	fake_start(&other, FAKE_MAPPED, 1, 23456);
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", peer.name, "--timeout",
				   "500ms", "--stun", fake.name, "--stun",
				   other.name)),
		 6);
	CHECK(strstr(p.err_text, "your own NAT"));
	CHECK(strstr(p.err_text, "host or router refuses our datagrams"));
	proc_free(&p);
	fake_stop(&other);
	fake_stop(&fake);
}

static void no_server_answers(void)
{
	struct proc p;
	struct fake silent;

	fake_start(&silent, FAKE_SILENT, 0, 0);
	CHECK_EQ(proc_run(&p, ARGS("connect", "--peer", "198.51.100.5:5000",
				   "--stun", silent.name)),
		 3);
	CHECK(strstr(p.err_text, "no STUN answer"));
	CHECK(!strstr(p.out_text, "Step 2"));
	proc_free(&p);
	fake_stop(&silent);
}

static void signals_before_the_connection(void)
{
	struct proc p;
	struct fake silent;

	setup();
	fake_start(&silent, FAKE_SILENT, 0, 0);
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", silent.name));
	CHECK(proc_expect(&p, "Step 1"));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	proc_free(&p);
	fake_stop(&silent);
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", fake.name));
	CHECK(proc_expect(&p, "Sending punch packets"));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	CHECK(!strstr(p.out_text, "Connection closed"));
	teardown(&p);
}

static void a_signal_during_the_test(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", "--peer", peer.name, "--stun", fake.name));
	CHECK(peer_expect(&peer, "PUNCH"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "Waiting for PING"));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	CHECK(strstr(p.out_text, "Connection closed: sent 0 messages"));
	teardown(&p);
}

static const struct check_test tests[] = {
	TEST(as_initiator),
	TEST(as_responder),
	TEST(without_the_test),
	TEST(in_json),
	TEST(two_of_us),
	TEST(both_are_initiators),
	TEST(neither_is_initiator),
	TEST(the_peer_answers_from_another_port),
	TEST(the_port_of_discover_is_used_again),
	TEST(an_old_port_is_not),
	TEST(a_forgotten_endpoint_is_not_compared),
	TEST(the_port_of_ones_own_is_used),
	TEST(another_sessions_port_is_better_than_none),
	TEST(a_taken_port_is_replaced),
	TEST(a_changed_endpoint_is_said),
	TEST(bad_peers),
	TEST(bad_options),
	TEST(no_peer_and_nobody_to_ask),
	TEST(the_peer_is_what_discover_showed),
	TEST(the_peer_is_ourselves),
	TEST(nothing_arrives),
	TEST(our_mapping_varies),
	TEST(our_mapping_varies_as_it_turns_out_later),
	TEST(a_failure_in_json),
	TEST(one_direction_only),
	TEST(the_peers_host_refuses),
	TEST(no_server_answers),
	TEST(signals_before_the_connection),
	TEST(a_signal_during_the_test),
};

CHECK_MAIN(tests)
