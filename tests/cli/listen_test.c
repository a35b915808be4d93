/*
 * listen and connect on terminals: the name of a new peer is asked for, what a peer
 * writes cannot drive the terminal, and Tab knows whom we have met.
 */
#define _GNU_SOURCE
#include "check.h"
#include "proc.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define QUESTION "What do you call this peer?"

static struct proc server;
static char url[256], other_state[64];

/* Copies what stands behind `word` in a text, up to a blank. */
static void copy_word(char *out, size_t cap, const char *text, const char *word)
{
	const char *at = strstr(text, word);
	size_t len;

	CHECK(at);
	at += strlen(word);
	at += strspn(at, " ");
	len = strcspn(at, " \r\n");
	CHECK(len > 0 && len < cap);
	memcpy(out, at, len);
	out[len] = '\0';
}

static void serve(void)
{
	proc_start(&server, PROC_NULL,
		   ARGS("serve", "--listen", "127.0.0.1:0", "--relay-allow",
			"127.0.0.1/32"));
	CHECK(proc_expect(&server, "server:   wss://"));
	CHECK(proc_expect(&server, "\n"));
	copy_word(url, sizeof url, server.out_text, "server: ");
}

/* The other one has a home of his own. */
static void setup(void)
{
	snprintf(other_state, sizeof other_state, "/tmp/altair-ben.XXXXXX");
	CHECK(mkdtemp(other_state));
	serve();
}

static void remove_home(void)
{
	static const char *const files[] = {
		"/altair/identity.pem", "/altair/known_peers", "/altair", ""};
	char path[128];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s%s", other_state, files[i]);
		remove(path);
	}
}

static void teardown(void)
{
	proc_signal(&server, SIGTERM);
	proc_end(&server);
	proc_free(&server);
	remove_home();
}

static void listen_on_terminal(struct proc *p, char *code, size_t cap)
{
	proc_start(p, PROC_TTY,
		   ARGS("listen", "--server", url, "--interface", "lo"));
	CHECK(proc_expect(p, "Code: "));
	CHECK(proc_expect(p, "\n"));
	copy_word(code, cap, p->out_text, "Code: ");
}

static void connect_as_other(struct proc *p, enum proc_stdin in,
			     const char *whom, const char *as)
{
	setenv("CLI_STATE", other_state, 1);
	proc_start(p, in,
		   ARGS("connect", "--server", url, "--interface", "lo", whom,
			"--as", as));
	unsetenv("CLI_STATE");
}

static void type(struct proc *p, const char *text)
{
	proc_type(p, text);
	proc_type(p, "\r");
}

