/*
 * How a code gets to the command: every source, every way of writing it, and what
 * is none. The server here takes connections and says nothing: that one comes
 * shows that the code was taken.
 */
#define _GNU_SOURCE
#include "check.h"
#include "fake.h"
#include "proc.h"

#include <altair/code.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_MS 20000

static struct {
	int fd;
	char url[64];
} server;

static const altair_code code = {.nameplate = 7, .words = {100, 3000}};
static char text[ALTAIR_CODE_TEXT];
static const char *first, *second; /* its words */

static void setup(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;

	CHECK(altair_code_format(&code, text, sizeof text) > 0);
	first = altair_code_word(code.words[0]);
	second = altair_code_word(code.words[1]);
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(server.fd, (struct sockaddr *)&addr, sizeof addr) == 0);
	CHECK(listen(server.fd, 4) == 0);
	CHECK(getsockname(server.fd, (struct sockaddr *)&addr, &len) == 0);
	snprintf(server.url, sizeof server.url, "ws://127.0.0.1:%u",
		 ntohs(addr.sin_port));
}

static void teardown(void)
{
	close(server.fd);
}

static bool comes(int ms)
{
	struct pollfd wait = {.fd = server.fd, .events = POLLIN};

	return poll(&wait, 1, ms) == 1;
}

/* The command has taken the code; it is ended. */
static void check_taken(struct proc *p)
{
	CHECK(comes(DEADLINE_MS));
	proc_signal(p, SIGTERM);
	CHECK_EQ(proc_end(p), 128 + SIGTERM);
	proc_free(p);
}

static bool file_holds(const struct proc *p, const char *name, const char *word)
{
	char path[64], content[65536];
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)p->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	len = read(fd, content, sizeof content);
	close(fd);
	CHECK(len > 0);
	return memmem(content, (size_t)len, word, strlen(word)) != NULL;
}

/* ---- where it comes from ---- */

static void an_argument_is_wiped(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_NULL,
		   ARGS("connect", text, "--server", server.url));
	CHECK(comes(DEADLINE_MS));
	CHECK(file_holds(&p, "cmdline", "--server"));
	CHECK(!file_holds(&p, "cmdline", first));
	CHECK(!file_holds(&p, "cmdline", second));
	check_taken(&p);
	teardown();
}

static void the_environment_is_wiped(void)
{
	struct proc p;

	setup();
	setenv("ALTAIR_CODE", text, 1);
	proc_start(&p, PROC_NULL, ARGS("ping", "--server", server.url));
	unsetenv("ALTAIR_CODE");
	CHECK(comes(DEADLINE_MS));
	CHECK(!file_holds(&p, "environ", first));
	check_taken(&p);
	teardown();
}

static void from_a_file(void)
{
	char path[] = "/tmp/altair-code.XXXXXX";
	struct proc p;
	int fd;

	setup();
	fd = mkostemp(path, O_CLOEXEC);
	CHECK(fd >= 0);
	dprintf(fd, "%s\nand more\n", text);
	close(fd);
	proc_start(
		&p, PROC_NULL,
		ARGS("connect", "--code-file", path, "--server", server.url));
	check_taken(&p);
	unlink(path);
	teardown();
}

static void from_standard_input(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_PIPE,
		   ARGS("connect", "--code-file", "-", "--server", server.url));
	CHECK(!comes(200)); /* it waits for the line */
	proc_type(&p, text);
	proc_type(&p, "\nfor the peer\n");
	check_taken(&p);
	teardown();
}

/* ---- how it is written ---- */

