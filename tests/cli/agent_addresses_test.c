/*
 * altair agent while the addresses of the host come and go, in a network
 * namespace of its own.
 */
#define _GNU_SOURCE
#include "agent_side.h"
#include "check.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static struct side ours, theirs;

static void ip(const char *command)
{
	char line[200];

	snprintf(line, sizeof line, "ip %s", command);
	CHECK_EQ(system(line), 0);
}

/* Both on the one interface with its one address: connected over that. */
static void connect_both(void)
{
	ip("address add 192.0.2.7/24 dev a0");
	CHECK(side_start_on(&ours, "a0", "--controlling", ARGS(NULL)));
	CHECK(side_start_on(&theirs, "a0", "--controlled", ARGS(NULL)));
	CHECK(side_read_candidates(&ours));
	CHECK(side_read_candidates(&theirs));
	CHECK_EQ(ours.candidates_count, 1);
	side_introduce(&ours, &theirs);
	side_introduce(&theirs, &ours);
	CHECK(proc_expect(&ours.proc, "\"state\":\"completed\""));
	CHECK(proc_expect(&theirs.proc, "\"state\":\"completed\""));
}

static void free_both(void)
{
	proc_close_in(&ours.proc);
	proc_close_in(&theirs.proc);
	CHECK_EQ(proc_end(&ours.proc), 0);
	CHECK_EQ(proc_end(&theirs.proc), 0);
	proc_free(&ours.proc);
	proc_free(&theirs.proc);
	ip("address flush dev a0");
}

/* Reads its next candidate and tells the other side of it. */
static void pass_candidate(struct side *from, struct side *to, const char *part)
{
	char line[256], order[300];

	CHECK(proc_expect(&from->proc, "\"event\":\"candidate\""));
	CHECK(side_text(from, "candidate", line, sizeof line));
	CHECK(strstr(line, part));
	snprintf(order, sizeof order,
		 "{\"cmd\":\"candidate\",\"candidate\":\"%s\"}\n", line);
	proc_type(&to->proc, order);
}

static void exchange(const char *text)
{
	char order[100];

	snprintf(order, sizeof order, "{\"cmd\":\"send\",\"text\":\"%s\"}\n",
		 text);
	proc_type(&ours.proc, order);
	proc_type(&theirs.proc, order);
	snprintf(order, sizeof order, "\"text\":\"%s\"", text);
	CHECK(proc_expect(&ours.proc, order));
	CHECK(proc_expect(&theirs.proc, order));
}

/* The second address comes, then the first one goes: the session moves. */
static void from_one_address_to_the_next(void)
{
	connect_both();
	exchange("on the first");
	ip("address add 198.51.100.8/24 dev a0");
	pass_candidate(&ours, &theirs, " 198.51.100.8 ");
	pass_candidate(&theirs, &ours, " 198.51.100.8 ");
	ip("address del 192.0.2.7/24 dev a0");
	CHECK(proc_expect(&ours.proc, "198.51.100.8 "));
	exchange("on the second");
	CHECK(!strstr(ours.proc.out_text, "\"failed\""));
	free_both();
}

/* Nothing is said of what cannot be used, so the next line is of what can. */
static void what_is_of_no_use_is_passed_over(void)
{
	connect_both();
	ip("address add 169.254.7.7/16 dev a0");
	ip("address add 2001:db8::7/64 dev a0 nodad preferred_lft 0");
	ip("address add 203.0.113.9/24 dev a1");
	ip("address add 2001:db8::8/64 dev a0 nodad");
	pass_candidate(&ours, &theirs, " 2001:db8::8 ");
	pass_candidate(&theirs, &ours, " 2001:db8::8 ");
	exchange("still there");
	free_both();
	ip("address flush dev a1");
}

static const struct check_test tests[] = {
	TEST(from_one_address_to_the_next),
	TEST(what_is_of_no_use_is_passed_over),
};

int main(int argc, char **argv)
{
	if (unshare(CLONE_NEWNET) < 0) {
		puts("no network namespaces here");
		return 77;
	}
	if (system("ip link set lo up && ip link add a0 type veth peer name a1 "
		   "&& ip link set a0 up && ip link set a1 up") != 0) {
		puts("no links here");
		return 77;
	}
	return check_run(tests, sizeof tests / sizeof *tests, argc, argv);
}
