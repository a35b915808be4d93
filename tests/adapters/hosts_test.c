/*
 * The addresses of this host and the news of them, in a network namespace of the
 * test's own: what the kernel says badly, and what the driver makes of it.
 */
#define _GNU_SOURCE
#include "check.h"

#include "../../adapters/uv/hosts.h"

#include <altair/openssl.h>
#include <altair/uv_agent.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SKIPPED 77

/* ---- what the system says, and what the test makes of it ---- */

enum mischief {
	NONE,
	IS_TORN,     /* the list changed: it says that, and nothing else */
	HAS_FAILED,  /* there is no list, but an error                   */
	ENDS_FAILED, /* the list ends with an error                      */
	INTERRUPTED, /* a signal came                                    */
};

static enum mischief mischief;
static int times; /* so many answers are touched */
static bool has_overflowed;

ssize_t __real_recv(int fd, void *buffer, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buffer, size_t len, int flags);
int __real_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);

static ssize_t say_end(void *buffer, uint16_t type, uint16_t flags, int error)
{
	struct {
		struct nlmsghdr head;
		int error;
	} end = {{.nlmsg_len = sizeof end,
		  .nlmsg_type = type,
		  .nlmsg_flags = flags},
		 error};

	memcpy(buffer, &end, sizeof end);
	return sizeof end;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t len, int flags)
{
	ssize_t got;

	if (mischief == INTERRUPTED && times > 0) {
		times--;
		errno = EINTR;
		return -1;
	}
	got = __real_recv(fd, buffer, len, flags);
	has_overflowed |= got < 0 && errno == ENOBUFS;
	if (mischief == NONE || times == 0)
		return got;
	times--;
	if (mischief == IS_TORN)
		return say_end(buffer, NLMSG_DONE, NLM_F_DUMP_INTR, 0);
	return say_end(buffer,
		       mischief == HAS_FAILED ? NLMSG_ERROR : NLMSG_DONE, 0,
		       -ENOMEM);
}

/* News have little room, so that they overflow soon. */
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	const int little = 1;

	if (addr->sa_family == AF_NETLINK)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	return __real_bind(fd, addr, len);
}

static void ip(const char *verb, const char *addr)
{
	char command[128];

	snprintf(command, sizeof command, "ip address %s %s/32 dev lo", verb,
		 addr);
	CHECK_EQ(system(command), 0);
}

/* ---- reading ---- */

static int read_lo(struct air_hosts *out)
{
	static const char *const names[] = {"lo"};
	const struct air_hosts_filter filter = {names, 1};

	memset(out, 0, sizeof *out);
	return air_hosts_read(&filter, out);
}

static int read_with(enum mischief what, int how_often, struct air_hosts *out)
{
	int error;

	mischief = what;
	times = how_often;
	error = read_lo(out);
	mischief = NONE;
	return error;
}

/* The links, or the addresses: either list leads to a new reading of both. */
static void a_torn_list_is_read_anew(void)
{
	struct air_hosts all, got;

	CHECK_EQ(read_lo(&all), 0);
	CHECK(all.count > 0);
	for (int i = 1; i <= 3; i++) {
		CHECK_EQ(read_with(IS_TORN, i, &got), 0);
		CHECK_EQ(got.count, all.count);
		CHECK_EQ(times, 0);
	}
}

/* A list that never holds still is taken as it is. */
static void a_list_that_is_always_torn(void)
{
	struct air_hosts got;

	CHECK_EQ(read_with(IS_TORN, 1000, &got), 0);
	CHECK(times > 900);
}

/* It is not a host without addresses: their sockets would be closed. */
static void an_error_is_no_empty_list(void)
{
	struct air_hosts got;

	CHECK_EQ(read_with(HAS_FAILED, 1, &got), ALTAIR_E_SYSTEM);
	CHECK_EQ(read_with(ENDS_FAILED, 1, &got), ALTAIR_E_SYSTEM);
}

static void a_signal_disturbs_nothing(void)
{
	struct air_hosts got;

	CHECK_EQ(read_with(INTERRUPTED, 2, &got), 0);
	CHECK(got.count > 0);
}

/* ---- the driver ---- */

static uv_loop_t loop;
static altair_uv_agent *driver;
static size_t wanted;
static bool is_late, is_closed;

