/*
 * wan.c - the internet of the lab where links have delay, loss and reordering,
 * and where a site's NAT may be the simulator's. One TUN device (wan0) in every
 * site's namespace; what is read there goes through the site's NAT, over the
 * link between two sites (sim/link.h, the real clock instead of the virtual
 * one), through the NAT of the other site, and out of its TUN device.
 *
 * Only UDP over IPv4 crosses a simulated NAT: no ICMP, no fragments.
 */
#define _GNU_SOURCE
#include "frame.h"
#include "edge.h"
#include "sim/link.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { SITES_MAX = 8, NETS_MAX = 4 };

/* How much later a reordered packet comes. */
#define LATE ALTAIR_MSEC(20)

struct net {
	altair_addr addr;
	unsigned bits;
};

struct site {
	int tun;
	struct net nets[NETS_MAX];
	size_t net_count;
	altair_time delay; /* of its own line, each way */
	bool has_edge;
	struct edge edge;
};

/* A frame on its way. */
struct travel {
	struct travel *next;
	altair_time at;
	size_t to;
	struct frame frame;
};

struct wan {
	struct site sites[SITES_MAX];
	size_t site_count;
	struct sim_link_config config;
	uint64_t seed;
	altair_time brief; /* the mapping lifetime of `short` */
	struct sim_link links[SITES_MAX][SITES_MAX]; /* from, to */
	struct travel *first; /* by time, first come first served */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static altair_time now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return ALTAIR_SEC(time.tv_sec) + (altair_time)time.tv_nsec;
}

/* --- Which way ---------------------------------------------------------- */

static bool net_holds(const struct net *net, const altair_addr *addr)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return net->addr.family == addr->family &&
	       memcmp(net->addr.ip, addr->ip, whole) == 0 &&
	       ((net->addr.ip[whole % 16] ^ addr->ip[whole % 16]) & mask) == 0;
}

/* The site that has the address; site_count: none. */
static size_t find_site(const struct wan *wan, const altair_addr *addr)
{
	for (size_t i = 0; i < wan->site_count; i++) {
		const struct site *site = &wan->sites[i];

		for (size_t k = 0; k < site->net_count; k++)
			if (net_holds(&site->nets[k], addr))
				return i;
	}
	return wan->site_count;
}

/* --- NATs of the simulator ---------------------------------------------- */

/* Through the site's own NATs. Where they turn a packet around (hairpin), it
 * comes back at once. False: it goes nowhere. */
static bool leave(struct site *site, struct frame *frame)
{
	struct sim_packet packet;
	bool turned;

	if (!site->has_edge)
		return true;
	if (!frame_to_packet(frame, &packet) ||
	    !edge_outwards(&site->edge, now(), &packet, &turned))
		return false;
	frame_from_packet(frame, &packet);
	if (turned)
		(void)!write(site->tun, frame->data, frame->len);
	return !turned;
}

/* Through the NATs of the site where it goes. False: dropped. */
static bool arrive(struct site *site, struct frame *frame)
{
	struct sim_packet packet;

	if (!site->has_edge)
		return true;
	if (!frame_to_packet(frame, &packet) ||
	    !edge_inwards(&site->edge, now(), &packet))
		return false;
	frame_from_packet(frame, &packet);
	return true;
}

/* --- Links -------------------------------------------------------------- */

static void enqueue(struct wan *wan, const struct frame *frame, size_t to,
		    altair_time at)
{
	struct travel **place = &wan->first;
	struct travel *travel = malloc(sizeof *travel);

	if (!travel)
		return; /* as a full router would */
	travel->at = at;
	travel->to = to;
	travel->frame = *frame;
	while (*place && (*place)->at <= at)
		place = &(*place)->next;
	travel->next = *place;
	*place = travel;
}

static void send_off(struct wan *wan, size_t from, struct frame *frame)
{
	struct sim_passage passage;
	altair_addr addr;
	size_t to;

	if (!leave(&wan->sites[from], frame) ||
	    !frame_destination(frame, &addr))
		return;
	to = find_site(wan, &addr);
	if (to == wan->site_count)
		return;
	sim_link_pass(&wan->links[from][to], now(), frame->len, &passage);
	for (size_t i = 0; i < passage.copies; i++)
		enqueue(wan, frame, to, passage.at[i]);
}

static void deliver_due(struct wan *wan)
{
	struct travel *travel;
	struct site *site;

	while ((travel = wan->first) && travel->at <= now()) {
		wan->first = travel->next;
		site = &wan->sites[travel->to];
		if (arrive(site, &travel->frame))
			(void)!write(site->tun, travel->frame.data,
				     travel->frame.len);
		free(travel);
	}
}

static void wait_for_work(struct wan *wan, struct pollfd *ready)
{
	struct timespec left = {0};

	if (wan->first) {
		altair_time at = now();
		altair_time wait =
			wan->first->at > at ? wan->first->at - at : 0;

		left.tv_sec = (time_t)(wait / ALTAIR_SEC(1));
		left.tv_nsec = (long)(wait % ALTAIR_SEC(1));
	}
	if (ppoll(ready, wan->site_count, wan->first ? &left : NULL, NULL) < 0)
		die("ppoll");
}

static void run(struct wan *wan)
{
	struct pollfd ready[SITES_MAX];
	struct frame frame;
	ssize_t len;

	for (size_t i = 0; i < wan->site_count; i++)
		ready[i] = (struct pollfd){.fd = wan->sites[i].tun,
					   .events = POLLIN};
	for (;;) {
		wait_for_work(wan, ready);
		for (size_t i = 0; i < wan->site_count; i++) {
			if (!(ready[i].revents & POLLIN))
				continue;
			len = read(ready[i].fd, frame.data, FRAME_MAX);
			frame.len = len < 0 ? 0 : (size_t)len;
			send_off(wan, i, &frame);
		}
		deliver_due(wan);
	}
}

