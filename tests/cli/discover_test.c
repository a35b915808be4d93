/*
 * altair discover against servers that answer well, badly, late or never.
 */
#define _GNU_SOURCE
#include "check.h"
#include "fake.h"
#include "golden.h"
#include "proc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUIDE_SERVER "stun.l.google.com:19302"

static void the_guides_lines(void)
{
	struct fake fake;
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", fake.name)), 0);
	CHECK(golden_equals("discover.txt", p.out_text,
			    (struct golden_word[]){{fake.name, GUIDE_SERVER},
						   {NULL, NULL}}));
	CHECK_STR(p.err_text, "");
	proc_free(&p);
	fake_stop(&fake);
}

static void one_json_object(void)
{
	struct fake fake, other;
	struct proc p;
	struct peer port; /* only for a free number */
	char number[8], local[32];

	peer_open(&port);
	peer_close(&port);
	snprintf(number, sizeof number, "%u", port.port);
	snprintf(local, sizeof local, "127.0.0.1:%u", port.port);
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	fake_start(&other, FAKE_MAPPED, 1, 12345);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--json", "--local-port", number,
				   "--stun", fake.name, "--stun", other.name)),
		 0);
	CHECK(golden_equals(
		"discover.json", p.out_text,
		(struct golden_word[]){{fake.name, GUIDE_SERVER},
				       {other.name, GUIDE_SERVER},
				       {local, "192.168.1.100:41023"},
				       {NULL, NULL}}));
	proc_free(&p);
	fake_stop(&fake);
	fake_stop(&other);
}

static void a_varying_mapping_is_said(void)
{
	struct fake fake, other;
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	fake_start(&other, FAKE_MAPPED, 1, 23456);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", fake.name, "--stun",
				   other.name)),
		 0);
	CHECK(strstr(p.out_text, "✓ Discovered public endpoint: 203.0.113.1:"));
	CHECK(strstr(p.err_text, "a different port per destination"));
	CHECK(strstr(p.err_text, "203.0.113.1:12345"));
	CHECK(strstr(p.err_text, "203.0.113.1:23456"));
	CHECK(strstr(p.err_text, "will probably not work"));
	proc_free(&p);
	fake_stop(&fake);
	fake_stop(&other);
}

/* The timeout is beyond the deadline of this test. */
static void a_silent_server_delays_nothing(void)
{
	struct fake fake, silent;
	struct proc p;

	fake_start(&silent, FAKE_SILENT, 0, 0);
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--timeout", "600", "--stun",
				   silent.name, "--stun", fake.name)),
		 0);
	CHECK(strstr(p.out_text, "203.0.113.1:12345"));
	proc_free(&p);
	fake_stop(&fake);
	fake_stop(&silent);
}

static void no_good_answer(void)
{
	static const struct {
		enum fake_mode mode;
		const char *sentence;
	} cases[] = {
		{FAKE_SILENT, "no STUN answer from"},
		{FAKE_WRONG_ID, "no valid STUN answer from"},
		{FAKE_OTHER_SOURCE, "no"},
		{FAKE_GARBAGE, "no"},
		{FAKE_ERROR, "answered with an error (500)"},
		{FAKE_EMPTY, "answered without telling our endpoint"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fake fake;
		struct proc p;

		fake_start(&fake, cases[i].mode, 1, 12345);
		CHECK_EQ(proc_run(&p, ARGS("discover", "--timeout", "300ms",
					   "--stun", fake.name)),
			 3);
		CHECK(strstr(p.err_text, cases[i].sentence));
		CHECK(strstr(p.err_text, fake.name));
		CHECK(!strstr(p.out_text, "203.0.113"));
		proc_free(&p);
		fake_stop(&fake);
	}
}

/* The timeout is beyond the deadline of this test. */
static void a_refusal_ends_it_at_once(void)
{
	struct peer nobody;
	struct proc p;

	peer_open(&nobody);
	peer_close(&nobody);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--timeout", "600", "--stun",
				   nobody.name)),
		 3);
	CHECK(strstr(p.err_text, "were refused"));
	CHECK(strstr(p.err_text, nobody.name));
	proc_free(&p);
}

