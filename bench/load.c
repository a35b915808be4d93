/*
 * bench-load CPU [--merged] NAME,IP:PORT,PID...: asks several responders, in
 * turns, as fast as they answer, and prints what one answered request costs
 * each of them, in nanoseconds of CPU: a line per responder with its name, the
 * figure of every round, and the number of requests that got no answer.
 *
 * The load: CLIENTS sockets, each with one request under way (merged: one burst
 * of BURST requests, sent as one with UDP_SEGMENT). It never sleeps, so no
 * answer has to wake it: that would be charged to the responder. A round gives
 * each responder SLICES short turns, so that a machine that is faster at one
 * moment than at another is so for all of them.
 *
 * The cost: what the threads of PID ran during the turn (cpu.h). What the kernel
 * moved to the softirq thread of CPU, on which all responders run, is added; it
 * is nearly nothing.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "cpu.h"
#include "endpoint.h"

#include <inttypes.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <sys/socket.h>

#define CLIENTS 64
#define BURST 32
#define REQUEST_LEN 20
#define ANSWER_MIN 32
#define ROUNDS 3
#define SLICES 8
#define SLICE_NS ALTAIR_MSEC(120)
#define SETTLE_NS ALTAIR_MSEC(50)
#define RETRY_NS ALTAIR_MSEC(200)
#define START_NS ALTAIR_SEC(10) /* for a responder to come up */
#define RESPONDERS_MAX 8

struct client {
	int fd;
	unsigned missing; /* answers that have not come */
	altair_time asked;
	uint8_t request[BURST * REQUEST_LEN];
};

struct responder {
	char name[16], endpoint[64], pid[16];
	struct client client[CLIENTS];
	unsigned burst; /* requests per send: 1 or BURST */
	uint64_t answered, lost;
	double cost[ROUNDS];
};

/* --- the load ------------------------------------------------------------- */

/* Binding requests without attributes (RFC 8489 5), all different. */
static void write_requests(struct client *client, unsigned burst)
{
	static uint32_t number;

	for (unsigned i = 0; i < burst; i++) {
		uint8_t *at = client->request + i * REQUEST_LEN;
		static const uint8_t head[8] = {0x00, 0x01, 0x00, 0x00,
						0x21, 0x12, 0xa4, 0x42};

		number++;
		memcpy(at, head, sizeof head);
		memset(at + 8, 0, 8);
		memcpy(at + 16, &number, sizeof number);
	}
}

static void ask(struct client *client, unsigned burst)
{
	write_requests(client, burst);
	client->missing = burst;
	client->asked = now_ns();
	(void)!send(client->fd, client->request, burst * REQUEST_LEN, 0);
}

/* Takes an answer (or several, merged); false if there was none. */
static bool hear(struct client *client, struct responder *r)
{
	uint8_t bytes[8192];
	_Alignas(struct cmsghdr) uint8_t control[64];
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr head = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	ssize_t n = recvmsg(client->fd, &head, MSG_DONTWAIT);
	unsigned count = 1;
	int segment;

	if (n < ANSWER_MIN)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&head); c;
	     c = CMSG_NXTHDR(&head, c)) {
		memcpy(&segment, CMSG_DATA(c), sizeof segment);
		if (c->cmsg_type == UDP_GRO && segment > 0)
			count = (unsigned)((n + segment - 1) / segment);
	}
	/* A late answer to a request that was given up does not count. */
	if (r->burst == 1 && memcmp(bytes + 4, client->request + 4, 16) != 0)
		return false;
	if (count > client->missing)
		count = client->missing;
	client->missing -= count;
	r->answered += count;
	return true;
}

/* Asks, and hears what has come, once around all clients. */
static void turn(struct responder *r)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *client = &r->client[i];

		while (client->missing > 0 && hear(client, r))
			;
		if (client->missing > 0) {
			if (now_ns() - client->asked < RETRY_NS)
				continue;
			r->lost += client->missing;
		}
		ask(client, r->burst);
	}
}

