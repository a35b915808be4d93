/* Permissions: which IPs may reach us through the relay (RFC 8656 9). */
#ifndef AIR_TURN_PERM_H
#define AIR_TURN_PERM_H

#include "base/arena.h"
#include "stun/message.h"
#include "turn/lease.h"

/* RFC 8656 9: the lifetime of a permission. */
#define AIR_PERM_DURATION ALTAIR_SEC(300)

struct air_perm {
	altair_addr ip; /* port 0 */
	struct air_lease lease;
};

struct air_perms {
	struct air_perm *all;
	uint32_t count;
};

void air_perm_init(struct air_perms *perms, struct air_arena *arena,
		   uint32_t count);
/* The wanted permission for the IP of `peer`, or NULL. */
struct air_perm *air_perm_find(const struct air_perms *perms,
			       const altair_addr *peer);
/* A place for a new one, now wanted, or NULL when the table is full. */
struct air_perm *air_perm_add(struct air_perms *perms, const altair_addr *peer);
/* What a CreatePermission request holds (RFC 8656 10.1). */
void air_perm_ask(const struct air_perm *perm, struct air_stun_builder *b);

#endif
