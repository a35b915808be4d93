/*
 * A NAT in every dimension of RFC 4787, as two functions with explicit time:
 * a packet goes in, and comes out translated, or is dropped for a reason. It
 * knows nothing of the simulated world: the lab drives it with real packets and
 * the real clock. IPv4 only; IPv6 is the firewall's business.
 */
#ifndef SIM_NAT_H
#define SIM_NAT_H

#include "sim/packet.h"
#include "sim/rng.h"

#define SIM_NAT_EXTERNAL_MAX 4

/* What a mapping, or the filter, depends on (RFC 4787 4.1 and 5). */
enum sim_nat_dependence {
	SIM_ENDPOINT_INDEPENDENT,
	SIM_ADDRESS_DEPENDENT,
	SIM_ADDRESS_AND_PORT_DEPENDENT
};

/* Port assignment (RFC 4787 4.2.1). */
enum sim_nat_ports {
	SIM_PORTS_PRESERVED,  /* the inner port, another one when it is taken */
	SIM_PORTS_CONTIGUOUS, /* the next free one                            */
	SIM_PORTS_RANDOM,
	SIM_PORTS_OVERLOADED /* the inner port, even when it is taken        */
};

/* Which packets keep a mapping alive (RFC 4787 4.3). */
enum sim_nat_refresh {
	SIM_REFRESH_OUTBOUND,
	SIM_REFRESH_INBOUND,
	SIM_REFRESH_BOTH
};

/* How a packet returns to the inside (RFC 4787 6). */
enum sim_nat_hairpin {
	SIM_HAIRPIN_NONE,
	SIM_HAIRPIN_INTERNAL_SOURCE,
	SIM_HAIRPIN_EXTERNAL_SOURCE
};

/* Which of several external addresses a mapping gets (RFC 4787 4.1). */
enum sim_nat_pooling {
	SIM_POOLING_PAIRED, /* always the same for one inner address */
	SIM_POOLING_ARBITRARY
};

struct sim_nat_config {
	altair_addr external[SIM_NAT_EXTERNAL_MAX]; /* ports ignored */
	size_t external_count;
	enum sim_nat_dependence mapping, filtering;
	enum sim_nat_ports ports;
	enum sim_nat_refresh refresh;
	enum sim_nat_hairpin hairpin;
	enum sim_nat_pooling pooling;
	bool parity;	       /* an even port gets an even one (4.2.2)  */
	altair_time lifetime;  /* of a mapping without refreshing packet */
	altair_time reboot_at; /* every mapping is lost then             */
	uint32_t mappings_max;
};

struct sim_nat;

/* One mapped address, endpoint-independent in all, ports preserved, outbound
 * refresh, no hairpinning, 300 s (RFC 4787 REQ-5c), no reboot. */
void sim_nat_config_default(struct sim_nat_config *config);

/* NULL when the memory or the configuration does not allow it. */
struct sim_nat *sim_nat_new(const struct sim_nat_config *config, uint64_t seed,
			    uint32_t index);
void sim_nat_free(struct sim_nat *nat); /* NULL is allowed */

/*
 * A packet from the inside. SIM_PASSED: it is translated in place; *turned says
 * that it goes back to the inside (hairpin). Else the reason for the drop.
 */
enum sim_drop sim_nat_outbound(struct sim_nat *nat, altair_time now,
			       struct sim_packet *packet, bool *turned);

/* A packet from the outside to one of the external addresses. */
enum sim_drop sim_nat_inbound(struct sim_nat *nat, altair_time now,
			      struct sim_packet *packet);

/* Every mapping is lost; with `external`, the NAT also has that address instead
 * of its first. With `other_ports` the inner endpoints that it knew do not get
 * their ports again, whatever its port assignment (a rebinding). */
void sim_nat_forget(struct sim_nat *nat, const altair_addr *external,
		    bool other_ports);

/* How many mappings are alive at `now`. */
size_t sim_nat_count(struct sim_nat *nat, altair_time now);

#endif
