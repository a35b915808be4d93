/*
 * The control socket of `altair serve`, with a server that the test makes up and a
 * clock that it sets: how long a silent caller may stay, and what a caller is told
 * of a session that has more peers than are shown.
 */
#define _GNU_SOURCE
#include "check.h"

#include "control.h"

#include <altair/error.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS 20
#define MINUTE 60000

static struct service service;
static struct plan plan;
static char path[64];

/* --- the clock ------------------------------------------------------------- */

static uint64_t now_ms;
static uv_timer_cb looks; /* at who is idle */
static uv_timer_t *timer;

uint64_t __wrap_uv_now(const uv_loop_t *loop);
int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t first,
			  uint64_t again);

uint64_t __wrap_uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return now_ms;
}

int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t first,
			  uint64_t again)
{
	/* It looks often enough. */
	CHECK(first <= MINUTE / 6 && again <= MINUTE / 6);
	timer = handle;
	looks = call;
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < TURNS; i++)
		uv_run(&service.run.loop, UV_RUN_NOWAIT);
}

static void at(uint64_t ms)
{
	turn();
	now_ms = ms;
	looks(timer);
	turn();
}

/* --- the server ------------------------------------------------------------ */

static size_t sessions, peers;

size_t altair_serve_list(altair_serve *serve, uint64_t *place,
			 altair_session *out, size_t cap)
{
	size_t n = 0;

	(void)serve;
	for (; *place < sessions && n < cap; ++*place)
		out[n++] = (altair_session){.id = *place + 1};
	return n;
}

int altair_serve_find(altair_serve *serve, uint64_t id, altair_session *out)
{
	(void)serve;
	*out = (altair_session){.id = id, .channels = 7};
	out->permissions = (uint32_t)(peers - out->channels);
	return id == 1 ? 0 : ALTAIR_E_INVALID;
}

size_t altair_serve_peers(altair_serve *serve, uint64_t id,
			  altair_session_peer *out, size_t cap)
{
	(void)serve;
	(void)id;
	for (size_t i = 0; i < peers && i < cap; i++)
		out[i] = (altair_session_peer){
			.addr = {.family = ALTAIR_IPV4, .ip = {192, 0, 2, 1}}};
	return peers < cap ? peers : cap;
}

int altair_serve_end(altair_serve *serve, uint64_t id)
{
	(void)serve;
	(void)id;
	return ALTAIR_E_INVALID;
}

void altair_serve_get_stats(const altair_serve *serve, altair_server_stats *out)
{
	(void)serve;
	*out = (altair_server_stats){.size = sizeof *out};
}

int air_service_reload(struct service *unused)
{
	(void)unused;
	return -1;
}

void air_service_drain(struct service *unused)
{
	(void)unused;
}

/* --- a caller -------------------------------------------------------------- */

static void begin(void)
{
	/* One loop for all, since libuv ends with a run's. */
	if (!service.plan) {
		CHECK_EQ(air_run_open(&service.run), 0);
		service.plan = &plan;
	}
	now_ms = 1000;
	snprintf(path, sizeof path, "/tmp/altair-control.%d", (int)getpid());
	CHECK_EQ(air_control_open(&service, path), -1);
}

static void end(void)
{
	air_control_close(service.control);
	turn();
	CHECK(access(path, F_OK) != 0);
}

static int call(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	turn();
	return fd;
}

static void say(int fd, const char *line)
{
	CHECK_EQ(send(fd, line, strlen(line), MSG_NOSIGNAL),
		 (ssize_t)strlen(line));
	turn();
}

/* All that comes until there is no more; its length. */
static size_t hear(int fd, char *out, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, out + len, cap - 1 - len, MSG_DONTWAIT)) > 0) {
		len += (size_t)n;
		turn();
	}
	CHECK(n < 0 && errno == EAGAIN);
	out[len] = '\0';
	return len;
}

/* Reads what is left; whether the server has closed. */
static bool is_dismissed(int fd)
{
	char rest[4096];
	ssize_t n;

	while ((n = recv(fd, rest, sizeof rest, MSG_DONTWAIT)) > 0)
		continue;
	return n == 0 || errno == ECONNRESET;
}