/* The answer is taken a moment after its echo. */
static bool is_given_back(const struct proc *p)
{
	for (int tries = 0; tries < 1000; tries++) {
		if (proc_terminal_is_as_before(p))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static void a_new_peer_gets_a_name(void)
{
	struct proc ann, ben;
	char code[64];

	setup();
	listen_on_terminal(&ann, code, sizeof code);
	connect_as_other(&ben, PROC_PIPE, code, "Ann");
	CHECK(proc_expect(&ann, "✓ Connected to peer-"));
	CHECK(proc_expect(&ann, QUESTION));
	type(&ann, "7-acorn-river");
	CHECK(proc_expect(&ann, "this name looks like a code"));
	CHECK(proc_expect(&ann, QUESTION));
	type(&ann, "Ben");
	CHECK(proc_expect(&ben, "✓ Connected to Ann"));
	CHECK(is_given_back(&ann));
	proc_type(&ann, "the first line\n");
	CHECK(proc_expect(&ben, "the first line\n"));
	CHECK(!strstr(ben.out_text, "Ben"));
	proc_close_in(&ben);
	CHECK_EQ(proc_end(&ben), 0);
	CHECK_EQ(proc_end(&ann), 0);
	CHECK(strstr(ann.out_text, "note: Ben has left"));
	proc_free(&ann);
	proc_free(&ben);
	CHECK_EQ(proc_run(&ann, ARGS("peers")), 0);
	CHECK(strstr(ann.out_text, "  Ben\n"));
	proc_free(&ann);
	teardown();
}

static void what_a_peer_writes_is_escaped(void)
{
	static const char text[] = "\x1b[2J\x07 \xe2\x80\xae \xff done\n";
	struct proc ann, ben;
	char code[64];

	setup();
	listen_on_terminal(&ann, code, sizeof code);
	connect_as_other(&ben, PROC_PIPE, code, "Ann");
	CHECK(proc_expect(&ann, QUESTION));
	type(&ann, ""); /* keeps what it has */
	CHECK(is_given_back(&ann));
	proc_send(&ben, text, sizeof text - 1);
	CHECK(proc_expect(&ann,
			  "\\x1B[2J\\x07 \\xE2\\x80\\xAE \\xFF done\r\n"));
	CHECK(!memchr(ann.out_text, '\x1b', ann.out_len));
	/* ... and the words of the commands are no text. */
	proc_send(&ben, "\0ping 1\n", 8);
	CHECK(proc_expect_note(&ben, "begins with a NUL byte"));
	proc_type(&ann, "\x03");
	CHECK_EQ(proc_end(&ann), 130);
	CHECK(proc_terminal_is_as_before(&ann));
	CHECK_EQ(proc_end(&ben), 0);
	proc_free(&ann);
	proc_free(&ben);
	teardown();
}

/* In the middle of the question for the name. */
static void a_terminal_is_given_back(void)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
	struct proc ann, ben;
	char code[64];

	setup();
	for (size_t i = 0; i < 3; i++) {
		listen_on_terminal(&ann, code, sizeof code);
		connect_as_other(&ben, PROC_PIPE, code, "Ann");
		CHECK(proc_expect(&ann, "✓ Connected to "));
		if (i == 0) { /* later it is known */
			CHECK(proc_expect(&ann, QUESTION));
			CHECK(!proc_terminal_is_as_before(&ann));
		}
		proc_signal(&ann, signals[i]);
		CHECK_EQ(proc_end(&ann), 128 + signals[i]);
		CHECK(proc_terminal_is_as_before(&ann));
		CHECK_EQ(proc_end(&ben), 0);
		proc_free(&ann);
		proc_free(&ben);
	}
	teardown();
}

static void tab_knows_whom_we_have_met(void)
{
	struct proc ann, ben;
	char code[64];

	setup();
	listen_on_terminal(&ann, code, sizeof code);
	connect_as_other(&ben, PROC_PIPE, code, "Annabel of the third floor");
	CHECK(proc_expect(&ann, QUESTION));
	type(&ann, "Benjamin");
	CHECK(proc_expect(&ben, "✓ Connected to Annabel"));
	proc_close_in(&ben);
	CHECK_EQ(proc_end(&ben), 0);
	CHECK_EQ(proc_end(&ann), 0);
	proc_free(&ann);
	proc_free(&ben);
	proc_start(&ann, PROC_PIPE,
		   ARGS("listen", "--server", url, "--interface", "lo",
			"--allow", "Benjamin"));
	CHECK(proc_expect(&ann, "Waiting for Benjamin\n"));
	setenv("CLI_STATE", other_state, 1);
	proc_start(
		&ben, PROC_TTY,
		ARGS("ping", "--server", url, "--interface", "lo", "-c", "1"));
	unsetenv("CLI_STATE");
	CHECK(proc_expect(&ben, "Code or name"));
	proc_type(&ben, "Ann\t");
	CHECK(proc_expect(&ben, "Annabel of the third floor"));
	proc_type(&ben, "\r");
	CHECK(proc_expect(&ben, "pong  "));
	CHECK_EQ(proc_end(&ben), 0);
	CHECK_EQ(proc_end(&ann), 0);
	proc_free(&ann);
	proc_free(&ben);
	teardown();
}

static const struct check_test tests[] = {
	TEST(a_new_peer_gets_a_name),
	TEST(what_a_peer_writes_is_escaped),
	TEST(a_terminal_is_given_back),
	TEST(tab_knows_whom_we_have_met),
};

CHECK_MAIN(tests)
