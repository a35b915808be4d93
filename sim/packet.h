/*
 * What travels in the simulated network: a UDP datagram, or the ICMP message
 * "destination unreachable" about one. And why something did not arrive.
 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include <altair/base.h>

#define SIM_TTL 64
#define SIM_HEADERS_IPV4 28u /* IP and UDP */
#define SIM_HEADERS_IPV6 48u

enum sim_packet_kind {
	SIM_UDP,
	SIM_UNREACHABLE, /* `dst` sent something that `about` refused */
	/* TCP, of which only this is modelled: it opens in a round trip, and
	 * every message arrives whole, in order, and once. */
	SIM_STREAM_OPEN,
	SIM_STREAM_OPENED,
	SIM_STREAM,
	SIM_STREAM_SHUT
};

/* The payload is borrowed: the simulated world copies it, the lab points into
 * its own frame. */
struct sim_packet {
	altair_addr src, dst;
	altair_addr about;
	altair_bytes payload;
	uint64_t id;	 /* given by the world, the same on every hop     */
	uint16_t origin; /* the node that made it                         */
	uint8_t ttl;
	uint8_t kind; /* enum sim_packet_kind                          */
};

#define SIM_DROPS(X)                                                           \
	X(PASSED, "passed")                                                    \
	X(LOST, "lost on the way")                                             \
	X(LOST_IN_BURST, "lost in a burst")                                    \
	X(CUT_OFF, "this direction is cut")                                    \
	X(TOO_BIG, "larger than the MTU")                                      \
	X(NO_ROUTE, "no route to this address")                                \
	X(TTL_OVER, "its time to live is over")                                \
	X(NO_MAPPING, "the NAT has no mapping")                                \
	X(FILTERED, "the NAT filters it")                                      \
	X(NO_HAIRPIN, "the NAT does not hairpin")                              \
	X(NO_PORT_LEFT, "the NAT has no port left")                            \
	X(UDP_BLOCKED, "UDP is blocked")                                       \
	X(FIREWALLED, "the firewall refuses it")                               \
	X(NOBODY_LISTENS, "nobody listens")                                    \
	X(UNPLUGGED, "the interface is down")                                  \
	X(BARRED, "these two cannot reach each other")                         \
	X(ASLEEP, "the host sleeps")

enum sim_drop {
#define SIM_DROP_ENUM(name, text) SIM_##name,
	SIM_DROPS(SIM_DROP_ENUM)
#undef SIM_DROP_ENUM
};

const char *sim_drop_text(enum sim_drop drop);

/* The size of the whole IP packet. */
size_t sim_packet_size(const struct sim_packet *packet);

#endif
