/*
 * The queue is a binary heap of flights ordered by (time, number). A flight is
 * a packet on its way to an attachment, or to the middle of a network with
 * delay, where the line down takes it at the right time. Flights own their
 * bytes and are used again, so a long run allocates nothing after its first
 * moments.
 */
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

struct flight {
	altair_time at;
	uint64_t number;
	bool halfway; /* it reaches the network, not yet the attachment */
	uint16_t to;  /* attachment */
	struct sim_packet packet;
	uint8_t *data;
	size_t cap;
	struct flight *next_free;
};

struct attachment {
	struct sim_node *node;
	unsigned port, network;
	bool is_unplugged;
	struct sim_link up, down;
};

struct route {
	uint16_t attachment;
	bool any;
	altair_addr addr;
};

struct bar {
	altair_addr one, other;
};

struct network {
	const char *name;
	bool shown;
	uint16_t lane;
};

struct sim_world {
	struct sim_world_config config;
	altair_time now;
	uint64_t steps, numbers, ids;
	struct sim_node *nodes[SIM_NODES_MAX];
	unsigned ports[SIM_NODES_MAX];
	struct network networks[SIM_NETWORKS_MAX];
	struct attachment attachments[SIM_ATTACHMENTS_MAX];
	struct route routes[SIM_ROUTES_MAX];
	struct bar bars[SIM_BARS_MAX];
	size_t node_count, network_count, attachment_count, route_count;
	size_t bar_count;
	struct flight **heap;
	size_t heap_count, heap_cap;
	struct flight *free_flights;
	struct sim_trace trace;
};

/* A full table or missing memory: the run would not be the one that was meant.
 */
static void must(bool condition)
{
	if (!condition)
		abort();
}

void *sim_must(void *memory)
{
	must(memory != NULL);
	return memory;
}

struct sim_world *sim_world_new(const struct sim_world_config *config)
{
	struct sim_world *world = calloc(1, sizeof *world);

	if (!world)
		return NULL;
	world->config = *config;
	world->now = config->start;
	sim_trace_init(&world->trace);
	return world;
}

static void free_flight(struct flight *flight)
{
	free(flight->data);
	free(flight);
}

void sim_world_free(struct sim_world *world)
{
	struct flight *flight;

	if (!world)
		return;
	for (size_t i = 0; i < world->node_count; i++)
		if (world->nodes[i]->ops->free)
			world->nodes[i]->ops->free(world->nodes[i]);
	for (size_t i = 0; i < world->heap_count; i++)
		free_flight(world->heap[i]);
	while ((flight = world->free_flights)) {
		world->free_flights = flight->next_free;
		free_flight(flight);
	}
	free(world->heap);
	sim_trace_drop(&world->trace);
	free(world);
}

void sim_world_add(struct sim_world *world, struct sim_node *node)
{
	must(world->node_count < SIM_NODES_MAX);
	node->world = world;
	node->lane = (uint16_t)world->node_count;
	world->nodes[world->node_count++] = node;
}

unsigned sim_world_network(struct sim_world *world, const char *name,
			   bool shown)
{
	size_t n = world->network_count;

	must(n < SIM_NETWORKS_MAX);
	world->networks[n] = (struct network){
		.name = name,
		.shown = shown,
		.lane = (uint16_t)(SIM_NODES_MAX + n),
	};
	world->network_count++;
	return (unsigned)n;
}

unsigned sim_world_attach(struct sim_world *world, struct sim_node *node,
			  unsigned network, const struct sim_link_config *up,
			  const struct sim_link_config *down)
{
	size_t n = world->attachment_count;
	struct attachment *a = &world->attachments[n];

	must(n < SIM_ATTACHMENTS_MAX && network < world->network_count);
	a->node = node;
	a->port = world->ports[node->lane]++;
	a->network = network;
	sim_link_init(&a->up, up, world->config.seed, (uint32_t)(2 * n));
	sim_link_init(&a->down, down, world->config.seed,
		      (uint32_t)(2 * n + 1));
	world->attachment_count++;
	return a->port;
}

static uint16_t find_attachment(const struct sim_world *world,
				const struct sim_node *node, unsigned port)
{
	for (size_t i = 0; i < world->attachment_count; i++)
		if (world->attachments[i].node == node &&
		    world->attachments[i].port == port)
			return (uint16_t)i;
	abort();
}

void sim_world_route(struct sim_world *world, struct sim_node *node,
		     unsigned port, const altair_addr *addr)
{
	struct route *r = &world->routes[world->route_count];

	must(world->route_count < SIM_ROUTES_MAX);
	*r = (struct route){
		.attachment = find_attachment(world, node, port),
		.any = !addr,
	};
	if (addr)
		r->addr = *addr;
	world->route_count++;
}

void sim_world_plug(struct sim_world *world, struct sim_node *node,
		    unsigned port, bool is_plugged)
{
	world->attachments[find_attachment(world, node, port)].is_unplugged =
		!is_plugged;
}

