/*
 * flood_packets.h - what a flood of spoofed datagrams is made of, and whether what
 * comes back keeps to the server's budgets.
 */
#ifndef BENCH_FLOOD_PACKETS_H
#define BENCH_FLOOD_PACKETS_H

#include <altair/base.h>

#include <stddef.h>
#include <stdint.h>

#define FLOOD_PACKET_MAX 400
/* Sources that send again and again, beside the endless others. */
#define FLOOD_LOUD 8

struct flood {
	uint8_t server_ip[4];
	uint16_t server_port;
	uint64_t state;		   /* of the random numbers               */
	uint64_t sent, sent_bytes; /* payloads                            */
	uint64_t answers, answer_bytes;
	uint64_t bindings, challenges;
	uint64_t violations;	   /* answers that no budget allows       */
	uint64_t loud[FLOOD_LOUD]; /* challenges to each                  */
	char violation[120];	   /* the first one                       */
};

/* Writes one IPv4 packet; its length. */
size_t flood_write(struct flood *flood, uint8_t out[FLOOD_PACKET_MAX]);
/* Takes an IPv4 packet that the server sent. */
void flood_judge(struct flood *flood, const uint8_t *packet, size_t len);

#endif
