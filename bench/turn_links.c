/*
 * One TURN client machine for each allocation that is being made; it is dropped when
 * its channels stand. They hold for five minutes without being refreshed (RFC 8656
 * 9), which is longer than a load.
 */
#define _GNU_SOURCE
#include "turn_links.h"

#include "clock.h"

#include <altair/openssl.h>
#include <altair/turn.h>
#include <altair/udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 127.0.0.9: the ports of 127.0.0.1 are for relaying. */
#define CLIENTS_IP 0x7f000009u
#define PATIENCE ALTAIR_SEC(20)

/* One allocation being made. */
struct making {
	struct links_client *client; /* NULL: this place is free */
	altair_turn *turn;
	void *memory;
	unsigned bound;
	altair_time deadline;
	bool is_ending, has_ended;
};

static altair_addr addr_of(const struct sockaddr_in *in)
{
	altair_addr addr = {.family = ALTAIR_IPV4, .port = ntohs(in->sin_port)};

	memcpy(addr.ip, &in->sin_addr, 4);
	return addr;
}

static bool is_made(const struct links *links, const struct making *m)
{
	altair_addr relayed;

	return m->bound == links->peer_count &&
	       altair_turn_relayed(m->turn, ALTAIR_IPV4, &relayed) == 0;
}

/* Which peer it is; false: none of them. */
static bool find_peer(const struct links *links, const altair_addr *addr,
		      unsigned *index)
{
	for (*index = 0; *index < links->peer_count; (*index)++) {
		altair_addr peer = addr_of(&links->peers[*index]);

		if (altair_addr_equal(&peer, addr))
			return true;
	}
	return false;
}

/* Does what the machine says; false: it has failed. */
static bool obey(const struct links *links, struct making *m)
{
	altair_output out;
	enum altair_step step;
	unsigned peer;

	while ((step = altair_poll(altair_turn_machine(m->turn), &out)) !=
	       ALTAIR_WAIT) {
		if (step == ALTAIR_SEND) {
			(void)!send(m->client->fd, out.datagram.bytes.data,
				    out.datagram.bytes.len, 0);
		} else if (out.reason != 0) {
			fprintf(stderr, "bench-turn: event %d: error %d, %u\n",
				(int)out.event, out.reason, out.total);
			return false;
		} else if (out.event == ALTAIR_EV_CHANNEL &&
			   find_peer(links, &out.addr, &peer)) {
			m->client->channel[peer] = (uint16_t)out.number;
			m->bound++;
		} else if (out.event == ALTAIR_EV_RELAY_ENDED) {
			m->has_ended = true;
		}
	}
	m->deadline = out.deadline;
	return true;
}

static bool begin(const struct links *links, struct making *m,
		  struct links_client *client)
{
	altair_turn_config config;
	size_t len;

	altair_turn_config_default(&config);
	config.crypto = altair_openssl();
	config.server = addr_of(&links->server);
	config.name = (altair_bytes){(const uint8_t *)"user", 4};
	config.password = (altair_bytes){(const uint8_t *)"password", 8};
	config.permissions_max = config.channels_max = LINKS_PEERS_MAX;
	len = altair_turn_size(&config);
	*m = (struct making){.client = client, .memory = malloc(len)};
	if (!m->memory || altair_turn_init(&m->turn, m->memory, len, &config,
					   now_ns()) != 0) {
		fputs("bench-turn: no TURN client\n", stderr);
		return false;
	}
	for (unsigned i = 0; i < links->peer_count; i++) {
		altair_addr peer = addr_of(&links->peers[i]);

		altair_turn_bind(m->turn, now_ns(), &peer);
	}
	return obey(links, m);
}

