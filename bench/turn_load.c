/*
 * bench-turn relay CPU ALLOCATIONS BYTES PEERS BURST NAME,KIND,IP:PORT,PID...
 * bench-turn allocate CPU COUNT UNDER_WAY life|begin NAME,KIND,IP:PORT,PID...
 * bench-turn hold COUNT NAME,KIND,IP:PORT,PID
 *
 * Asks several relays (KIND turn, or floor: bench-relay-floor) in turns.
 *
 * relay: what one relayed packet costs, in nanoseconds of CPU of the process PID
 * (cpu.h) and of the softirq thread of CPU. Prints for each relay its name, the
 * cost in every round, packets a second in every round, how many packets were
 * relayed and how many were lost, and the percentages of its busy threads.
 * The load: on every allocation PEERS channels. WINDOW clients have one datagram
 * of BYTES payload each under way to a peer, which sends it back, so half of the
 * packets go each way; when it is back, another client's turn has come, and the
 * next peer's. With BURST above 1 it is as many of them at once, sent as one with
 * UDP_SEGMENT; the peer sends back together what came together. The load never
 * sleeps, so no packet has to wake it: that would be charged to the relay.
 *
 * allocate: the same for an authenticated allocation, its challenge and, with
 * `life`, its deletion included; UNDER_WAY clients ask at the same time.
 * hold: makes allocations and prints the resident memory of PID, in kB.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "cpu.h"
#include "endpoint.h"
#include "turn_links.h"

#include <inttypes.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define WINDOW 64
#define WINDOW_BURSTS 8 /* a receive buffer holds about as many */
#define BURST_MAX 64
#define BYTES_MAX 1400
#define HEADER_LEN 4 /* of ChannelData (RFC 8656 12.4) */
#define ROUNDS 3
#define SLICES 8
#define SLICE_NS ALTAIR_MSEC(120)
#define SETTLE_NS ALTAIR_MSEC(250)
#define RETRY_NS ALTAIR_MSEC(200)
#define RETRY_BURST_NS ALTAIR_MSEC(20)
#define RELAYS_MAX 8
#define PEER_IP 0x7f000002u /* the first one's; 127.0.0.2 and so on */
#define PEER_BATCH 64
#define HEAD_LEN 8 /* what of a payload matters: client and turn */

/* A client's datagram (or burst) under way. */
struct under_way {
	unsigned client;
	uint32_t turn;
	unsigned missing; /* of what the peer sends back */
	altair_time asked;
};

struct relay {
	char name[16], endpoint[64], pid[16];
	struct links links;
	struct sockaddr_in peers[LINKS_PEERS_MAX];
	int peer_fds[LINKS_PEERS_MAX];
	struct under_way window[WINDOW];
	unsigned window_len;
	uint64_t to_peers, to_clients, lost;
	uint64_t ns, wall; /* of the round */
	uint64_t threads[CPU_THREADS_MAX];
	double cost[ROUNDS], rate[ROUNDS];
};

struct load {
	char softirq[16];
	unsigned bytes, burst;
	struct relay relays[RELAYS_MAX];
	size_t count;
};

static uint8_t filler[BURST_MAX * (HEADER_LEN + BYTES_MAX)];

/* --- datagrams and bursts -------------------------------------------------- */

static void add_segment(struct msghdr *head, uint8_t *control, size_t segment)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)control;
	uint16_t value = (uint16_t)segment;

	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof value);
	memcpy(CMSG_DATA(c), &value, sizeof value);
	head->msg_control = control;
	head->msg_controllen = CMSG_SPACE(sizeof value);
}

/* How many datagrams of which length a received message holds. */
static unsigned count_segments(struct msghdr *head, size_t len, size_t *segment)
{
	int value;

	*segment = len;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c;
	     c = CMSG_NXTHDR(head, c)) {
		memcpy(&value, CMSG_DATA(c), sizeof value);
		if (c->cmsg_type == UDP_GRO && value > 0)
			*segment = (size_t)value;
	}
	return (unsigned)((len + *segment - 1) / *segment);
}

/* --- clients --------------------------------------------------------------- */

