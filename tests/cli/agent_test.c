/*
 * altair agent as a script meets it: two of them on loopback, the test being
 * their signalling, and lines that make no sense.
 */
#define _GNU_SOURCE
#include "agent_side.h"
#include "check.h"
#include "fake.h"
#include "golden.h"

#include <signal.h>
#include <stdlib.h>

static struct side ours, theirs;

static void connect_both(void)
{
	CHECK(side_start(&ours, "--controlling", ARGS(NULL)));
	CHECK(side_start(&theirs, "--controlled", ARGS(NULL)));
	CHECK(side_read_candidates(&ours));
	CHECK(side_read_candidates(&theirs));
	side_introduce(&ours, &theirs);
	side_introduce(&theirs, &ours);
	CHECK(proc_expect(&ours.proc, "\"state\":\"completed\""));
	CHECK(proc_expect(&theirs.proc, "\"state\":\"completed\""));
}

static void free_both(void)
{
	proc_free(&ours.proc);
	proc_free(&theirs.proc);
}

/* ---- two agents ---- */

static char lines[8192];

/* Appends the first line that holds `text`. Which lines come is up to the race of
 * the checks; what each looks like is not. */
static void take_line(const struct proc *p, const char *text)
{
	const char *at = strstr(p->out_text, text), *start = at, *end;
	size_t len = strlen(lines);

	if (!at) {
		printf("# no line has %s\n", text);
		return;
	}
	while (start > p->out_text && start[-1] != '\n')
		start--;
	end = strchr(at, '\n') + 1;
	CHECK(len + (size_t)(end - start) < sizeof lines);
	memcpy(lines + len, start, (size_t)(end - start));
	lines[len + (size_t)(end - start)] = '\0';
}

/* Every number behind `from` becomes 0. */
static void zero_numbers(char *from)
{
	char *to = from;

	while (*from) {
		*to++ = *from++;
		if (to[-1] != ':' || *from < '0' || *from > '9')
			continue;
		from += strspn(from, "0123456789.");
		*to++ = '0';
	}
	*to = '\0';
}

static void read_port(const struct side *s, char port[16])
{
	CHECK(sscanf(s->candidates[0], "%*s %*s %*s %*s %*s %15[0-9]", port) ==
	      1);
}

static void the_lines_are_those_of_the_manual(void)
{
	static const char *const kinds[] = {
		"\"credentials\"", " 127.0.0.1 ",   "\"end-of-candidates\"",
		"\"gathering\"",   "\"completed\"", "typ host\",\"kind\"",
		"\"text\"",	   "\"base64\"",    "-9",
		"\"closed\"",	   "\"direct-lan\""};
	char port[16], their_port[16];
	const struct golden_word words[] = {{ours.ufrag, "UFRAG"},
					    {ours.pwd, "PASSWORD"},
					    {port, "50518"},
					    {their_port, "50519"},
					    /* without IPv6 */
					    {"candidate:A 1 UDP 2130706431 1",
					     "candidate:B 1 UDP 2130706175 1"},
					    {NULL, NULL}};

	connect_both();
	read_port(&ours, port);
	read_port(&theirs, their_port);
	proc_type(&theirs.proc,
		  "{\"cmd\":\"send\",\"text\":\"caf\\u00e9\\u0000\"}\n");
	CHECK(proc_expect(&ours.proc, "\"event\":\"data\""));
	proc_type(&theirs.proc, "{\"cmd\":\"send\",\"base64\":\"/xs=\"}\n");
	CHECK(proc_expect(&ours.proc, "\"base64\""));
	proc_type(&ours.proc, "{\"cmd\":\"gather\"}\n{\"cmd\":\"stats\"}\n"
			      "{\"cmd\":\"close\"}\n");
	CHECK_EQ(proc_end(&ours.proc), 0);
	lines[0] = '\0';
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		take_line(&ours.proc, kinds[i]);
	take_line(&ours.proc, "\"stats\"");
	zero_numbers(strstr(lines, "\"stats\""));
	CHECK(golden_equals("agent.json", lines, words));
	CHECK_STR(ours.proc.err_text, "");
	/* The end of input closes, too. */
	proc_close_in(&theirs.proc);
	CHECK_EQ(proc_end(&theirs.proc), 0);
	CHECK(strstr(theirs.proc.out_text, "\"state\":\"closed\""));
	free_both();
}

