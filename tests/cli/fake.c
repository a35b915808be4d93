/*
 * STUN is RFC 8489: a header of 20 bytes (5), XOR-MAPPED-ADDRESS (14.2),
 * ERROR-CODE (14.8).
 */
#define _GNU_SOURCE
#include "fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 30000

static int open_socket(uint16_t *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0) {
		perror("# fake");
		exit(1);
	}
	*port = ntohs(addr.sin_port);
	return fd;
}

/* ---- the server ---- */

/* The answer to `request` (20 bytes at least) in `out`; returns its length. */
static size_t answer(uint8_t *out, const uint8_t *request, enum fake_mode mode,
		     uint8_t ip, uint16_t port)
{
	static const uint8_t mapped[12] = {0x00, 0x20, 0,   8, 0,   1,
					   0,	 0,    203, 0, 113, 0};
	static const uint8_t error[12] = {0x00, 0x09, 0,   8,	0,   0,
					  5,	0,    'f', 'a', 'k', 'e'};
	size_t len = 32;

	memcpy(out, request, 20);
	out[0] = 0x01;
	out[1] = mode == FAKE_ERROR ? 0x11 : 0x01;
	out[2] = 0;
	out[3] = 12;
	memcpy(out + 20, mode == FAKE_ERROR ? error : mapped, 12);
	if (mode != FAKE_ERROR) {
		port ^= 0x2112;
		out[26] = (uint8_t)(port >> 8);
		out[27] = (uint8_t)port;
		out[31] = ip;
		for (int i = 0; i < 4; i++)
			out[28 + i] ^= out[4 + i];
	}
	if (mode == FAKE_WRONG_ID)
		out[19] ^= 1;
	if (mode == FAKE_EMPTY) {
		out[3] = 0;
		len = 20;
	}
	if (mode == FAKE_GARBAGE) {
		memset(out, 0xff, len);
		len = 7;
	}
	return len;
}

static void serve(int fd, enum fake_mode mode, uint8_t ip, uint16_t port)
{
	uint8_t request[1500], reply[64];
	struct sockaddr_in from;
	socklen_t len;
	uint16_t other_port;
	int other = open_socket(&other_port);
	bool is_late = mode == FAKE_LATE;

	for (;;) {
		ssize_t got;

		len = sizeof from;
		got = recvfrom(fd, request, sizeof request, 0,
			       (struct sockaddr *)&from, &len);
		if (got < 20 || mode == FAKE_SILENT)
			continue;
		if (is_late) {
			is_late = false;
			continue;
		}
		sendto(mode == FAKE_OTHER_SOURCE ? other : fd, reply,
		       answer(reply, request, mode, ip, port), 0,
		       (struct sockaddr *)&from, len);
	}
}

void fake_start(struct fake *fake, enum fake_mode mode, uint8_t ip,
		uint16_t port)
{
	uint16_t own;
	int fd = open_socket(&own);

	snprintf(fake->name, sizeof fake->name, "127.0.0.1:%u", own);
	fflush(stdout);
	fake->pid = fork();
	if (fake->pid < 0) {
		perror("# fork");
		exit(1);
	}
	if (fake->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd, mode, ip, port);
	}
	close(fd);
}

void fake_stop(struct fake *fake)
{
	kill(fake->pid, SIGKILL);
	waitpid(fake->pid, NULL, 0);
}

/* ---- the peer ---- */

void peer_open(struct peer *peer)
{
	memset(peer, 0, sizeof *peer);
	peer->fd = open_socket(&peer->port);
	snprintf(peer->name, sizeof peer->name, "127.0.0.1:%u", peer->port);
}

void peer_close(struct peer *peer)
{
	close(peer->fd);
}

bool peer_receive(struct peer *peer)
{
	struct pollfd pollfd = {peer->fd, POLLIN, 0};
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t got;

	if (poll(&pollfd, 1, DEADLINE_MS) <= 0) {
		printf("# peer: nothing arrived\n");
		return false;
	}
	got = recvfrom(peer->fd, peer->text, sizeof peer->text - 1, 0,
		       (struct sockaddr *)&from, &len);
	if (got < 0)
		return false;
	peer->len = (size_t)got;
	peer->text[got] = '\0';
	peer->their_port = ntohs(from.sin_port);
	return true;
}

bool peer_expect(struct peer *peer, const char *text)
{
	while (peer_receive(peer))
		if (peer->len == strlen(text) && !strcmp(peer->text, text))
			return true;
	return false;
}

static bool is_word(const struct peer *peer)
{
	return !strcmp(peer->text, "PUNCH") || !strcmp(peer->text, "PING") ||
	       !strcmp(peer->text, "PONG");
}

bool peer_receive_message(struct peer *peer)
{
	while (peer_receive(peer))
		if (!is_word(peer))
			return true;
	return false;
}

void peer_send(struct peer *peer, const void *data, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(peer->their_port)};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (sendto(peer->fd, data, len, 0, (struct sockaddr *)&to, sizeof to) <
	    0)
		perror("# peer: sendto");
}

void peer_say(struct peer *peer, const char *word)
{
	peer_send(peer, word, strlen(word));
}
