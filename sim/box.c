#include "sim/box.h"

#include <stdlib.h>

struct box {
	struct sim_node node;
	struct sim_nat *nat; /* one of the two */
	struct sim_firewall *firewall;
};

static enum sim_drop pass(struct box *box, struct sim_packet *packet,
			  unsigned from, unsigned *to)
{
	altair_time now = sim_world_now(box->node.world);
	bool outbound = from == SIM_BOX_INSIDE, turned = false;
	enum sim_drop drop;

	*to = outbound ? SIM_BOX_OUTSIDE : SIM_BOX_INSIDE;
	if (packet->ttl <= 1)
		return SIM_TTL_OVER;
	packet->ttl--;
	if (box->firewall)
		return outbound ? sim_firewall_outbound(box->firewall, now,
							packet)
				: sim_firewall_inbound(box->firewall, now,
						       packet);
	drop = outbound ? sim_nat_outbound(box->nat, now, packet, &turned)
			: sim_nat_inbound(box->nat, now, packet);
	if (turned)
		*to = SIM_BOX_INSIDE;
	return drop;
}

static void box_deliver(struct sim_node *node, unsigned port,
			const struct sim_packet *batch, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sim_packet packet = batch[i];
		unsigned to;
		enum sim_drop drop =
			pass((struct box *)node, &packet, port, &to);

		if (drop == SIM_PASSED)
			sim_world_send(node, to, &packet);
		else
			sim_world_drop(node, &packet, drop);
	}
}

static void box_free(struct sim_node *node)
{
	struct box *box = (struct box *)node;

	sim_nat_free(box->nat);
	sim_firewall_free(box->firewall);
	free(box);
}

static const struct sim_node_ops box_ops = {
	.deliver = box_deliver,
	.free = box_free,
};

static struct box *box_new(const char *name)
{
	struct box *box = calloc(1, sizeof *box);

	if (box)
		box->node = (struct sim_node){.ops = &box_ops, .name = name};
	return box;
}

struct sim_node *sim_box_nat(const char *name, struct sim_nat *nat)
{
	struct box *box = box_new(name);

	if (!box)
		return NULL;
	box->nat = nat;
	return &box->node;
}

struct sim_node *sim_box_firewall(const char *name,
				  struct sim_firewall *firewall)
{
	struct box *box = box_new(name);

	if (!box)
		return NULL;
	box->firewall = firewall;
	return &box->node;
}
