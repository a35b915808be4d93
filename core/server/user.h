/* Who may use the relay: names and the keys made of their passwords. */
#ifndef AIR_SERVER_USER_H
#define AIR_SERVER_USER_H

#include "base/arena.h"
#include "base/table.h"

#include <altair/server.h>

struct air_users {
	altair_server_user *all; /* names are in the arena */
	/* Of each user both the hash of the name and the USERHASH. */
	struct air_table table;
	uint8_t hash_key[16];
};

/* Copies the users of the configuration. */
void air_user_init(struct air_users *users, struct air_arena *arena,
		   const altair_server_config *config,
		   const uint8_t hash_key[16]);
/* The user of this name, or of this USERHASH; NULL when there is none. */
const altair_server_user *air_user_find(const struct air_users *users,
					altair_bytes name);
const altair_server_user *air_user_find_hash(const struct air_users *users,
					     altair_bytes userhash);
/* What stands for a name in quotas and as owner; never 0. */
uint64_t air_user_identity(const struct air_users *users, altair_bytes name);

#endif