/* Hears what is still under way, so that it disturbs nobody else's turn. */
static void settle(struct responder *r)
{
	altair_time began = now_ns();

	for (size_t i = 0; i < CLIENTS; i++)
		while (r->client[i].missing > 0 && now_ns() - began < SETTLE_NS)
			hear(&r->client[i], r);
}

static void run(struct responder *r, altair_time how_long)
{
	altair_time began = now_ns();

	while (now_ns() - began < how_long)
		turn(r);
	settle(r);
}

/* Waits for the first answers, which also warms everything up. */
static bool begin(struct responder *r)
{
	altair_time began = now_ns();

	while (r->answered == 0 && now_ns() - began < START_NS)
		turn(r);
	if (r->answered == 0)
		return false;
	run(r, SLICE_NS);
	r->lost = 0;
	return true;
}

static bool open_clients(struct responder *r, const struct sockaddr_in *to)
{
	int on = 1, segment = REQUEST_LEN;

	for (size_t i = 0; i < CLIENTS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		r->client[i].fd = fd;
		if (fd < 0 ||
		    connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
			return false;
		if (r->burst > 1 &&
		    (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0 ||
		     setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof segment) != 0))
			return false;
	}
	return true;
}

/* One round: many turns for each; fills cost[round]. False: one is silent. */
static bool run_round(struct responder *all, size_t count, int round,
		      const char *softirq)
{
	uint64_t ns[RESPONDERS_MAX] = {0}, before[RESPONDERS_MAX];

	for (size_t i = 0; i < count; i++)
		before[i] = all[i].answered;
	for (size_t k = 0; k < SLICES * count; k++) {
		struct responder *r = &all[k % count];

		ns[k % count] -= cpu_of(r->pid) + cpu_of(softirq);
		run(r, SLICE_NS);
		ns[k % count] += cpu_of(r->pid) + cpu_of(softirq);
	}
	for (size_t i = 0; i < count; i++) {
		if (all[i].answered == before[i])
			return false;
		all[i].cost[round] =
			(double)ns[i] / (double)(all[i].answered - before[i]);
	}
	return true;
}

static bool open_responder(struct responder *r, const char *text,
			   unsigned burst)
{
	struct sockaddr_in to;

	r->burst = burst;
	if (sscanf(text, "%15[^,],%63[^,],%15[0-9]", r->name, r->endpoint,
		   r->pid) != 3 ||
	    !endpoint_read(&to, r->endpoint) || !open_clients(r, &to)) {
		fprintf(stderr, "bench-load: cannot use '%s'\n", text);
		return false;
	}
	if (!begin(r)) {
		fprintf(stderr, "bench-load: %s does not answer\n", r->name);
		return false;
	}
	return true;
}

static void print_costs(const struct responder *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf("%s", all[i].name);
		for (int round = 0; round < ROUNDS; round++)
			printf(" %.1f", all[i].cost[round]);
		printf(" %" PRIu64 "\n", all[i].lost);
	}
}

int main(int argc, char **argv)
{
	static struct responder all[RESPONDERS_MAX];
	bool merged = argc > 2 && strcmp(argv[2], "--merged") == 0;
	int first = merged ? 3 : 2;
	size_t count = 0;
	char softirq[16];

	if (argc <= first || argc - first > RESPONDERS_MAX) {
		fprintf(stderr, "usage: bench-load CPU [--merged] "
				"NAME,IP:PORT,PID...\n");
		return 2;
	}
	cpu_find_softirq(softirq, sizeof softirq, argv[1]);
	for (int i = first; i < argc; i++)
		if (!open_responder(&all[count++], argv[i], merged ? BURST : 1))
			return 3;
	for (int round = 0; round < ROUNDS; round++)
		if (!run_round(all, count, round, softirq)) {
			fprintf(stderr, "bench-load: one fell silent\n");
			return 4;
		}
	print_costs(all, count);
	return 0;
}
