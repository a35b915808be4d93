/*
 * What the machines of one server have in common, each of which runs in a thread
 * of its own: totals, quotas, and which relay ports are open. A server of one
 * machine has it for itself.
 */
#ifndef AIR_SERVER_COMMON_H
#define AIR_SERVER_COMMON_H

#include "server/seats.h"
#include "server/throttle.h"

/* What is throttled apart. */
enum air_throttled { OF_RELAY, OF_PROBES, OF_HANDSHAKES, THROTTLED };

struct altair_server_common {
	uint8_t hash_key[16]; /* an owner has one hash on all machines */
	uint32_t allocations_max;
	atomic_uint_least32_t allocations;
	struct air_quotas quotas[OWNERS];
	struct air_seats seats; /* of streams                 */
	struct air_meter total; /* of the bandwidth           */
	struct air_throttle throttles[THROTTLED];
	uint16_t port_min, port_max;
	/* By port - port_min: somebody has it; NULL: there is one machine. */
	atomic_bool *open[2];
};

/* Lays it out; `is_shared` when there are several machines. */
void air_common_init(struct altair_server_common *common,
		     struct air_arena *arena,
		     const altair_server_config *config, bool is_shared);
/* A place for one allocation more; false when there are as many as may be. */
bool air_common_take(struct altair_server_common *common);
void air_common_give(struct altair_server_common *common);
/* True when there is none at the moment. */
bool air_common_is_full(const struct altair_server_common *common);

/* A random byte of a ticket or token that says whose it is, with its first bit set,
 * and who that is. */
uint8_t air_common_sign(unsigned worker, unsigned workers, uint8_t random);
unsigned air_common_signer(unsigned workers, uint8_t byte);

/* How many allocations and which relay ports this machine of several has. */
struct air_share {
	uint32_t allocations;
	uint16_t port_first;
	uint32_t port_count;
};

struct air_share air_common_share(const altair_server_config *config);

#endif
