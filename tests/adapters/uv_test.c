/*
 * The libuv driver with toy machines, on loopback. A toy does what its test
 * says and writes down what was done to it; so the order of things is visible.
 */
#define _GNU_SOURCE
#include "check.h"

#include "base/machine.h"

#include <altair/udp.h>
#include <altair/uv.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS_MAX 16

struct toy {
	struct altair_machine machine;
	char name;
	altair_output steps[STEPS_MAX]; /* to be polled */
	size_t count;
	altair_time deadline;
	enum altair_verdict verdict; /* of every datagram */
	bool speaks;		     /* an event for each datagram */
};

static uv_loop_t loop;
/* What happened, one letter each: i(nput) t(ick) e(vent) p(ayload) r(efused)
 * u(nsent), behind the toy's name if there is one. */
static char story[256];
static size_t wanted; /* letters until the loop stops */
static altair_uv *driver;
static bool is_closed;
/* What the event handler does besides. */
static void (*on_event)(altair_machine *machine);
static void (*on_unsent)(void);

static void tell(char toy, char what)
{
	size_t len = strlen(story);

	if (len + 3 > sizeof story)
		return;
	if (toy)
		story[len++] = toy;
	story[len++] = what;
	story[len] = '\0';
	if (len >= wanted)
		uv_stop(&loop);
}

/* ---- the toy ---- */

static void push(struct toy *toy, enum altair_step step)
{
	memset(&toy->steps[toy->count], 0, sizeof *toy->steps);
	toy->steps[toy->count++].event = ALTAIR_EV_HEARD;
	toy->steps[toy->count - 1].deadline = step; /* which step it is */
}

static void toy_input(altair_machine *machine, altair_time now,
		      altair_datagram *batch, size_t count)
{
	struct toy *toy = (struct toy *)machine;

	(void)now;
	for (size_t i = 0; i < count; i++) {
		tell(toy->name, 'i');
		batch[i].verdict = toy->verdict;
		if (toy->speaks)
			push(toy, ALTAIR_EVENT);
	}
}

static void toy_tick(altair_machine *machine, altair_time now)
{
	struct toy *toy = (struct toy *)machine;

	if (now < toy->deadline)
		return;
	tell(toy->name, 't');
	toy->deadline = ALTAIR_NEVER;
	push(toy, ALTAIR_EVENT);
}

static enum altair_step toy_poll(altair_machine *machine, altair_output *out)
{
	struct toy *toy = (struct toy *)machine;
	enum altair_step step;

	memset(out, 0, sizeof *out);
	out->deadline = toy->deadline;
	if (toy->count == 0)
		return ALTAIR_WAIT;
	*out = toy->steps[0];
	step = (enum altair_step)toy->steps[0].deadline;
	toy->count--;
	memmove(toy->steps, toy->steps + 1, toy->count * sizeof *toy->steps);
	return step;
}

static struct toy toy_named(char name)
{
	static const struct air_machine_ops ops = {toy_input, toy_tick,
						   toy_poll};

	return (struct toy){.machine = {&ops},
			    .name = name,
			    .deadline = ALTAIR_NEVER,
			    .verdict = ALTAIR_TAKEN};
}

static void push_send(struct toy *toy, uint32_t sock, const altair_addr *to,
		      const char *text)
{
	push(toy, ALTAIR_SEND);
	toy->steps[toy->count - 1].datagram = (altair_datagram){
		.path = {.sock = sock, .remote = *to},
		.bytes = {(const uint8_t *)text, strlen(text)}};
}

/* ---- the handlers ---- */

static void event(void *user, altair_machine *machine, const altair_output *out)
{
	(void)user;
	(void)out;
	tell(((struct toy *)machine)->name, 'e');
	if (on_event)
		on_event(machine);
}

static void payload(void *user, altair_machine *machine,
		    const altair_datagram *datagram)
{
	(void)user;
	(void)datagram;
	tell(((struct toy *)machine)->name, 'p');
}

static void refused(void *user, const altair_addr *remote)
{
	(void)user;
	(void)remote;
	tell(0, 'r');
}

static void unsent(void *user, const altair_addr *remote, int error)
{
	(void)user;
	(void)remote;
	tell(0, error == ALTAIR_E_FAMILY ? 'f' : 'u');
	if (on_unsent)
		on_unsent();
}

static void closed(void *user)
{
	*(bool *)user = true;
}

static int open_with(const altair_uv_config *config)
{
	const altair_uv_handlers handlers = {event, payload, refused, unsent};

	story[0] = '\0';
	wanted = sizeof story;
	on_event = NULL;
	on_unsent = NULL;
	is_closed = false;
	uv_loop_init(&loop);
	return altair_uv_open(&driver, &loop, config, &handlers, &is_closed);
}

static void open_ipv4(void)
{
	altair_uv_config config;

	altair_uv_config_default(&config);
	config.ipv6 = false;
	CHECK_EQ(open_with(&config), 0);
}

/* Lets the loop run until the story has `len` letters. */
static void run_until(size_t len)
{
	wanted = len;
	while (strlen(story) < len)
		uv_run(&loop, UV_RUN_DEFAULT);
	wanted = sizeof story;
}

