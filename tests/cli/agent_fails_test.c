/*
 * altair agent where there is no path: what it says, and the exit status. No
 * agent gives up before 39.5 s (RFC 8863 4), so all of them wait side by side.
 */
#define _GNU_SOURCE
#include "agent_side.h"
#include "check.h"

#include <stdlib.h>

/* What proc_expect waits for at a time is less than the patience. */
#define TRIES 3

static struct side lonely, deceived, honest, begging;

static void introduce_wrongly(struct side *to, const char *candidate)
{
	char line[300];

	proc_type(&to->proc, "{\"cmd\":\"remote\",\"ufrag\":\"abcd\","
			     "\"pwd\":\"abcdefghijklmnopqrstuvwx\"}\n");
	snprintf(line, sizeof line,
		 "{\"cmd\":\"candidate\",\"candidate\":\"%s\"}\n"
		 "{\"cmd\":\"end-of-candidates\"}\n",
		 candidate);
	proc_type(&to->proc, line);
}

static bool expect_failed(struct side *side)
{
	for (int i = 0; i < TRIES; i++)
		if (strstr(side->proc.out_text, "\"state\":\"failed\"") ||
		    proc_expect(&side->proc, "\"state\":\"failed\""))
			return true;
	return false;
}

static void check_end(struct side *side, int code, const char *name,
		      const char *verdict)
{
	char part[100];

	CHECK(expect_failed(side));
	CHECK_EQ(proc_end(&side->proc), code);
	snprintf(part, sizeof part, "\"verdict\",\"code\":\"%s\"", verdict);
	CHECK(strstr(side->proc.out_text, part));
	snprintf(part, sizeof part, "\"error\",\"code\":%d,\"name\":\"%s\"",
		 code, name);
	CHECK(strstr(side->proc.out_text, part));
	CHECK(strstr(side->proc.err_text, "altair: no path: "));
	CHECK(!strstr(side->proc.out_text, "closed"));
	proc_free(&side->proc);
}

static void every_end_without_a_path(void)
{
	static const char nowhere[] =
		"candidate:1 1 UDP 2130706431 127.0.0.1 9 typ host";

	CHECK(side_start(&lonely, "--controlling", ARGS(NULL)));
	introduce_wrongly(&lonely, nowhere);
	/* Its peer knows it, but it was told another password. */
	CHECK(side_start(&deceived, "--controlling", ARGS(NULL)));
	CHECK(side_start(&honest, "--controlled", ARGS(NULL)));
	CHECK(side_read_candidates(&deceived));
	CHECK(side_read_candidates(&honest));
	side_introduce(&deceived, &honest);
	memcpy(honest.pwd, "abcdefghijklmnopqrstuvwx", 25);
	side_introduce(&honest, &deceived);
	CHECK(side_start(&begging, "--controlling",
			 ARGS("--relay-only", "--turn",
			      "turn:ann:pass@127.0.0.1:9?transport=tcp")));
	introduce_wrongly(&begging, nowhere);
	check_end(&lonely, 6, "no_direct_path", "no-servers");
	check_end(&deceived, 7, "authentication", "wrong-credentials");
	check_end(&begging, 4, "server", "relay-refused");
	proc_close_in(&honest.proc);
	CHECK_EQ(proc_end(&honest.proc), 0);
	proc_free(&honest.proc);
}

static const struct check_test tests[] = {
	TEST(every_end_without_a_path),
};

CHECK_MAIN(tests)