static void a_refusal_leaves_the_others_time(void)
{
	struct peer nobody;
	struct fake fake;
	struct proc p;

	peer_open(&nobody);
	peer_close(&nobody);
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", nobody.name, "--stun",
				   fake.name)),
		 0);
	CHECK(strstr(p.out_text, "203.0.113.1:12345"));
	proc_free(&p);
	fake_stop(&fake);
}

static void failures_in_json(void)
{
	struct fake fake;
	struct proc p;

	fake_start(&fake, FAKE_SILENT, 0, 0);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--json", "--timeout", "100ms",
				   "--stun", fake.name)),
		 3);
	CHECK(golden_equals("discover-failed.json", p.out_text,
			    (struct golden_word[]){{fake.name, GUIDE_SERVER},
						   {NULL, NULL}}));
	CHECK(strstr(p.err_text, "altair: no STUN answer"));
	proc_free(&p);
	fake_stop(&fake);
}

static void an_unresolvable_name(void)
{
	struct proc p;

	CHECK_EQ(proc_run(&p, ARGS("discover", "--timeout", "2s", "--stun",
				   "nowhere.invalid")),
		 3);
	CHECK(strstr(p.err_text, "resolve"));
	proc_free(&p);
}

static void a_taken_local_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t len = sizeof any;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct proc p;
	char number[8];

	CHECK(bind(fd, (struct sockaddr *)&any, sizeof any) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&any, &len) == 0);
	snprintf(number, sizeof number, "%u", ntohs(any.sin_port));
	CHECK_EQ(proc_run(&p, ARGS("discover", "--local-port", number)), 3);
	CHECK(strstr(p.err_text, "is taken"));
	CHECK(strstr(p.err_text, number));
	proc_free(&p);
	close(fd);
}

static void the_environment_names_servers(void)
{
	static const char *const names[] = {"STUN_SERVER", "ALTAIR_STUN"};

	for (size_t i = 0; i < 2; i++) {
		struct fake fake;
		struct proc p;

		fake_start(&fake, FAKE_MAPPED, 1, 12345);
		setenv(names[i], fake.name, 1);
		CHECK_EQ(proc_run(&p, ARGS("discover")), 0);
		unsetenv(names[i]);
		CHECK(strstr(p.out_text, fake.name));
		proc_free(&p);
		fake_stop(&fake);
	}
}

static void the_memory_is_private(void)
{
	struct fake fake;
	struct proc p;
	struct stat stat_of;
	char path[128];

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", fake.name)), 0);
	snprintf(path, sizeof path, "%s/altair", proc_state());
	CHECK(stat(path, &stat_of) == 0);
	CHECK_EQ(stat_of.st_mode & 0777, 0700);
	snprintf(path, sizeof path, "%s/altair/discover", proc_state());
	CHECK(stat(path, &stat_of) == 0);
	CHECK_EQ(stat_of.st_mode & 0777, 0600);
	proc_free(&p);
	fake_stop(&fake);
}

/* A directory below a file cannot be made, not even by root. */
static void an_unwritable_memory_is_a_note(void)
{
	struct fake fake;
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	setenv("CLI_STATE", "/dev/null/nowhere", 1);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", fake.name)), 0);
	unsetenv("CLI_STATE");
	CHECK(strstr(p.out_text, "203.0.113.1:12345"));
	CHECK(strstr(p.err_text, "note: cannot write to /dev/null/nowhere"));
	proc_free(&p);
	fake_stop(&fake);
}

/* A FIFO where the file should be, and a lock that nobody gives back, hold
 * nothing up. */
