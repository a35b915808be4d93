/*
 * Questions leave at their time, one of each kind every five milliseconds; none
 * is repeated. What is not answered within half a second is lost.
 */
#define _GNU_SOURCE
#include "probe.h"

#include "clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define EVERY ALTAIR_MSEC(5)
#define LOST_MS 500
#define PAYLOAD 100
/* 127.0.0.2 */
#define PEER_IP 0x7f000002u

bool probe_open(struct probe *probe, const struct sockaddr_in *server)
{
	socklen_t len = sizeof probe->peer_addr;

	probe->peer_addr = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(PEER_IP)};
	probe->peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	probe->binding = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(probe->peer, (const struct sockaddr *)&probe->peer_addr,
		 len) != 0 ||
	    getsockname(probe->peer, (struct sockaddr *)&probe->peer_addr,
			&len) != 0 ||
	    connect(probe->binding, (const struct sockaddr *)server,
		    sizeof *server) != 0) {
		perror("bench-flood");
		return false;
	}
	probe->links = (struct links){.server = *server,
				      .peers = &probe->peer_addr,
				      .peer_count = 1,
				      .count = 1};
	return links_open(&probe->links) && links_make(&probe->links);
}

/* Waits for an answer that begins with these bytes; false: it is lost. */
static bool hear(int fd, const uint8_t *head, size_t head_len,
		 altair_time asked)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t bytes[2048];

	for (;;) {
		altair_time late = asked + ALTAIR_MSEC(LOST_MS), now = now_ns();
		int left =
			now < late ? (int)((late - now) / ALTAIR_MSEC(1)) : 0;

		if (poll(&p, 1, left) <= 0)
			return false;
		if (recv(fd, bytes, sizeof bytes, 0) >= (ssize_t)head_len &&
		    memcmp(bytes, head, head_len) == 0)
			return true;
	}
}

static bool ask_binding(struct probe *probe, uint32_t number, altair_time now)
{
	uint8_t m[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	uint8_t head[20] = {1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42};

	memcpy(m + 8, &number, sizeof number);
	memcpy(head + 8, &number, sizeof number);
	return send(probe->binding, m, sizeof m, 0) == sizeof m &&
	       hear(probe->binding, head, sizeof head, now);
}

/* To the peer, and what it got back again. */
static bool ask_relay(struct probe *probe, uint32_t number, altair_time now)
{
	const struct links_client *client = probe->links.clients;
	uint8_t m[4 + PAYLOAD] = {(uint8_t)(client->channel[0] >> 8),
				  (uint8_t)client->channel[0], 0, PAYLOAD};
	struct sockaddr_in relay;
	socklen_t len = sizeof relay;
	struct pollfd p = {.fd = probe->peer, .events = POLLIN};
	uint8_t bytes[2048];
	ssize_t n;

	memcpy(m + 4, &number, sizeof number);
	if (send(client->fd, m, sizeof m, 0) != sizeof m)
		return false;
	do {
		if (poll(&p, 1, LOST_MS) <= 0)
			return false;
		n = recvfrom(probe->peer, bytes, sizeof bytes, 0,
			     (struct sockaddr *)&relay, &len);
	} while (n != PAYLOAD || memcmp(bytes, m + 4, PAYLOAD) != 0);
	return sendto(probe->peer, bytes, (size_t)n, 0,
		      (const struct sockaddr *)&relay, len) == n &&
	       hear(client->fd, m, sizeof m, now);
}

static void note(struct probe_figures *figures, bool is_answered,
		 altair_time asked)
{
	if (is_answered && figures->asked - figures->lost < PROBES_MAX)
		figures->rtt_us[figures->asked - figures->lost] =
			(uint32_t)((now_ns() - asked) / 1000);
	figures->asked++;
	figures->lost += !is_answered;
}

void *probe_run(void *arg)
{
	struct probe *probe = arg;
	altair_time next = now_ns();
	uint32_t number = 1;

	for (; !atomic_load(&probe->ends); number++) {
		altair_time now;

		sleep_until(next);
		now = now_ns();
		next = now + EVERY;
		note(&probe->figures[0], ask_binding(probe, number, now), now);
		now = now_ns();
		note(&probe->figures[1], ask_relay(probe, number, now), now);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint32_t probe_percentile(struct probe_figures *figures, unsigned hundredths)
{
	size_t count = figures->asked - figures->lost;

	if (count > PROBES_MAX)
		count = PROBES_MAX;
	if (count == 0)
		return 0;
	qsort(figures->rtt_us, count, sizeof *figures->rtt_us, compare);
	return figures->rtt_us[count * hundredths / 100];
}
