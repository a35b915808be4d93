/*
 * wire - plain IPv4 sockets for tests, with a deadline on every wait. A refusal
 * (ICMP) that the kernel reports on a socket counts as nothing.
 */
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static struct sockaddr_in to_system(const altair_addr *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(addr->port)};

	memcpy(&in.sin_addr, addr->ip, 4);
	return in;
}

static altair_addr from_system(const struct sockaddr_in *in)
{
	altair_addr addr = {.family = ALTAIR_IPV4, .port = ntohs(in->sin_port)};

	memcpy(addr.ip, &in->sin_addr, 4);
	return addr;
}

int wire_open(const char *ip, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, ip, &in.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&in, sizeof in) < 0) {
		fprintf(stderr, "# cannot bind %s:%u: %s\n", ip, port,
			strerror(errno));
		exit(2);
	}
	return fd;
}

altair_addr wire_local(int fd)
{
	struct sockaddr_in in = {0};
	socklen_t len = sizeof in;

	getsockname(fd, (struct sockaddr *)&in, &len);
	return from_system(&in);
}

void wire_send(int fd, const altair_addr *to, const void *bytes, size_t len)
{
	struct sockaddr_in in = to_system(to);

	/* an earlier refusal is reported here once, instead of the sending */
	for (int i = 0; i < 2; i++) {
		if (sendto(fd, bytes, len, 0, (struct sockaddr *)&in,
			   sizeof in) >= 0)
			return;
	}
}

void wire_say(int fd, const altair_addr *to, const char *word)
{
	wire_send(fd, to, word, strlen(word));
}

ssize_t wire_receive(int fd, altair_time wait, void *buf, size_t cap,
		     altair_addr *from)
{
	altair_time until = wire_now() + wait;
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct sockaddr_in in = {0};

	for (;;) {
		altair_time now = wire_now();
		altair_time left = until > now ? until - now : 0;
		socklen_t len = sizeof in;
		ssize_t got;

		poll(&ready, 1,
		     (int)((left + ALTAIR_MSEC(1) - 1) / ALTAIR_MSEC(1)));
		got = recvfrom(fd, buf, cap, MSG_DONTWAIT,
			       (struct sockaddr *)&in, &len);
		if (got >= 0 && from)
			*from = from_system(&in);
		if (got >= 0 || left == 0)
			return got;
	}
}

bool wire_hears(int fd, altair_time wait, const char *word)
{
	char buf[64];
	ssize_t len = wire_receive(fd, wait, buf, sizeof buf, NULL);

	return len == (ssize_t)strlen(word) &&
	       memcmp(buf, word, strlen(word)) == 0;
}

altair_time wire_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ALTAIR_SEC(now.tv_sec) + (altair_time)now.tv_nsec;
}

void wire_sleep_until(altair_time when)
{
	struct timespec at = {.tv_sec = (time_t)(when / ALTAIR_SEC(1)),
			      .tv_nsec = (long)(when % ALTAIR_SEC(1))};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) ==
	       EINTR)
		continue;
}