static void on_event(void *user, const altair_output *out)
{
	(void)user;
	(void)out;
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	is_late = true;
}

static void on_closed(void *user)
{
	(void)user;
	is_closed = true;
}

static bool has_wanted(void)
{
	return altair_uv_agent_hosts(driver) == wanted;
}

static bool has_noticed(void)
{
	return has_overflowed;
}

static bool has_closed(void)
{
	return is_closed;
}

static void run_until(bool (*done)(void))
{
	uv_timer_t timer;

	is_late = false;
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_late, 20000, 0);
	while (!done() && !is_late)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK(!is_late);
}

static void run_until_hosts(size_t count)
{
	wanted = count;
	run_until(has_wanted);
}

static void setup(void)
{
	static const char *const lo[] = {"lo"};
	const altair_uv_agent_handlers handlers = {.event = on_event};
	altair_uv_agent_config config;

	CHECK_EQ(uv_loop_init(&loop), 0);
	is_closed = has_overflowed = false;
	altair_uv_agent_config_default(&config);
	config.agent.crypto = altair_openssl();
	config.agent.loopback = true;
	config.interfaces = lo;
	config.interfaces_count = 1;
	CHECK_EQ(altair_uv_agent_open(&driver, &loop, &config, &handlers, NULL),
		 0);
	CHECK(altair_uv_agent_hosts(driver) > 0);
}

static void teardown(void)
{
	altair_uv_agent_close(driver, on_closed);
	run_until(has_closed);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

static void addresses_come_and_go(void)
{
	size_t before;

	setup();
	before = altair_uv_agent_hosts(driver);
	ip("add", "127.0.0.9");
	run_until_hosts(before + 1);
	ip("del", "127.0.0.9");
	run_until_hosts(before);
	teardown();
}

/* libuv stops a handle whose socket has an error, as this one has then. */
static void news_that_overflow(void)
{
	char addr[32];
	size_t before;

	setup();
	before = altair_uv_agent_hosts(driver);
	for (int i = 0; i < 20; i++) {
		snprintf(addr, sizeof addr, "127.0.1.%d", i + 1);
		ip("add", addr);
		ip("del", addr);
	}
	run_until(has_noticed);
	CHECK_EQ(altair_uv_agent_hosts(driver), before);
	ip("add", "127.0.0.9");
	run_until_hosts(before + 1);
	ip("del", "127.0.0.9");
	run_until_hosts(before);
	teardown();
}

/* Nothing else tells of the address when there are descriptors again. */
static void news_without_descriptors(void)
{
	struct rlimit limit, none;
	size_t before;

	setup();
	before = altair_uv_agent_hosts(driver);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	ip("add", "127.0.0.9");
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_EQ(altair_uv_agent_hosts(driver), before);
	run_until_hosts(before + 1);
	ip("del", "127.0.0.9");
	run_until_hosts(before);
	teardown();
}

static int next_descriptor(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}

/* The agent was closed by its own function. */
static void a_socket_that_the_agent_refuses(void)
{
	size_t before;
	int fd;

	setup();
	before = altair_uv_agent_hosts(driver);
	altair_agent_close(altair_uv_agent_agent(driver));
	fd = next_descriptor();
	ip("add", "127.0.0.9");
	/* Closed in this turn, its descriptor at the end of it. */
	uv_run(&loop, UV_RUN_NOWAIT);
	CHECK_EQ(altair_uv_agent_hosts(driver), before);
	CHECK_EQ(next_descriptor(), fd);
	ip("del", "127.0.0.9");
	teardown();
}

static const struct check_test tests[] = {
	TEST(a_torn_list_is_read_anew),	 TEST(a_list_that_is_always_torn),
	TEST(an_error_is_no_empty_list), TEST(a_signal_disturbs_nothing),
	TEST(addresses_come_and_go),	 TEST(news_that_overflow),
	TEST(news_without_descriptors),	 TEST(a_socket_that_the_agent_refuses),
};

int main(int argc, char **argv)
{
	if (unshare(CLONE_NEWNET) != 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		puts("skipped: may not make a network namespace");
		return SKIPPED;
	}
	if (system("ip link set lo up") != 0) {
		puts("skipped: there is no ip (iproute2)");
		return SKIPPED;
	}
	return check_run(tests, sizeof tests / sizeof *tests, argc, argv);
}
