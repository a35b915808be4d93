/*
 * bench-flood TUN IP:PORT PID DATAGRAMS: floods the server PID at IP:PORT by way
 * of a TUN device with so many datagrams from spoofed sources, at half of what it
 * takes, while an honest client asks. It prints what became of both, a figure
 * and its name a line; flood.sh makes a table of it.
 *
 * What it takes is measured before: the datagrams of half a second as fast as
 * they go, less those that the kernel dropped before the server. All sockets of
 * the network namespace are ours and the server's, so the kernel's counters are
 * theirs.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "endpoint.h"
#include "flood_packets.h"
#include "probe.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Quiet and flood take turns, so that a machine that is faster at one time than at
 * another is so for both. */
#define TURNS 10
#define QUIET ALTAIR_MSEC(2500)
#define MEASURING ALTAIR_MSEC(500)
#define SETTLING ALTAIR_MSEC(300)
/* So many packets leave at once while the capacity is measured, and what is due
 * in such a time afterwards, so that no honest one waits for many. */
#define STEP 8
#define TICK 20000 /* ns */
#define LATE ALTAIR_MSEC(1)

/* Of all turns. */
struct sums {
	double capacity, seconds;
	uint64_t dropped;
};

static struct flood flood;
static struct probe probe;
static struct probe_figures quiet[2], during[2];

static int open_tun(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
		perror("bench-flood: the TUN device");
		exit(3);
	}
	return fd;
}

