/*
 * bench-floor A_IP B_IP SERVER_IP:PORT: how fast two hosts of the lab can connect
 * when nobody waits for anything. Run in a lab (tests/lab/lab.sh); its sockets
 * are opened in the namespaces `a` and `b`.
 *
 * Both ask the server for their mapping, and tell each other every address they
 * know, SIGNAL later. What is heard of is tried at once, until the end every
 * AGAIN. Who is reached by a try or by data sends data back to where it came
 * from, and nowhere else. The end is when both have received data, or PATIENCE.
 * Then the round trips to the server, over UDP, and the TCP handshake.
 *
 * Prints one line of JSON: "ms", the time to the end, or null; of each side the
 * medians "udp" and "tcp", null when there is no answer.
 */
#define _GNU_SOURCE
#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SIGNAL ALTAIR_MSEC(20)
#define AGAIN ALTAIR_MSEC(50)
#define PATIENCE ALTAIR_MSEC(600)
#define NEVER ((altair_time)-1)

enum { TARGETS = 2, ROUNDS = 5, STUN_LEN = 20, STUN_MAX = 256 };
enum { TRY = 'c', DATA = 'd' };

/* An address of the other side, and when it is tried next. */
struct target {
	struct sockaddr_in addr;
	altair_time at;
};

struct side {
	const char *name;
	int fd;
	struct sockaddr_in local;
	struct target targets[TARGETS]; /* the host's, the mapping's */
	bool has_received;
};

struct floor {
	struct side sides[2];
	struct sockaddr_in server;
	altair_time began, ended;
};

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static altair_time now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return ALTAIR_SEC(time.tv_sec) + (altair_time)time.tv_nsec;
}

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_addr.s_addr == b->sin_addr.s_addr &&
	       a->sin_port == b->sin_port;
}

static void enter(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		die(path);
	close(fd);
}

static int open_socket(const struct side *side, int type)
{
	struct sockaddr_in any = side->local;
	int fd;

	any.sin_port = 0;
	enter(side->name);
	fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0)
		die(side->name);
	return fd;
}

static void open_side(struct side *side)
{
	socklen_t len = sizeof side->local;

	side->fd = open_socket(side, SOCK_DGRAM);
	getsockname(side->fd, (struct sockaddr *)&side->local, &len);
	for (int i = 0; i < TARGETS; i++)
		side->targets[i].at = NEVER;
}

static void send_to(const struct side *side, const void *data, size_t len,
		    const struct sockaddr_in *to)
{
	(void)!sendto(side->fd, data, len, 0, (const struct sockaddr *)to,
		      sizeof *to);
}

static void send_byte(const struct side *side, uint8_t byte,
		      const struct sockaddr_in *to)
{
	send_to(side, &byte, 1, to);
}

/* RFC 8489 section 5: a Binding request without attributes. */
static void ask_server(const struct floor *floor, const struct side *side)
{
	static const uint8_t request[STUN_LEN] = {0,	1,    0,    0,
						  0x21, 0x12, 0xa4, 0x42};

	send_to(side, request, sizeof request, &floor->server);
}

/* RFC 8489 section 14.2: the first XOR-MAPPED-ADDRESS of an answer. */
static bool read_mapping(const uint8_t *data, size_t len,
			 struct sockaddr_in *out)
{
	size_t at = STUN_LEN;

	while (at + 12 <= len) {
		const uint8_t *attribute = data + at;
		size_t size = (size_t)(attribute[2] << 8 | attribute[3]);
		uint8_t ip[4];

		if (attribute[0] == 0 && attribute[1] == 0x20 && size == 8) {
			for (int i = 0; i < 4; i++)
				ip[i] = attribute[8 + i] ^ data[4 + i];
			*out = (struct sockaddr_in){.sin_family = AF_INET};
			memcpy(&out->sin_addr, ip, 4);
			out->sin_port =
				htons((uint16_t)((attribute[6] ^ 0x21) << 8 |
						 (attribute[7] ^ 0x12)));
			return true;
		}
		at += 4 + ((size + 3) & ~(size_t)3);
	}
	return false;
}

/* One side's address reaches the other by the signalling. */
static void tell(struct side *other, int which, const struct sockaddr_in *addr)
{
	if (other->targets[which].at != NEVER)
		return;
	other->targets[which].addr = *addr;
	other->targets[which].at = now() + SIGNAL;
}

static void take(struct floor *floor, struct side *side, struct side *other)
{
	struct sockaddr_in from, mapping;
	socklen_t from_len = sizeof from;
	uint8_t data[STUN_MAX];
	ssize_t len = recvfrom(side->fd, data, sizeof data, 0,
			       (struct sockaddr *)&from, &from_len);

	if (len <= 0)
		return;
	if (same(&from, &floor->server)) {
		if (read_mapping(data, (size_t)len, &mapping) &&
		    !same(&mapping, &side->local))
			tell(other, 1, &mapping);
		return;
	}
	if (data[0] == TRY || !side->has_received)
		send_byte(side, DATA, &from);
	side->has_received = side->has_received || data[0] == DATA;
	if (floor->sides[0].has_received && floor->sides[1].has_received &&
	    !floor->ended)
		floor->ended = now();
}

