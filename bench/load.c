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
 * The cost: what the scheduler says the threads of PID ran (/proc/PID/task/N/
 * schedstat) during the turn. That includes the softirq work done in their
 * time: on loopback, a sender carries its datagram up to the receiver's socket.
 * What the kernel moved to the softirq thread of CPU, on which all responders
 * run, is added; it is nearly nothing.
 */
#define _GNU_SOURCE
#include "endpoint.h"

#include <dirent.h>
#include <inttypes.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

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

/* --- the CPU time of the responder ---------------------------------------- */

/* The first number of a schedstat: nanoseconds on the CPU. */
static uint64_t read_schedstat(const char *path)
{
	FILE *file = fopen(path, "r");
	uint64_t ns = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &ns) != 1)
		ns = 0;
	fclose(file);
	return ns;
}

static uint64_t cpu_of(const char *pid)
{
	char path[320];
	struct dirent *task;
	uint64_t sum = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && (task = readdir(tasks))) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid,
			 task->d_name);
		sum += read_schedstat(path);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

/* The process id of ksoftirqd/CPU, or "" if there is none to be seen. */
static void find_softirq_thread(char *pid, size_t cap, const char *cpu)
{
	char path[320], want[32], name[32];
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	pid[0] = '\0';
	snprintf(want, sizeof want, "ksoftirqd/%s", cpu);
	while (proc && !pid[0] && (entry = readdir(proc))) {
		FILE *file;

		snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fscanf(file, "%31s", name) == 1 && strcmp(name, want) == 0)
			snprintf(pid, cap, "%.15s", entry->d_name);
		fclose(file);
	}
	if (proc)
		closedir(proc);
}

/* --- the load ------------------------------------------------------------- */

static altair_time now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ALTAIR_SEC(now.tv_sec) + (altair_time)now.tv_nsec;
}

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
	find_softirq_thread(softirq, sizeof softirq, argv[1]);
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
