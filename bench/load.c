/*
 * bench-load IP:PORT PID CPU [--merged]: asks a responder as fast as it answers
 * and prints what one answered request costs it, in nanoseconds of CPU.
 *
 * The load: CLIENTS sockets, each with one request under way (merged: one burst
 * of BURST requests, sent as one with UDP_SEGMENT). It never sleeps, so no
 * answer has to wake it: that would be charged to the responder.
 *
 * The cost: what the scheduler says the threads of PID ran (/proc/PID/task/N/
 * schedstat), from the end of the warm-up to the end of the load. That includes
 * the softirq work done in their time: on loopback, a sender carries its
 * datagram up to the receiver's socket. What the kernel moved to the softirq
 * thread of the responder's CPU is added; it is nearly nothing.
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
#define WARM_UP_NS ALTAIR_MSEC(200)
#define MEASURED_NS ALTAIR_MSEC(1500)
#define RETRY_NS ALTAIR_MSEC(200)
#define START_NS ALTAIR_SEC(10) /* for the responder to come up */

struct client {
	int fd;
	unsigned missing; /* answers that have not come            */
	altair_time asked;
	uint8_t request[BURST * REQUEST_LEN];
};

struct load {
	struct client client[CLIENTS];
	unsigned burst; /* requests per send: 1 or BURST */
	uint64_t answered, lost;
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
static bool hear(struct client *client, struct load *load)
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
	if (load->burst == 1 && memcmp(bytes + 4, client->request + 4, 16) != 0)
		return false;
	if (count > client->missing)
		count = client->missing;
	client->missing -= count;
	load->answered += count;
	return true;
}

/* Asks, and hears what has come, once around all clients. */
static void turn(struct load *load)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *client = &load->client[i];

		while (client->missing > 0 && hear(client, load))
			;
		if (client->missing > 0) {
			if (now_ns() - client->asked < RETRY_NS)
				continue;
			load->lost += client->missing;
		}
		ask(client, load->burst);
	}
}

static void run(struct load *load, altair_time how_long)
{
	altair_time began = now_ns();

	while (now_ns() - began < how_long)
		turn(load);
}

/* Waits for the first answers. */
static bool begin(struct load *load)
{
	altair_time began = now_ns();

	while (load->answered == 0 && now_ns() - began < START_NS)
		turn(load);
	return load->answered > 0;
}

static bool open_clients(struct load *load, const struct sockaddr_in *to)
{
	int on = 1, segment = REQUEST_LEN;

	for (size_t i = 0; i < CLIENTS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		load->client[i].fd = fd;
		if (fd < 0 ||
		    connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
			return false;
		if (load->burst > 1 &&
		    (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0 ||
		     setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof segment) != 0))
			return false;
	}
	return true;
}

/* The load, and what it cost. */
static void measure(struct load *load, const char *pid, const char *cpu)
{
	char softirq[16];
	uint64_t ns, softirq_ns;
	altair_time began;

	find_softirq_thread(softirq, sizeof softirq, cpu);
	run(load, WARM_UP_NS);
	load->lost = 0;
	load->answered = 0;
	ns = cpu_of(pid);
	softirq_ns = cpu_of(softirq);
	began = now_ns();
	run(load, MEASURED_NS);
	ns = cpu_of(pid) - ns;
	softirq_ns = cpu_of(softirq) - softirq_ns;
	began = now_ns() - began;
	if (load->answered == 0)
		return;
	printf("%.1f ns per request, %.1f of it in the softirq thread; "
	       "%" PRIu64 " requests/s, %" PRIu64 " lost\n",
	       (double)(ns + softirq_ns) / (double)load->answered,
	       (double)softirq_ns / (double)load->answered,
	       load->answered * ALTAIR_SEC(1) / began, load->lost);
}

int main(int argc, char **argv)
{
	static struct load load;
	struct sockaddr_in to;

	if (argc < 4 || !endpoint_read(&to, argv[1])) {
		fprintf(stderr,
			"usage: bench-load IP:PORT PID CPU [--merged]\n");
		return 2;
	}
	load.burst = argc > 4 && strcmp(argv[4], "--merged") == 0 ? BURST : 1;
	if (!open_clients(&load, &to)) {
		perror("bench-load");
		return 3;
	}
	if (begin(&load))
		measure(&load, argv[2], argv[3]);
	if (load.answered == 0) {
		fprintf(stderr, "bench-load: %s does not answer\n", argv[1]);
		return 4;
	}
	return 0;
}