/* Tries what is due; the time of what is next. */
static altair_time try_due(struct side *side)
{
	altair_time next = NEVER, at = now();

	for (int i = 0; i < TARGETS; i++) {
		struct target *target = &side->targets[i];

		if (target->at <= at) {
			send_byte(side, TRY, &target->addr);
			target->at = at + AGAIN;
		}
		if (target->at < next)
			next = target->at;
	}
	return next;
}

/* Waits for a datagram at either side, at most until then. */
static void wait_until(struct floor *floor, altair_time then)
{
	struct pollfd ready[2];
	struct timespec left = {0};
	altair_time at = now();

	for (int i = 0; i < 2; i++)
		ready[i] = (struct pollfd){.fd = floor->sides[i].fd,
					   .events = POLLIN};
	if (then > at) {
		left.tv_sec = (time_t)((then - at) / ALTAIR_SEC(1));
		left.tv_nsec = (long)((then - at) % ALTAIR_SEC(1));
	}
	if (ppoll(ready, 2, &left, NULL) < 0)
		die("ppoll");
	for (int i = 0; i < 2; i++)
		if (ready[i].revents)
			take(floor, &floor->sides[i], &floor->sides[!i]);
}

static void connect_sides(struct floor *floor)
{
	altair_time end, next[2];

	floor->began = now();
	end = floor->began + PATIENCE;
	for (int i = 0; i < 2; i++) {
		ask_server(floor, &floor->sides[i]);
		tell(&floor->sides[!i], 0, &floor->sides[i].local);
	}
	while (!floor->ended && now() < end) {
		for (int i = 0; i < 2; i++)
			next[i] = try_due(&floor->sides[i]);
		if (next[1] < next[0])
			next[0] = next[1];
		wait_until(floor, next[0] < end ? next[0] : end);
	}
}

/* --- Round trips to the server ------------------------------------------ */

/* Waits PATIENCE for the socket. */
static bool is_ready(int fd, short what)
{
	struct pollfd ready = {.fd = fd, .events = what};

	return poll(&ready, 1, (int)(PATIENCE / ALTAIR_MSEC(1))) == 1;
}

static altair_time ask_udp(const struct floor *floor, struct side *side)
{
	altair_time began;
	bool answered;

	close(side->fd);
	side->fd = open_socket(side, SOCK_DGRAM);
	began = now();
	ask_server(floor, side);
	answered = is_ready(side->fd, POLLIN);
	return answered ? now() - began : NEVER;
}

static altair_time ask_tcp(const struct floor *floor, struct side *side)
{
	int fd = open_socket(side, SOCK_STREAM), error = 0;
	socklen_t len = sizeof error;
	altair_time began = now(), took;

	if (connect(fd, (const struct sockaddr *)&floor->server,
		    sizeof floor->server) != 0 &&
	    errno != EINPROGRESS)
		die("connect");
	if (!is_ready(fd, POLLOUT) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error)
		took = NEVER;
	else
		took = now() - began;
	close(fd);
	return took;
}

static int compare(const void *a, const void *b)
{
	const altair_time *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void print_time(const char *name, altair_time time)
{
	if (time == NEVER)
		printf("\"%s\":null", name);
	else
		printf("\"%s\":%.2f", name, (double)time / 1e6);
}

static void
print_median(const char *name, const struct floor *floor, struct side *side,
	     altair_time (*ask)(const struct floor *, struct side *))
{
	altair_time times[ROUNDS];
	int count = 0;

	do
		times[count] = ask(floor, side);
	while (times[count++] != NEVER && count < ROUNDS);
	qsort(times, (size_t)count, sizeof *times, compare);
	print_time(name, times[count - 1] == NEVER ? NEVER : times[count / 2]);
}

int main(int argc, char **argv)
{
	struct floor floor = {.sides = {{.name = "a"}, {.name = "b"}}};

	if (argc != 4 || !endpoint_read(&floor.server, argv[3])) {
		fputs("usage: bench-floor A_IP B_IP SERVER_IP:PORT\n", stderr);
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		struct side *side = &floor.sides[i];

		side->local.sin_family = AF_INET;
		if (inet_pton(AF_INET, argv[i + 1], &side->local.sin_addr) != 1)
			die(argv[i + 1]);
		open_side(side);
	}
	connect_sides(&floor);
	fputc('{', stdout);
	print_time("ms", floor.ended ? floor.ended - floor.began : NEVER);
	for (int i = 0; i < 2; i++) {
		printf(",\"%s\":{", floor.sides[i].name);
		print_median("udp", &floor, &floor.sides[i], ask_udp);
		fputc(',', stdout);
		print_median("tcp", &floor, &floor.sides[i], ask_tcp);
		fputc('}', stdout);
	}
	puts("}");
	return 0;
}