static void close_all(void)
{
	altair_uv_close(driver, closed);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK(is_closed);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

/* ---- another socket ---- */

static int open_socket(altair_addr *out)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
	CHECK_EQ(altair_addr_parse_ip(out, "127.0.0.1", ntohs(addr.sin_port)),
		 0);
	return fd;
}

static void send_to_driver(int fd, const char *text)
{
	altair_addr local;
	struct sockaddr_in to = {.sin_family = AF_INET};

	CHECK_EQ(altair_uv_local(driver, ALTAIR_UV_IPV4, &local), 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(local.port);
	CHECK(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to,
		     sizeof to) >= 0);
}

static void expect_datagram(int fd, const char *text)
{
	char got[64] = "";

	CHECK(recv(fd, got, sizeof got - 1, 0) >= 0);
	CHECK_STR(got, text);
}

/* ---- tests ---- */

static void both_families_share_a_port(void)
{
	altair_uv_config config;
	altair_addr v4, v6;

	altair_uv_config_default(&config);
	CHECK_EQ(open_with(&config), 0);
	CHECK_EQ(altair_uv_local(driver, ALTAIR_UV_IPV4, &v4), 0);
	if (altair_uv_local(driver, ALTAIR_UV_IPV6, &v6) == 0)
		CHECK_EQ(v6.port, v4.port);
	close_all();
}

static void one_family_only(void)
{
	altair_addr local;

	open_ipv4();
	CHECK_EQ(altair_uv_local(driver, ALTAIR_UV_IPV6, &local),
		 ALTAIR_E_FAMILY);
	CHECK_EQ(altair_uv_local(driver, 7, &local), ALTAIR_E_FAMILY);
	close_all();
}

static void a_taken_port(void)
{
	altair_uv_config config;
	altair_addr taken;
	int fd = open_socket(&taken);

	altair_uv_config_default(&config);
	config.local_port = taken.port;
	CHECK_EQ(open_with(&config), ALTAIR_E_IN_USE);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	close(fd);
}

static void four_machines(void)
{
	struct toy toys[5];

	open_ipv4();
	for (int i = 0; i < 5; i++) {
		toys[i] = toy_named('a');
		CHECK_EQ(altair_uv_attach(driver, &toys[i].machine),
			 i < 4 ? 0 : ALTAIR_E_FULL);
	}
	altair_uv_detach(driver, &toys[1].machine);
	CHECK_EQ(altair_uv_attach(driver, &toys[4].machine), 0);
	close_all();
}

static void sends_leave_in_order(void)
{
	altair_addr here, there;
	int fd = open_socket(&here), other = open_socket(&there);
	struct toy toy = toy_named('a');

	open_ipv4();
	push_send(&toy, ALTAIR_UV_IPV4, &here, "one");
	push_send(&toy, ALTAIR_UV_IPV4, &here, "two");
	push_send(&toy, ALTAIR_UV_IPV4, &there, "three");
	push_send(&toy, ALTAIR_UV_IPV4, &here, "four");
	push(&toy, ALTAIR_EVENT);
	CHECK_EQ(altair_uv_attach(driver, &toy.machine), 0);
	run_until(2);
	expect_datagram(fd, "one");
	expect_datagram(fd, "two");
	expect_datagram(other, "three");
	expect_datagram(fd, "four");
	close_all();
	close(fd);
	close(other);
}

static void a_send_of_ones_own(void)
{
	altair_addr here;
	int fd = open_socket(&here);
	altair_datagram datagram = {.path = {.remote = here},
				    .bytes = {(const uint8_t *)"own", 3}};

	open_ipv4();
	CHECK_EQ(altair_uv_send(driver, &datagram), 0);
	expect_datagram(fd, "own");
	datagram.path.sock = ALTAIR_UV_IPV6;
	CHECK_EQ(altair_uv_send(driver, &datagram), ALTAIR_E_FAMILY);
	close_all();
	close(fd);
}

static void the_first_taker_has_it(void)
{
	altair_addr here;
	int fd = open_socket(&here);
	struct toy a = toy_named('a'), b = toy_named('b'), c = toy_named('c');

	open_ipv4();
	a.verdict = ALTAIR_NOT_MINE;
	b.speaks = true;
	altair_uv_attach(driver, &a.machine);
	altair_uv_attach(driver, &b.machine);
	altair_uv_attach(driver, &c.machine);
	send_to_driver(fd, "x");
	run_until(6);
	CHECK_STR(story, "aibibe");
	close_all();
	close(fd);
}

static void events_come_before_payload(void)
{
	altair_addr here;
	int fd = open_socket(&here);
	struct toy a = toy_named('a');

	open_ipv4();
	a.verdict = ALTAIR_PAYLOAD;
	a.speaks = true;
	altair_uv_attach(driver, &a.machine);
	send_to_driver(fd, "x");
	run_until(6);
	CHECK_STR(story, "aiaeap");
	close_all();
	close(fd);
}

