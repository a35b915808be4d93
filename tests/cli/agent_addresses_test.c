/*
 * altair agent while the addresses of the host come and go, in a network
 * namespace of its own.
 */
#define _GNU_SOURCE
#include "agent_side.h"
#include "check.h"

#include <poll.h>
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

/* Until no line of this listing is left, as the kernel does some things when it
 * comes to them. */
static void await_none(const char *listing)
{
	bool is_there = true;
	char line[200];

	snprintf(line, sizeof line, "ip -o %s | grep -q .", listing);
	for (int i = 0; i < 1000 && is_there; i++) {
		is_there = system(line) == 0;
		if (is_there)
			poll(NULL, 0, 20);
	}
	CHECK(!is_there);
}

static void up(const char *name)
{
	char line[100];

	snprintf(line, sizeof line, "link set %s up", name);
	ip(line);
}

/* Until the system says that it runs. */
static void await_up(const char *name)
{
	char line[100];

	snprintf(line, sizeof line, "link show dev %s | grep -v 'state UP'",
		 name);
	await_none(line);
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
	/* The one may see the change before the other does. */
	CHECK(proc_expect(&ours.proc, "\"remote\":\"candidate:B "));
	CHECK(proc_expect(&theirs.proc, "\"remote\":\"candidate:B "));
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

/* RFC 4862 5.5.4: what is deprecated is for no new use, the one that there is goes
 * on. The address that comes then shows that the news were read. */
static void an_address_that_is_deprecated_is_used_on(void)
{
	connect_both();
	ip("address change 192.0.2.7/24 dev a0 valid_lft 600 preferred_lft 0");
	ip("address add 198.51.100.8/24 dev a0");
	pass_candidate(&ours, &theirs, " 198.51.100.8 ");
	pass_candidate(&theirs, &ours, " 198.51.100.8 ");
	exchange("as before");
	CHECK(!strstr(ours.proc.out_text, "\"remote\":\"candidate:B "));
	CHECK(!strstr(theirs.proc.out_text, "\"remote\":\"candidate:B "));
	free_both();
}

/* Runs an agent that ends as soon as it has listed what it has. */
static void list(struct proc *p, const char *const args[])
{
	proc_start(p, PROC_PIPE, args);
	CHECK(proc_expect(p, "end-of-candidates"));
	proc_close_in(p);
	CHECK_EQ(proc_end(p), 0);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

/* Containers' and virtual machines' own cables lead nowhere, unless named. */
static void which_interfaces_count(void)
{
	struct proc p;

	ip("link add veth7 type veth peer name docker0");
	up("veth7");
	up("docker0");
	await_up("veth7");
	await_up("docker0");
	ip("address add 203.0.113.7/24 dev veth7");
	ip("address add 203.0.113.8/24 dev docker0");
	ip("address add 192.0.2.7/24 dev a0");
	ip("address add 198.51.100.7/24 dev a1");
	list(&p, ARGS("agent"));
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 2);
	CHECK(strstr(p.out_text, " 192.0.2.7 "));
	CHECK(strstr(p.out_text, " 198.51.100.7 "));
	proc_free(&p);
	list(&p, ARGS("agent", "--interface", "docker0", "--interface", "a1"));
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 2);
	CHECK(strstr(p.out_text, " 203.0.113.8 "));
	CHECK(strstr(p.out_text, " 198.51.100.7 "));
	proc_free(&p);
	ip("link set a1 down");
	list(&p, ARGS("agent", "--interface", "docker0", "--interface", "a1"));
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 1);
	proc_free(&p);
	up("a1");
	await_up("a0");
	await_up("a1");
	ip("link del veth7");
	ip("address flush dev a0");
	ip("address flush dev a1");
}

/* Docker's bridges are named after their network; a router's own, and a VPN's tap
 * lead somewhere. */
