/*
 * guide_peer - the guide's own program, as the guide describes it, on a real
 * socket: what our side must connect with.
 *
 *	guide_peer [--initiator] [--trailing] BIND_IP:PORT PEER_IP:PORT
 *
 * It prints "ready", waits for a byte on its input, and only then opens its
 * socket and punches: 5 PUNCH 400 ms apart while it listens (1 s longer than
 * it sends), up to 5 attempts, between them growing waits (400 ms more each)
 * in which it does not read, no new attempt after 10 s. The first PUNCH, PING
 *or PONG from anyone is success and ends the sending (--trailing: the attempt's
 * remaining PUNCH still leave); any other datagram ends the attempt. Then the
 * initiator sends one PING and waits 5 s for PONG; the responder waits 10 s for
 * PING and sends one PONG. Any other datagram while it waits: it gives up. At
 * last it prints "verified" or the reason why not, and stays, deaf, until its
 * input ends. Exit status: 0 verified, 1 not.
 */
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTEMPTS 5
#define PUNCHES 5
#define INTERVAL ALTAIR_MSEC(400)
#define OVERALL ALTAIR_SEC(10)
#define PONG_WAIT ALTAIR_SEC(5)
#define PING_WAIT ALTAIR_SEC(10)
#define DATAGRAM 1500

struct guide {
	int fd;
	altair_addr peer;
	bool is_initiator, is_trailing;
	unsigned punches_left; /* of this attempt                        */
	altair_time next_punch;
};

struct heard {
	char text[DATAGRAM + 1];
	altair_addr from;
};

static void read_endpoint(altair_addr *out, const char *text)
{
	char ip[64];
	unsigned port;

	if (sscanf(text, "%63[0-9.]:%u", ip, &port) != 2 ||
	    inet_pton(AF_INET, ip, out->ip) != 1) {
		fprintf(stderr, "# not an endpoint: %s\n", text);
		exit(2);
	}
	out->family = ALTAIR_IPV4;
	out->port = (uint16_t)port;
}

/* Waits for a datagram until `until`, sending each PUNCH that comes due. */
static bool listen_until(struct guide *guide, altair_time until,
			 struct heard *heard)
{
	for (altair_time now = wire_now(); now < until; now = wire_now()) {
		altair_time wake = until;
		ssize_t len;

		if (guide->punches_left > 0 && now >= guide->next_punch) {
			wire_say(guide->fd, &guide->peer, "PUNCH");
			guide->punches_left--;
			guide->next_punch = now + INTERVAL;
		}
		if (guide->punches_left > 0 && guide->next_punch < wake)
			wake = guide->next_punch;
		len = wire_receive(guide->fd, wake > now ? wake - now : 0,
				   heard->text, DATAGRAM, &heard->from);
		if (len < 0)
			continue;
		heard->text[len] = '\0';
		return true;
	}
	return false;
}

static bool attempt(struct guide *guide)
{
	altair_time now = wire_now();
	struct heard heard;

	guide->punches_left = PUNCHES;
	guide->next_punch = now;
	if (!listen_until(guide, now + PUNCHES * INTERVAL + ALTAIR_SEC(1),
			  &heard))
		return false;
	if (!guide->is_trailing)
		guide->punches_left = 0;
	return !strcmp(heard.text, "PUNCH") || !strcmp(heard.text, "PING") ||
	       !strcmp(heard.text, "PONG");
}

static bool punch(struct guide *guide)
{
	altair_time end = wire_now() + OVERALL;

	for (unsigned i = 1; i <= ATTEMPTS && wire_now() < end; i++) {
		if (attempt(guide))
			return true;
		wire_sleep_until(wire_now() + i * INTERVAL);
	}
	return false;
}

/* Returns NULL, or why it gives up. */
static const char *ping_pong(struct guide *guide)
{
	const char *wanted = guide->is_initiator ? "PONG" : "PING";
	altair_time wait = guide->is_initiator ? PONG_WAIT : PING_WAIT;
	static char reason[DATAGRAM + 64];
	struct heard heard;

	if (guide->is_initiator)
		wire_say(guide->fd, &guide->peer, "PING");
	if (!listen_until(guide, wire_now() + wait, &heard))
		return "nothing came after the punch";
	if (strcmp(heard.text, wanted) != 0) {
		snprintf(reason, sizeof reason, "waited for %s, got %s", wanted,
			 heard.text);
		return reason;
	}
	if (!guide->is_initiator)
		wire_say(guide->fd, &heard.from, "PONG");
	return NULL;
}

static void read_arguments(struct guide *guide, altair_addr *local, char **argv)
{
	for (argv++; *argv && **argv == '-'; argv++) {
		if (!strcmp(*argv, "--initiator"))
			guide->is_initiator = true;
		if (!strcmp(*argv, "--trailing"))
			guide->is_trailing = true;
	}
	if (!argv[0] || !argv[1]) {
		fprintf(stderr, "usage: guide_peer [--initiator] [--trailing] "
				"BIND_IP:PORT PEER_IP:PORT\n");
		exit(2);
	}
	read_endpoint(local, argv[0]);
	read_endpoint(&guide->peer, argv[1]);
}

int main(int argc, char **argv)
{
	struct guide guide = {0};
	altair_addr local = {0};
	const char *reason = "no punch arrived";
	char ip[INET_ADDRSTRLEN], byte;

	(void)argc;
	read_arguments(&guide, &local, argv);
	inet_ntop(AF_INET, local.ip, ip, sizeof ip);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	if (read(0, &byte, 1) != 1)
		return 2;
	guide.fd = wire_open(ip, local.port);
	if (punch(&guide))
		reason = ping_pong(&guide);
	puts(reason ? reason : "verified");
	for (; guide.punches_left > 0; guide.punches_left--) {
		wire_sleep_until(guide.next_punch);
		wire_say(guide.fd, &guide.peer, "PUNCH");
		guide.next_punch += INTERVAL;
	}
	while (read(0, &byte, 1) > 0)
		continue;
	close(guide.fd);
	return reason != NULL;
}