/* Takes what has arrived for one allocation. */
static bool go_on(const struct links *links, struct making *m)
{
	uint8_t bytes[2048];
	altair_machine *machine = altair_turn_machine(m->turn);
	ssize_t n = recv(m->client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	altair_datagram d = {.bytes = {bytes, n > 0 ? (size_t)n : 0}};

	d.path.remote = addr_of(&links->server);
	if (n >= 0)
		altair_input(machine, now_ns(), &d, 1);
	else if (now_ns() >= m->deadline)
		altair_tick(machine, now_ns());
	else
		return true;
	return obey(links, m);
}

enum progress { GOES_ON, IS_DONE, HAS_FAILED };

/* Takes one allocation a step further. */
static enum progress work(const struct links *links, struct making *m)
{
	if (!go_on(links, m))
		return HAS_FAILED;
	if (!links->are_brief)
		return is_made(links, m) ? IS_DONE : GOES_ON;
	if (!m->is_ending && is_made(links, m)) {
		altair_turn_close(m->turn, now_ns());
		m->is_ending = true;
		if (!obey(links, m))
			return HAS_FAILED;
	}
	return m->has_ended ? IS_DONE : GOES_ON;
}

static bool make_allocations(struct links *links)
{
	struct making under_way[LINKS_UNDER_WAY_MAX] = {{.client = NULL}};
	unsigned most =
		links->under_way ? links->under_way : LINKS_UNDER_WAY_MAX;
	altair_time end = now_ns() + PATIENCE + ALTAIR_MSEC(10) * links->count;
	unsigned begun = 0, made = 0;

	for (unsigned i = 0; made < links->count && now_ns() < end; i++) {
		struct making *m = &under_way[i % most];
		enum progress progress;

		if (!m->client && begun == links->count)
			continue;
		if (!m->client && !begin(links, m, &links->clients[begun++]))
			return false;
		progress = work(links, m);
		if (progress == HAS_FAILED)
			return false;
		if (progress == GOES_ON)
			continue;
		free(m->memory);
		m->client = NULL;
		made++;
	}
	if (made < links->count)
		fprintf(stderr, "bench-turn: only %u of %u allocations\n", made,
			links->count);
	return made == links->count;
}

/* What is asked of the floor (relay_floor.c), as long as what our TURN client asks
 * of a server. The answer is as long. */
enum { HELO, LINK, GONE };

static const struct question {
	const char verb[5];
	size_t len;
} questions[] = {
	[HELO] = {"HELO", 52}, [LINK] = {"LINK", 184}, [GONE] = {"GONE", 140}};

#define QUESTION_MAX 184

static bool ask_floor(const struct links_client *client, int what,
		      const struct sockaddr_in *peer)
{
	const struct question *q = &questions[what];
	uint8_t bytes[QUESTION_MAX] = {0};

	memcpy(bytes, q->verb, 4);
	if (what == LINK) {
		memcpy(bytes + 4, &peer->sin_addr, 4);
		memcpy(bytes + 8, &peer->sin_port, 2);
	} else if (what == GONE) {
		bytes[4] = (uint8_t)(client->channel[0] >> 8);
		bytes[5] = (uint8_t)client->channel[0];
	}
	return send(client->fd, bytes, q->len, 0) == (ssize_t)q->len;
}

/* Without sleeping: to wake us would be its work. */
static bool hear_floor(struct links_client *client, int what, unsigned index)
{
	altair_time end = now_ns() + ALTAIR_SEC(1);
	uint8_t bytes[QUESTION_MAX];
	ssize_t n;

	do
		n = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	while (n < 0 && now_ns() < end);
	if (n != (ssize_t)questions[what].len)
		return false;
	if (what == LINK)
		client->channel[index] = (uint16_t)(bytes[4] << 8 | bytes[5]);
	return true;
}

static bool make_floor_link(struct links_client *client, unsigned index,
			    const struct sockaddr_in *peer)
{
	return ask_floor(client, LINK, peer) && hear_floor(client, LINK, index);
}

/* One question of several clients at the same time. */
static bool ask_together(struct links *links, unsigned first, unsigned end,
			 int what)
{
	const struct sockaddr_in nobody = {.sin_family = AF_INET,
					   .sin_addr = links->server.sin_addr,
					   .sin_port = htons(9)};

	for (unsigned i = first; i < end; i++)
		if (!ask_floor(&links->clients[i], what, &nobody))
			return false;
	for (unsigned i = first; i < end; i++)
		if (!hear_floor(&links->clients[i], what, 0))
			return false;
	return true;
}

/* Without peers: what an allocation asks of the kernel. */
static bool make_floor_allocations(struct links *links)
{
	unsigned end;

	for (unsigned i = 0; i < links->count; i = end) {
		end = i + links->under_way;
		if (end > links->count)
			end = links->count;
		if (!ask_together(links, i, end, HELO) ||
		    !ask_together(links, i, end, LINK) ||
		    (links->are_brief && !ask_together(links, i, end, GONE)))
			return false;
	}
	return true;
}

static bool make_floor_links(struct links *links)
{
	if (links->peer_count == 0)
		return make_floor_allocations(links);
	for (unsigned i = 0; i < links->count; i++)
		for (unsigned k = 0; k < links->peer_count; k++)
			if (!make_floor_link(&links->clients[i], k,
					     &links->peers[k])) {
				fputs("bench-turn: no floor\n", stderr);
				return false;
			}
	return true;
}

bool links_open(struct links *links)
{
	links->clients = calloc(links->count, sizeof *links->clients);
	for (unsigned i = 0; links->clients && i < links->count; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		struct sockaddr_in from = {.sin_family = AF_INET,
					   .sin_addr.s_addr =
						   htonl(CLIENTS_IP)};

		links->clients[i].fd = fd;
		if (fd < 0 ||
		    bind(fd, (const struct sockaddr *)&from, sizeof from) !=
			    0 ||
		    connect(fd, (const struct sockaddr *)&links->server,
			    sizeof links->server) != 0) {
			perror("bench-turn");
			return false;
		}
	}
	return links->clients != NULL;
}

bool links_make(struct links *links)
{
	return links->is_floor ? make_floor_links(links)
			       : make_allocations(links);
}
