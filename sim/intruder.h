/*
 * An intruder among agents. He sees every packet that crosses the internet and
 * may put others into it, from addresses of his own or with forged ones: he
 * sprays, replays, and forges requests, answers and data. He knows no password
 * and cannot hold packets back.
 */
#ifndef SIM_INTRUDER_H
#define SIM_INTRUDER_H

#include "sim/world.h"

#define SIM_INTRUDER_ADDRESSES 2 /* IPv4, IPv6 */

enum sim_intruder_skill {
	SIM_INTRUDER_SPRAYS = 1,  /* garbage, from his own addresses         */
	SIM_INTRUDER_SPEAKS = 2,  /* data that look like messages, the same  */
	SIM_INTRUDER_REPLAYS = 4, /* what he saw, from his own addresses     */
	SIM_INTRUDER_ANSWERS = 8, /* forged answers to requests he saw, from
				     where the answer is awaited             */
	SIM_INTRUDER_ALTERS = 16, /* what he saw, one byte changed           */
	SIM_INTRUDER_SPOOFS = 32, /* all of it with the addresses he saw, too */
	SIM_INTRUDER_ALL = 63
};

struct sim_intruder;

struct sim_intruder_config {
	altair_addr addresses[SIM_INTRUDER_ADDRESSES]; /* his own */
	unsigned skills;
	uint32_t per_second;
	altair_time from, until;
	uint64_t seed;
};

/* NULL: no memory. */
struct sim_intruder *sim_intruder_new(const char *name,
				      const struct sim_intruder_config *config);
struct sim_node *sim_intruder_node(struct sim_intruder *intruder);
/* A packet that crosses the internet. */
void sim_intruder_see(struct sim_intruder *intruder,
		      const struct sim_packet *packet);

#endif