void sim_world_bar(struct sim_world *world, const altair_addr *one,
		   const altair_addr *other)
{
	for (size_t i = 0; i < world->bar_count; i++)
		if (altair_addr_same_ip(&world->bars[i].one, one) &&
		    altair_addr_same_ip(&world->bars[i].other, other))
			return;
	must(world->bar_count < SIM_BARS_MAX);
	world->bars[world->bar_count++] = (struct bar){*one, *other};
}

void sim_world_unbar(struct sim_world *world)
{
	world->bar_count = 0;
}

static bool is_barred(const struct sim_world *world,
		      const struct sim_packet *packet)
{
	for (size_t i = 0; i < world->bar_count; i++) {
		const struct bar *bar = &world->bars[i];

		if ((altair_addr_same_ip(&bar->one, &packet->src) &&
		     altair_addr_same_ip(&bar->other, &packet->dst)) ||
		    (altair_addr_same_ip(&bar->one, &packet->dst) &&
		     altair_addr_same_ip(&bar->other, &packet->src)))
			return true;
	}
	return false;
}

/* The attachment that takes the packet on this network, never the sender's. */
static bool find_route(const struct sim_world *world, uint16_t from,
		       const altair_addr *dst, uint16_t *to)
{
	unsigned network = world->attachments[from].network;
	bool found = false;

	for (size_t i = 0; i < world->route_count; i++) {
		const struct route *r = &world->routes[i];

		if (r->attachment == from ||
		    world->attachments[r->attachment].network != network)
			continue;
		if (r->any && !found) {
			*to = r->attachment;
			found = true;
		} else if (!r->any && altair_addr_same_ip(&r->addr, dst)) {
			*to = r->attachment;
			return true;
		}
	}
	return found;
}

