/*
 * How many streams all machines of a server have together. Several threads may use
 * the same seats at the same time.
 */
#ifndef AIR_SERVER_SEATS_H
#define AIR_SERVER_SEATS_H

#include "server/quota.h"

#define AIR_WORKERS_MAX 128

/* What a machine lets others know, and what they ask of it. */
struct air_bench {
	atomic_uint_least64_t oldest; /* when its oldest stranger came, or
	                                 ALTAIR_NEVER                     */
	atomic_uint_least32_t asked;  /* strangers that it is to shut      */
};

struct air_seats {
	uint32_t max;
	uint32_t spare; /* so many shall be free for who comes next */
	unsigned workers;
	atomic_uint_least32_t taken;
	struct air_bench benches[AIR_WORKERS_MAX];
	struct air_quotas strangers, crowds; /* streams of each prefix */
};

void air_seats_init(struct air_seats *seats, struct air_arena *arena,
		    uint32_t max, unsigned workers);
/* One seat; false when all are taken. */
bool air_seats_take(struct air_seats *seats);
void air_seats_give(struct air_seats *seats);
/* Says when the oldest stranger of a machine came, or ALTAIR_NEVER. */
void air_seats_tell(struct air_seats *seats, unsigned worker,
		    altair_time oldest);
/* After one was taken: when few are left, asks the machine with the oldest stranger
 * of all to shut it. Its number, or -1: nobody was asked. */
int air_seats_ask(struct air_seats *seats);
/* True, once for each that was asked of this machine, if seats are still few. */
bool air_seats_wants(struct air_seats *seats, unsigned worker);

#endif