/* The number behind `key` in a file of /proc; 0: none. */
static uint64_t read_figure(const char *path, const char *key)
{
	char line[512];
	uint64_t value = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* KiB of memory of the server. */
static uint64_t resident(const char *pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%s/status", pid);
	return read_figure(path, "VmRSS:");
}

/* Datagrams that found no room in a socket of this namespace. */
static uint64_t dropped(void)
{
	char names[512], values[512] = "";
	char *name, *value, *at_name, *at_value;
	uint64_t count = 0;
	FILE *file = fopen("/proc/net/snmp", "re");

	/* Two lines: the names, then the values. */
	while (file && fgets(names, sizeof names, file))
		if (strncmp(names, "Udp: ", 5) == 0 &&
		    fgets(values, sizeof values, file))
			break;
	if (file)
		fclose(file);
	name = strtok_r(names, " \n", &at_name);
	value = strtok_r(values, " \n", &at_value);
	for (; name && value; name = strtok_r(NULL, " \n", &at_name),
			      value = strtok_r(NULL, " \n", &at_value))
		if (strcmp(name, "RcvbufErrors") == 0)
			count = strtoull(value, NULL, 10);
	return count;
}

static void take_answers(int tun)
{
	uint8_t packet[2048];
	ssize_t n;

	while ((n = read(tun, packet, sizeof packet)) > 0)
		flood_judge(&flood, packet, (size_t)n);
}

static void step(int tun, unsigned count)
{
	uint8_t packet[FLOOD_PACKET_MAX];

	for (unsigned i = 0; i < count; i++) {
		size_t len = flood_write(&flood, packet);

		if (write(tun, packet, len) != (ssize_t)len) {
			perror("bench-flood: the TUN device");
			exit(3);
		}
	}
	take_answers(tun);
}

/* Datagrams a second that get through. */
static double measure_capacity(int tun)
{
	altair_time begin = now_ns(), now;
	uint64_t lost = dropped(), sent = flood.sent;

	do {
		step(tun, STEP);
		now = now_ns();
	} while (now < begin + MEASURING);
	sleep_until(now + SETTLING);
	take_answers(tun);
	return (double)(flood.sent - sent - (dropped() - lost)) /
	       ((double)(now - begin) / 1e9);
}

/* The flood itself; how many seconds it took. Nothing is made up for where the
 * system was late: that would be another, worse flood for a moment. */
static double pour(int tun, uint64_t datagrams, double rate)
{
	altair_time begin = now_ns(), next = begin, now;
	uint64_t end = flood.sent + datagrams;
	double due = 0;

	while (flood.sent < end) {
		due += rate * TICK / 1e9;
		step(tun, (unsigned)due);
		due -= (unsigned)due;
		next += TICK;
		now = now_ns();
		if (now > next + LATE)
			next = now;
		sleep_until(next);
	}
	return (double)(now_ns() - begin) / 1e9;
}

/* An honest client has a CPU of its own somewhere; here it goes first. */
static pthread_t begin_probes(struct probe_figures *figures)
{
	pthread_t thread;
	struct sched_param order;
	int policy;

	probe.figures = figures;
	atomic_store(&probe.ends, false);
	if (pthread_create(&thread, NULL, probe_run, &probe) != 0)
		exit(3);
	pthread_getschedparam(thread, &policy, &order);
	order.sched_priority++;
	if (policy == SCHED_RR)
		pthread_setschedparam(thread, policy, &order);
	return thread;
}

static void end_probes(pthread_t thread)
{
	atomic_store(&probe.ends, true);
	pthread_join(thread, NULL);
}

static void print_probes(struct probe_figures *figures, const char *when)
{
	static const char *const kinds[] = {"binding", "relayed"};

	for (int i = 0; i < 2; i++) {
		struct probe_figures *f = &figures[i];

		printf("%s-%s-p50 %" PRIu32 "\n", when, kinds[i],
		       probe_percentile(f, 50));
		printf("%s-%s-p99 %" PRIu32 "\n", when, kinds[i],
		       probe_percentile(f, 99));
		printf("%s-%s-asked %" PRIu32 "\n", when, kinds[i], f->asked);
		printf("%s-%s-lost %" PRIu32 "\n", when, kinds[i], f->lost);
	}
}

static void print_flood(double seconds)
{
	uint64_t loudest = 0;

	for (int i = 0; i < FLOOD_LOUD; i++)
		loudest = flood.loud[i] > loudest ? flood.loud[i] : loudest;
	printf("sent %" PRIu64 "\n", flood.sent);
	printf("seconds %.1f\n", seconds);
	printf("answers %" PRIu64 "\n", flood.answers);
	printf("bindings %" PRIu64 "\n", flood.bindings);
	printf("challenges %" PRIu64 "\n", flood.challenges);
	printf("amplification %.3f\n",
	       (double)flood.answer_bytes / (double)flood.sent_bytes);
	/* So many seconds of the server's clock it may have met. */
	printf("loudest %.2f\n",
	       (double)loudest / ((unsigned)seconds + 2 * TURNS));
	printf("violations %" PRIu64 "\n", flood.violations);
	if (flood.violations > 0)
		printf("violation %s\n", flood.violation);
}

/* One turn of quiet and of flood. */
static void take_turn(int tun, uint64_t datagrams, struct sums *sums)
{
	struct flood before;
	uint64_t lost;
	pthread_t thread = begin_probes(quiet);
	double capacity;

	sleep_until(now_ns() + QUIET);
	end_probes(thread);
	before = flood;
	capacity = measure_capacity(tun);
	flood = before;
	sums->capacity += capacity / TURNS;
	lost = dropped();
	thread = begin_probes(during);
	sums->seconds += pour(tun, datagrams, capacity / 2);
	end_probes(thread);
	sleep_until(now_ns() + SETTLING);
	take_answers(tun);
	sums->dropped += dropped() - lost;
}

int main(int argc, char **argv)
{
	struct sums sums = {.seconds = 0};
	struct sockaddr_in server;
	uint64_t memory, datagrams;
	int tun;

	if (argc != 5 || !endpoint_read(&server, argv[2])) {
		fputs("usage: bench-flood TUN IP:PORT PID DATAGRAMS\n", stderr);
		return 2;
	}
	memcpy(flood.server_ip, &server.sin_addr, 4);
	flood.server_port = ntohs(server.sin_port);
	datagrams = strtoull(argv[4], NULL, 10);
	tun = open_tun(argv[1]);
	if (!probe_open(&probe, &server))
		return 3;
	memory = resident(argv[3]);
	for (int i = 0; i < TURNS; i++) {
		flood.state = (uint64_t)i; /* no two turns are alike */
		take_turn(tun, datagrams / TURNS, &sums);
	}
	print_probes(quiet, "quiet");
	print_probes(during, "flood");
	printf("capacity %.0f\n", sums.capacity);
	printf("dropped %" PRIu64 "\n", sums.dropped);
	printf("memory-before %" PRIu64 "\n", memory);
	printf("memory-after %" PRIu64 "\n", resident(argv[3]));
	print_flood(sums.seconds);
	return 0;
}
