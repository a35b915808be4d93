/*
 * frame.h - IP packets as a TUN device gives them, and the simulator's view of
 * them.
 */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include "sim/packet.h"

#define FRAME_MAX 2048

struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
};

/* Where an IPv4 or IPv6 packet goes (port 0). False: it is neither. */
bool frame_destination(const struct frame *frame, altair_addr *out);

/* Reads a whole UDP datagram over IPv4. The payload points into the frame.
 * False: it is something else, or a fragment. */
bool frame_to_packet(const struct frame *frame, struct sim_packet *out);

/* Writes the packet's addresses into the frame that it was read from, and the
 * checksums that belong to them. */
void frame_from_packet(struct frame *frame, const struct sim_packet *packet);

#endif
