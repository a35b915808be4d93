/*
 * The driver loop of altair/machine.h in virtual time. Datagrams of one instant
 * are one altair_input; each machine gets those that the ones before it did not
 * want.
 */
#include "sim/host.h"

#include <stdlib.h>
#include <string.h>

#define SPLIT_MAX 128

struct socket {
	uint32_t number;
	altair_addr addr;
	unsigned port; /* of the node, as sim_world_attach gave it */
};

struct sim_host {
	struct sim_node node;
	struct socket sockets[SIM_HOST_SOCKETS_MAX];
	size_t sockets_count;
	const struct sim_app *app;
	void *user;
	altair_machine *machines[SIM_HOST_MACHINES_MAX];
	altair_time deadlines[SIM_HOST_MACHINES_MAX];
	size_t count;
	altair_time wake_at;
	altair_time asleep_until;
	bool is_open;
};

static void record(struct sim_host *host, struct sim_record *r)
{
	r->at = sim_world_now(host->node.world);
	r->node = host->node.lane;
	sim_trace_add(sim_world_trace(host->node.world), r);
}

static void report(struct sim_host *host, const altair_output *out)
{
	record(host, &(struct sim_record){
			     .kind = SIM_HAPPENED,
			     .event = out->event,
			     .reason = out->reason,
			     .addr = out->addr,
			     .number = out->number,
			     .total = out->total,
			     .rtt = out->rtt,
		     });
	if (host->app->event)
		host->app->event(host->user, out);
}

static struct socket *find_socket(struct sim_host *host, uint32_t number)
{
	for (size_t i = 0; i < host->sockets_count; i++)
		if (host->sockets[i].number == number)
			return &host->sockets[i];
	return NULL;
}

void sim_host_send(struct sim_host *host, const altair_datagram *datagram)
{
	const struct socket *socket = find_socket(host, datagram->path.sock);
	altair_datagram single[SPLIT_MAX];
	size_t count = altair_datagram_split(datagram, single, SPLIT_MAX);

	for (size_t i = 0; !socket && host->app->send && i < count; i++)
		host->app->send(host->user, &single[i]);
	for (size_t i = 0; socket && i < count && i < SPLIT_MAX; i++)
		sim_world_send(&host->node, socket->port,
			       &(struct sim_packet){
				       .kind = SIM_UDP,
				       .src = socket->addr,
				       .dst = single[i].path.remote,
				       .payload = single[i].bytes,
			       });
}

/* Until it waits. The application may add and remove machines meanwhile. */
static void drain(struct sim_host *host, altair_machine *machine)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT &&
	       sim_world_spend(host->node.world)) {
		if (step == ALTAIR_SEND)
			sim_host_send(host, &out.datagram);
		else
			report(host, &out);
	}
	for (size_t i = 0; i < host->count; i++)
		if (host->machines[i] == machine)
			host->deadlines[i] = out.deadline;
}

void sim_host_poll(struct sim_host *host)
{
	for (size_t i = 0; i < host->count; i++)
		drain(host, host->machines[i]);
}

void sim_host_add(struct sim_host *host, altair_machine *machine)
{
	if (host->count == SIM_HOST_MACHINES_MAX)
		abort();
	host->machines[host->count] = machine;
	host->deadlines[host->count++] = ALTAIR_NEVER;
	drain(host, machine);
}

void sim_host_remove(struct sim_host *host, altair_machine *machine)
{
	for (size_t i = 0; i < host->count; i++) {
		if (host->machines[i] != machine)
			continue;
		host->count--;
		memmove(&host->machines[i], &host->machines[i + 1],
			(host->count - i) * sizeof host->machines[0]);
		memmove(&host->deadlines[i], &host->deadlines[i + 1],
			(host->count - i) * sizeof host->deadlines[0]);
		return;
	}
}

void sim_host_wake_at(struct sim_host *host, altair_time at)
{
	host->wake_at = at;
}

void sim_host_open(struct sim_host *host, bool is_open)
{
	host->is_open = is_open;
}

void sim_host_bind(struct sim_host *host, uint32_t sock,
		   const altair_addr *addr, unsigned port)
{
	if (host->sockets_count == SIM_HOST_SOCKETS_MAX)
		abort();
	host->sockets[host->sockets_count++] =
		(struct socket){sock, *addr, port};
}

void sim_host_unbind(struct sim_host *host, uint32_t sock)
{
	struct socket *socket = find_socket(host, sock);

	if (socket)
		*socket = host->sockets[--host->sockets_count];
}

void sim_host_sleep(struct sim_host *host, altair_time until)
{
	host->asleep_until = until;
}

/* From the address that was meant, with any port where it is none of ours. */
static void refuse(struct sim_host *host, unsigned port,
		   const struct sim_packet *packet)
{
	altair_addr src = packet->dst;

	if (host->sockets_count > 0 &&
	    altair_addr_same_ip(&host->sockets[0].addr, &src))
		src = host->sockets[0].addr;
	sim_world_drop(&host->node, packet, SIM_NOBODY_LISTENS);
	sim_world_send(&host->node, port,
		       &(struct sim_packet){
			       .kind = SIM_UNREACHABLE,
			       .src = src,
			       .dst = packet->src,
			       .about = packet->dst,
		       });
}