static void a_strange_memory_is_not_waited_for(void)
{
	struct fake fake;
	struct proc p;
	char path[128];
	int lock;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	snprintf(path, sizeof path, "%s/altair", proc_state());
	mkdir(path, 0700);
	lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_EQ(flock(lock, LOCK_EX), 0);
	snprintf(path, sizeof path, "%s/altair/discover", proc_state());
	unlink(path);
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", fake.name)), 0);
	CHECK_STR(p.err_text, "");
	proc_free(&p);
	close(lock);
	unlink(path);
	fake_stop(&fake);
}

static void colours_only_where_they_are_wanted(void)
{
	struct fake fake;
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	setenv("CLI_COLOR", "1", 1);
	proc_start(&p, PROC_TTY, ARGS("discover", "--stun", fake.name));
	CHECK_EQ(proc_end(&p), 0);
	CHECK(strstr(p.out_text, "\x1b[32m✓ Discovered public endpoint: "
				 "203.0.113.1:12345\x1b[0m\r\n"));
	proc_free(&p);
	CHECK_EQ(proc_run(&p, ARGS("discover", "--stun", fake.name)), 0);
	CHECK(!strchr(p.out_text, 0x1b));
	proc_free(&p);
	setenv("NO_COLOR", "1", 1);
	proc_start(&p, PROC_TTY, ARGS("discover", "--stun", fake.name));
	CHECK_EQ(proc_end(&p), 0);
	CHECK(!strchr(p.out_text, 0x1b));
	proc_free(&p);
	unsetenv("NO_COLOR");
	unsetenv("CLI_COLOR");
	proc_start(&p, PROC_TTY, ARGS("discover", "--stun", fake.name));
	CHECK_EQ(proc_end(&p), 0);
	CHECK(!strchr(p.out_text, 0x1b));
	proc_free(&p);
	fake_stop(&fake);
}

static void holding_until_a_signal(void)
{
	struct fake fake;
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	proc_start(&p, PROC_NULL,
		   ARGS("discover", "--hold", "--stun", fake.name));
	CHECK(proc_expect(&p, "Holding this endpoint open."));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	proc_free(&p);
	fake_stop(&fake);
}

static void signals_while_asking(void)
{
	static const int signals[] = {SIGINT, SIGTERM};

	for (size_t i = 0; i < 2; i++) {
		struct fake fake;
		struct proc p;

		fake_start(&fake, FAKE_SILENT, 0, 0);
		proc_start(&p, PROC_NULL,
			   ARGS("discover", "--timeout", "600", "--stun",
				fake.name));
		CHECK(proc_expect(&p, "Discovering public endpoint"));
		proc_signal(&p, signals[i]);
		CHECK_EQ(proc_end(&p), 128 + signals[i]);
		proc_free(&p);
		fake_stop(&fake);
	}
}

static void a_reader_that_went_away(void)
{
	struct fake fake;
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	proc_start(&p, PROC_NULL,
		   ARGS("discover", "--hold", "--stun", fake.name));
	proc_close_out(&p);
	CHECK_EQ(proc_end(&p), 1);
	CHECK(strstr(p.err_text, "cannot write to the output"));
	proc_free(&p);
	fake_stop(&fake);
}

static const struct check_test tests[] = {
	TEST(the_guides_lines),
	TEST(one_json_object),
	TEST(a_varying_mapping_is_said),
	TEST(a_silent_server_delays_nothing),
	TEST(no_good_answer),
	TEST(a_refusal_ends_it_at_once),
	TEST(a_refusal_leaves_the_others_time),
	TEST(failures_in_json),
	TEST(an_unresolvable_name),
	TEST(a_taken_local_port),
	TEST(the_environment_names_servers),
	TEST(the_memory_is_private),
	TEST(an_unwritable_memory_is_a_note),
	TEST(a_strange_memory_is_not_waited_for),
	TEST(colours_only_where_they_are_wanted),
	TEST(holding_until_a_signal),
	TEST(signals_while_asking),
	TEST(a_reader_that_went_away),
};

CHECK_MAIN(tests)