static bool is_before(const struct flight *a, const struct flight *b)
{
	return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void push(struct sim_world *world, struct flight *flight)
{
	size_t i = world->heap_count++;

	if (i == world->heap_cap) {
		size_t cap = world->heap_cap ? world->heap_cap * 2 : 64;
		struct flight **heap = realloc(world->heap, cap * sizeof *heap);

		must(heap != NULL);
		world->heap = heap;
		world->heap_cap = cap;
	}
	for (; i > 0 && is_before(flight, world->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		world->heap[i] = world->heap[(i - 1) / 2];
	world->heap[i] = flight;
}

static struct flight *pop(struct sim_world *world)
{
	struct flight *top = world->heap[0];
	struct flight *last = world->heap[--world->heap_count];
	size_t i = 0, child, count = world->heap_count;

	for (; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count &&
		    is_before(world->heap[child + 1], world->heap[child]))
			child++;
		if (!is_before(world->heap[child], last))
			break;
		world->heap[i] = world->heap[child];
	}
	if (count > 0)
		world->heap[i] = last;
	return top;
}

/* A flight with a copy of the packet. */
static struct flight *new_flight(struct sim_world *world,
				 const struct sim_packet *packet)
{
	struct flight *flight = world->free_flights;
	size_t len = packet->payload.len;

	if (flight)
		world->free_flights = flight->next_free;
	else
		flight = calloc(1, sizeof *flight);
	must(flight != NULL);
	if (len > flight->cap) {
		free(flight->data);
		flight->data = malloc(len);
		must(flight->data != NULL);
		flight->cap = len;
	}
	flight->packet = *packet;
	flight->packet.payload.data = flight->data;
	if (len > 0)
		memcpy(flight->data, packet->payload.data, len);
	return flight;
}

static void retire(struct sim_world *world, struct flight *flight)
{
	flight->next_free = world->free_flights;
	world->free_flights = flight;
}

static void record_hop(struct sim_world *world, enum sim_record_kind kind,
		       uint16_t lane, const struct flight *flight)
{
	const struct attachment *to = &world->attachments[flight->to];

	sim_trace_add(&world->trace,
		      &(struct sim_record){
			      .at = world->now,
			      .until = flight->at,
			      .kind = kind,
			      .node = lane,
			      .to = flight->halfway
					    ? world->networks[to->network].lane
					    : to->node->lane,
			      .packet = flight->packet,
		      });
}

static void record_drop(struct sim_world *world, uint16_t lane,
			const struct sim_packet *packet, enum sim_drop drop)
{
	sim_trace_add(&world->trace, &(struct sim_record){
					     .at = world->now,
					     .kind = SIM_DROPPED,
					     .node = lane,
					     .drop = drop,
					     .packet = *packet,
				     });
}

/* Sends the packet through one line. A new packet is recorded as sent once,
 * also when the line loses or doubles it. */
static void transmit(struct sim_world *world, struct sim_link *link,
		     struct flight *as, enum sim_record_kind kind,
		     uint16_t lane)
{
	struct sim_passage passage;

	if (as->packet.kind >= SIM_STREAM_OPEN)
		sim_link_carry(link, world->now, &passage);
	else
		sim_link_pass(link, world->now, sim_packet_size(&as->packet),
			      &passage);
	if (passage.drop != SIM_PASSED) {
		as->at = world->now;
		if (kind == SIM_SENT)
			record_hop(world, kind, lane, as);
		record_drop(world, lane, &as->packet, passage.drop);
	}
	for (size_t i = 0; i < passage.copies; i++) {
		struct flight *flight = new_flight(world, &as->packet);

		flight->to = as->to;
		flight->halfway = as->halfway;
		flight->at = passage.at[i];
		flight->number = world->numbers++;
		record_hop(world, i == 0 ? kind : SIM_FORWARDED, lane, flight);
		if (passage.corrupted)
			sim_link_corrupt(passage.corrupt_at, flight->data,
					 flight->packet.payload.len);
		push(world, flight);
	}
}

void sim_world_send(struct sim_node *node, unsigned port,
		    const struct sim_packet *packet)
{
	struct sim_world *world = node->world;
	uint16_t from = find_attachment(world, node, port);
	struct attachment *a = &world->attachments[from];
	bool is_new = packet->id == 0;
	enum sim_drop drop = SIM_PASSED;
	struct flight as = {
		.packet = *packet,
		.halfway = world->networks[a->network].shown,
	};

	if (is_new) {
		as.packet.id = ++world->ids;
		as.packet.origin = node->lane;
		as.packet.ttl = SIM_TTL;
	}
	if (!find_route(world, from, &packet->dst, &as.to))
		drop = SIM_NO_ROUTE;
	else if (a->is_unplugged || world->attachments[as.to].is_unplugged)
		drop = SIM_UNPLUGGED;
	else if (is_barred(world, packet))
		drop = SIM_BARRED;
	if (drop != SIM_PASSED) {
		record_drop(world, node->lane, &as.packet, drop);
		return;
	}
	transmit(world, &a->up, &as, is_new ? SIM_SENT : SIM_FORWARDED,
		 node->lane);
}

void sim_world_drop(struct sim_node *node, const struct sim_packet *packet,
		    enum sim_drop reason)
{
	record_drop(node->world, node->lane, packet, reason);
}

bool sim_world_spend(struct sim_world *world)
{
	return ++world->steps <= world->config.steps_max;
}

altair_time sim_world_now(const struct sim_world *world)
{
	return world->now;
}

struct sim_trace *sim_world_trace(struct sim_world *world)
{
	return &world->trace;
}

size_t sim_world_lanes(const struct sim_world *world)
{
	return SIM_NODES_MAX + world->network_count;
}

const char *sim_world_lane_name(const struct sim_world *world, unsigned lane)
{
	if (lane < world->node_count)
		return world->nodes[lane]->name;
	if (lane >= SIM_NODES_MAX && lane < sim_world_lanes(world))
		return world->networks[lane - SIM_NODES_MAX].name;
	return "";
}

static bool belongs(const struct flight *first, const struct flight *next)
{
	return next->at == first->at && next->to == first->to && !next->halfway;
}

/* Everything that arrives at one instant at one attachment is one batch. */
static void deliver(struct sim_world *world, struct flight *first)
{
	const struct attachment *a = &world->attachments[first->to];
	struct flight *flights[SIM_BATCH_MAX];
	struct sim_packet batch[SIM_BATCH_MAX];
	size_t count = 0;

	flights[count++] = first;
	while (count < SIM_BATCH_MAX && world->heap_count > 0 &&
	       belongs(first, world->heap[0]))
		flights[count++] = pop(world);
	for (size_t i = 0; i < count; i++)
		batch[i] = flights[i]->packet;
	a->node->ops->deliver(a->node, a->port, batch, count);
	for (size_t i = 0; i < count; i++)
		retire(world, flights[i]);
}

static void arrive(struct sim_world *world)
{
	struct flight *flight = pop(world);
	struct attachment *a = &world->attachments[flight->to];

	if (!flight->halfway) {
		deliver(world, flight);
		return;
	}
	flight->halfway = false;
	transmit(world, &a->down, flight, SIM_FORWARDED,
		 world->networks[a->network].lane);
	retire(world, flight);
}

static struct sim_node *next_timer(struct sim_world *world, altair_time *at)
{
	struct sim_node *next = NULL;

	*at = ALTAIR_NEVER;
	for (size_t i = 0; i < world->node_count; i++) {
		struct sim_node *node = world->nodes[i];
		altair_time wanted = node->ops->next_at
					     ? node->ops->next_at(node)
					     : ALTAIR_NEVER;

		if (wanted < *at) {
			*at = wanted;
			next = node;
		}
	}
	return next;
}

enum sim_progress sim_world_step(struct sim_world *world)
{
	altair_time timer_at, at;
	struct sim_node *node = next_timer(world, &timer_at);
	bool arrival = world->heap_count > 0 && world->heap[0]->at <= timer_at;

	at = arrival ? world->heap[0]->at : timer_at;
	if (at == ALTAIR_NEVER || at > world->config.until)
		return SIM_IDLE;
	if (!sim_world_spend(world))
		return SIM_ENDLESS;
	if (at > world->now)
		world->now = at;
	if (arrival)
		arrive(world);
	else
		node->ops->run(node);
	return SIM_STEPPED;
}