static char heard[1 << 17];

/* --- the tests ------------------------------------------------------------- */

/* A minute, counted from the last word. */
static void who_is_silent_is_dismissed(void)
{
	int silent, half, talks;

	begin();
	silent = call();
	half = call();
	talks = call();
	say(half, "{\"cmd\":");
	now_ms = 1000 + MINUTE / 2;
	say(talks, "{\"cmd\":\"stats\"}\n");
	CHECK(hear(talks, heard, sizeof heard) > 0);
	at(1000 + MINUTE - 1);
	CHECK(!is_dismissed(silent));
	CHECK(!is_dismissed(half));
	at(1000 + MINUTE);
	CHECK(is_dismissed(silent));
	CHECK(is_dismissed(half));
	CHECK(!is_dismissed(talks));
	say(talks, "{\"cmd\":\"stats\"}\n");
	CHECK(hear(talks, heard, sizeof heard) > 0);
	at(1000 + 2 * MINUTE - 1);
	CHECK(!is_dismissed(talks));
	at(1000 + 2 * MINUTE);
	CHECK(is_dismissed(talks));
	close(silent);
	close(half);
	close(talks);
	end();
}

/* Their places are others' again. */
static void sixteen_who_are_silent(void)
{
	int fd[16], more;

	begin();
	for (int i = 0; i < 16; i++)
		fd[i] = call();
	more = call();
	CHECK(hear(fd[0], heard, sizeof heard) == 0);
	CHECK(recv(more, heard, sizeof heard, MSG_DONTWAIT) > 0);
	CHECK(strstr(heard, "are asking the server already"));
	CHECK(is_dismissed(more));
	close(more);
	at(1000 + MINUTE);
	more = call();
	say(more, "{\"cmd\":\"list\"}\n");
	CHECK(hear(more, heard, sizeof heard) > 0);
	CHECK(strstr(heard, "\"event\":\"done\""));
	for (int i = 0; i < 16; i++)
		close(fd[i]);
	close(more);
	end();
}

/* Who does not read his answer is as silent. */
static void who_does_not_read_is_dismissed(void)
{
	int fd;

	begin();
	sessions = 100000;
	fd = call();
	say(fd, "{\"cmd\":\"list\"}\n");
	at(1000 + MINUTE - 1);
	CHECK(recv(fd, heard, 1, MSG_DONTWAIT) == 1);
	at(1000 + 3 * MINUTE);
	CHECK(is_dismissed(fd));
	close(fd);
	end();
}

/* Page by page, nothing twice. */
static void a_list_is_whole(void)
{
	size_t count = 0;
	int fd;

	begin();
	sessions = 150;
	fd = call();
	say(fd, "{\"cmd\":\"list\"}\n");
	CHECK(hear(fd, heard, sizeof heard) > 0);
	for (const char *s = heard; (s = strstr(s, "\"session\"")); s++)
		count++;
	CHECK_EQ(count, 150);
	CHECK(strstr(heard, "\"count\":150"));
	close(fd);
	end();
}

/* How many peers are not shown. */
static void a_session_with_more_peers(void)
{
	static const struct {
		size_t peers;
		const char *more;
	} all[] = {{512, NULL}, {513, "\"more\":1"}, {4096, "\"more\":3584"}};
	int fd;

	begin();
	fd = call();
	for (size_t i = 0; i < 3; i++) {
		size_t count = 0;

		peers = all[i].peers;
		say(fd, "{\"cmd\":\"show\",\"id\":1}\n");
		CHECK(hear(fd, heard, sizeof heard) > 0);
		for (const char *s = heard; (s = strstr(s, "\"peer\":")); s++)
			count++;
		CHECK_EQ(count, 512);
		CHECK(!all[i].more == !strstr(heard, "\"more\""));
		CHECK(!all[i].more || strstr(heard, all[i].more));
	}
	close(fd);
	end();
}

static const struct check_test tests[] = {
	TEST(who_is_silent_is_dismissed),     TEST(sixteen_who_are_silent),
	TEST(who_does_not_read_is_dismissed), TEST(a_list_is_whole),
	TEST(a_session_with_more_peers),
};
CHECK_MAIN(tests)