/* --- Setting up --------------------------------------------------------- */

static void usage(const char *why)
{
	fprintf(stderr,
		"wan: %s\n"
		"usage: wan [--rtt TIME] [--jitter TIME] [--loss PERCENT]\n"
		"           [--duplicate PERCENT] [--reorder PERCENT]\n"
		"           [--short TIME] [--seed N]\n"
		"           "
		"NAMESPACE=NET[,NET]...[,nat:KIND=IP][,delay:TIME]...\n",
		why);
	exit(2);
}

/* "50ms", "250us", "2s". */
static altair_time read_time(const char *text)
{
	static const struct {
		const char *unit;
		altair_time size;
	} units[] = {{"us", ALTAIR_USEC(1)},
		     {"ms", ALTAIR_MSEC(1)},
		     {"s", ALTAIR_SEC(1)}};
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (end != text && !strcmp(end, units[i].unit))
			return value * units[i].size;
	usage("a time is 50ms, 250us or 2s");
	return 0;
}

/* "10" or "10%", in parts per million. */
static uint32_t read_chance(const char *text)
{
	char *end;
	unsigned long percent = strtoul(text, &end, 10);

	if (end == text || (*end && strcmp(end, "%")) || percent > 100)
		usage("a chance is 0 to 100 percent");
	return (uint32_t)percent * (SIM_MILLION / 100);
}

/* One option and its value. False: it is none. */
static bool read_option(struct wan *wan, const char *name, const char *value)
{
	if (strncmp(name, "--", 2) != 0)
		return false;
	if (!value)
		usage("a value is missing");
	if (!strcmp(name, "--rtt"))
		wan->config.delay = read_time(value) / 2;
	else if (!strcmp(name, "--jitter"))
		wan->config.jitter = read_time(value);
	else if (!strcmp(name, "--loss"))
		wan->config.loss = read_chance(value);
	else if (!strcmp(name, "--duplicate"))
		wan->config.duplicate = read_chance(value);
	else if (!strcmp(name, "--reorder"))
		wan->config.reorder = read_chance(value);
	else if (!strcmp(name, "--short"))
		wan->brief = read_time(value);
	else if (!strcmp(name, "--seed"))
		wan->seed = strtoull(value, NULL, 10);
	else
		usage(name);
	return true;
}

static int open_tun(const char *namespace)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/run/netns/%s", namespace);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
		die(path);
	close(fd);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("/dev/net/tun");
	snprintf(request.ifr_name, sizeof request.ifr_name, "wan0");
	if (ioctl(fd, TUNSETIFF, &request) != 0)
		die("wan0");
	return fd;
}

/* "192.0.2.1" or "2001:db8:a::/48". */
static void add_net(struct site *site, char *text)
{
	struct net *net = &site->nets[site->net_count++];
	char *slash = strchr(text, '/');

	if (site->net_count > NETS_MAX)
		usage("too many networks");
	if (slash)
		*slash = 0;
	if (altair_addr_parse_ip(&net->addr, text, 0) != 0)
		usage("this is no network");
	net->bits = net->addr.family == ALTAIR_IPV4 ? 32 : 128;
	if (slash)
		net->bits = (unsigned)strtoul(slash + 1, NULL, 10);
	if (net->bits > 128)
		usage("this is no network");
}

/* "full=203.0.113.1" */
static void add_edge(struct wan *wan, struct site *site, char *text)
{
	struct edge_config config = {.kind = text,
				     .lifetime = wan->brief,
				     .seed = wan->seed * SITES_MAX +
					     wan->site_count};
	char *equal = strchr(text, '=');

	if (!equal)
		usage("a NAT is nat:KIND=IP");
	*equal++ = 0;
	add_net(site, equal);
	config.public = site->nets[site->net_count - 1].addr;
	if (!edge_init(&site->edge, &config))
		usage("there is no such simulated NAT");
	site->has_edge = true;
}

/* "a=192.168.1.100,nat:full=203.0.113.1" */
static void add_site(struct wan *wan, char *text)
{
	struct site *site = &wan->sites[wan->site_count];
	char *rest = strchr(text, '='), *part;

	if (!rest || wan->site_count == SITES_MAX)
		usage("a site is NAMESPACE=NET");
	*rest++ = 0;
	while ((part = strsep(&rest, ","))) {
		if (!strncmp(part, "nat:", 4))
			add_edge(wan, site, part + 4);
		else if (!strncmp(part, "delay:", 6))
			site->delay = read_time(part + 6);
		else
			add_net(site, part);
	}
	site->tun = open_tun(text);
	wan->site_count++;
}

/* The line between two sites: the delays of both, and what is the same for all.
 */
static void init_link(struct wan *wan, size_t from, size_t to)
{
	struct sim_link_config config = wan->config;

	config.delay += wan->sites[from].delay + wan->sites[to].delay;
	sim_link_init(&wan->links[from][to], &config, wan->seed,
		      (uint32_t)(from * SITES_MAX + to));
}

int main(int argc, char **argv)
{
	static struct wan wan = {.seed = 1, .brief = ALTAIR_SEC(2)};
	int i = 1;

	while (i < argc && read_option(&wan, argv[i], argv[i + 1]))
		i += 2;
	while (i < argc)
		add_site(&wan, argv[i++]);
	if (!wan.site_count)
		usage("no site is given");
	wan.config.reorder_by = LATE;
	for (size_t from = 0; from < SITES_MAX; from++)
		for (size_t to = 0; to < SITES_MAX; to++)
			init_link(&wan, from, to);
	puts("ready");
	fflush(stdout);
	run(&wan);
	return 0;
}