static void ask(const struct load *load, struct relay *r, struct under_way *u)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))];
	const struct links_client *client = &r->links.clients[u->client];
	uint16_t channel = client->channel[u->turn % r->links.peer_count];
	size_t segment = HEADER_LEN + load->bytes;
	struct iovec iov = {filler, segment * load->burst};
	struct msghdr head = {.msg_iov = &iov, .msg_iovlen = 1};

	for (unsigned i = 0; i < load->burst; i++) {
		uint8_t *at = filler + i * segment;

		at[0] = (uint8_t)(channel >> 8);
		at[1] = (uint8_t)channel;
		at[2] = (uint8_t)(load->bytes >> 8);
		at[3] = (uint8_t)load->bytes;
		memcpy(at + 4, &u->client, 4);
		memcpy(at + 8, &u->turn, 4);
	}
	if (load->burst > 1)
		add_segment(&head, control, segment);
	u->missing = load->burst;
	u->asked = now_ns();
	(void)!sendmsg(client->fd, &head, 0);
}

/* The next client of this place; no other place has it. */
static void begin(const struct load *load, struct relay *r, struct under_way *u)
{
	u->client += r->window_len;
	if (u->client >= r->links.count) {
		u->client %= r->window_len;
		u->turn++;
	}
	ask(load, r, u);
}

/* Takes what has come back; false if there was nothing. */
static bool hear(const struct load *load, struct relay *r, struct under_way *u)
{
	_Alignas(struct cmsghdr) uint8_t control[64];
	uint8_t bytes[HEADER_LEN + HEAD_LEN];
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr head = {.msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof control};
	ssize_t n = recvmsg(r->links.clients[u->client].fd, &head,
			    MSG_DONTWAIT | MSG_TRUNC);
	unsigned count;
	size_t segment;

	if (n < (ssize_t)sizeof bytes)
		return false;
	count = count_segments(&head, (size_t)n, &segment);
	/* What was given up may come late, and does not count. */
	if (memcmp(bytes + HEADER_LEN, &u->client, 4) != 0 ||
	    memcmp(bytes + HEADER_LEN + 4, &u->turn, 4) != 0)
		return true;
	if (load->burst == 1 && segment != HEADER_LEN + load->bytes)
		return true;
	if (count > u->missing)
		count = u->missing;
	u->missing -= count;
	r->to_clients += count;
	return true;
}

/* --- peers ----------------------------------------------------------------- */

struct peer_batch {
	struct mmsghdr in[PEER_BATCH], out[PEER_BATCH];
	struct iovec in_iov[PEER_BATCH], out_iov[PEER_BATCH][2];
	struct sockaddr_in from[PEER_BATCH];
	uint8_t bytes[PEER_BATCH][HEADER_LEN + HEAD_LEN];
	_Alignas(struct cmsghdr) uint8_t control[PEER_BATCH][64];
	uint8_t burst[BURST_MAX * (HEADER_LEN + BYTES_MAX)];
};

static struct peer_batch peer;

static void prepare_peer(void)
{
	for (int i = 0; i < PEER_BATCH; i++) {
		struct msghdr *head = &peer.in[i].msg_hdr;

		peer.in_iov[i] =
			(struct iovec){peer.bytes[i], sizeof peer.bytes[i]};
		*head = (struct msghdr){.msg_iov = &peer.in_iov[i],
					.msg_iovlen = 1,
					.msg_name = &peer.from[i],
					.msg_namelen = sizeof *peer.from,
					.msg_control = peer.control[i],
					.msg_controllen = 64};
	}
}

/* Sends back what came together from one relay: `count` of `segment` bytes that
 * begin as message `i` did. */
static void give_burst(int fd, int i, unsigned count, size_t segment)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))];
	struct iovec iov = {peer.burst, count * segment};
	struct msghdr head = {.msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_name = &peer.from[i],
			      .msg_namelen = sizeof *peer.from};

	for (unsigned k = 0; k < count; k++)
		memcpy(peer.burst + k * segment, peer.bytes[i],
		       sizeof peer.bytes[i]);
	if (count > 1)
		add_segment(&head, control, segment);
	(void)!sendmsg(fd, &head, 0);
}

