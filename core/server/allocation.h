/* Allocations (RFC 8656 6): a client's 5-tuple and what it has here. */
#ifndef AIR_SERVER_ALLOCATION_H
#define AIR_SERVER_ALLOCATION_H

#include "base/heap.h"
#include "server/channel.h"
#include "server/common.h"
#include "server/index.h"
#include "server/permission.h"
#include "server/port.h"
#include "server/reservation.h"

#include <altair/roster.h>

enum air_allocation_family { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

enum air_allocation_state {
	ALLOCATION_FREE,
	ALLOCATION_OPENING, /* the driver opens its ports */
	ALLOCATION_OPEN
};

/* How the messages of one client are signed. */
struct air_server_key {
	uint8_t bytes[32];
	uint8_t len; /* 0: not at all */
	bool is_sha256;
	bool with_fingerprint;
};

#define AIR_ALLOCATION_TICKET_LEN 12

/* The sock of a client whose stream is gone: it may come again. */
#define AIR_ALLOCATION_NOWHERE UINT32_MAX

struct air_allocation {
	altair_path path;	/* the client's */
	altair_path next;	/* while it moves: where it will be */
	uint64_t owner;		/* air_user_identity */
	uint32_t quota[OWNERS]; /* the entries that it is counted in */
	struct air_meter meter;
	altair_time expiry; /* time-to-expiry ends */
	uint32_t life;	    /* seconds, as last granted */
	struct air_permission_list permissions;
	struct air_server_channel_list channels;
	struct air_server_key key; /* while OPENING: to sign the answer */
	uint16_t port[FAMILIES];   /* 0: none */
	uint16_t refused;	   /* ADDRESS-ERROR-CODE for IPv6, or 0 */
	uint8_t state, tries;
	uint8_t waits; /* while OPENING: how many ports are not yet open */
	uint8_t transaction[12]; /* of the Allocate request */
	bool is_mobile;		 /* it has a ticket (RFC 8016) */
	bool is_moving;
	uint8_t ticket[AIR_ALLOCATION_TICKET_LEN];
	uint8_t old_ticket[AIR_ALLOCATION_TICKET_LEN];
	bool has_token;
	uint8_t name_len;
	char name[ALTAIR_SESSION_NAME_MAX]; /* of the owner, to be shown */
	uint64_t serial;		    /* from 1 on; 0: not yet open */
	altair_time began;
	altair_traffic to_peers, from_peers;
	/* RESERVATION-TOKEN that it was given. */
	uint8_t token[AIR_RESERVATION_TOKEN_LEN];
};

struct air_allocations {
	struct air_allocation *all;
	struct air_pool pool;
	struct air_index index;		     /* by path */
	struct altair_server_common *common; /* with our other machines */
	struct air_heap *timers;
	struct air_permissions permissions;
	struct air_server_channels channels;
	struct air_reservations reservations;
	struct air_ports ports[FAMILIES];
	uint8_t hash_key[16];
};

/* How many of each there are. */
struct air_allocation_limits {
	uint32_t allocations, permissions, channels, reservations;
};

/* Takes `heap` as timers: 0.. of allocations, then permissions, channels,
 * reservations. */
void air_allocation_init(struct air_allocations *allocations,
			 struct air_arena *arena, struct air_heap *heap,
			 const struct air_allocation_limits *limits);
/* The allocation of a client, or NULL. */
struct air_allocation *air_allocation_find(struct air_allocations *allocations,
					   const altair_path *path);
uint32_t air_allocation_number(const struct air_allocations *allocations,
			       const struct air_allocation *allocation);
/* A new one for this client and owner, without ports; NULL when there is no room.
 * Its quotas are the caller's to take; _end gives them back. */
struct air_allocation *air_allocation_add(struct air_allocations *allocations,
					  const altair_path *path,
					  uint64_t owner,
					  const uint32_t quota[OWNERS]);
/* Its time-to-expiry is `life` from now. */
void air_allocation_hold(struct air_allocations *allocations,
			 struct air_allocation *allocation, altair_time now,
			 altair_time life);
/* Its client is about to go on at `next`, which is no other's, and is found
 * there, too. */
void air_allocation_move(struct air_allocations *allocations,
			 struct air_allocation *allocation,
			 const altair_path *next);
/* Its client sent data from `path`: if that is where it goes, it is there. */
void air_allocation_settle(struct air_allocations *allocations,
			   struct air_allocation *allocation,
			   const altair_path *path);
/* The stream of its client is gone, `path`. What has a ticket waits elsewhere or
 * nowhere, what has none ends. */
void air_allocation_leave(struct air_allocations *allocations,
			  struct air_allocation *allocation,
			  const altair_path *path);
/* Ends one family of an allocation that has both, with its channels and
 * permissions (RFC 8656 8.1). */
void air_allocation_end_family(struct air_allocations *allocations,
			       struct air_allocation *allocation,
			       unsigned family);
/* Ends it with all it has. */
void air_allocation_end(struct air_allocations *allocations,
			struct air_allocation *allocation);
/* A timer of the heap came. */
void air_allocation_expire(struct air_allocations *allocations, uint32_t timer);
/* Installs or refreshes a permission; false when there is no room. */
bool air_allocation_permit(struct air_allocations *allocations,
			   struct air_allocation *allocation,
			   const altair_addr *peer, altair_time now);

static inline unsigned air_allocation_family(const altair_addr *addr)
{
	return addr->family == ALTAIR_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

#endif
