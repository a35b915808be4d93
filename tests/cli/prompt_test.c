/*
 * connect without --peer, on a terminal.
 */
#define _GNU_SOURCE
#include "check.h"
#include "fake.h"
#include "proc.h"

#include <signal.h>
#include <stdlib.h>

#define QUESTION "Peer's public IP:Port, code or name: "

static struct fake fake;
static struct peer peer;

static void ask(struct proc *p)
{
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	peer_open(&peer);
	proc_start(p, PROC_TTY, ARGS("connect", "--stun", fake.name));
	CHECK(proc_expect(p, "✓ Your public endpoint: 203.0.113.1:12345"));
	CHECK(proc_expect(p, QUESTION));
}

static void teardown(struct proc *p)
{
	proc_free(p);
	fake_stop(&fake);
	peer_close(&peer);
}

static void the_answer_connects(void)
{
	struct proc p;

	ask(&p);
	proc_type(&p, peer.name);
	proc_type(&p, "\n");
	CHECK(proc_expect(&p, "Step 2: Connection Information"));
	CHECK(peer_expect(&peer, "PUNCH"));
	peer_say(&peer, "PING");
	peer_say(&peer, "PING");
	CHECK(proc_expect(&p, "✓ Round-trip successful!"));
	CHECK(proc_expect(&p, "Press Ctrl+C to close."));
	proc_type(&p, "hello\n");
	CHECK(peer_receive_message(&peer));
	CHECK_STR(peer.text, "hello");
	CHECK(proc_terminal_is_as_before(&p));
	proc_type(&p, "\x03");
	CHECK_EQ(proc_end(&p), 130);
	teardown(&p);
}

static void wrong_answers_are_asked_again(void)
{
	static const char *const cases[][2] = {
		{"\n", ""},
		{"example.org:5000\n", "is a name"},
		{"198.51.100.5\n", "has no port"},
		{"203.0.113.1:12345\n", "your own endpoint"},
		{"[2001:db8::1]:5\n", "no public IPv6"},
	};
	struct proc p;

	ask(&p);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		proc_type(&p, cases[i][0]);
		CHECK(proc_expect(&p, cases[i][1]));
		CHECK(proc_expect(&p, QUESTION));
	}
	proc_type(&p, "  ");
	proc_type(&p, peer.name);
	proc_type(&p, " \n");
	CHECK(peer_expect(&peer, "PUNCH"));
	proc_type(&p, "\x03");
	CHECK_EQ(proc_end(&p), 130);
	teardown(&p);
}

static void interrupted(void)
{
	struct proc p;

	ask(&p);
	proc_type(&p, "198.51\x03");
	CHECK_EQ(proc_end(&p), 130);
	CHECK(proc_terminal_is_as_before(&p));
	teardown(&p);
}

static void given_up(void)
{
	struct proc p;

	ask(&p);
	proc_type(&p, "\x04");
	CHECK_EQ(proc_end(&p), 2);
	CHECK(proc_expect(&p, "\r\naltair: no peer was given"));
	CHECK(proc_terminal_is_as_before(&p));
	teardown(&p);
}

/* SIGTERM and SIGHUP find the terminal in our mode, too. */
static void ended_by_others(void)
{
	static const int signals[] = {SIGTERM, SIGHUP};
	struct proc p;

	for (size_t i = 0; i < 2; i++) {
		ask(&p);
		CHECK(!proc_terminal_is_as_before(&p));
		proc_signal(&p, signals[i]);
		CHECK_EQ(proc_end(&p), 128 + signals[i]);
		CHECK(proc_terminal_is_as_before(&p));
		teardown(&p);
	}
}

/* The secret is asked for before anything else, and not shown. */
static void secrets_are_not_shown(void)
{
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	peer_open(&peer);
	proc_start(&p, PROC_TTY,
		   ARGS("connect", "--peer", peer.name, "--secret", "--stun",
			fake.name));
	CHECK(proc_expect(&p, "Secret that both sides know: "));
	CHECK(!proc_terminal_is_as_before(&p));
	proc_type(&p, "tangerixx\x7f\x7fne\n");
	CHECK(proc_expect(&p, "✓ Your public endpoint"));
	CHECK(proc_terminal_is_as_before(&p));
	proc_type(&p, "\x03");
	CHECK_EQ(proc_end(&p), 130);
	CHECK(strstr(p.out_text, "tanger") == NULL);
	teardown(&p);
}

static void no_secret_after_all(void)
{
	struct proc p;

	for (int i = 0; i < 3; i++) {
		peer_open(&peer);
		fake_start(&fake, FAKE_MAPPED, 1, 12345);
		proc_start(&p, PROC_TTY,
			   ARGS("connect", "--peer", peer.name, "--secret"));
		CHECK(proc_expect(&p, "Secret that both sides know: "));
		if (i == 2)
			proc_signal(&p, SIGTERM);
		else
			proc_type(&p, i == 0 ? "\x03" : "\x04");
		CHECK_EQ(proc_end(&p), i == 0 ? 130 : i == 1 ? 2 : 143);
		CHECK(proc_terminal_is_as_before(&p));
		teardown(&p);
	}
}

static const struct check_test tests[] = {
	TEST(the_answer_connects), TEST(wrong_answers_are_asked_again),
	TEST(interrupted),	   TEST(given_up),
	TEST(ended_by_others),	   TEST(secrets_are_not_shown),
	TEST(no_secret_after_all),
};

CHECK_MAIN(tests)