static bool is_same_sender(int i, int k)
{
	return memcmp(&peer.from[i], &peer.from[k], sizeof *peer.from) == 0 &&
	       memcmp(peer.bytes[i], peer.bytes[k], sizeof *peer.bytes) == 0;
}

/* Bursts: neighbours from one relay go back together. */
static void give_bursts(struct relay *r, int fd, int n)
{
	for (int i = 0; i < n;) {
		size_t segment, other;
		unsigned count = count_segments(&peer.in[i].msg_hdr,
						peer.in[i].msg_len, &segment);
		int next = i + 1;

		while (next < n && is_same_sender(i, next)) {
			unsigned more =
				count_segments(&peer.in[next].msg_hdr,
					       peer.in[next].msg_len, &other);

			if (other != segment || count + more > BURST_MAX)
				break;
			count += more;
			next++;
		}
		r->to_peers += count;
		give_burst(fd, i, count, segment);
		i = next;
	}
}

/* Singles: each goes back as it came, all in one call. */
static void give_singles(struct relay *r, int fd, int n)
{
	for (int i = 0; i < n; i++) {
		size_t head = sizeof peer.bytes[i];

		peer.out_iov[i][0] = (struct iovec){peer.bytes[i], head};
		peer.out_iov[i][1] =
			(struct iovec){peer.burst, peer.in[i].msg_len - head};
		peer.out[i].msg_hdr =
			(struct msghdr){.msg_iov = peer.out_iov[i],
					.msg_iovlen = 2,
					.msg_name = &peer.from[i],
					.msg_namelen = sizeof *peer.from};
	}
	r->to_peers += (unsigned)n;
	(void)!sendmmsg(fd, peer.out, (unsigned)n, 0);
}

static void serve_peer(const struct load *load, struct relay *r, int fd)
{
	int n = recvmmsg(fd, peer.in, PEER_BATCH, MSG_DONTWAIT | MSG_TRUNC,
			 NULL);

	if (n <= 0)
		return;
	if (load->burst > 1)
		give_bursts(r, fd, n);
	else
		give_singles(r, fd, n);
	for (int i = 0; i < n; i++) {
		peer.in[i].msg_hdr.msg_namelen = sizeof *peer.from;
		peer.in[i].msg_hdr.msg_controllen = 64;
	}
}

static bool open_peers(struct relay *r, unsigned count)
{
	int on = 1;

	for (unsigned i = 0; i < count; i++) {
		struct sockaddr_in *at = &r->peers[i];
		socklen_t len = sizeof *at;
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		*at = (struct sockaddr_in){.sin_family = AF_INET,
					   .sin_addr.s_addr =
						   htonl(PEER_IP + i)};
		r->peer_fds[i] = fd;
		if (fd < 0 || bind(fd, (struct sockaddr *)at, len) != 0 ||
		    getsockname(fd, (struct sockaddr *)at, &len) != 0 ||
		    setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0)
			return false;
		/* As large as it may be: the peers are not what is tested. */
		on = 4 << 20;
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &on, sizeof on);
		on = 1;
	}
	return true;
}

/* --- turns and rounds ------------------------------------------------------ */

/* Once around the window and the peers. */
static void go_around(const struct load *load, struct relay *r, bool begins)
{
	altair_time patience = load->burst > 1 ? RETRY_BURST_NS : RETRY_NS;

	for (unsigned i = 0; i < r->window_len; i++) {
		struct under_way *u = &r->window[i];

		while (u->missing > 0 && hear(load, r, u))
			;
		if (u->missing > 0) {
			if (now_ns() - u->asked < patience)
				continue;
			r->lost += u->missing;
			u->missing = 0;
		}
		if (begins)
			begin(load, r, u);
	}
	for (unsigned i = 0; i < r->links.peer_count; i++)
		serve_peer(load, r, r->peer_fds[i]);
}

static bool is_settled(const struct relay *r)
{
	for (unsigned i = 0; i < r->window_len; i++)
		if (r->window[i].missing > 0)
			return false;
	return true;
}