/* The verdict of the first machine that wants it. */
static void ask_machines(struct sim_host *host, altair_datagram *batch,
			 size_t count)
{
	altair_time now = sim_world_now(host->node.world);

	for (size_t m = 0; m < host->count; m++) {
		altair_datagram left[SIM_BATCH_MAX];
		size_t from[SIM_BATCH_MAX], lefts = 0;

		for (size_t i = 0; i < count; i++) {
			if (batch[i].verdict != ALTAIR_NOT_MINE)
				continue;
			from[lefts] = i;
			left[lefts++] = batch[i];
		}
		altair_input(host->machines[m], now, left, lefts);
		for (size_t i = 0; i < lefts; i++)
			batch[from[i]] = left[i]; /* it may be unwrapped */
	}
}

static const struct socket *socket_at(const struct sim_host *host,
				      const altair_addr *addr)
{
	for (size_t i = 0; host->is_open && i < host->sockets_count; i++)
		if (altair_addr_equal(&host->sockets[i].addr, addr))
			return &host->sockets[i];
	return NULL;
}

/* Datagrams that sockets of ours take, and their packets. */
struct batch {
	altair_datagram datagrams[SIM_BATCH_MAX];
	const struct sim_packet *packets[SIM_BATCH_MAX];
	size_t count;
};

static void sort_out(struct sim_host *host, unsigned port,
		     const struct sim_packet *packets, size_t count,
		     struct batch *batch)
{
	batch->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct sim_packet *packet = &packets[i];
		const struct socket *socket = socket_at(host, &packet->dst);

		if (packet->kind >= SIM_STREAM_OPEN) {
			if (host->app->stream)
				host->app->stream(host->user, port, packet);
		} else if (packet->kind == SIM_UNREACHABLE) {
			if (host->app->refused)
				host->app->refused(host->user, &packet->about);
		} else if (!socket) {
			refuse(host, port, packet);
		} else {
			batch->packets[batch->count] = packet;
			batch->datagrams[batch->count++] = (altair_datagram){
				.path.sock = socket->number,
				.path.local = socket->addr,
				.path.remote = packet->src,
				.bytes = packet->payload,
			};
		}
	}
}

static bool is_asleep(const struct sim_host *host)
{
	return sim_world_now(host->node.world) < host->asleep_until;
}

static void take(struct sim_host *host, struct batch *batch)
{
	if (batch->count == 0)
		return;
	ask_machines(host, batch->datagrams, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		record(host, &(struct sim_record){
				     .kind = SIM_ARRIVED,
				     .verdict = batch->datagrams[i].verdict,
				     .packet = *batch->packets[i],
			     });
		if (batch->datagrams[i].verdict != ALTAIR_TAKEN &&
		    host->app->datagram)
			host->app->datagram(host->user, &batch->datagrams[i]);
	}
	sim_host_poll(host);
}

static void host_deliver(struct sim_node *node, unsigned port,
			 const struct sim_packet *packets, size_t count)
{
	struct sim_host *host = (struct sim_host *)node;
	struct batch batch;

	for (size_t i = 0; is_asleep(host) && i < count; i++)
		sim_world_drop(node, &packets[i], SIM_ASLEEP);
	if (is_asleep(host))
		return;
	sort_out(host, port, packets, count, &batch);
	take(host, &batch);
}

void sim_host_take(struct sim_host *host, const altair_datagram *datagram,
		   const struct sim_packet *packet)
{
	struct batch batch = {.count = 1};

	batch.datagrams[0] = *datagram;
	batch.packets[0] = packet;
	take(host, &batch);
}
static altair_time host_next_at(const struct sim_node *node)
{
	const struct sim_host *host = (const struct sim_host *)node;
	altair_time next = host->wake_at;

	for (size_t i = 0; i < host->count; i++)
		if (host->deadlines[i] < next)
			next = host->deadlines[i];
	return next < host->asleep_until ? host->asleep_until : next;
}

static void host_run(struct sim_node *node)
{
	struct sim_host *host = (struct sim_host *)node;
	altair_time now = sim_world_now(node->world);

	for (size_t i = 0; i < host->count; i++)
		if (host->deadlines[i] <= now) {
			altair_tick(host->machines[i], now);
			drain(host, host->machines[i]);
		}
	if (host->wake_at <= now) {
		host->wake_at = ALTAIR_NEVER;
		host->app->wake(host->user);
	}
}

static void host_free(struct sim_node *node)
{
	free(node);
}

static const struct sim_node_ops host_ops = {
	.deliver = host_deliver,
	.next_at = host_next_at,
	.run = host_run,
	.free = host_free,
};

struct sim_host *sim_host_new(const char *name, const altair_addr *addr,
			      const struct sim_app *app, void *user)
{
	struct sim_host *host = calloc(1, sizeof *host);

	if (!host)
		return NULL;
	host->node = (struct sim_node){.ops = &host_ops, .name = name};
	if (addr)
		sim_host_bind(host, 0, addr, 0);
	host->app = app;
	host->user = user;
	host->wake_at = ALTAIR_NEVER;
	host->is_open = true;
	return host;
}

struct sim_node *sim_host_node(struct sim_host *host)
{
	return &host->node;
}
