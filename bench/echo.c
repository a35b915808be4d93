/*
 * bench-echo IP:PORT [--merged]: the floor that bench-binding measures against.
 * It does what any responder must do to the kernel and nothing else: each
 * datagram is answered with 32 bytes that begin as the datagram did (20 bytes
 * of a STUN request make 32 of an answer). Plain: one recvfrom and one sendto.
 * Merged: one recvmsg with UDP_GRO and one sendmsg with UDP_SEGMENT for each
 * burst.
 */
#define _GNU_SOURCE
#include "endpoint.h"

#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REQUEST_LEN 20
#define ANSWER_LEN 32
#define BURST_MAX 64

static void echo_plain(int fd)
{
	uint8_t bytes[2048] = {0};
	struct sockaddr_storage from;

	for (;;) {
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0,
				     (struct sockaddr *)&from, &len);

		if (n >= 0)
			sendto(fd, bytes, ANSWER_LEN, 0,
			       (struct sockaddr *)&from, len);
	}
}

/* Answers `len` bytes of requests that came as one. */
static void answer_burst(int fd, struct msghdr *head, const uint8_t *in,
			 size_t len)
{
	static uint8_t out[BURST_MAX * ANSWER_LEN];
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))];
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	uint16_t segment = ANSWER_LEN;
	size_t count = len / REQUEST_LEN;
	struct iovec iov = {.iov_base = out};

	if (count > BURST_MAX)
		count = BURST_MAX;
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * ANSWER_LEN, in + i * REQUEST_LEN, REQUEST_LEN);
	iov.iov_len = count * ANSWER_LEN;
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof segment);
	memcpy(CMSG_DATA(c), &segment, sizeof segment);
	head->msg_control = count > 1 ? control : NULL;
	head->msg_controllen = count > 1 ? sizeof control : 0;
	head->msg_iov = &iov;
	sendmsg(fd, head, 0);
}

static void echo_merged(int fd)
{
	static uint8_t bytes[65536];
	struct sockaddr_storage from;
	int on = 1;

	setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on);
	for (;;) {
		_Alignas(struct cmsghdr) uint8_t control[64];
		struct iovec iov = {bytes, sizeof bytes};
		struct msghdr head = {
			.msg_name = &from,
			.msg_namelen = sizeof from,
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control,
		};
		ssize_t n = recvmsg(fd, &head, 0);

		if (n >= 0)
			answer_burst(fd, &head, bytes, (size_t)n);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int fd;

	if (argc < 2 || !endpoint_read(&at, argv[1])) {
		fprintf(stderr, "usage: bench-echo IP:PORT [--merged]\n");
		return 2;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		perror("bench-echo");
		return 3;
	}
	if (argc > 2 && strcmp(argv[2], "--merged") == 0)
		echo_merged(fd);
	echo_plain(fd);
}