static void run(const struct load *load, struct relay *r)
{
	altair_time began = now_ns(), ended;

	while (now_ns() - began < SLICE_NS)
		go_around(load, r, true);
	r->wall += now_ns() - began;
	/* What is under way shall disturb nobody else's turn. */
	ended = now_ns();
	while (!is_settled(r) && now_ns() - ended < SETTLE_NS)
		go_around(load, r, false);
	for (unsigned i = 0; i < r->window_len; i++) {
		r->lost += r->window[i].missing;
		r->window[i].missing = 0;
	}
}

static void note_threads(struct relay *r, bool is_end)
{
	uint64_t now[CPU_THREADS_MAX];
	size_t count = cpu_of_threads(r->pid, now, CPU_THREADS_MAX);

	for (size_t i = 0; i < count; i++)
		r->threads[i] = is_end ? r->threads[i] + now[i]
				       : r->threads[i] - now[i];
}

static void run_slice(const struct load *load, struct relay *r)
{
	note_threads(r, false);
	r->ns -= cpu_of(r->pid) + cpu_of(load->softirq);
	run(load, r);
	r->ns += cpu_of(r->pid) + cpu_of(load->softirq);
	note_threads(r, true);
}

/* One round: many turns for each. False: one is silent. */
static bool run_round(struct load *load, int round)
{
	uint64_t before[RELAYS_MAX];

	for (size_t i = 0; i < load->count; i++) {
		struct relay *r = &load->relays[i];

		before[i] = r->to_peers + r->to_clients;
		r->ns = r->wall = 0;
	}
	for (size_t k = 0; k < SLICES * load->count; k++)
		run_slice(load, &load->relays[k % load->count]);
	for (size_t i = 0; i < load->count; i++) {
		struct relay *r = &load->relays[i];
		uint64_t done = r->to_peers + r->to_clients - before[i];

		if (done == 0) {
			fprintf(stderr, "bench-turn: %s fell silent\n",
				r->name);
			return false;
		}
		r->cost[round] = (double)r->ns / (double)done;
		r->rate[round] = (double)done * 1e9 / (double)r->wall;
	}
	return true;
}

static void print_threads(const struct relay *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < CPU_THREADS_MAX; i++)
		all += r->threads[i];
	for (size_t i = 0; i < CPU_THREADS_MAX; i++)
		if (r->threads[i] * 100 > all)
			printf(" %.1f",
			       100 * (double)r->threads[i] / (double)all);
}

static void print_relay(const struct relay *r)
{
	printf("%s", r->name);
	for (int round = 0; round < ROUNDS; round++)
		printf(" %.1f", r->cost[round]);
	for (int round = 0; round < ROUNDS; round++)
		printf(" %.0f", r->rate[round]);
	printf(" %" PRIu64 " %" PRIu64, r->to_peers + r->to_clients, r->lost);
	print_threads(r);
	putchar('\n');
}

/* --- the commands ---------------------------------------------------------- */

static bool read_relay(struct relay *r, const char *text)
{
	char kind[8];

	if (sscanf(text, "%15[^,],%7[^,],%63[^,],%15[0-9]", r->name, kind,
		   r->endpoint, r->pid) != 4 ||
	    !endpoint_read(&r->links.server, r->endpoint)) {
		fprintf(stderr, "bench-turn: cannot use '%s'\n", text);
		return false;
	}
	r->links.is_floor = strcmp(kind, "floor") == 0;
	r->links.peers = r->peers;
	return true;
}

static bool read_relays(struct load *load, char **texts)
{
	for (; *texts; texts++)
		if (load->count == RELAYS_MAX ||
		    !read_relay(&load->relays[load->count++], *texts))
			return false;
	return load->count > 0;
}

static unsigned number(const char *text, unsigned max)
{
	unsigned long n = strtoul(text, NULL, 10);

	return n < max ? (unsigned)n : max;
}

