/*
 * probe_sim.c - the probe on the simulator's NATs: no sockets, no time but a
 * number. A host is behind the NATs of one kind; the two addresses outside are
 * reached at once and in order.
 */
#include "edge.h"
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

enum { SOCKETS_MAX = 32, QUEUE_MAX = 16 };

struct arrival {
	altair_addr from;
	uint8_t byte;
};

struct endpoint {
	enum probe_side side;
	altair_addr local;
	struct arrival queue[QUEUE_MAX];
	size_t head, tail;
};

struct sim {
	struct edge edge;
	altair_time now;
	struct endpoint endpoints[SOCKETS_MAX];
	int count;
};

static int sim_open(void *self, enum probe_side side, altair_addr *local)
{
	static const char *const address[] = {"192.168.1.100", "192.0.2.1",
					      "192.0.2.2"};
	struct sim *sim = self;
	struct endpoint *endpoint = &sim->endpoints[sim->count];

	if (sim->count == SOCKETS_MAX ||
	    altair_addr_parse_ip(local, address[side],
				 (uint16_t)(40000 + sim->count)) != 0)
		abort();
	endpoint->side = side;
	endpoint->local = *local;
	return sim->count++;
}

/* Puts the datagram into the queue of the socket it is for. */
static void deliver(struct sim *sim, const struct sim_packet *packet)
{
	for (int i = 0; i < sim->count; i++) {
		struct endpoint *endpoint = &sim->endpoints[i];

		if (!altair_addr_equal(&endpoint->local, &packet->dst))
			continue;
		if (endpoint->tail == QUEUE_MAX)
			abort();
		endpoint->queue[endpoint->tail++] =
			(struct arrival){packet->src, packet->payload.data[0]};
	}
}

static void sim_send(void *self, int from, const altair_addr *to, uint8_t byte)
{
	struct sim *sim = self;
	struct sim_packet packet = {.src = sim->endpoints[from].local,
				    .dst = *to,
				    .payload = {&byte, 1},
				    .ttl = SIM_TTL,
				    .kind = SIM_UDP};
	bool turned;

	if (sim->endpoints[from].side == PROBE_INSIDE
		    ? edge_outwards(&sim->edge, sim->now, &packet, &turned)
		    : edge_inwards(&sim->edge, sim->now, &packet))
		deliver(sim, &packet);
}

static bool sim_take(void *self, int at, altair_addr *from, uint8_t *byte)
{
	struct sim *sim = self;
	struct endpoint *endpoint = &sim->endpoints[at];

	if (endpoint->head == endpoint->tail)
		return false;
	*from = endpoint->queue[endpoint->head].from;
	*byte = endpoint->queue[endpoint->head].byte;
	endpoint->head++;
	return true;
}

static void sim_rest(void *self, altair_time duration)
{
	struct sim *sim = self;

	sim->now += duration;
}

int main(int argc, char **argv)
{
	static struct sim sim = {.now = ALTAIR_SEC(1)};
	struct probe_net net = {.self = &sim,
				.open = sim_open,
				.send = sim_send,
				.take = sim_take,
				.rest = sim_rest};
	struct edge_config config = {
		.public = {.ip = {203, 0, 113, 1}, .family = ALTAIR_IPV4}};
	struct probe_report report;

	if (argc != 4) {
		fprintf(stderr, "usage: probe-sim KIND SHORT_MS IDLE_MS\n");
		return 2;
	}
	config.kind = argv[1];
	config.lifetime = ALTAIR_MSEC(strtoul(argv[2], NULL, 10));
	if (!edge_init(&sim.edge, &config)) {
		fprintf(stderr, "probe-sim: there is no kind %s\n", argv[1]);
		return 2;
	}
	probe_run(&net, ALTAIR_MSEC(strtoul(argv[3], NULL, 10)), &report);
	probe_print(&report);
	edge_drop(&sim.edge);
	return 0;
}