/* A toy ticks only when its deadline has come. */
static void deadlines_tick(void)
{
	struct toy a = toy_named('a'), never = toy_named('b');

	open_ipv4();
	a.deadline = altair_uv_now(driver) + ALTAIR_MSEC(3);
	altair_uv_attach(driver, &never.machine);
	altair_uv_attach(driver, &a.machine);
	run_until(4);
	CHECK_STR(story, "atae");
	a.deadline = altair_uv_now(driver) + ALTAIR_USEC(1500);
	altair_uv_kick(driver);
	run_until(8);
	CHECK_STR(story, "ataeatae");
	close_all();
}

static void detach(altair_machine *machine)
{
	altair_uv_detach(driver, machine);
}

static void detached_by_its_event(void)
{
	struct toy a = toy_named('a'), b = toy_named('b');

	open_ipv4();
	on_event = detach;
	push(&a, ALTAIR_EVENT);
	push(&a, ALTAIR_EVENT);
	push(&b, ALTAIR_EVENT);
	altair_uv_attach(driver, &a.machine);
	altair_uv_attach(driver, &b.machine);
	run_until(4);
	CHECK_STR(story, "aebe");
	CHECK_EQ(a.count, 1);
	close_all();
}

static struct toy late;

static void push_and_kick(altair_machine *machine)
{
	if (((struct toy *)machine)->name == 'a') {
		push(&late, ALTAIR_EVENT);
		altair_uv_kick(driver);
	}
}

/* The kicked machine stands before the one whose event kicks it. */
static void kicked_by_an_event(void)
{
	struct toy a = toy_named('a');

	late = toy_named('b');
	open_ipv4();
	on_event = push_and_kick;
	altair_uv_attach(driver, &late.machine);
	altair_uv_attach(driver, &a.machine);
	push(&a, ALTAIR_EVENT);
	run_until(4);
	CHECK_STR(story, "aebe");
	close_all();
}

static void close_driver(altair_machine *machine)
{
	(void)machine;
	altair_uv_close(driver, closed);
}

static void closed_by_an_event(void)
{
	struct toy a = toy_named('a'), b = toy_named('b');

	open_ipv4();
	on_event = close_driver;
	push(&a, ALTAIR_EVENT);
	push(&a, ALTAIR_EVENT);
	push(&b, ALTAIR_EVENT);
	altair_uv_attach(driver, &a.machine);
	altair_uv_attach(driver, &b.machine);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_STR(story, "ae");
	CHECK(is_closed);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

static void a_closed_port_refuses(void)
{
	altair_addr nobody;
	int fd = open_socket(&nobody);
	struct toy a = toy_named('a');

	close(fd);
	open_ipv4();
	push_send(&a, ALTAIR_UV_IPV4, &nobody, "x");
	altair_uv_attach(driver, &a.machine);
	run_until(1);
	CHECK_STR(story, "r");
	/* The driver listens on: libuv stops a handle that has an error. */
	fd = open_socket(&nobody);
	send_to_driver(fd, "y");
	run_until(3);
	CHECK_STR(story, "rai");
	close_all();
	close(fd);
}

static void no_socket_of_that_family(void)
{
	altair_addr there;
	struct toy a = toy_named('a');

	CHECK_EQ(altair_addr_parse(&there, "[2001:db8::1]:5"), 0);
	open_ipv4();
	push_send(&a, ALTAIR_UV_IPV6, &there, "x");
	altair_uv_attach(driver, &a.machine);
	run_until(1);
	CHECK_STR(story, "f");
	close_all();
}

static char words[] = "one";

static void overwrite_words(void)
{
	memset(words, 'X', strlen(words));
}

/* A handler may give the machine something, and then the bytes of what it sends
 * are no more. */
static void all_is_sent_before_a_failure_is_told(void)
{
	altair_addr here, there;
	int fd = open_socket(&here);
	struct toy a = toy_named('a');

	CHECK_EQ(altair_addr_parse(&there, "[2001:db8::1]:5"), 0);
	open_ipv4();
	on_unsent = overwrite_words;
	push_send(&a, ALTAIR_UV_IPV4, &here, words);
	push_send(&a, ALTAIR_UV_IPV6, &there, "x");
	push_send(&a, ALTAIR_UV_IPV4, &here, "two");
	altair_uv_attach(driver, &a.machine);
	run_until(1);
	expect_datagram(fd, "one");
	expect_datagram(fd, "two");
	close_all();
	close(fd);
}

static const struct check_test tests[] = {
	TEST(both_families_share_a_port),
	TEST(one_family_only),
	TEST(a_taken_port),
	TEST(four_machines),
	TEST(sends_leave_in_order),
	TEST(a_send_of_ones_own),
	TEST(the_first_taker_has_it),
	TEST(events_come_before_payload),
	TEST(deadlines_tick),
	TEST(detached_by_its_event),
	TEST(kicked_by_an_event),
	TEST(closed_by_an_event),
	TEST(a_closed_port_refuses),
	TEST(no_socket_of_that_family),
	TEST(all_is_sent_before_a_failure_is_told),
};

CHECK_MAIN(tests)