static bool open_relay(const struct load *load, struct relay *r)
{
	int on = 1;

	if (!open_peers(r, r->links.peer_count) || !links_open(&r->links) ||
	    !links_make(&r->links)) {
		fprintf(stderr, "bench-turn: no links at %s\n", r->name);
		return false;
	}
	for (unsigned i = 0; i < r->links.count && load->burst > 1; i++)
		setsockopt(r->links.clients[i].fd, SOL_UDP, UDP_GRO, &on,
			   sizeof on);
	r->window_len = load->burst > 1 ? WINDOW_BURSTS : WINDOW;
	if (r->window_len > r->links.count)
		r->window_len = r->links.count;
	for (unsigned i = 0; i < r->window_len; i++)
		r->window[i].client = i;
	run(load, r);
	r->lost = r->to_peers = r->to_clients = 0;
	return true;
}

static int relay(struct load *load, int argc, char **argv)
{
	if (argc < 7)
		return 2;
	cpu_find_softirq(load->softirq, sizeof load->softirq, argv[1]);
	load->bytes = number(argv[3], BYTES_MAX);
	load->burst = number(argv[5], BURST_MAX);
	if (load->bytes < HEAD_LEN || load->burst == 0 ||
	    !read_relays(load, argv + 6))
		return 2;
	prepare_peer();
	for (size_t i = 0; i < load->count; i++) {
		struct relay *r = &load->relays[i];

		r->links.count = number(argv[2], 10000);
		r->links.peer_count = number(argv[4], LINKS_PEERS_MAX);
		if (!open_relay(load, r))
			return 3;
	}
	for (int round = 0; round < ROUNDS; round++)
		if (!run_round(load, round))
			return 4;
	for (size_t i = 0; i < load->count; i++)
		print_relay(&load->relays[i]);
	return 0;
}

static bool allocate_round(const struct load *load, struct relay *r, int round)
{
	uint64_t ns;

	if (!links_open(&r->links))
		return false;
	ns = cpu_of(r->pid) + cpu_of(load->softirq);
	if (!links_make(&r->links))
		return false;
	/* What is deleted may be put away later. */
	sleep_until(now_ns() + SETTLE_NS);
	ns = cpu_of(r->pid) + cpu_of(load->softirq) - ns;
	r->cost[round] = (double)ns / r->links.count;
	/* The sockets stay: whose port came again would have one already. */
	return true;
}

static int allocate(struct load *load, int argc, char **argv)
{
	if (argc < 6)
		return 2;
	cpu_find_softirq(load->softirq, sizeof load->softirq, argv[1]);
	if (!read_relays(load, argv + 5))
		return 2;
	for (size_t i = 0; i < load->count; i++) {
		struct links *links = &load->relays[i].links;

		links->count = number(argv[2], 10000);
		links->under_way = number(argv[3], LINKS_UNDER_WAY_MAX);
		links->are_brief = strcmp(argv[4], "life") == 0;
	}
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < load->count; i++)
			if (!allocate_round(load, &load->relays[i], round))
				return 4;
	for (size_t i = 0; i < load->count; i++)
		printf("%s %.0f %.0f %.0f\n", load->relays[i].name,
		       load->relays[i].cost[0], load->relays[i].cost[1],
		       load->relays[i].cost[2]);
	return 0;
}

static int hold(struct load *load, int argc, char **argv)
{
	char path[64], line[256];
	struct relay *r = load->relays;
	unsigned long kb;
	FILE *file;

	if (argc != 3 || !read_relays(load, argv + 2))
		return 2;
	r->links.count = number(argv[1], 20000);
	if (!links_open(&r->links) || !links_make(&r->links))
		return 4;
	snprintf(path, sizeof path, "/proc/%s/status", r->pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "VmRSS: %lu", &kb) == 1)
			printf("%s %lu\n", r->name, kb);
	if (file)
		fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	static struct load load;
	int rc = 2;

	if (argc > 1 && strcmp(argv[1], "relay") == 0)
		rc = relay(&load, argc - 1, argv + 1);
	else if (argc > 1 && strcmp(argv[1], "allocate") == 0)
		rc = allocate(&load, argc - 1, argv + 1);
	else if (argc > 1 && strcmp(argv[1], "hold") == 0)
		rc = hold(&load, argc - 1, argv + 1);
	if (rc == 2)
		fputs("usage: see the head of bench/turn_load.c\n", stderr);
	return rc;
}
