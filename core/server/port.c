/*
 * Relay ports. Unpredictable (RFC 6056): the choice among all free ones is the
 * random source's. Invariant: `free` holds exactly the ports in PORT_FREE, so
 * free and used always add up to all; a port is in at most one queue; it is free
 * again only after the driver was told to close it.
 */
#include "server/port.h"

#include "base/assert.h"

#include <altair/error.h>

void air_port_init(struct air_ports *ports, struct air_arena *arena,
		   uint16_t first, uint32_t count)
{
	ports->first = first;
	ports->count = count;
	ports->free_count = count;
	ports->opens = ports->closes = (struct air_port_queue){0, 0};
	ports->open = NULL;
	ports->all = air_arena_take(arena, count, sizeof *ports->all);
	ports->free = air_arena_take(arena, count, sizeof *ports->free);
	if (!ports->all || !ports->free)
		return;
	for (uint32_t i = 0; i < count; i++) {
		ports->free[i] = (uint16_t)i;
		ports->all[i].place = (uint16_t)i;
		ports->all[i].owner = AIR_PORT_NOBODY;
	}
}

static void push(struct air_ports *ports, struct air_port_queue *queue,
		 uint32_t i)
{
	ports->all[i].next = 0;
	if (queue->last)
		ports->all[queue->last - 1].next = i + 1;
	else
		queue->first = i + 1;
	queue->last = i + 1;
}

/* The first of a queue, +1; 0 when it is empty. */
static uint32_t pop(struct air_ports *ports, struct air_port_queue *queue)
{
	uint32_t first = queue->first;

	if (first == 0)
		return 0;
	queue->first = ports->all[first - 1].next;
	if (queue->first == 0)
		queue->last = 0;
	return first;
}

static void leave_free(struct air_ports *ports, uint32_t i,
		       enum air_port_state state, uint32_t owner)
{
	uint16_t last = ports->free[--ports->free_count];

	AIR_ASSERT(ports->all[i].state == PORT_FREE);
	ports->free[ports->all[i].place] = last;
	ports->all[last].place = ports->all[i].place;
	ports->all[i].state = (uint8_t)state;
	ports->all[i].owner = owner;
}

static void enter_free(struct air_ports *ports, uint32_t i)
{
	ports->all[i].state = PORT_FREE;
	ports->all[i].owner = AIR_PORT_NOBODY;
	ports->all[i].place = (uint16_t)ports->free_count;
	ports->free[ports->free_count++] = (uint16_t)i;
}

static bool fits(const struct air_ports *ports, uint32_t i,
		 enum air_port_parity parity)
{
	if (parity == PORT_ANY)
		return true;
	if ((ports->first + i) % 2 != 0)
		return false;
	return parity == PORT_EVEN ||
	       (i + 1 < ports->count && ports->all[i + 1].state == PORT_FREE);
}

int air_port_take(struct air_ports *ports, const altair_crypto *crypto,
		  uint32_t owner, enum air_port_parity parity)
{
	uint8_t r[4];
	uint32_t at, i = 0;

	if (ports->free_count == 0)
		return 0;
	if (crypto->random(crypto->user, r, sizeof r) != 0)
		return ALTAIR_E_RANDOM;
	at = (uint32_t)r[0] << 24 | (uint32_t)r[1] << 16 | (uint32_t)r[2] << 8 |
	     r[3];
	for (uint32_t tried = 0; tried < ports->free_count; tried++, at++) {
		i = ports->free[at % ports->free_count];
		if (!fits(ports, i, parity))
			continue;
		leave_free(ports, i, PORT_WANTED, owner);
		push(ports, &ports->opens, i);
		if (parity == PORT_EVEN_PAIR)
			leave_free(ports, i + 1, PORT_RESERVED,
				   AIR_PORT_NOBODY);
		return ports->first + (int)i;
	}
	return 0;
}

static uint32_t index_of(const struct air_ports *ports, uint16_t port)
{
	AIR_ASSERT(port >= ports->first &&
		   (uint32_t)(port - ports->first) < ports->count);
	return (uint32_t)(port - ports->first);
}

void air_port_claim(struct air_ports *ports, uint16_t port, uint32_t owner)
{
	uint32_t i = index_of(ports, port);

	AIR_ASSERT(ports->all[i].state == PORT_RESERVED);
	ports->all[i].state = PORT_WANTED;
	ports->all[i].owner = owner;
	push(ports, &ports->opens, i);
}

/* Our other machines look at it. */
static void note(struct air_ports *ports, uint16_t port, bool is_open)
{
	if (ports->open)
		atomic_store_explicit(&ports->open[port - ports->range_first],
				      is_open, memory_order_relaxed);
}

void air_port_release(struct air_ports *ports, uint16_t port)
{
	uint32_t i = index_of(ports, port);

	note(ports, port, false);
	ports->all[i].owner = AIR_PORT_NOBODY;
	switch (ports->all[i].state) {
	case PORT_WANTED:
		ports->all[i].state = PORT_CANCELLED;
		break;
	case PORT_ASKED:
	case PORT_OPEN:
		ports->all[i].state = PORT_CLOSING;
		push(ports, &ports->closes, i);
		break;
	default:
		AIR_ASSERT(ports->all[i].state == PORT_RESERVED);
		enter_free(ports, i);
	}
}

void air_port_opened(struct air_ports *ports, uint16_t port, bool is_open)
{
	uint32_t i = index_of(ports, port);

	AIR_ASSERT(ports->all[i].state == PORT_ASKED);
	note(ports, port, is_open);
	if (is_open)
		ports->all[i].state = PORT_OPEN;
	else
		enter_free(ports, i);
}

uint16_t air_port_next_open(struct air_ports *ports)
{
	uint32_t next;

	while ((next = pop(ports, &ports->opens)) != 0) {
		struct air_port *p = &ports->all[next - 1];

		if (p->state == PORT_WANTED) {
			p->state = PORT_ASKED;
			return (uint16_t)(ports->first + next - 1);
		}
		AIR_ASSERT(p->state == PORT_CANCELLED);
		enter_free(ports, next - 1);
	}
	return 0;
}

uint16_t air_port_next_close(struct air_ports *ports)
{
	uint32_t next = pop(ports, &ports->closes);

	if (next == 0)
		return 0;
	enter_free(ports, next - 1);
	return (uint16_t)(ports->first + next - 1);
}

void air_port_share(struct air_ports *ports, uint16_t first, uint16_t last,
		    atomic_bool *open)
{
	ports->range_first = first;
	ports->range_last = last;
	ports->open = open;
}

bool air_port_is_elsewhere(const struct air_ports *ports, uint16_t port)
{
	return ports->open && port >= ports->range_first &&
	       port <= ports->range_last &&
	       (port < ports->first ||
		(uint32_t)(port - ports->first) >= ports->count);
}

bool air_port_is_open_elsewhere(const struct air_ports *ports, uint16_t port)
{
	return air_port_is_elsewhere(ports, port) &&
	       atomic_load_explicit(&ports->open[port - ports->range_first],
				    memory_order_relaxed);
}

enum air_port_state air_port_state(const struct air_ports *ports, uint16_t port)
{
	if (port < ports->first ||
	    (uint32_t)(port - ports->first) >= ports->count)
		return PORT_FREE;
	return (enum air_port_state)ports->all[port - ports->first].state;
}

uint32_t air_port_owner(const struct air_ports *ports, uint16_t port)
{
	if (air_port_state(ports, port) != PORT_OPEN)
		return AIR_PORT_NOBODY;
	return ports->all[port - ports->first].owner;
}
