/* Ports that wait for a second allocation (RFC 8656 7.2, EVEN-PORT). */
#ifndef AIR_SERVER_RESERVATION_H
#define AIR_SERVER_RESERVATION_H

#include "base/heap.h"
#include "server/pool.h"
#include "server/port.h"

#define AIR_RESERVATION_TOKEN_LEN 8 /* RFC 8656 18.10 */

struct air_reservation {
	uint64_t owner; /* air_user_identity; 0: free */
	uint8_t token[AIR_RESERVATION_TOKEN_LEN];
	uint16_t port;
	uint8_t family;
};

struct air_reservations {
	struct air_reservation *all;
	struct air_pool pool;
	struct air_ports *ports; /* by family */
	struct air_heap *timers;
	uint32_t first_timer;	  /* of reservation 0 */
	unsigned worker, workers; /* whose tokens they are */
};

void air_reservation_init(struct air_reservations *reservations,
			  struct air_arena *arena, uint32_t count);
/* Keeps the reserved port of `what` for its owner; the token goes to `what`.
 * False without room or randomness: then the port is free again. */
bool air_reservation_add(struct air_reservations *reservations,
			 const altair_crypto *crypto, altair_time now,
			 struct air_reservation *what);
/* Takes what a token of this owner stands for; its port stays reserved and is
 * the caller's. */
bool air_reservation_take(struct air_reservations *reservations,
			  altair_bytes token, uint64_t owner,
			  struct air_reservation *out);
/* Ends it, and frees its port. */
void air_reservation_end(struct air_reservations *reservations,
			 uint32_t number);

#endif