static void case_and_separators_are_forgiven(void)
{
	char form[4][80];
	struct proc p;

	setup();
	snprintf(form[0], sizeof form[0], "7 %s %s", first, second);
	snprintf(form[1], sizeof form[1], "7_%s.%s", first, second);
	snprintf(form[2], sizeof form[2], " 7, %s -- %s ", first, second);
	snprintf(form[3], sizeof form[3], "%s", text);
	for (char *c = form[3]; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	for (size_t i = 0; i < 4; i++) {
		proc_start(&p, PROC_NULL,
			   ARGS("connect", form[i], "--server", server.url));
		check_taken(&p);
		close(accept(server.fd, NULL, NULL));
	}
	teardown();
}

/* Status 2, one line on stderr that holds `sentence`; nothing went out. */
static void check_refused(const char *const args[], const char *sentence)
{
	struct proc p;

	CHECK_EQ(proc_run(&p, args), 2);
	CHECK_EQ(p.out_len, 0);
	if (!strstr(p.err_text, sentence))
		printf("# it says: %s", p.err_text);
	CHECK(strstr(p.err_text, sentence));
	CHECK(strchr(p.err_text, '\n') == p.err_text + p.err_len - 1);
	CHECK(!comes(0));
	proc_free(&p);
}

static void what_is_no_code_never_leaves(void)
{
	static const char *const neither[] = {
		"7", "7-", "acorn", "x-acorn-river", "0-", "7--", "nobody",
	};
	char near_miss[64];

	setup();
	for (size_t i = 0; i < sizeof neither / sizeof *neither; i++)
		check_refused(
			ARGS("connect", neither[i], "--server", server.url),
			"is neither a code");
	snprintf(near_miss, sizeof near_miss, "7-%s", first);
	check_refused(ARGS("connect", near_miss, "--server", server.url),
		      "is neither a code");
	snprintf(near_miss, sizeof near_miss, "7-%s-qqqqq", first);
	check_refused(ARGS("connect", near_miss, "--server", server.url),
		      "one of its words is none");
	check_refused(ARGS("ping", "7-qqqqq-zzzzz", "--server", server.url),
		      "one of its words is none");
	teardown();
}

static void what_excludes_each_other(void)
{
	setup();
	check_refused(ARGS("connect", text, "--code-file", "x", "--server",
			   server.url),
		      "exclude each other");
	check_refused(ARGS("connect", text, "--peer", "192.0.2.1:5000"),
		      "--peer goes without a code");
	check_refused(ARGS("connect", text, "--manual"),
		      "--manual goes without a code");
	check_refused(
		ARGS("connect", text, "--initiator", "--server", server.url),
		"go with --peer");
	check_refused(ARGS("connect", text, "more", "--server", server.url),
		      "unexpected argument 'more'");
	check_refused(ARGS("connect", text, "--as", "7-acorn-river", "--server",
			   server.url),
		      "looks like a code");
	check_refused(ARGS("connect", "--code-file", "/nonexistent/code",
			   "--server", server.url),
		      "cannot read /nonexistent/code");
	teardown();
}

static void without_a_terminal_nothing_is_asked(void)
{
	struct proc p;

	setup();
	check_refused(ARGS("connect", "--server", server.url),
		      "there is no terminal");
	check_refused(ARGS("ping", "--server", server.url), "say whom");
	proc_start(&p, PROC_PIPE, ARGS("connect", "--server", server.url));
	CHECK_EQ(proc_end(&p), 2);
	proc_free(&p);
	teardown();
}

/* ---- the prompt ---- */

static void tab_completes(void)
{
	char typed[64];
	struct proc p;

	setup();
	proc_start(&p, PROC_TTY, ARGS("ping", "--server", server.url));
	CHECK(proc_expect(&p, "Code or name"));
	proc_type(&p, "7\t");
	CHECK(proc_expect(&p, "7-"));
	/* Five letters are enough for any word. */
	snprintf(typed, sizeof typed, "%.5s\t", first);
	proc_type(&p, typed);
	CHECK(proc_expect(&p, first));
	CHECK(proc_expect(&p, "-"));
	snprintf(typed, sizeof typed, "%c\t", second[0]);
	proc_type(&p, typed);
	CHECK(proc_expect(&p, "and ")); /* so many more words */
	CHECK(proc_expect(&p, first));	/* and the line again */
	snprintf(typed, sizeof typed, "%.4s\t", second + 1);
	proc_type(&p, typed);
	CHECK(proc_expect(&p, second));
	CHECK(!comes(100));
	proc_type(&p, "\r");
	CHECK(comes(DEADLINE_MS));
	CHECK(proc_terminal_is_as_before(&p));
	check_taken(&p);
	teardown();
}

static void a_wrong_word_is_asked_again(void)
{
	struct proc p;

	setup();
	proc_start(&p, PROC_TTY, ARGS("ping", "--server", server.url));
	CHECK(proc_expect(&p, "Code or name"));
	proc_type(&p, "7-qqqqq-zzzzz\r");
	CHECK(proc_expect(&p, "one of its words is none"));
	CHECK(proc_expect(&p, "Code or name"));
	proc_type(&p, text);
	proc_type(&p, "\r");
	check_taken(&p);
	teardown();
}

static void bare_connect_takes_a_code(void)
{
	struct fake fake;
	struct proc p;

	setup();
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	proc_start(
		&p, PROC_TTY,
		ARGS("connect", "--stun", fake.name, "--server", server.url));
	CHECK(proc_expect(&p, "✓ Your public endpoint: 203.0.113.1:12345"));
	CHECK(proc_expect(&p, "IP:Port, code or name: "));
	CHECK(!comes(0));
	proc_type(&p, text);
	proc_type(&p, "\r");
	check_taken(&p);
	fake_stop(&fake);
	teardown();
}

/* No answer of a STUN server is no reason not to take a code. */
static void bare_connect_without_stun(void)
{
	struct fake fake;
	struct proc p;

	setup();
	fake_start(&fake, FAKE_ERROR, 1, 12345);
	proc_start(
		&p, PROC_TTY,
		ARGS("connect", "--stun", fake.name, "--server", server.url));
	CHECK(proc_expect(&p, "IP:Port, code or name: "));
	proc_type(&p, text);
	proc_type(&p, "\r");
	check_taken(&p);
	fake_stop(&fake);
	teardown();
}

/* ---- a server that is not there ---- */

static void nobody_at_the_servers_address(void)
{
	const char *const commands[] = {"connect", "ping", "listen"};
	struct proc p;

	setup();
	close(server.fd);
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQ(proc_run(&p, ARGS(commands[i], "--server", server.url,
					   i < 2 ? text : NULL)),
			 4);
		CHECK(strstr(p.err_text, "the server cannot be reached"));
		proc_free(&p);
	}
}

static const struct check_test tests[] = {
	TEST(an_argument_is_wiped),
	TEST(the_environment_is_wiped),
	TEST(from_a_file),
	TEST(from_standard_input),
	TEST(case_and_separators_are_forgiven),
	TEST(what_is_no_code_never_leaves),
	TEST(what_excludes_each_other),
	TEST(without_a_terminal_nothing_is_asked),
	TEST(tab_completes),
	TEST(a_wrong_word_is_asked_again),
	TEST(bare_connect_takes_a_code),
	TEST(bare_connect_without_stun),
	TEST(nobody_at_the_servers_address),
};

CHECK_MAIN(tests)