static void bridges_and_taps(void)
{
	struct proc p;

	ip("link add br-lan type veth peer name br-0123456789ab");
	ip("link add tap0 type veth peer name tapestry");
	up("br-lan");
	up("br-0123456789ab");
	up("tap0");
	up("tapestry");
	await_up("br-lan");
	await_up("br-0123456789ab");
	await_up("tap0");
	ip("address add 192.0.2.7/24 dev br-lan");
	ip("address add 203.0.113.7/24 dev br-0123456789ab");
	ip("address add 198.51.100.7/24 dev tap0");
	list(&p, ARGS("agent"));
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 2);
	CHECK(strstr(p.out_text, " 192.0.2.7 "));
	CHECK(strstr(p.out_text, " 198.51.100.7 "));
	proc_free(&p);
	ip("link del br-lan");
	ip("link del tap0");
}

/* IPv6 and IPv4 by turns, what is local last, eight at most. */
static void in_which_order(void)
{
	static const char *const want[] = {" 2001:db8::7 ", " 192.0.2.1 ",
					   " 192.0.2.2 ", " fd00::7 "};
	char command[64];
	struct proc p;
	const char *at;

	ip("address add fd00::7/64 dev a0 nodad");
	ip("address add 192.0.2.1/24 dev a0");
	ip("address add 192.0.2.2/24 dev a0");
	ip("address add 2001:db8::7/64 dev a0 nodad");
	list(&p, ARGS("agent"));
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 4);
	at = p.out_text;
	for (size_t i = 0; i < 4; i++) {
		at = strstr(at, want[i]);
		CHECK(at);
	}
	proc_free(&p);
	for (int i = 3; i < 12; i++) {
		snprintf(command, sizeof command,
			 "address add 192.0.2.%d/24 dev a0", i);
		ip(command);
	}
	list(&p, ARGS("agent"));
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 8);
	CHECK(strstr(p.out_text, " 2001:db8::7 "));
	proc_free(&p);
	ip("address flush dev a0");
}

static void set(const char *name, int value)
{
	char command[100];

	snprintf(command, sizeof command,
		 "echo %d >/proc/sys/net/ipv6/conf/a0/%s", value, name);
	CHECK_EQ(system(command), 0);
}

/* An autoconfigured address counts, until there is a temporary one beside it. */
static void temporary_addresses(void)
{
	const char *const args[] = {"agent", "--interface", "a0", NULL};
	struct proc p;

	set("accept_dad", 0);
	set("use_tempaddr", 0);
	ip("address add 2001:db8::7/64 dev a0 mngtmpaddr nodad");
	ip("address add 2001:db8:1::7/64 dev a0 nodad");
	list(&p, args);
	CHECK(strstr(p.out_text, " 2001:db8::7 "));
	CHECK(strstr(p.out_text, " 2001:db8:1::7 "));
	proc_free(&p);
	ip("address flush dev a0");
	set("use_tempaddr", 2);
	ip("address add 2001:db8::7/64 dev a0 mngtmpaddr nodad");
	ip("address add 2001:db8:1::7/64 dev a0 nodad");
	await_none("-6 address show dev a0 tentative");
	list(&p, args);
	CHECK_EQ(count_of(p.out_text, "\"candidate\":"), 2);
	CHECK(!strstr(p.out_text, " 2001:db8::7 "));
	CHECK(strstr(p.out_text, " 2001:db8::"));
	CHECK(strstr(p.out_text, " 2001:db8:1::7 "));
	proc_free(&p);
	ip("address flush dev a0");
}

static const struct check_test tests[] = {
	TEST(from_one_address_to_the_next),
	TEST(what_is_of_no_use_is_passed_over),
	TEST(an_address_that_is_deprecated_is_used_on),
	TEST(which_interfaces_count),
	TEST(bridges_and_taps),
	TEST(in_which_order),
	TEST(temporary_addresses),
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
	await_up("a0");
	await_up("a1");
	return check_run(tests, sizeof tests / sizeof *tests, argc, argv);
}
