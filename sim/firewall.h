/*
 * A stateful firewall: what leaves is remembered, only what belongs to it comes
 * back. It translates nothing, knows both families and nothing of the simulated
 * world. It can also refuse UDP altogether.
 */
#ifndef SIM_FIREWALL_H
#define SIM_FIREWALL_H

#include "sim/packet.h"

struct sim_firewall_config {
	altair_time lifetime; /* of a flow; each packet of it refreshes */
	uint32_t flows_max;
	bool blocks_udp;
};

struct sim_firewall;

/* 300 s, 64 flows, UDP allowed. */
void sim_firewall_config_default(struct sim_firewall_config *config);

struct sim_firewall *sim_firewall_new(const struct sim_firewall_config *config);
void sim_firewall_free(struct sim_firewall *firewall); /* NULL is allowed */

/* SIM_PASSED or the reason for the drop. */
enum sim_drop sim_firewall_outbound(struct sim_firewall *firewall,
				    altair_time now,
				    const struct sim_packet *packet);
enum sim_drop sim_firewall_inbound(struct sim_firewall *firewall,
				   altair_time now,
				   const struct sim_packet *packet);

#endif
