/*
 * probe_lab.c - the probe on sockets: one process that opens each of its
 * sockets in the network namespace where it belongs, `a` behind the NAT and
 * `servers` outside (lab.sh).
 */
#define _GNU_SOURCE
#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How long a datagram of ours may need on this host: only a broken lab, or a
 * NAT that lets nothing out, waits so long. */
#define PATIENCE_MS 1000

enum { SOCKETS_MAX = 32 };

struct lab {
	const char *address[3]; /* by enum probe_side */
	int fd[SOCKETS_MAX];
	int count;
};

static void die(const char *what)
{
	perror(what);
	exit(2);
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

static socklen_t to_system(const altair_addr *addr,
			   struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (addr->family == ALTAIR_IPV4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(addr->port);
		memcpy(&in->sin_addr, addr->ip, 4);
		return sizeof *in;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(addr->port);
	memcpy(&in6->sin6_addr, addr->ip, 16);
	return sizeof *in6;
}

static void from_system(const struct sockaddr_storage *system, altair_addr *out)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)system;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)system;

	*out = (altair_addr){0};
	if (system->ss_family == AF_INET) {
		out->family = ALTAIR_IPV4;
		out->port = ntohs(in->sin_port);
		memcpy(out->ip, &in->sin_addr, 4);
		return;
	}
	out->family = ALTAIR_IPV6;
	out->port = ntohs(in6->sin6_port);
	memcpy(out->ip, &in6->sin6_addr, 16);
}

static int lab_open(void *self, enum probe_side side, altair_addr *local)
{
	struct lab *lab = self;
	struct sockaddr_storage name;
	socklen_t len;
	int fd;

	enter(side == PROBE_INSIDE ? "a" : "servers");
	if (altair_addr_parse_ip(local, lab->address[side], 0) != 0) {
		fprintf(stderr, "%s: no address\n", lab->address[side]);
		exit(2);
	}
	len = to_system(local, &name);
	fd = socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &len) != 0)
		die(lab->address[side]);
	from_system(&name, local);
	if (lab->count == SOCKETS_MAX)
		exit(2);
	lab->fd[lab->count] = fd;
	return lab->count++;
}

static void lab_send(void *self, int from, const altair_addr *to, uint8_t byte)
{
	struct lab *lab = self;
	struct sockaddr_storage name;
	socklen_t len = to_system(to, &name);

	(void)!sendto(lab->fd[from], &byte, 1, 0, (struct sockaddr *)&name,
		      len);
}

static bool lab_take(void *self, int at, altair_addr *from, uint8_t *byte)
{
	struct lab *lab = self;
	struct sockaddr_storage name;
	socklen_t len = sizeof name;
	struct pollfd ready = {.fd = lab->fd[at], .events = POLLIN};

	if (poll(&ready, 1, PATIENCE_MS) != 1)
		return false;
	if (recvfrom(lab->fd[at], byte, 1, 0, (struct sockaddr *)&name, &len) !=
	    1)
		return false;
	from_system(&name, from);
	return true;
}

static void lab_rest(void *self, altair_time duration)
{
	struct timespec left = {
		.tv_sec = (time_t)(duration / ALTAIR_SEC(1)),
		.tv_nsec = (long)(duration % ALTAIR_SEC(1)),
	};

	(void)self;
	while (nanosleep(&left, &left) != 0)
		;
}

int main(int argc, char **argv)
{
	struct lab lab = {0};
	struct probe_net net = {.self = &lab,
				.open = lab_open,
				.send = lab_send,
				.take = lab_take,
				.rest = lab_rest};
	struct probe_report report;

	if (argc != 5) {
		fprintf(stderr, "usage: probe-lab INSIDE OUTSIDE_1 OUTSIDE_2 "
				"IDLE_MS\n");
		return 2;
	}
	for (int i = 0; i < 3; i++)
		lab.address[i] = argv[i + 1];
	probe_run(&net, ALTAIR_MSEC(strtoul(argv[4], NULL, 10)), &report);
	probe_print(&report);
	return 0;
}
