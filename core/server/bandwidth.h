/*
 * How much may flow between the relay and its peers: token buckets for each
 * allocation, user, prefix and for all, and each direction by itself.
 */
#ifndef AIR_SERVER_BANDWIDTH_H
#define AIR_SERVER_BANDWIDTH_H

#include <altair/server.h>

#include <stdatomic.h>

enum air_direction { TO_PEERS, FROM_PEERS, DIRECTIONS };

/* A bucket: the time at which it would be full again. Where several threads use
 * one, what two take at the very same time may count once. */
struct air_meter {
	atomic_uint_least64_t full[DIRECTIONS];
};

enum air_bandwidth_of {
	BANDWIDTH_ALLOCATION,
	BANDWIDTH_USER,
	BANDWIDTH_PREFIX,
	BANDWIDTH_TOTAL,
	BANDWIDTHS
};

/* How fast a bucket fills. */
struct air_rate {
	uint64_t byte;	   /* time that a byte takes, 2^-20 ns; 0: no limit */
	altair_time depth; /* what an idle bucket lets through at once      */
};

struct air_bandwidth {
	struct air_rate rates[BANDWIDTHS];
	bool is_limited; /* there is a rate */
	struct air_meter *total;
};

/* Takes the rates of a configuration, at the beginning or later. */
void air_bandwidth_set(struct air_bandwidth *bandwidth,
		       const altair_server_config *config);
/* False when a rate of the configuration is out of range. */
bool air_bandwidth_is_valid(const altair_server_config *config);

/* What is asked for at one time: the buckets that must all let it through, by
 * air_bandwidth_of; TOTAL's is ours. */
struct air_draught {
	altair_time now;
	enum air_direction direction;
	struct air_meter *meters[BANDWIDTH_TOTAL];
};

/* Makes a bucket full. */
void air_bandwidth_fill(struct air_meter *meter);
/* Takes a datagram to or from a peer of this family out of all of them, or, when
 * one has too little, out of none. */
bool air_bandwidth_take(struct air_bandwidth *bandwidth,
			const struct air_draught *draught, uint8_t family,
			size_t payload_len);

#endif