/* From the first data on both carry what is sent. */
static void messages_go_both_ways(void)
{
	connect_both();
	proc_type(&ours.proc, "{\"cmd\":\"send\",\"text\":\"there\"}\n"
			      "{\"cmd\":\"send\",\"text\":\"\"}\n");
	CHECK(proc_expect(&theirs.proc, "\"text\":\"there\""));
	CHECK(proc_expect(&theirs.proc, "\"text\":\"\""));
	proc_type(&theirs.proc, "{\"cmd\":\"send\",\"text\":\"back\"}\n");
	CHECK(proc_expect(&ours.proc, "\"text\":\"back\""));
	proc_signal(&ours.proc, SIGINT);
	CHECK_EQ(proc_end(&ours.proc), 130);
	CHECK(strstr(ours.proc.out_text, "\"state\":\"closed\""));
	proc_signal(&theirs.proc, SIGTERM);
	CHECK_EQ(proc_end(&theirs.proc), 143);
	free_both();
}

/* One side restarts, the other one follows by what it is told. */
static void restart(void)
{
	connect_both();
	proc_type(&ours.proc, "{\"cmd\":\"restart\"}\n");
	CHECK(side_read_credentials(&ours));
	CHECK(side_read_candidates(&ours));
	side_introduce(&ours, &theirs);
	CHECK(side_read_credentials(&theirs));
	CHECK(side_read_candidates(&theirs));
	side_introduce(&theirs, &ours);
	CHECK(proc_expect(&ours.proc, "\"state\":\"completed\""));
	CHECK(proc_expect(&theirs.proc, "\"state\":\"completed\""));
	proc_type(&ours.proc, "{\"cmd\":\"send\",\"text\":\"anew\"}\n");
	CHECK(proc_expect(&theirs.proc, "\"text\":\"anew\""));
	proc_close_in(&ours.proc);
	proc_close_in(&theirs.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	CHECK_EQ(proc_end(&theirs.proc), 0);
	free_both();
}

static void both_may_claim_the_same_role(void)
{
	CHECK(side_start(&ours, "--controlled", ARGS(NULL)));
	CHECK(side_start(&theirs, "--controlled", ARGS(NULL)));
	CHECK(side_read_candidates(&ours));
	CHECK(side_read_candidates(&theirs));
	side_introduce(&ours, &theirs);
	side_introduce(&theirs, &ours);
	CHECK(proc_expect(&ours.proc, "\"state\":\"completed\""));
	proc_type(&ours.proc, "{\"cmd\":\"stats\"}\n");
	CHECK(proc_expect(&ours.proc, "\"controlling\":"));
	CHECK(proc_expect(&theirs.proc, "\"state\":\"completed\""));
	proc_close_in(&ours.proc);
	proc_close_in(&theirs.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	CHECK_EQ(proc_end(&theirs.proc), 0);
	free_both();
}

/* A lite peer makes us control, whatever our option says. */
static void a_lite_peer(void)
{
	CHECK(side_start(&ours, "--controlled", ARGS(NULL)));
	proc_type(&ours.proc, "{\"cmd\":\"remote\",\"ufrag\":\"abcd\",\"pwd\":"
			      "\"abcdefghijklmnopqrstuvwx\",\"lite\":true}\n"
			      "{\"cmd\":\"stats\"}\n");
	CHECK(proc_expect(&ours.proc, "\"controlling\":true"));
	proc_close_in(&ours.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	proc_free(&ours.proc);
}

static void hold_waits_for_the_order(void)
{
	char word[64];

	CHECK(side_start(&ours, "--controlling", ARGS("--hold")));
	proc_type(&ours.proc, "{\"cmd\":\"stats\"}\n");
	CHECK(side_text(&ours, "event", word, sizeof word));
	CHECK_STR(word, "stats");
	proc_type(&ours.proc, "{\"cmd\":\"gather\"}\n");
	CHECK(side_read_candidates(&ours));
	CHECK(ours.candidates_count > 0);
	proc_type(&ours.proc, "{\"cmd\":\"gather\"}\n");
	CHECK(proc_expect(&ours.proc, "\"name\":\"ALTAIR_E_STATE\""));
	proc_close_in(&ours.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	proc_free(&ours.proc);
}

/* By its address and by a name, which is resolved while gathering goes on. */
static void a_stun_server_shows_the_mapping(void)
{
	struct fake fake;
	char name[64];

	fake_start(&fake, FAKE_MAPPED, 7, 12345);
	snprintf(name, sizeof name, "localhost%s", strchr(fake.name, ':'));
	CHECK(side_start(&ours, "--controlling", ARGS("--stun", fake.name)));
	CHECK(proc_expect(&ours.proc, " 203.0.113.7 12345 typ srflx raddr "));
	CHECK(proc_expect(&ours.proc, "\"end-of-candidates\""));
	proc_close_in(&ours.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	proc_free(&ours.proc);
	CHECK(side_start(&ours, "--controlling", ARGS("--stun", name)));
	CHECK(proc_expect(&ours.proc, " 203.0.113.7 12345 typ srflx raddr "));
	proc_close_in(&ours.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	proc_free(&ours.proc);
	fake_stop(&fake);
}

/* ---- lines that cannot be obeyed ---- */

static void refuses(const char *line, const char *name, const char *message)
{
	char got[64];

	proc_type(&ours.proc, line);
	CHECK(proc_expect(&ours.proc, "\"event\":\"error\",\"code\":-"));
	CHECK(side_text(&ours, "name", got, sizeof got));
	CHECK_STR(got, name);
	CHECK(proc_expect(&ours.proc, message));
}

static void what_makes_no_sense_is_said(void)
{
	static char line[40001];

	CHECK(side_start(&ours, "--controlling", ARGS(NULL)));
	refuses("nonsense\n", "ALTAIR_E_SYNTAX", "is not JSON");
	refuses("\n", "ALTAIR_E_SYNTAX", "is not JSON");
	refuses("{\"cmd\":\"send\",\"text\":\"\xff\"}\n", "ALTAIR_E_SYNTAX",
		"is not JSON");
	refuses("[1]\n", "ALTAIR_E_SYNTAX", "not a JSON object");
	refuses("{}\n", "ALTAIR_E_SYNTAX", "cmd\\\" is missing");
	refuses("{\"cmd\":7}\n", "ALTAIR_E_SYNTAX", "cmd\\\" is not a text");
	refuses("{\"cmd\":\"dance\\u001b[31m\"}\n", "ALTAIR_E_SYNTAX",
		"unknown cmd \\\"dance\\u001B");
	refuses("{\"cmd\":\"remote\",\"ufrag\":\"abcd\"}\n", "ALTAIR_E_SYNTAX",
		"\"\\\"remote\\\": \\\"pwd\\\" is missing");
	refuses("{\"cmd\":\"remote\",\"ufrag\":\"a\",\"pwd\":\"b\"}\n",
		"ALTAIR_E_SYNTAX", "is none");
	refuses("{\"cmd\":\"remote\",\"ufrag\":\"ab\\u0000d\",\"pwd\":\"b\"}\n",
		"ALTAIR_E_SYNTAX", "ufrag\\\" is not a text");
	refuses("{\"cmd\":\"remote\",\"ufrag\":\"abcd\",\"pwd\":\"b\","
		"\"lite\":1}\n",
		"ALTAIR_E_SYNTAX", "lite\\\" is not true or false");
	refuses("{\"cmd\":\"candidate\",\"candidate\":\"junk\"}\n",
		"ALTAIR_E_SYNTAX",
		"\\\"candidate\\\": \\\"candidate\\\" is no candidate");
	refuses("{\"cmd\":\"send\"}\n", "ALTAIR_E_SYNTAX", "either");
	refuses("{\"cmd\":\"send\",\"text\":\"a\",\"base64\":\"YQ==\"}\n",
		"ALTAIR_E_SYNTAX", "either");
	refuses("{\"cmd\":\"send\",\"base64\":\"YR==\"}\n", "ALTAIR_E_SYNTAX",
		"no base64");
	refuses("{\"cmd\":\"send\",\"base64\":\"YQ\"}\n", "ALTAIR_E_SYNTAX",
		"no base64");
	refuses("{\"cmd\":\"send\",\"text\":\"early\"}\n", "ALTAIR_E_STATE",
		"\\\"send\\\": this is not possible");
	refuses("{\"cmd\":\"gather\"}\n", "ALTAIR_E_STATE",
		"\\\"gather\\\": this is not possible");
	/* Base64 as long as a line may be is read: it is too long to go. */
	snprintf(line, sizeof line,
		 "{\"cmd\":\"send\",\"base64\":\"%016000d\"}\n", 0);
	refuses(line, "ALTAIR_E_TOO_LONG",
		"\\\"send\\\": the message is longer than 1200");
	memset(line, ' ', sizeof line - 2);
	line[sizeof line - 2] = '\n';
	refuses(line, "ALTAIR_E_TOO_LONG", "16384");
	/* And it is as it was. */
	proc_type(&ours.proc, "{\"cmd\":\"stats\"}\n");
	CHECK(proc_expect(&ours.proc, "\"event\":\"stats\""));
	proc_type(&ours.proc, "{\"cmd\":\"close\"}");
	proc_close_in(&ours.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	proc_free(&ours.proc);
}

/* Names, TCP and the like are candidates, too: not for us, and no mistake. */
static void candidates_of_no_use_are_counted(void)
{
	CHECK(side_start(&ours, "--controlling", ARGS(NULL)));
	proc_type(&ours.proc,
		  "{\"cmd\":\"candidate\",\"candidate\":\"candidate:1 1 udp "
		  "2113937151 8f3a.local 5000 typ host\"}\n"
		  "{\"cmd\":\"stats\"}\n");
	CHECK(proc_expect(&ours.proc, "\"unusable\":1"));
	CHECK(!strstr(ours.proc.out_text, "error"));
	proc_close_in(&ours.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	proc_free(&ours.proc);
}

/* ---- runs that fail ---- */

static void no_network(void)
{
	struct proc p;

	CHECK_EQ(proc_run(&p, ARGS("agent", "--interface", "no-such-one")), 3);
	CHECK(strstr(p.out_text, "\"code\":3,\"name\":\"local_network\""));
	CHECK(strstr(p.err_text, "no such interface"));
	proc_free(&p);
}

static void wrong_options(void)
{
	const char *const *const wrong[] = {
		ARGS("agent", "--controlling", "--controlled"),
		ARGS("agent", "--stun", "a b"),
		ARGS("agent", "--ta", "4"),
		ARGS("agent", "--ta", "20ms"),
		ARGS("agent", "--port", "0"),
		ARGS("agent", "--interface"),
		ARGS("agent", "more"),
	};
	struct proc p;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		CHECK_EQ(proc_run(&p, wrong[i]), 2);
		CHECK_STR(p.out_text, "");
		proc_free(&p);
	}
}

/* A name that cannot be resolved is one server less, and is said. */
static void a_name_without_address(void)
{
	struct proc p;

	proc_start(&p, PROC_PIPE,
		   ARGS("agent", "--interface", "lo", "--stun",
			"no-such-name.invalid"));
	CHECK(proc_expect(&p, "\"event\":\"candidate\""));
	CHECK(proc_expect(&p, "\"name\":\"ALTAIR_E_RESOLVE\""));
	CHECK(proc_expect(&p, "\"event\":\"end-of-candidates\""));
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	proc_free(&p);
}

static const struct check_test tests[] = {
	TEST(the_lines_are_those_of_the_manual),
	TEST(messages_go_both_ways),
	TEST(restart),
	TEST(both_may_claim_the_same_role),
	TEST(a_lite_peer),
	TEST(hold_waits_for_the_order),
	TEST(a_stun_server_shows_the_mapping),
	TEST(what_makes_no_sense_is_said),
	TEST(candidates_of_no_use_are_counted),
	TEST(no_network),
	TEST(wrong_options),
	TEST(a_name_without_address),
};

CHECK_MAIN(tests)
