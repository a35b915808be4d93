/*
 * bench-relay-floor IP:PORT [--merged]: the floor that relay.sh measures against.
 * It does what any relay must do to the kernel and nothing else: no requests, no
 * permissions, no look-up but an index. What a client sends to a channel leaves
 * from the relay socket of the channel, which is connected to its one peer; what
 * comes back leaves for the client with the four bytes of the channel in front.
 * With --merged a burst comes in as one (UDP_GRO) and leaves as one, as it came
 * (UDP_SEGMENT).
 *
 * "HELO" is answered, as a first request is by a challenge. A link is made by a
 * datagram "LINK", the peer's IP and its port; the answer has the channel's number
 * and the relay's port in their place. "GONE" and the number end it. Answers are as
 * long as what they answer; nothing is hashed.
 */
#define _GNU_SOURCE
#include "endpoint.h"

#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS_MAX 0x3000
#define CHANNEL_MIN 0x4000
#define HEADER_LEN 4
#define READY_MAX 64
#define ROUNDS_MAX 512 /* datagrams before the others get their turn */

struct link {
	int fd;
	struct sockaddr_in client;
};

struct floor {
	int fd, epoll;
	struct sockaddr_in at;
	bool merged;
	struct link links[LINKS_MAX];
	unsigned count;
	uint8_t bytes[HEADER_LEN + 65536];
};

/* A datagram, or a burst of `segment` bytes each. */
struct burst {
	uint8_t *bytes;
	size_t len;
	uint16_t segment; /* 0: one datagram */
};

static int open_socket(const struct floor *floor, const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd >= 0 &&
	    (bind(fd, (const struct sockaddr *)at, sizeof *at) != 0 ||
	     (floor->merged &&
	      setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0)))
		return -1;
	return fd;
}

/* Receives into `burst`, whose `len` is the room; false: there is nothing. */
static bool take(int fd, struct burst *burst, struct sockaddr_in *from)
{
	_Alignas(struct cmsghdr) uint8_t control[64];
	struct iovec iov = {burst->bytes, burst->len};
	struct msghdr head = {
		.msg_name = from,
		.msg_namelen = from ? sizeof *from : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(fd, &head, 0);
	int segment;

	if (n < 0)
		return false;
	burst->len = (size_t)n;
	burst->segment = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&head); c;
	     c = CMSG_NXTHDR(&head, c)) {
		memcpy(&segment, CMSG_DATA(c), sizeof segment);
		burst->segment = (uint16_t)segment;
	}
	return true;
}

static void give(int fd, const struct burst *burst, struct sockaddr_in *to)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))];
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	struct iovec iov = {burst->bytes, burst->len};
	struct msghdr head = {.msg_name = to,
			      .msg_namelen = to ? sizeof *to : 0,
			      .msg_iov = &iov,
			      .msg_iovlen = 1};

	if (burst->segment != 0 && burst->len > burst->segment) {
		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof burst->segment);
		memcpy(CMSG_DATA(c), &burst->segment, sizeof burst->segment);
		head.msg_control = control;
		head.msg_controllen = sizeof control;
	}
	sendmsg(fd, &head, 0);
}

static void make_link(struct floor *floor, const struct burst *request,
		      struct sockaddr_in *client)
{
	struct sockaddr_in at = floor->at, peer = {.sin_family = AF_INET};
	struct link *link = &floor->links[floor->count];
	socklen_t len = sizeof at;
	uint16_t channel = htons((uint16_t)(CHANNEL_MIN + floor->count));
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u32 = floor->count};

	if (request->len < 10 || floor->count == LINKS_MAX)
		return;
	memcpy(&peer.sin_addr, request->bytes + 4, 4);
	memcpy(&peer.sin_port, request->bytes + 8, 2);
	at.sin_port = 0;
	link->client = *client;
	link->fd = open_socket(floor, &at);
	if (link->fd < 0 ||
	    connect(link->fd, (struct sockaddr *)&peer, sizeof peer) != 0 ||
	    getsockname(link->fd, (struct sockaddr *)&at, &len) != 0 ||
	    epoll_ctl(floor->epoll, EPOLL_CTL_ADD, link->fd, &event) != 0)
		return;
	memcpy(request->bytes + 4, &channel, 2);
	memcpy(request->bytes + 6, &at.sin_port, 2);
	floor->count++;
	give(floor->fd, request, client);
}

static void end_link(struct floor *floor, const struct burst *request,
		     struct sockaddr_in *client)
{
	unsigned number =
		(unsigned)(request->bytes[4] << 8 | request->bytes[5]) -
		CHANNEL_MIN;

	if (number >= floor->count)
		return;
	close(floor->links[number].fd);
	floor->links[number].fd = -1;
	give(floor->fd, request, client);
}

/* From a client. */
static bool serve(struct floor *floor)
{
	struct burst burst = {floor->bytes, sizeof floor->bytes, 0};
	struct sockaddr_in client;
	unsigned link;

	if (!take(floor->fd, &burst, &client))
		return false;
	link = (unsigned)(burst.bytes[0] << 8 | burst.bytes[1]) - CHANNEL_MIN;
	if (memcmp(burst.bytes, "LINK", 4) == 0) {
		make_link(floor, &burst, &client);
	} else if (memcmp(burst.bytes, "GONE", 4) == 0) {
		end_link(floor, &burst, &client);
	} else if (memcmp(burst.bytes, "HELO", 4) == 0) {
		give(floor->fd, &burst, &client);
	} else if (link < floor->count && burst.len > HEADER_LEN) {
		if (!floor->merged) {
			burst.bytes += HEADER_LEN;
			burst.len -= HEADER_LEN;
		}
		give(floor->links[link].fd, &burst, NULL);
	}
	return true;
}

/* From the peer of a link. */
static void serve_peer(struct floor *floor, unsigned number)
{
	struct burst burst = {floor->bytes + HEADER_LEN,
			      sizeof floor->bytes - HEADER_LEN, 0};
	uint16_t channel = htons((uint16_t)(CHANNEL_MIN + number)), len;

	if (!take(floor->links[number].fd, &burst, NULL))
		return;
	if (!floor->merged) {
		len = htons((uint16_t)burst.len);
		burst.bytes -= HEADER_LEN;
		burst.len += HEADER_LEN;
		memcpy(burst.bytes, &channel, 2);
		memcpy(burst.bytes + 2, &len, 2);
	}
	give(floor->fd, &burst, &floor->links[number].client);
}

int main(int argc, char **argv)
{
	static struct floor floor;
	struct epoll_event ready[READY_MAX];
	struct pollfd watched[2];
	int room = 4 << 20;

	if (argc < 2 || !endpoint_read(&floor.at, argv[1])) {
		fputs("usage: bench-relay-floor IP:PORT [--merged]\n", stderr);
		return 2;
	}
	floor.merged = argc > 2 && strcmp(argv[2], "--merged") == 0;
	floor.fd = open_socket(&floor, &floor.at);
	floor.epoll = epoll_create1(EPOLL_CLOEXEC);
	/* Some bursts wait while another is served. */
	setsockopt(floor.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (floor.fd < 0 || floor.epoll < 0) {
		perror("bench-relay-floor");
		return 3;
	}
	watched[0] = (struct pollfd){.fd = floor.fd, .events = POLLIN};
	watched[1] = (struct pollfd){.fd = floor.epoll, .events = POLLIN};
	for (;;) {
		int n;

		poll(watched, 2, -1);
		for (int i = 0; i < ROUNDS_MAX && serve(&floor); i++)
			;
		n = epoll_wait(floor.epoll, ready, READY_MAX, 0);
		for (int i = 0; i < n; i++)
			serve_peer(&floor, ready[i].data.u32);
	}
}
